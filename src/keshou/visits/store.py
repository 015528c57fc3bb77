# SPDX-License-Identifier: Apache-2.0
"""class Visits: users who come, by a token of the operator's app or by a one-time code, until they leave.

Nobody's id stands in the tables in clear: a pseudonym finds a user's rows, and the id is sealed beside it.
"""

import datetime as dt
import hmac
import secrets
from typing import Any

import sqlalchemy as sa

from keshou.db import Transaction, from_micros, metadata, to_micros, touch_access
from keshou.suite import INTERNATIONAL, Suite
from keshou.visits.codes.store import Codes, Redeemed
from keshou.visits.errors import UnknownVisitError
from keshou.visits.keys.store import AppKeys
from keshou.visits.seal import Seal
from keshou.visits.settings import VisitSettings
from keshou.visits.unsent import Unsent
from keshou.visits.visitor import Started, Visit, Visitor

PREFIX = "vs_"
"""What a visit's token begins with, so that scanners find those that leaked."""
visit_table = sa.Table(
    "visit",
    metadata,
    sa.Column("user", sa.LargeBinary(32), primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("binding", sa.LargeBinary(32), nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("used", sa.BigInteger, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
    sa.Column("proven", sa.BigInteger),
    sa.Column("app_key", sa.Text, nullable=False, server_default=""),
)
_V = visit_table.c


class Visits:
    """Keeps users' visits. `secret` is 32 bytes of the site's, `suite` what it seals in, `url` the server's address."""

    def __init__(self, secret: bytes, url: str, settings: VisitSettings, suite: Suite = INTERNATIONAL) -> None:
        self.settings = settings
        self._seal = Seal(secret, suite)
        self.keys = AppKeys(self._seal, url, settings)
        """The public keys of the operator's apps."""
        self._codes = Codes(self._seal, settings)
        self.unsent = Unsent(self._seal, settings)
        """What somebody typed and could not send, for their visit was over."""

    def find_app_token(self, tx: Transaction, token: str, now: dt.datetime) -> Visitor | None:
        """Return whom a token of the operator's app proves at `now`; None when it proves nobody."""
        return self.keys.find(tx, token, now)

    def start(self, tx: Transaction, user: str | None, now: dt.datetime, source: str = "") -> Started:
        """Make a one-time code for `user`, to be sent once this is committed; see `Codes.start`.

        With None, for somebody who is not known, the same is done and there is nothing to send.
        """
        return self._codes.start(tx, user, now, source)

    def expect(self, tx: Transaction, address: str, now: dt.datetime, source: str = "") -> tuple[str, bool]:
        """Make a ticket for whoever turns out to have `address`, as every equal one is written; see `Codes.expect`."""
        return self._codes.expect(tx, address, now, source)

    def meant_for(self, tx: Transaction, ticket: str, user: str, now: dt.datetime) -> str | None:
        """Return a code for `user` that redeems a ticket of `expect` from now on; see `Codes.meant_for`."""
        return self._codes.meant_for(tx, ticket, user, now)

    def redeem(self, tx: Transaction, ticket: str, code: str, binding: str, now: dt.datetime) -> str | None:
        """Begin a visit by a one-time code in the browser that calls itself `binding`; return its token, this once.

        Side effects: a wrong code counts as a try, so commit after None too.
        """
        redeemed = self._codes.redeem(tx, ticket, code, now)
        return None if redeemed is None else self._begin(tx, redeemed, binding, now, proven=now)

    def enter(self, tx: Transaction, token: str, binding: str, now: dt.datetime) -> str | None:
        """Begin a visit by a token of the operator's app, in the browser `binding`; return its token, this once.

        The visit is as freshly proven as the app says, and ends with the app's key. None: the token proves nobody.
        """
        visitor = self.keys.find(tx, token, now)
        if visitor is None:
            return None
        pseudonym = self._seal.pseudonym(visitor.user)
        whose = Redeemed(pseudonym, self._seal.close(visitor.user, pseudonym))
        return self._begin(tx, whose, binding, now, proven=visitor.proven_at, app_key=visitor.credential)

    def find(self, tx: Transaction, token: str, binding: str, now: dt.datetime) -> Visitor | None:
        """Return whom a visit's token proves in the browser `binding`; None when nobody, or nobody any more.

        Side effects: it is written down now and then that the visit was used.

        Raises:
            VisitTamperedError: what is stored of the visit was altered.

        """
        if not token.startswith(PREFIX):
            return None
        digest = self._seal.digest("visit", token)
        row = tx.execute(sa.select(visit_table).where(_V.digest == digest)).one_or_none()
        if row is None or not hmac.compare_digest(row.binding, self._seal.digest("binding", binding)):
            return None
        moment = to_micros(now)
        if row.until <= moment or row.used <= self._idle_since(now):
            return None
        if row.app_key and not self.keys.holds(tx, row.app_key, now):
            return None
        if moment - row.used >= self.settings.used_seconds * 1_000_000:
            tx.execute(sa.update(visit_table).where(_V.digest == digest).values(used=moment))
        user = self._seal.open(row.sealed, row.user)
        services = self.keys.services(tx, row.app_key) if row.app_key else None
        proven, until = None if row.proven is None else from_micros(row.proven), from_micros(row.until)
        return Visitor(user=user, services=services, credential=row.id, proven_at=proven, until=until)

    def is_given(self, tx: Transaction, token: str) -> bool:
        """Say whether there is a visit of this token, whether or not it still holds; nothing is written."""
        digest = self._seal.digest("visit", token)
        return tx.execute(sa.select(_V.id).where(_V.digest == digest)).first() is not None

    def list(self, tx: Transaction, user: str, now: dt.datetime) -> list[Visit]:
        """Return the visits of a user that hold at `now`, the newest first."""
        mine = _V.user == self._seal.pseudonym(user)
        holds = mine & (_V.until > to_micros(now)) & (_V.used > self._idle_since(now))
        rows = tx.execute(sa.select(visit_table).where(holds).order_by(_V.created.desc(), _V.id))
        return [_visit(row) for row in rows]

    def end(self, tx: Transaction, user: str, visit: str) -> None:
        """End one visit of a user.

        Side effects: counts a change of what callers are judged by.

        Raises:
            UnknownVisitError: the user has none of that id.

        """
        mine = (_V.user == self._seal.pseudonym(user)) & (_V.id == visit)
        if "\0" in visit or not tx.execute(sa.delete(visit_table).where(mine)).rowcount:
            raise UnknownVisitError
        touch_access(tx)

    def end_all(self, tx: Transaction, user: str, now: dt.datetime) -> int:
        """End every visit of a user, and every code on its way; return how many visits ended. Side effects as `end`."""
        pseudonym = self._seal.pseudonym(user)
        self._codes.void(tx, pseudonym, now)
        ended = tx.execute(sa.delete(visit_table).where(_V.user == pseudonym))
        touch_access(tx)
        return int(ended.rowcount)

    def forget(self, tx: Transaction, user: str, now: dt.datetime) -> None:
        """Leave no row of a user who was erased. Side effects as `end`."""
        self.end_all(tx, user, now)
        self._codes.forget(tx, self._seal.pseudonym(user))

    def purge(self, tx: Transaction, now: dt.datetime) -> int:
        """Drop visits, codes and ids of tokens that are over; return how many rows went."""
        over = (_V.until <= to_micros(now)) | (_V.used <= self._idle_since(now))
        visits = int(tx.execute(sa.delete(visit_table).where(over)).rowcount)
        return visits + self._codes.purge(tx, now) + self.keys.purge(tx, now)

    def _begin(
        self, tx: Transaction, whose: Redeemed, binding: str, now: dt.datetime, *, proven: dt.datetime | None,
        app_key: str = "",
    ) -> str:  # fmt: skip
        token = PREFIX + secrets.token_urlsafe(32)
        moment, until = to_micros(now), to_micros(now + dt.timedelta(hours=self.settings.visit_hours))
        tx.execute(
            sa.insert(visit_table).values(
                user=whose.user, id=secrets.token_hex(8), digest=self._seal.digest("visit", token),
                binding=self._seal.digest("binding", binding), sealed=whose.sealed,
                created=moment, used=moment, until=until, app_key=app_key,
                proven=None if proven is None else to_micros(proven),
            )
        )  # fmt: skip
        self._end_surplus(tx, whose.user)
        return token

    def _end_surplus(self, tx: Transaction, user: bytes) -> None:
        newest = sa.select(_V.id).where(_V.user == user).order_by(_V.created.desc(), _V.id)
        surplus = tx.execute(newest.offset(self.settings.visits)).scalars().all()
        if surplus:
            tx.execute(sa.delete(visit_table).where((_V.user == user) & _V.id.in_(surplus)))
            touch_access(tx)

    def _idle_since(self, now: dt.datetime) -> int:
        return to_micros(now - dt.timedelta(minutes=self.settings.idle_minutes))


def _visit(row: Any) -> Visit:
    return Visit(id=row.id, created=from_micros(row.created), used=from_micros(row.used), until=from_micros(row.until))
