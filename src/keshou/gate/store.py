# SPDX-License-Identifier: Apache-2.0
"""Facts kept and fetched: the user's and the operator's, each with the revision that recorded it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from keshou.db import Transaction, metadata, to_micros
from keshou.gate.every_fact import AnySiteFact, AnyUserFact
from keshou.gate.facts import SiteFact, UserFact
from keshou.rows import select

user_fact = sa.Table(
    "user_fact",
    metadata,
    sa.Column("user", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("revision", sa.BigInteger, primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Index("user_fact_revision", "revision"),
)
"""What came true of users; `user` is the surrogate key, `body` the whole fact as compact JSON."""

site_fact = sa.Table(
    "site_fact",
    metadata,
    sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("ordinal", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)
"""What came true of the operator, its staff, its agents and the authority."""

_USER_COLUMNS = tuple(user_fact.columns.keys())
_SITE_COLUMNS = tuple(site_fact.columns.keys())
_AT_ONCE = 500

_FACTS = 'SELECT "user", body FROM user_fact WHERE "user" @ ORDER BY "user", revision, ordinal'

_encoder = msgspec.json.Encoder(order="sorted")
_user_decoder = msgspec.json.Decoder(AnyUserFact)
_site_decoder = msgspec.json.Decoder(AnySiteFact)

UserRow = tuple[int, int, Sequence[UserFact]]
"""Surrogate key of the user, revision, and the facts that revision recorded, in order."""


class Changes(NamedTuple):
    """What was recorded after a revision."""

    users: frozenset[int]
    """Surrogate keys of the users of whom something came true."""
    site: bool
    """Whether anything came true of the operator."""
    revision: int
    """The last revision that recorded a fact; the one asked about when none did."""


class FactRow(NamedTuple):
    """One stored fact as it lies in its table; of the operator's facts `user` is 0 and `purpose` empty."""

    revision: int
    user: int
    ordinal: int
    kind: str
    purpose: str
    at: int
    body: str

    def fact(self) -> UserFact | SiteFact | None:
        """Return the fact; None when the row is not exactly one that this store writes."""
        try:
            fact: UserFact | SiteFact = (_user_decoder if self.user else _site_decoder).decode(self.body)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return None
        written = (fact.__struct_config__.tag, getattr(fact, "purpose", "") if self.user else "", to_micros(fact.at))
        same = _encoder.encode(fact).decode() == self.body
        return fact if same and written == (self.kind, self.purpose, self.at) else None


class Standings:
    """Keeps facts and fetches them; says nothing of what they mean."""

    def write_user(self, tx: Transaction, rows: Iterable[UserRow]) -> None:
        """Record facts of users; a user may come once in each revision."""
        tx.insert(
            user_fact, _USER_COLUMNS, [row for user, revision, facts in rows for row in _rows(user, revision, facts)]
        )

    def write_site(self, tx: Transaction, revision: int, facts: Sequence[SiteFact]) -> None:
        """Record facts of the operator."""
        rows = [
            (revision, place, fact.__struct_config__.tag, to_micros(fact.at), _encoder.encode(fact).decode())
            for place, fact in enumerate(facts)
        ]
        tx.insert(site_fact, _SITE_COLUMNS, rows)

    def user_facts(self, tx: Transaction, user: int) -> list[UserFact]:
        """Return one user's facts in the order recorded."""
        return self.facts_of(tx, [user]).get(user, [])

    def facts_of(self, tx: Transaction, users: Collection[int]) -> dict[int, list[UserFact]]:
        """Return the facts of several users, each in the order recorded; who has none is left out."""
        keys = list(users)
        found: dict[int, list[UserFact]] = {}
        for start in range(0, len(keys), _AT_ONCE):
            found.update(_grouped(select(tx, _FACTS, keys[start : start + _AT_ONCE])))
        return found

    def facts_at(self, tx: Transaction, user: int, revisions: Collection[int]) -> dict[int, list[UserFact]]:
        """Return what each of some revisions recorded of a user; a revision that recorded nothing is left out."""
        here = (user_fact.c.user == user) & user_fact.c.revision.in_(list(revisions))
        ordered = sa.select(user_fact.c.revision, user_fact.c.body).where(here)
        return dict(_grouped(tx.execute(ordered.order_by(user_fact.c.revision, user_fact.c.ordinal))))

    def site_facts(self, tx: Transaction) -> list[SiteFact]:
        """Return the operator's facts in the order recorded."""
        ordered = sa.select(site_fact.c.body).order_by(site_fact.c.revision, site_fact.c.ordinal)
        return [_site_decoder.decode(body) for (body,) in tx.execute(ordered)]

    def user_rows(self, tx: Transaction) -> Iterator[FactRow]:
        """Stream every fact of every user as stored, in the order of revisions."""
        yield from _streamed(tx, _USER_ROWS)

    def site_rows(self, tx: Transaction) -> Iterator[FactRow]:
        """Stream the operator's facts as stored, in the order of revisions."""
        yield from _streamed(tx, _SITE_ROWS)

    def erased_at(self, tx: Transaction, user: int | None = None) -> int:
        """Return the revision at which a user was erased, or anybody last; 0 when it never was."""
        latest = sa.select(sa.func.max(user_fact.c.revision)).where(user_fact.c.kind == "erased")
        return tx.execute(latest if user is None else latest.where(user_fact.c.user == user)).scalar() or 0

    def changed_since(self, tx: Transaction, revision: int) -> Changes:
        """Say of whom something was recorded after `revision`."""
        later = sa.select(user_fact.c.user, sa.func.max(user_fact.c.revision)).where(user_fact.c.revision > revision)
        changed: Any = tx.execute(later.group_by(user_fact.c.user))
        users: dict[int, int] = {int(user): int(latest) for user, latest in changed}
        last = tx.execute(sa.select(sa.func.max(site_fact.c.revision)).where(site_fact.c.revision > revision)).scalar()
        return Changes(frozenset(users), last is not None, max([revision, *users.values(), last or revision]))


_USER_ROWS = sa.select(*(user_fact.c[name] for name in FactRow._fields)).order_by(
    user_fact.c.revision, user_fact.c.user, user_fact.c.ordinal
)
_SITE_ROWS = sa.select(
    site_fact.c.revision,
    sa.literal(0),
    site_fact.c.ordinal,
    site_fact.c.kind,
    sa.literal(""),
    *site_fact.c["at", "body"],
).order_by(site_fact.c.revision, site_fact.c.ordinal)


def _streamed(tx: Transaction, rows: sa.Select[Any]) -> Iterator[FactRow]:
    with tx.connection.execute(rows, execution_options={"yield_per": 10_000}) as found:
        yield from (FactRow(*row) for row in found)


def _rows(user: int, revision: int, facts: Sequence[UserFact]) -> Iterator[tuple[object, ...]]:
    for place, fact in enumerate(facts):
        purpose = getattr(fact, "purpose", "")
        body = _encoder.encode(fact).decode()
        yield (user, revision, place, fact.__struct_config__.tag, purpose, to_micros(fact.at), body)


def _grouped(rows: Iterable[Any]) -> Iterator[tuple[int, list[UserFact]]]:
    for user, group in groupby(rows, itemgetter(0)):
        yield user, [_user_decoder.decode(body) for _, body in group]
