# SPDX-License-Identifier: Apache-2.0
"""class Codes: one-time codes. Source: NIST SP 800-63B 3.1.3 (out of band), 3.2.2 (limits on tries)."""

import datetime as dt
import hmac
import secrets
from typing import Any, NamedTuple

import sqlalchemy as sa

from keshou.db import Transaction, metadata, to_micros
from keshou.visits.seal import Seal
from keshou.visits.settings import VisitSettings
from keshou.visits.visitor import Started

code_table = sa.Table(
    "visit_code",
    metadata,
    sa.Column("user", sa.LargeBinary(32), primary_key=True),
    sa.Column("ticket", sa.LargeBinary(32), primary_key=True, unique=True),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("counted", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("source", sa.LargeBinary(32)),
)
_C = code_table.c
_ADDRESS = "\0"
"""What no user's id begins with: by it an address is counted apart from users."""
_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


class Redeemed(NamedTuple):
    """Whose code was redeemed: the user's pseudonym, and the id sealed for it."""

    user: bytes
    sealed: bytes


class Codes:
    """Keeps the codes that were asked for, long enough to count them."""

    def __init__(self, seal: Seal, settings: VisitSettings) -> None:
        self._seal = seal
        self._settings = settings

    def start(self, tx: Transaction, user: str | None, now: dt.datetime, source: str = "") -> Started:
        """Make a code for `user`; None is somebody who is not known, for whom the same is done in vain.

        For whom too many codes were asked lately, by this id, is treated as if not known: whoever asks is told the same
        in each case, so that asking says nothing about who is a user. Of all that may be asked for, one `source` has a
        share (empty: it is not counted by that).
        """
        counted = self._seal.pseudonym(user or secrets.token_hex(16))
        if not self._may_have(tx, counted, source, now) or user is None:
            return Started(ticket=self._put(tx, now, source), code=None)
        code = self._code()
        return Started(ticket=self._put(tx, now, source, counted=counted, user=user, code=code), code=code)

    def expect(self, tx: Transaction, address: str, now: dt.datetime, source: str = "") -> tuple[str, bool]:
        """Make a ticket for whoever turns out to have `address`; nothing redeems it until `meant_for` says who that is.

        Return it, and whether it is to be looked for: tickets for one address are counted as codes for one user are,
        so that asking again and again looks for nobody. They are counted apart from those: whoever knows a user's
        address and asks too often leaves the user those that are asked for by the id, and the other way round.
        """
        counted = self._seal.pseudonym(_ADDRESS + address)
        wanted = self._may_have(tx, counted, source, now)
        return self._put(tx, now, source, counted=counted if wanted else None), wanted

    def meant_for(self, tx: Transaction, ticket: str, user: str, now: dt.datetime) -> str | None:
        """Return a code for `user` that redeems `ticket` from now on; None when that is over."""
        pseudonym, code = self._seal.pseudonym(user), self._code()
        open_ = (_C.ticket == self._seal.digest("ticket", ticket)) & (_C.until > to_micros(now))
        meant = sa.update(code_table).where(open_).values(
            user=pseudonym, sealed=self._seal.close(user, pseudonym), digest=self._seal.digest("code", ticket, code)
        )  # fmt: skip
        return code if tx.execute(meant).rowcount else None

    def _put(
        self, tx: Transaction, now: dt.datetime, source: str, *, counted: bytes | None = None, user: str = "",
        code: str = "",
    ) -> str:  # fmt: skip
        """Keep a `code` of `user` under a new ticket and return that; without them, what belongs to nobody.

        It counts towards `counted`; None: towards nothing, so that asking in vain does not lengthen the wait.
        """
        ticket, name = secrets.token_urlsafe(32), user or secrets.token_hex(16)
        pseudonym, until = self._seal.pseudonym(name), now + dt.timedelta(minutes=self._settings.code_minutes)
        tx.execute(
            sa.insert(code_table).values(
                user=pseudonym, ticket=self._seal.digest("ticket", ticket), sealed=self._seal.close(name, pseudonym),
                # what belongs to nobody is redeemed by nothing
                digest=self._seal.digest("code", ticket, code) if code else secrets.token_bytes(32),
                created=to_micros(now), until=to_micros(until), tries=0,
                counted=counted or pseudonym, source=self._seal.digest("source", source),
            )
        )  # fmt: skip
        return ticket

    def _code(self) -> str:
        digits = self._settings.code_digits
        return f"{secrets.randbelow(10**digits):0{digits}d}"

    def redeem(self, tx: Transaction, ticket: str, code: str, now: dt.datetime) -> Redeemed | None:
        """Return whose `code` it is when it belongs to `ticket` and holds; None otherwise.

        1. the try is counted before anything is compared, and at most so many are;
        2. the code is compared with the one of this ticket;
        3. it and the user's other codes are over.

        Side effects: the try stands only if the caller commits, also after None.
        """
        row = self._count_try(tx, self._seal.digest("ticket", ticket), now)
        given = self._seal.digest("code", ticket, code)
        if row is None or not hmac.compare_digest(row.digest, given):
            return None
        self.void(tx, row.user, now)
        return Redeemed(row.user, row.sealed)

    def void(self, tx: Transaction, user: bytes, now: dt.datetime) -> None:
        """Let no code of a user be redeemed any more; they still count."""
        moment = to_micros(now)
        tx.execute(sa.update(code_table).where((_C.user == user) & (_C.until > moment)).values(until=moment))

    def forget(self, tx: Transaction, user: bytes) -> None:
        """Drop every code of a user."""
        tx.execute(sa.delete(code_table).where(_C.user == user))

    def purge(self, tx: Transaction, now: dt.datetime) -> int:
        """Drop the codes that are over and no longer count; return how many."""
        over = (_C.until <= to_micros(now)) & (_C.created <= to_micros(now - _DAY))
        return int(tx.execute(sa.delete(code_table).where(over)).rowcount)

    def _may_have(self, tx: Transaction, counted: bytes, source: str, now: dt.datetime) -> bool:
        if tx.postgresql:
            # of two who ask for one user at once the second waits, so that neither goes uncounted
            lock = int.from_bytes(counted[:8], "big", signed=True)
            tx.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
        settings = self._settings
        hour, day = _C.created > to_micros(now - _HOUR), _C.created > to_micros(now - _DAY)
        here = _C.source == self._seal.digest("source", source)
        counts = sa.select(*(sa.func.count().filter(each) for each in (hour, day, hour & here, day & here)))
        all_hour, all_day, its_hour, its_day = map(int, tx.execute(counts.where(_C.counted == counted)).one())
        if all_hour >= settings.codes_per_hour or all_day >= settings.codes_per_day:
            return False
        return not source or (its_hour < settings.codes_per_source and its_day < settings.codes_per_source_day)

    def _count_try(self, tx: Transaction, ticket: bytes, now: dt.datetime) -> Any:
        """Count a try at the code of `ticket` and return it; None when there is none, it is over, or was tried enough.

        The row is ours until we commit, so of two at once the second sees what became of the first.
        """
        open_ = (_C.ticket == ticket) & (_C.until > to_micros(now)) & (_C.tries < self._settings.code_tries)
        counted = sa.update(code_table).where(open_).values(tries=_C.tries + 1)
        return tx.execute(counted.returning(_C.user, _C.digest, _C.sealed)).one_or_none()
