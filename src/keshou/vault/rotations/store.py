# SPDX-License-Identifier: Apache-2.0
"""New keys for old, some users at a time: wrapped anew, or made anew with everything sealed under them.

Both walk the users in order and look at nothing that lies in the epoch aimed at, so that they can be broken off at any
point and begun again. What does not open is left as it is, and counted.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from keshou.db import Transaction, array, arrays, from_micros, metadata, to_micros
from keshou.rows import each, replace, select
from keshou.vault import found_by
from keshou.vault.errors import SealBrokenError
from keshou.vault.key_cache import WrappedKey
from keshou.vault.keys import ROOT
from keshou.vault.sealer import RECORD, VALUE_COLUMNS, Payload, PayloadsOf, Place, Sealer, TagRow, ValueRow

_rotation = sa.Table(
    "vault_rotation",
    metadata,
    sa.Column("level", sa.Text, primary_key=True),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("begun", sa.BigInteger, nullable=False),
    sa.Column("ended", sa.BigInteger, nullable=True),
)
_way = sa.Table(
    "vault_way",
    metadata,
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("way", sa.Text, primary_key=True),
    sa.Column("complete", sa.Integer, nullable=False),
)
_LIVING = (
    "length(k.wrapped) > 0 AND NOT EXISTS "
    '(SELECT 1 FROM vault_shredded s WHERE s."user" = k."user" AND s.class = k.class AND s.kid = k.kid)'
)
"""Neither on record as shredded, nor given up."""
_STALE = (
    'SELECT k."user", k.class, k.kid, k.epoch, k.wrapped FROM vault_key k '  # noqa: S608 - no input
    f'WHERE (k."user", k.class) > (?, ?) AND k.epoch < ? AND {_LIVING} ORDER BY k."user", k.class LIMIT ?'
)
_USERS = (
    'SELECT DISTINCT k."user" FROM vault_key k '  # noqa: S608 - no input
    f'WHERE k."user" > ? AND k.epoch < ? AND {_LIVING} ORDER BY k."user" LIMIT ?'
)
_COUNT = f"SELECT k.epoch, COUNT(*) FROM vault_key k WHERE {_LIVING} GROUP BY k.epoch ORDER BY k.epoch"  # noqa: S608
_MOVE = 'UPDATE vault_key SET kid = ?, epoch = ?, wrapped = ? WHERE "user" = ? AND class = ? AND wrapped = ?'
_GIVE_UP = 'UPDATE vault_key SET epoch = ?, wrapped = ? WHERE "user" = ? AND class = ?'
_LOOKED_AT = 500
_MOVE_TYPES = arrays(["bytea", "integer", "bytea", "bigint", "text", "bytea"])
_MOVE_ARRAYS = (
    "UPDATE vault_key k SET kid = n.kid, epoch = n.epoch, wrapped = n.wrapped "  # noqa: S608 - no input
    f'FROM unnest({_MOVE_TYPES}) AS n(kid, epoch, wrapped, "user", class, old) '
    'WHERE k."user" = n."user" AND k.class = n.class AND k.wrapped = n.old'
)

Moved = tuple[bytes, int, bytes, int, str, bytes]
"""Key id, epoch, wrapped key; and where: user, class, and as what it was wrapped before."""


class Rotation(NamedTuple):
    """One rotation: which level, into which epoch or under which index key, when."""

    level: str
    """``epoch``: data keys wrapped anew; ``data``: made anew; ``index``: all tags made anew."""
    epoch: int
    begun: dt.datetime
    ended: dt.datetime | None


class Renewed(NamedTuple):
    """What became of some users' keys."""

    keys: int
    values: int
    payloads: Sequence[Payload]
    left: Sequence[Place]
    """Users, and classes, of whom something does not open; nothing of theirs was changed."""


class Rotations:
    """The rotations of one site's data keys."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    # What is under way

    def follow(self, epoch: int, index_key: int) -> None:
        """Have the vault seal and find under the keys that the database has come to, whoever led it there.

        Raises:
            KeyMissingError: one of them is not here; nothing may be sealed, and nobody taken for unknown.

        """
        self._sealer.follow(epoch, index_key)

    def all(self, tx: Transaction) -> dict[str, Rotation]:
        """Return the last rotation of each level."""
        rows = select(tx, "SELECT level, epoch, begun, ended FROM vault_rotation ORDER BY level")
        return {row[0]: Rotation(row[0], row[1], from_micros(row[2]), row[3] and from_micros(row[3])) for row in rows}

    def begin(self, tx: Transaction, level: str, epoch: int, now: dt.datetime) -> None:
        """Take note that a rotation into `epoch` begins."""
        columns = {"level": "text", "epoch": "integer", "begun": "bigint", "ended": "bigint"}
        each(tx, "DELETE FROM vault_rotation WHERE level = ?", [(level,)])
        tx.insert(_rotation, tuple(columns), [(level, epoch, to_micros(now), None)])

    def end(self, tx: Transaction, level: str, now: dt.datetime) -> None:
        """Take note that it is done."""
        each(tx, "UPDATE vault_rotation SET ended = ? WHERE level = ?", [(to_micros(now), level)])

    def living(self, tx: Transaction) -> dict[int, int]:
        """Return for each epoch how many living data keys are wrapped under it; those shredded do not count."""
        return dict(select(tx, _COUNT))

    # Wrapping anew

    def stale(self, tx: Transaction, after: Place, epoch: int, limit: int) -> list[WrappedKey]:
        """Return up to `limit` keys of older epochs, of the users and classes that come after one."""
        return [tuple(row) for row in select(tx, _STALE, *after, epoch, limit)]

    def rewrapped(self, rows: Sequence[WrappedKey]) -> Iterator[Moved]:
        """Yield keys wrapped under the current epoch; needs no transaction. Those that do not open are left out."""
        for row in rows:
            try:
                epoch, wrapped = self._sealer.rewrap(row)
            except SealBrokenError:
                continue
            yield row[2], epoch, wrapped, row[0], row[1], row[4]

    @staticmethod
    def put(tx: Transaction, moved: Sequence[Moved]) -> None:
        """Store keys wrapped anew; one that was changed or shredded meanwhile stays as it is."""
        if tx.postgresql and moved:
            tx.put(_MOVE_ARRAYS, [array(column) for column in zip(*moved, strict=True)])
        else:
            each(tx, _MOVE, list(moved))

    def broken(self, tx: Transaction) -> list[Place]:
        """Return whose keys of older epochs do not open; none at all as long as any of them opens and can be moved."""
        found: list[Place] = []
        while stale := self.stale(tx, found[-1] if found else (0, ""), self._sealer.current_epoch, _LOOKED_AT):
            if any(True for _ in self.rewrapped(stale)):
                return []
            found += [row[:2] for row in stale]
        return found

    def give_up(self, tx: Transaction, places: Sequence[Place]) -> None:
        """Keep nothing of keys that do not open but whose they were: what lies under them is lost, backups included."""
        each(tx, _GIVE_UP, [(self._sealer.current_epoch, b"", *place) for place in places])
        self._sealer.forget(set(places))

    # Making anew

    def users(self, tx: Transaction, after: int, epoch: int, limit: int) -> list[int]:
        """Return up to `limit` users after one, of whom a key lies in an older epoch."""
        return [user for (user,) in select(tx, _USERS, after, epoch, limit)]

    def renew(self, tx: Transaction, users: Sequence[int], epoch: int, payloads_of: PayloadsOf) -> Renewed:
        """Give users new keys in the site's suite, and seal everything of theirs under them; return what was done.

        Nobody else may seal for these users within the transaction: hold the log's lock. Values keep their versions.
        The record key of a user stays, so that their pseudonyms in the log stay theirs, and what is held under it is
        sealed anew; of another suite than the site's it becomes one of the site's, and the payloads returned must take
        the place of those given.
        """
        rows = select(tx, 'SELECT "user", class, kid, epoch, wrapped FROM vault_key WHERE "user" @', list(users))
        sql = 'SELECT "user", item, class, version, sealed, since FROM vault_value WHERE "user" @'
        held: dict[Place, list[ValueRow]] = {}
        for value in select(tx, sql, list(users)):
            held.setdefault((value[0], value[2]), []).append(tuple(value))
        done = _Done()
        for user in users:
            done.add(self._of_user([tuple(row) for row in rows if row[0] == user], epoch, held, payloads_of))
        self.put(tx, done.keys)
        replace(tx, "vault_value", VALUE_COLUMNS, ("user", "item"), done.values)
        found_by.put(tx, [row[:2] for row in done.values], done.tags, self._sealer.finding)
        return Renewed(len(done.keys), len(done.values), done.payloads, done.left)

    def _of_user(
        self, rows: Sequence[WrappedKey], epoch: int, held: dict[Place, list[ValueRow]], payloads_of: PayloadsOf
    ) -> "_Done":
        done = _Done()
        for row in rows:
            if row[3] >= epoch or not row[4]:
                continue
            of, payloads = held.get(row[:2], ()), list[Payload]()
            try:
                if row[1] == RECORD:
                    key, values, tags, payloads = self._sealer.renew_record(row, of, payloads_of)
                else:
                    key, values, tags = self._sealer.renew(row, of)
            except SealBrokenError:
                return _Done([row[:2]])
            done.payloads += payloads
            done.values += values
            done.tags += tags
            done.keys.append((key[2], key[3], key[4], row[0], row[1], row[4]))
        return done


def index_key_of(tx: Transaction) -> int:
    """Return the number of the newest index key under which something that finds users may lie."""
    rows = select(tx, "SELECT epoch FROM vault_rotation WHERE level = 'index'")
    return int(rows[0][0]) if rows else ROOT


class _Done:
    """What is to be written."""

    def __init__(self, left: Sequence[Place] = ()) -> None:
        self.keys: list[Moved] = []
        self.values: list[ValueRow] = []
        self.tags: list[TagRow] = []
        self.payloads: list[Payload] = []
        self.left: list[Place] = list(left)

    def add(self, other: "_Done") -> None:
        """Add what is to be written of one user."""
        self.keys += other.keys
        self.values += other.values
        self.tags += other.tags
        self.left += other.left
        self.payloads += other.payloads
