# SPDX-License-Identifier: Apache-2.0
"""class OpenIdAccounts: sign-ins on their way to the provider, and whose account its subjects are."""

import datetime as dt
import hmac
import secrets
from typing import Any, NamedTuple

import sqlalchemy as sa

from keshou.accounts.account import Session
from keshou.accounts.openid.errors import OpenIdError, UnknownLinkError
from keshou.accounts.openid.flow import Begun, Flow, Identity, Link, flow_of, is_subject
from keshou.accounts.openid.logout import Logout
from keshou.accounts.openid.settings import Match, OpenIdSettings
from keshou.db import Transaction, from_micros, metadata, to_micros, touch_access

link_table = sa.Table(
    "account_openid",
    metadata,
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, nullable=False, index=True),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("by", sa.Text, nullable=False, server_default=""),
    sa.Column("waits", sa.Boolean, nullable=False, server_default=sa.false()),
)
flow_table = sa.Table(
    "openid_flow",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("binding", sa.LargeBinary(32), nullable=False),
    sa.Column("fresh", sa.Boolean, nullable=False),
    sa.Column("begun", sa.BigInteger, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False, index=True),
)
session_table = sa.Table(
    "openid_session",
    metadata,
    sa.Column("session", sa.Text, primary_key=True),
    sa.Column("sid", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("until", sa.BigInteger, nullable=False),
)
logout_table = sa.Table(
    "openid_logout",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("until", sa.BigInteger, nullable=False),
)
_L, _F, _S, _O = link_table.c, flow_table.c, session_table.c, logout_table.c
_RANDOM = 32


class Ended(NamedTuple):
    """What ends with a logout: sessions by id, or all of one account that began by the provider."""

    sessions: frozenset[str]
    account: str


class OpenIdAccounts:
    """Keeps flows and links. `secret` is 32 bytes of the site's.

    To sign somebody in: `begin` and `OpenIdProvider.address`; when the browser is back `take`, in a transaction of its
    own that is committed, then `OpenIdProvider.redeem` outside of any, then `find`.
    """

    def __init__(self, secret: bytes, settings: OpenIdSettings) -> None:
        self.settings = settings
        self._secret = hmac.digest(secret, b"openid", "sha256")

    def begin(self, tx: Transaction, now: dt.datetime, *, fresh: bool = False) -> Begun:
        """Begin a sign-in; with `fresh` they have to prove themselves anew, signed in at the provider or not."""
        tx.execute(sa.delete(flow_table).where(_F.until <= to_micros(now)))
        state, binding = secrets.token_urlsafe(_RANDOM), secrets.token_urlsafe(_RANDOM)
        tx.execute(
            sa.insert(flow_table).values(
                digest=self._digest("state", state), binding=self._digest("binding", binding), fresh=fresh,
                begun=to_micros(now), until=to_micros(now + dt.timedelta(minutes=self.settings.flow_minutes)),
            )
        )  # fmt: skip
        return Begun(flow=flow_of(self._secret, state, now, fresh=fresh), state=state, binding=binding)

    def take(self, tx: Transaction, state: str, binding: str, now: dt.datetime) -> Flow | None:
        """Return the flow that `state` belongs to, this once, in the browser that began it; else None."""
        ours = (_F.digest == self._digest("state", state)) & (_F.binding == self._digest("binding", binding))
        waiting = ours & (_F.until > to_micros(now))
        row = tx.execute(sa.delete(flow_table).where(waiting).returning(_F.begun, _F.fresh)).first()
        return None if row is None else flow_of(self._secret, state, from_micros(row.begun), fresh=row.fresh)

    def find(self, tx: Transaction, identity: Identity) -> str | None:
        """Return the id of the account of whom the provider proved; None when nobody's.

        Matched by name it is the name itself: whether there is such an account is for the caller to ask, as it is
        whether the account is open.
        """
        if self.settings.match is Match.NAME:
            return identity.name or None
        row = self._row(tx, identity.issuer, identity.subject)
        return None if row is None or row.waits else str(row.account)

    def note(self, tx: Transaction, account: str, identity: Identity, now: dt.datetime) -> None:
        """Keep whom the provider signed in to `account`, where it is matched by name and no link was made beforehand.

        It lets nobody in: it says that the account has this way in, and to whom what the provider tells later belongs.
        """
        if self.settings.match is not Match.NAME or not is_subject(identity.subject):
            return
        row = self._row(tx, identity.issuer, identity.subject)
        if row is None or row.account != account:
            tx.execute(sa.delete(link_table).where(_L.issuer == identity.issuer, _L.subject == identity.subject))
            self.link(tx, account, identity.issuer, identity.subject, now)

    def has_subject(self, tx: Transaction, account: str) -> bool:
        """Say whether a subject of the provider that is set now signs in to `account`."""
        here = (_L.account == account) & (_L.issuer == self.settings.issuer) & _L.waits.is_(False)
        linked = sa.select(_L.subject).where(here)
        return bool(self.settings.issuer) and tx.execute(linked.limit(1)).first() is not None

    def begun(self, tx: Transaction, session: Session, identity: Identity) -> None:
        """Keep which session of the provider's one of ours began with, so that it ends with that one."""
        tx.execute(sa.delete(session_table).where(_S.session == session.id))
        if identity.session:
            sid = self._digest("session", f"{identity.issuer}\0{identity.session}")
            tx.execute(sa.insert(session_table).values(session=session.id, sid=sid, until=to_micros(session.until)))

    def ended(self, tx: Transaction, logout: Logout) -> Ended | None:
        """Return what ends with a logout that the provider told; None when it was told before.

        Sessions that began with the one it names; where none did, and it names a subject, every session of the
        subject's account that began by the provider.
        """
        values = (self._digest("logout", f"{logout.issuer}\0{logout.jti}"), to_micros(logout.until))
        once = "INSERT INTO openid_logout (digest, until) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING"
        if not tx.change(once, values):
            return None
        sid = self._digest("session", f"{logout.issuer}\0{logout.session}")
        named = tx.execute(sa.select(_S.session).where(_S.sid == sid)).scalars().all() if logout.session else []
        row = self._row(tx, logout.issuer, logout.subject) if logout.subject and not named else None
        return Ended(frozenset(named), "" if row is None else str(row.account))

    def purge(self, tx: Transaction, now: dt.datetime) -> None:
        """Drop what is kept of sessions and logouts that are over."""
        tx.execute(sa.delete(session_table).where(_S.until <= to_micros(now)))
        tx.execute(sa.delete(logout_table).where(_O.until <= to_micros(now)))

    def link(
        self, tx: Transaction, account: str, issuer: str, subject: str, now: dt.datetime,
        *, by: str = "", waits: bool = False,
    ) -> Link:  # fmt: skip
        """Let a subject of a provider sign in to `account`; `by` is who lets it, empty where the name alone did.

        With `waits` it lets nobody in before it is confirmed.

        Raises:
            OpenIdError: it signs in to another account already, or it is not one of the provider's.

        """
        if issuer != self.settings.issuer or not is_subject(subject):
            raise OpenIdError("a link is to a subject of the operator's own provider", hint="see [accounts.openid]")
        row = self._row(tx, issuer, subject)
        if row is not None and row.account != account:
            raise OpenIdError("this subject signs in to another account", hint="end that link first")
        if row is None:
            values = {"issuer": issuer, "subject": subject, "account": account, "created": to_micros(now)}
            tx.execute(sa.insert(link_table).values(**values, by=by, waits=waits))
            touch_access(tx)
            return Link(account=account, issuer=issuer, subject=subject, created=now, by=by, waits=waits)
        return _link(row)

    def confirm(self, tx: Transaction, account: str, subject: str) -> bool:
        """Let a link of the provider that is set now count; say whether it waited."""
        waiting = (_L.account == account) & (_L.subject == subject) & (_L.issuer == self.settings.issuer) & _L.waits
        return bool(tx.execute(sa.update(link_table).where(waiting).values(waits=False)).rowcount)

    def waiting(self, tx: Transaction) -> list[Link]:
        """Return the links to subjects of the provider that is set now which wait for a second hand."""
        chosen = sa.select(link_table).where(_L.waits, _L.issuer == self.settings.issuer)
        return [_link(row) for row in tx.execute(chosen.order_by(_L.created, _L.subject))]

    def unlink(self, tx: Transaction, account: str, issuer: str, subject: str) -> None:
        """Let that subject sign in to `account` no more.

        Raises:
            UnknownLinkError: it does not anyway.

        """
        linked = (_L.account == account) & (_L.issuer == issuer) & (_L.subject == subject)
        if tx.execute(sa.delete(link_table).where(linked)).rowcount == 0:
            raise UnknownLinkError
        touch_access(tx)

    def links(self, tx: Transaction, account: str) -> list[Link]:
        """Return the links of an account, in the order made."""
        rows = tx.execute(sa.select(link_table).where(_L.account == account).order_by(_L.created, _L.subject))
        return [_link(row) for row in rows]

    def _digest(self, kind: str, text: str) -> bytes:
        return hmac.digest(self._secret, f"{kind}\0{text}".encode(errors="surrogatepass"), "sha256")

    def _row(self, tx: Transaction, issuer: str, subject: str) -> Any:
        chosen = sa.select(link_table).where(_L.issuer == issuer, _L.subject == subject)
        return tx.execute(chosen).one_or_none()


def has_any(tx: Transaction, account: str) -> bool:
    """Say whether a subject of any provider signs in to an account."""
    linked = sa.select(_L.subject).where(_L.account == account, _L.waits.is_(False))
    return tx.execute(linked.limit(1)).first() is not None


def _link(row: Any) -> Link:
    return Link(
        account=row.account, issuer=row.issuer, subject=row.subject, created=from_micros(row.created), by=row.by,
        waits=row.waits,
    )  # fmt: skip


def drop(tx: Transaction, account: str) -> None:
    """End every link of an account."""
    tx.execute(sa.delete(link_table).where(_L.account == account))
    touch_access(tx)
