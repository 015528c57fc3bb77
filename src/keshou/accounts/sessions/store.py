# SPDX-License-Identifier: Apache-2.0
"""class Sessions: each time that somebody signed in, until it is over."""

import datetime as dt
import hmac
import secrets
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from keshou.accounts.account import Factor, Session
from keshou.accounts.errors import UnknownAccountError
from keshou.accounts.secrets import Secrets
from keshou.accounts.settings import AccountSettings
from keshou.db import Transaction, from_micros, metadata, to_micros, touch_access

PREFIX = "ss_"
"""What a session's token begins with."""
session_table = sa.Table(
    "account_session",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, nullable=False, index=True),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("binding", sa.LargeBinary(32), nullable=False),
    sa.Column("browser", sa.Text, nullable=False),
    sa.Column("factors", sa.Text, nullable=False),
    sa.Column("limited", sa.Boolean, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("used", sa.BigInteger, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
    sa.Column("proven", sa.BigInteger, nullable=False),
)
_S = session_table.c
_BROWSER = 120
_NOTED = dt.timedelta(minutes=1)
"""How often at most it is written down that a session was used."""


class Sessions:
    """Keeps who is signed in. Ended sessions leave no row."""

    def __init__(self, keys: Secrets, settings: AccountSettings) -> None:
        self._secrets = keys
        self._settings = settings

    def begin(
        self, tx: Transaction, account: str, factors: Sequence[Factor], binding: str, now: dt.datetime,
        *, limited: bool, proven: dt.datetime | None = None,
    ) -> tuple[Session, str]:  # fmt: skip
        """Begin a session in the browser that calls itself `binding`; return it with its token, told this once.

        `proven` is when its owner proved who they are; None: just now.
        """
        token = PREFIX + secrets.token_urlsafe(32)
        moment = to_micros(now)
        until = now + dt.timedelta(hours=self._settings.session_hours)
        name = secrets.token_hex(8)
        tx.execute(
            sa.insert(session_table).values(
                id=name, account=account, digest=self._secrets.digest("session", token),
                binding=self._secrets.digest("binding", binding), browser=binding[:_BROWSER],
                factors=" ".join(factors), limited=limited, created=moment, used=moment,
                until=to_micros(until), proven=to_micros(min(proven or now, now)),
            )
        )  # fmt: skip
        self._end_surplus(tx, account)
        touch_access(tx)
        return self._session(self._row(tx, name)), token

    def find(self, tx: Transaction, token: str, binding: str, now: dt.datetime) -> Session | None:
        """Return the session that `token` proves in the browser `binding`; None when none, or none any more."""
        digest = self._secrets.digest("session", token)
        row = tx.execute(sa.select(session_table).where(_S.digest == digest)).one_or_none()
        if row is None or not hmac.compare_digest(row.binding, self._secrets.digest("binding", binding)):
            return None
        moment = to_micros(now)
        idle = dt.timedelta(minutes=self._settings.idle_minutes)
        if moment >= row.until or now - from_micros(row.used) >= idle:
            tx.execute(sa.delete(session_table).where(_S.id == row.id))
            return None
        if now - from_micros(row.used) >= _NOTED:
            tx.execute(sa.update(session_table).where(_S.id == row.id).values(used=moment))
        return self._session(row)

    def is_given(self, tx: Transaction, token: str) -> bool:
        """Say whether there is a session of this token, whether or not it still holds; nothing is written."""
        digest = self._secrets.digest("session", token)
        return tx.execute(sa.select(_S.id).where(_S.digest == digest)).first() is not None

    def prove(
        self, tx: Transaction, session: str, factors: Sequence[Factor], now: dt.datetime, *, limited: bool
    ) -> tuple[Session, str]:
        """Take note that the session's owner proved again who they are; its token is replaced by the one returned.

        Raises:
            UnknownAccountError: there is no such session.

        """
        token = PREFIX + secrets.token_urlsafe(32)
        values = {"digest": self._secrets.digest("session", token), "proven": to_micros(now), "limited": limited}
        values |= {"used": to_micros(now), "factors": " ".join(factors)}
        if not tx.execute(sa.update(session_table).where(_S.id == session).values(**values)).rowcount:
            raise UnknownAccountError
        touch_access(tx)
        return self._session(self._row(tx, session)), token

    def of(self, tx: Transaction, account: str, now: dt.datetime) -> list[Session]:
        """Return the sessions of an account that hold at `now`, the newest first."""
        idle = to_micros(now - dt.timedelta(minutes=self._settings.idle_minutes))
        holds = (_S.account == account) & (_S.until > to_micros(now)) & (_S.used > idle)
        rows = tx.execute(sa.select(session_table).where(holds).order_by(_S.created.desc(), _S.id))
        return [self._session(row) for row in rows]

    def end(self, tx: Transaction, account: str, session: str) -> None:
        """End one session of an account.

        Raises:
            UnknownAccountError: it has none of that id.

        """
        ended = tx.execute(sa.delete(session_table).where((_S.id == session) & (_S.account == account)))
        if not ended.rowcount:
            raise UnknownAccountError
        touch_access(tx)

    def end_all(self, tx: Transaction, account: str, but: str = "") -> int:
        """End every session of an account but the one named; return how many ended."""
        ended = tx.execute(sa.delete(session_table).where((_S.account == account) & (_S.id != but)))
        touch_access(tx)
        return int(ended.rowcount)

    def end_begun_by(
        self, tx: Transaction, factor: Factor, *, account: str = "", sessions: Collection[str] = ()
    ) -> int:
        """End those of `sessions`, or of all of `account`, that began by `factor`; return how many ended."""
        chosen = _S.id.in_(sessions) if sessions else _S.account == account
        rows = tx.execute(sa.select(_S.id, _S.factors).where(chosen)).all()
        ending = [row.id for row in rows if factor in row.factors.split()]
        tx.execute(sa.delete(session_table).where(_S.id.in_(ending)))
        touch_access(tx)
        return len(ending)

    def purge(self, tx: Transaction, now: dt.datetime) -> None:
        """Drop what is over."""
        tx.execute(sa.delete(session_table).where(_S.until <= to_micros(now)))

    def _end_surplus(self, tx: Transaction, account: str) -> None:
        newest = sa.select(_S.id).where(_S.account == account).order_by(_S.created.desc(), _S.id)
        for (name,) in tx.execute(newest.offset(self._settings.sessions)).all():
            tx.execute(sa.delete(session_table).where(_S.id == name))

    def _row(self, tx: Transaction, session: str) -> Any:
        return tx.execute(sa.select(session_table).where(_S.id == session)).one()

    def _session(self, row: Any) -> Session:
        return Session(
            id=row.id,
            account=row.account,
            created=from_micros(row.created),
            used=from_micros(row.used),
            until=from_micros(row.until),
            proven_at=from_micros(row.proven),
            limited=row.limited,
            factors=tuple(Factor(each) for each in row.factors.split()),
            browser=row.browser,
        )
