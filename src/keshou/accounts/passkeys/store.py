# SPDX-License-Identifier: Apache-2.0
"""class Passkeys: which devices' keys belong to which account, and what was asked of them."""

import datetime as dt
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from webauthn import generate_authentication_options, generate_registration_options, options_to_json
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from keshou.accounts.passkeys import answer as answers
from keshou.accounts.passkeys.errors import PasskeyError, PasskeyLimitError, UnknownPasskeyError
from keshou.accounts.passkeys.settings import PasskeySettings
from keshou.db import Transaction, from_micros, metadata, to_micros, touch_access

passkey_table = sa.Table(
    "account_passkey",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, nullable=False, index=True),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("used", sa.BigInteger),
)
challenge_table = sa.Table(
    "account_challenge",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False, index=True),
)
_P, _C = passkey_table.c, challenge_table.c
_CHALLENGE = 32
_ANYBODY = ""
"""Stands for the account of a challenge that whoever holds a passkey may answer."""


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """One key of an account."""

    id: str
    """The credential's id, base64url."""
    account: str
    label: str
    created: dt.datetime
    used: dt.datetime | None = None
    """When somebody last signed in with it."""


class Passkeys:
    """Asks devices and takes their answers.

    `place` is the server's own host and origin, `name` what devices show it as, `secret` 32 bytes of the site's.
    """

    def __init__(self, secret: bytes, place: answers.Place, name: str, settings: PasskeySettings) -> None:
        self.settings = settings
        self.place = place
        self._name = name
        self._secret = hmac.digest(secret, b"passkeys", "sha256")

    # Registration ----------------------------------------------------------------------------------------------

    def start_registration(
        self, tx: Transaction, account: str, now: dt.datetime, *, binding: str = ""
    ) -> dict[str, Any]:
        """Return what the browser of `account` hands to its device, to make a key (WebAuthn creation options, JSON).

        Only with the same `binding`, of session or browser, is the answer taken; so it is with every challenge.

        Raises:
            PasskeyLimitError: the account has as many as it may.

        """
        known = self.passkeys(tx, account)
        if len(known) >= self.settings.passkeys:
            raise PasskeyLimitError
        options = generate_registration_options(
            rp_id=self.place.rp_id,
            rp_name=self._name,
            user_id=self._handle(account),
            user_name=account,
            challenge=self._challenge(tx, account, binding, now),
            timeout=self._milliseconds(),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.id)) for each in known],
            supported_pub_key_algs=answers.ALGORITHMS,
        )
        made: dict[str, Any] = json.loads(options_to_json(options))
        return made

    def finish_registration(
        self, tx: Transaction, account: str, answer: Mapping[str, Any], label: str, now: dt.datetime,
        *, binding: str = "",
    ) -> Passkey | None:  # fmt: skip
        """Keep the key that the device of `account` made; None when the answer proves none.

        The challenge is used up either way.

        Raises:
            PasskeyError: the label is empty or too long.
            PasskeyLimitError: the account has as many as it may.

        """
        label = self._label(label)
        challenge = self._take(tx, account, binding, answer, now)
        found = answers.made(answer, challenge, self.place) if challenge is not None else None
        # A key that is known already belongs to somebody; it is not taken over.
        if found is None or self._row(tx, found.id) is not None:
            return None
        if len(self.passkeys(tx, account)) >= self.settings.passkeys:
            raise PasskeyLimitError
        made = Passkey(id=found.id, account=account, label=label, created=now)
        tx.execute(
            sa.insert(passkey_table).values(
                id=found.id, account=account, public_key=found.public_key, sign_count=found.sign_count, label=label,
                created=to_micros(now),
            )
        )  # fmt: skip
        touch_access(tx)
        return made

    # Signing in ------------------------------------------------------------------------------------------------

    def start_sign_in(
        self, tx: Transaction, now: dt.datetime, *, binding: str = "", account: str = _ANYBODY
    ) -> dict[str, Any]:
        """Return what a browser hands to its device, to sign in (WebAuthn request options, JSON).

        It names no account and no key: the device knows whose it is. With `account`, only its holder may answer.
        """
        options = generate_authentication_options(
            rp_id=self.place.rp_id,
            challenge=self._challenge(tx, account, binding, now),
            timeout=self._milliseconds(),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        made: dict[str, Any] = json.loads(options_to_json(options))
        return made

    def finish_sign_in(
        self, tx: Transaction, answer: Mapping[str, Any], now: dt.datetime, *, binding: str = "",
        account: str = _ANYBODY,
    ) -> str | None:  # fmt: skip
        """Return the id of the account whose key answered; None when the answer proves nothing.

        The challenge is used up either way. Whether the account is open is for the caller to ask.
        """
        challenge = self._take(tx, account, binding, answer, now)
        # Two answers of one device at once are taken one after the other, so that its count is judged each time.
        chosen = sa.select(passkey_table).where(_P.id == answers.credential_of(answer)).with_for_update()
        row = tx.execute(chosen).one_or_none()
        if challenge is None or row is None or not self._is_handle(row.account, answers.handle_of(answer)):
            return None
        if account not in (_ANYBODY, row.account):
            return None
        count = answers.proven(answer, challenge, self.place, row.public_key, row.sign_count)
        if count is None:
            return None
        tx.execute(sa.update(passkey_table).where(_P.id == row.id).values(sign_count=count, used=to_micros(now)))
        return str(row.account)

    # What an account has ---------------------------------------------------------------------------------------

    def passkeys(self, tx: Transaction, account: str) -> list[Passkey]:
        """Return the passkeys of an account, in the order made."""
        rows = tx.execute(sa.select(passkey_table).where(_P.account == account).order_by(_P.created, _P.id))
        return [_passkey(row) for row in rows]

    def rename(self, tx: Transaction, account: str, passkey: str, label: str) -> None:
        """Call a passkey of `account` otherwise.

        Raises:
            UnknownPasskeyError: the account has none of that id.
            PasskeyError: the label is empty or too long.

        """
        changed = sa.update(passkey_table).where(_P.id == passkey, _P.account == account)
        if tx.execute(changed.values(label=self._label(label))).rowcount == 0:
            raise UnknownPasskeyError

    def remove(self, tx: Transaction, account: str, passkey: str) -> None:
        """Take a passkey from `account`: nobody signs in with it any more.

        Raises:
            UnknownPasskeyError: the account has none of that id.

        """
        if tx.execute(sa.delete(passkey_table).where(_P.id == passkey, _P.account == account)).rowcount == 0:
            raise UnknownPasskeyError
        touch_access(tx)

    # ------------------------------------------------------------------------------------------------------------

    def _challenge(self, tx: Transaction, account: str, binding: str, now: dt.datetime) -> bytes:
        tx.execute(sa.delete(challenge_table).where(_C.until <= to_micros(now)))
        challenge = secrets.token_bytes(_CHALLENGE)
        until = now + dt.timedelta(minutes=self.settings.challenge_minutes)
        values = {"digest": self._digest(challenge, binding), "account": account, "until": to_micros(until)}
        tx.execute(sa.insert(challenge_table).values(values))
        return challenge

    def _take(
        self, tx: Transaction, account: str, binding: str, answer: Mapping[str, Any], now: dt.datetime
    ) -> bytes | None:
        """Use up the challenge that `answer` is to; None when it waits for no answer of `account`'s."""
        challenge = answers.challenge_of(answer)
        if challenge is None:
            return None
        waiting = (
            (_C.digest == self._digest(challenge, binding)) & (_C.account == account) & (_C.until > to_micros(now))
        )
        taken = tx.execute(sa.delete(challenge_table).where(waiting).returning(_C.digest)).first()
        return None if taken is None else challenge

    def _digest(self, challenge: bytes, binding: str) -> bytes:
        framed = len(challenge).to_bytes(8, "big") + challenge + binding.encode("utf-8", "replace")
        return hmac.digest(self._secret, b"challenge\0" + framed, "sha256")

    def _handle(self, account: str) -> bytes:
        """Return what devices know an account by: nothing can be read from it (WebAuthn 14.6.1)."""
        return hmac.digest(self._secret, b"handle\0" + account.encode(), "sha256")

    def _is_handle(self, account: str, shown: str) -> bool:
        return hmac.compare_digest(bytes_to_base64url(self._handle(account)).encode(), shown.encode())

    def _label(self, label: str) -> str:
        label = label.strip()
        if not (label and label.isprintable() and len(label) <= self.settings.label_characters):
            raise PasskeyError(
                "a passkey's name is one line, and not too long",
                hint=f"at most {self.settings.label_characters} characters (accounts.passkeys.label_characters)",
            )
        return label

    def _milliseconds(self) -> int:
        return self.settings.challenge_minutes * 60_000

    def _row(self, tx: Transaction, name: str) -> Any:
        return tx.execute(sa.select(_P.id).where(_P.id == name)).one_or_none()


def drop(tx: Transaction, account: str) -> None:
    """Take every passkey from an account, whatever was asked of its devices too."""
    tx.execute(sa.delete(passkey_table).where(_P.account == account))
    tx.execute(sa.delete(challenge_table).where(_C.account == account))
    touch_access(tx)


def _passkey(row: Any) -> Passkey:
    used = None if row.used is None else from_micros(row.used)
    return Passkey(id=row.id, account=row.account, label=row.label, created=from_micros(row.created), used=used)
