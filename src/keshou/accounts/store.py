# SPDX-License-Identifier: Apache-2.0
"""class Accounts: who the operator's people are, and how they prove it.

Signing in takes two transactions and the check of the password between them, outside both: the first counts the try
as a failure before anything is checked, so that nobody gets more tries by making them all at once.
"""

import datetime as dt
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from keshou.accounts import totp
from keshou.accounts.account import Account, AccountKind, Event, Factor, SecondStep, Session, SignedIn, Try, What
from keshou.accounts.errors import AccountError, CodeRefusedError, UnknownAccountError, WeakPasswordError
from keshou.accounts.events.store import Events
from keshou.accounts.leaks import Leaks
from keshou.accounts.locks.store import Locks
from keshou.accounts.openid import store as openid
from keshou.accounts.passkeys import store as passkeys
from keshou.accounts.password import Checked, Hashes, refuse_weak
from keshou.accounts.recovery.store import RecoveryCodes
from keshou.accounts.secrets import Secrets
from keshou.accounts.sessions.store import Sessions
from keshou.accounts.settings import AccountSettings
from keshou.db import Transaction, from_micros, metadata, to_micros, touch_access
from keshou.suite import INTERNATIONAL, Suite

account_table = sa.Table(
    "account",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("agent", sa.Text, nullable=False),
    sa.Column("mail", sa.Text, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("closed", sa.BigInteger),
    sa.Column("signed_in", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("invitation", sa.LargeBinary(32), unique=True),
    sa.Column("invited_until", sa.BigInteger),
    sa.Column("invitation_waits", sa.Text),
    sa.Column("password", sa.Text),
    sa.Column("totp", sa.LargeBinary),
    sa.Column("totp_offered", sa.LargeBinary),
    sa.Column("totp_step", sa.BigInteger, nullable=False),
)
step_table = sa.Table(
    "account_step",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
)
_A, _T = account_table.c, step_table.c
_DAY = 86_400
_STRONG = frozenset({Factor.PASSKEY, Factor.OPENID, Factor.TOTP, Factor.RECOVERY})
_OF_ACCESS = frozenset({What.CLOSED, What.ACCEPTED, What.ENROLLED, What.REMOVED})


class Accounts:
    """Keeps accounts of people. `secret` is 32 bytes of the site's, `suite` what it seals in.

    Files of the settings are taken from `folder`.
    """

    def __init__(
        self, secret: bytes, settings: AccountSettings, folder: Path | None = None, suite: Suite = INTERNATIONAL
    ) -> None:
        self.settings = settings
        self._leaks = Leaks((folder or Path()) / settings.leaked_passwords) if settings.leaked_passwords else None
        self.secrets = Secrets(secret, suite)
        self.sessions = Sessions(self.secrets, settings)
        self.recovery = RecoveryCodes(self.secrets, settings.recovery_codes)
        self.locks = Locks(settings)
        self.events = Events()
        self.hashes = Hashes(settings.argon2_memory_kib, settings.argon2_passes)

    def invite(
        self, tx: Transaction, account: str, kind: AccountKind, *, by: str, now: dt.datetime,
        agent: str = "", mail: str = "", waits: bool = False,
    ) -> str:  # fmt: skip
        """Let somebody have the account `account` (an id as staff have them); return the invitation, told this once.

        One that is there already loses its password and second factors when the invitation is accepted, not before;
        until then it goes on. With `waits` nobody accepts it before it is confirmed.

        Raises:
            AccountError: an account of that id is of another kind or agent.

        """
        if bool(agent) != (kind is AccountKind.AGENT_STAFF):
            raise AccountError("an agent's staff, and nobody else, belong to an agent")
        text, moment = secrets.token_urlsafe(32), to_micros(now)
        known = self.account(tx, account)
        if known is None:
            made = {"id": account, "kind": kind.value, "agent": agent, "mail": mail}
            tx.execute(sa.insert(account_table).values(**made, created=moment, totp_step=0))
        elif (known.kind, known.agent) != (kind, agent):
            raise AccountError("the account is of another kind", hint="close it, and invite under another id")
        until = to_micros(now + dt.timedelta(hours=self.settings.invitation_hours))
        digest = self.secrets.digest("invitation", text)
        values = {"invitation": digest, "invited_until": until, "invitation_waits": by if waits else None}
        values |= {"mail": mail} if mail else {}
        tx.execute(sa.update(account_table).where(_A.id == account).values(**values))
        self._note(tx, now, account, What.INVITED, by=by)
        return text

    def invited(self, tx: Transaction, text: str, now: dt.datetime) -> Account | None:
        """Return whose invitation `text` is; None when it is none, or over, or accepted, or waits for a second hand."""
        found = self.holding(tx, text, now)
        return None if found is None or found.waits else found

    def holding(self, tx: Transaction, text: str, now: dt.datetime) -> Account | None:
        """Return whose invitation `text` is, also while it `waits`; None when it is none, or over, or accepted."""
        digest = self.secrets.digest("invitation", text)
        row = tx.execute(sa.select(account_table).where(_A.invitation == digest)).one_or_none()
        return _account(row) if row is not None and row.invited_until > to_micros(now) else None

    def confirm(self, tx: Transaction, account: str, until: dt.datetime) -> bool:
        """Let an invitation that waits, the one that ends at `until`, be accepted; say whether there was one."""
        waiting = (_A.id == account) & _A.invitation_waits.is_not(None) & (_A.invited_until == to_micros(until))
        return bool(tx.execute(sa.update(account_table).where(waiting).values(invitation_waits=None)).rowcount)

    def was_proven(self, tx: Transaction, account: str) -> bool:
        """Say whether anybody ever had the account, so that whoever is invited anew comes in another's place."""
        row = self._row(tx, account)
        was = row is not None and (row.signed_in or row.password is not None or row.closed is not None)
        return bool(was) or openid.has_any(tx, account)

    def accept(self, tx: Transaction, text: str, stored: str, binding: str, now: dt.datetime) -> SignedIn:
        """Accept an invitation with a password whose hash is `stored`; older factors and sessions end.

        Raises:
            UnknownAccountError: it is none, or over, or accepted, or waits for a second hand.

        """
        account = self.invited(tx, text, now)
        if account is None:
            raise UnknownAccountError
        fresh = {"invitation": None, "invited_until": None, "totp": None, "totp_offered": None, "closed": None}
        once = (_A.id == account.id) & (_A.invitation == self.secrets.digest("invitation", text))
        if not tx.execute(sa.update(account_table).where(once).values(**fresh, password=stored)).rowcount:
            raise UnknownAccountError
        self.recovery.drop(tx, account.id)
        _drop_outer(tx, account.id)
        self.locks.clear(tx, account.id)
        self.sessions.end_all(tx, account.id)
        self._note(tx, now, account.id, What.ACCEPTED)
        return self.begin(tx, account.id, (Factor.INVITATION,), binding, now)

    def close(self, tx: Transaction, account: str, by: str, now: dt.datetime) -> None:
        """End an account: every session of it is over at once.

        Raises:
            UnknownAccountError: there is none of that id.

        """
        if self.account(tx, account) is None:
            raise UnknownAccountError
        gone = {"closed": to_micros(now), "invitation": None, "invited_until": None, "password": None, "totp": None}
        tx.execute(sa.update(account_table).where(_A.id == account).values(**gone, totp_offered=None))
        _drop_outer(tx, account)
        self.sessions.end_all(tx, account)
        self._note(tx, now, account, What.CLOSED, by=by)

    def account(self, tx: Transaction, account: str) -> Account | None:
        """Return one account; None when there is none of that id."""
        row = self._row(tx, account)
        return None if row is None else _account(row)

    def accounts(self, tx: Transaction) -> list[Account]:
        """Return every account, by id."""
        return [_account(row) for row in tx.execute(sa.select(account_table).order_by(_A.id))]

    def find(self, tx: Transaction, token: str, binding: str, now: dt.datetime) -> tuple[Account, Session] | None:
        """Return whom a session's token proves in the browser `binding`, with the session; None when nobody."""
        session = self.sessions.find(tx, token, binding, now)
        account = None if session is None else self.account(tx, session.account)
        return None if session is None or account is None or account.closed is not None else (account, session)

    # Signing in ------------------------------------------------------------------------------------------------

    def start(self, tx: Transaction, account: str, device: str, now: dt.datetime) -> Try:
        """Count a try to sign in with a password; `device` is what the browser shows of itself, or empty."""
        row, others = self._row(tx, account), self._of_other_cost(tx)
        if row is None or row.closed is not None or row.password is None:
            return Try("", self.hashes.nobodys, "", may=False, others=others)
        known = self.secrets.device(account, device, int(now.timestamp()) // _DAY - self.settings.device_days)
        return Try(account, row.password, known, self.locks.count(tx, account, known, now), others)

    def check(self, tried: Try, password: str) -> Checked:
        """Say whether the password is the account's; takes as long for everybody. Call it outside a transaction."""
        found = self.hashes.fits(password, tried.stored, tried.others)
        return found if tried.may else Checked(right=False)

    def conclude(
        self, tx: Transaction, tried: Try, checked: Checked, binding: str, now: dt.datetime
    ) -> SignedIn | SecondStep | None:
        """Return what follows a try: a session, the second step, or None for a failure."""
        row = self._row(tx, tried.account) if checked.right else None
        if row is None or row.closed is not None or row.password not in {tried.stored, checked.anew}:
            if tried.account:
                self._note_failure(tx, tried, now)
            return None
        self.store_anew(tx, tried, checked)
        if row.totp is None:
            return self.begin(tx, tried.account, (Factor.PASSWORD,), binding, now, device=tried.device)
        self.locks.let_go_on(tx, tried.account, tried.device, now)
        ticket = secrets.token_urlsafe(32)
        until = now + dt.timedelta(minutes=self.settings.step_minutes)
        values = {"digest": self.secrets.digest("step", ticket), "account": tried.account, "device": tried.device}
        tx.execute(sa.insert(step_table).values(**values, until=to_micros(until)))
        return SecondStep(ticket, until)

    def store_anew(self, tx: Transaction, tried: Try, checked: Checked) -> None:
        """Store a right password at the cost of now, where it was hashed at another and did not change meanwhile."""
        if checked.anew:
            same = (_A.id == tried.account) & (_A.password == tried.stored)
            tx.execute(sa.update(account_table).where(same).values(password=checked.anew))

    def second(self, tx: Transaction, ticket: str, code: str, binding: str, now: dt.datetime) -> SignedIn | None:
        """Take the second step: `code` is of the authenticator, or a recovery code. None when it is not right."""
        digest = self.secrets.digest("step", ticket)
        step = tx.execute(sa.select(step_table).where(_T.digest == digest)).one_or_none()
        if step is None or step.until <= to_micros(now):
            return None
        if not self.locks.count(tx, step.account, step.device, now):
            return None
        factor = self._second_factor(tx, step.account, code, now)
        if factor is None:
            self._note_failure(tx, Try(step.account, "", step.device, may=True), now)
            return None
        tx.execute(sa.delete(step_table).where(_T.digest == digest))
        return self.begin(tx, step.account, (Factor.PASSWORD, factor), binding, now, device=step.device)

    def begin(
        self, tx: Transaction, account: str, factors: Sequence[Factor], binding: str, now: dt.datetime,
        *, device: str = "", proven: dt.datetime | None = None,
    ) -> SignedIn:  # fmt: skip
        """Begin a session for somebody whose `factors` were checked, at `proven` (else just now), here or elsewhere.

        Raises:
            UnknownAccountError: there is no such account, or it is closed.

        """
        row = self._row(tx, account)
        if row is None or row.closed is not None:
            raise UnknownAccountError
        limited = self._limited(factors)
        session, token = self.sessions.begin(tx, account, factors, binding, now, limited=limited, proven=proven)
        if not row.signed_in:  # an invitation that somebody came before is nobody's any more
            first = {"signed_in": True, "invitation": None, "invited_until": None, "invitation_waits": None}
            tx.execute(sa.update(account_table).where(_A.id == account).values(**first))
        self.locks.clear(tx, account, device)
        self._note(tx, now, account, What.SIGNED_IN, factors=tuple(factors), known_device=bool(device))
        return SignedIn(session, token, self.secrets.new_device(account, int(now.timestamp()) // _DAY))

    def prove(
        self, tx: Transaction, session: Session, factors: Sequence[Factor], now: dt.datetime, *, device: str = ""
    ) -> tuple[Session, str]:
        """Take note that somebody proved again who they are; return the session with its new token."""
        every = tuple(dict.fromkeys([*session.factors, *factors]))
        self._note(tx, now, session.account, What.PROVEN, factors=tuple(factors))
        self.locks.clear(tx, session.account, device)
        return self.sessions.prove(tx, session.id, every, now, limited=self._limited(every))

    def second_factor(self, tx: Transaction, tried: Try, code: str, now: dt.datetime) -> Factor | None:
        """Return which second factor `code` proves for whom `tried` was about; None, and noted, when none."""
        found = self._second_factor(tx, tried.account, code, now)
        if found is None:
            self._note_failure(tx, tried, now)
        return found

    # What proves somebody --------------------------------------------------------------------------------------

    def hash(self, account: Account, password: str) -> str:
        """Return what is to be stored of a new password. Call it outside a transaction.

        Raises:
            WeakPasswordError: it is too easily guessed.

        """
        own = (account.id, account.mail.partition("@")[0], *self.settings.context_words)
        refuse_weak(password, self.settings.password_characters, own)
        if self._leaks is not None and self._leaks.has(password):
            raise WeakPasswordError("it is among those that leaked")
        return self.hashes.make(password)

    def change_password(self, tx: Transaction, session: Session, stored: str, now: dt.datetime) -> None:
        """Store the hash of a new password; every other session ends."""
        tx.execute(sa.update(account_table).where(_A.id == session.account).values(password=stored))
        self.sessions.end_all(tx, session.account, but=session.id)
        self._note(tx, now, session.account, What.PASSWORD_CHANGED)

    def offer_totp(self, tx: Transaction, account: str, issuer: str) -> tuple[str, str]:
        """Return a secret for an authenticator and its address (``otpauth:``); it counts once it is confirmed."""
        secret = totp.new_secret()
        sealed = self.secrets.close(secret.encode(), f"totp {account}")
        tx.execute(sa.update(account_table).where(_A.id == account).values(totp_offered=sealed))
        return secret, totp.address(secret, account, issuer)

    def confirm_totp(self, tx: Transaction, session: Session, code: str, now: dt.datetime) -> list[str]:
        """Let the offered authenticator count; return new recovery codes, told this once. Other sessions end.

        Raises:
            CodeRefusedError: nothing was offered, or `code` is not what it shows now.

        """
        row = self._row(tx, session.account)
        offered = None if row is None else row.totp_offered
        secret = "" if offered is None else self.secrets.open(offered, f"totp {session.account}").decode()
        step = totp.step_of(secret, code, now, after=0) if secret else None
        if step is None:
            raise CodeRefusedError
        values = {"totp": offered, "totp_offered": None, "totp_step": step}
        tx.execute(sa.update(account_table).where(_A.id == session.account).values(**values))
        self.sessions.end_all(tx, session.account, but=session.id)
        self._note(tx, now, session.account, What.ENROLLED, factors=(Factor.TOTP,))
        return self.recovery.renew(tx, session.account)

    def note_factor(self, tx: Transaction, account: str, what: What, factor: Factor, now: dt.datetime) -> None:
        """Write down that a factor of an account came or went (`ENROLLED`, `REMOVED`)."""
        self._note(tx, now, account, what, factors=(factor,))

    def note_way(self, tx: Transaction, name: str, what: What, about: str, *, by: str, now: dt.datetime) -> None:
        """Write down that `by` gave or took a way in that is no account's own: a link, a program's key, an app's."""
        self._note(tx, now, name, what, by=by, about=about)

    def purge(self, tx: Transaction, now: dt.datetime) -> None:
        """Drop what is over: sessions, steps, counts of failures long past, and events past their days."""
        self.sessions.purge(tx, now)
        self.locks.purge(tx, now)
        tx.execute(sa.delete(step_table).where(_T.until <= to_micros(now)))
        self.events.purge(tx, now - dt.timedelta(days=self.settings.event_days))

    def _of_other_cost(self, tx: Transaction) -> tuple[str, ...]:
        """Return the hashes that were made at another cost than now."""
        made = _A.password.startswith(self.hashes.cost.head, autoescape=True)
        return tuple(tx.execute(sa.select(_A.password).where(_A.password.is_not(None), ~made)).scalars())

    def _limited(self, factors: Sequence[Factor]) -> bool:
        """Say whether factors are of one kind only; a passkey is of two, and a provider answers for its own."""
        return self.settings.second_factor and not set(factors) & _STRONG

    def _note_failure(self, tx: Transaction, tried: Try, now: dt.datetime) -> None:
        closed = self.locks.is_closed(tx, tried.account, tried.device, now)
        what = What.LOCKED if closed else What.FAILED
        self._note(tx, now, tried.account, what, known_device=bool(tried.device))

    def _second_factor(self, tx: Transaction, account: str, code: str, now: dt.datetime) -> Factor | None:
        row = self._row(tx, account)
        if row is None or row.totp is None:
            return None
        secret = self.secrets.open(row.totp, f"totp {account}").decode()
        step = totp.step_of(secret, code.strip(), now, row.totp_step)
        if step is not None:
            once = (_A.id == account) & (_A.totp_step == row.totp_step)
            done = tx.execute(sa.update(account_table).where(once).values(totp_step=step))
            return Factor.TOTP if done.rowcount else None
        return Factor.RECOVERY if self.recovery.use(tx, account, code) else None

    def _note(self, tx: Transaction, now: dt.datetime, account: str, what: What, **more: Any) -> None:
        """Write down what happened; `more` is `by` (else the account itself), `factors`, `known_device`, `about`."""
        self.events.note(tx, Event(at=now, account=account, what=what, **{"by": account, **more}))
        if what in _OF_ACCESS:
            touch_access(tx)

    def _row(self, tx: Transaction, account: str) -> Any:
        return tx.execute(sa.select(account_table).where(_A.id == account)).one_or_none()


def _drop_outer(tx: Transaction, account: str) -> None:
    """Let nobody into an account by a key or provider that proved it before."""
    passkeys.drop(tx, account)
    openid.drop(tx, account)


def _account(row: Any) -> Account:
    invited, closed = (None if at is None else from_micros(at) for at in (row.invited_until, row.closed))
    return Account(
        id=row.id, kind=AccountKind(row.kind), agent=row.agent, mail=row.mail, created=from_micros(row.created),
        closed=closed, waits=row.invitation_waits or "", invited_until=invited,
        has_password=row.password is not None, has_totp=row.totp is not None,
    )  # fmt: skip
