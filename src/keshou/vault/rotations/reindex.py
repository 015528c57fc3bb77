# SPDX-License-Identifier: Apache-2.0
"""Everything that finds users, written anew: under the newest index key, as the rules choose; some users at a time.

Values and the operator's ids are opened for it, inside, and leave only as tags. Each row says under which key it lies,
so that this can be broken off at any point and begun again; what does not open is left as it is, and counted.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from keshou.db import Transaction
from keshou.rows import each, replace, select
from keshou.vault import found_by
from keshou.vault.blind_index import Finding
from keshou.vault.errors import SealBrokenError
from keshou.vault.key_cache import WrappedKey
from keshou.vault.sealed import SealedRecord, SealedValue
from keshou.vault.sealer import RECORD, Sealer, TagRow

_STALE = (
    'SELECT "user" FROM (SELECT "user" FROM vault_user WHERE "user" > ? AND index_key <> ? AND ref IS NOT NULL '
    'ORDER BY "user" LIMIT ?) AS a UNION SELECT "user" FROM (SELECT DISTINCT "user" FROM vault_index '
    'WHERE "user" > ? AND index_key <> ? ORDER BY "user" LIMIT ?) AS b ORDER BY 1 LIMIT ?'
)
_COUNT = (
    "SELECT index_key, COUNT(*) FROM (SELECT index_key FROM vault_user WHERE ref IS NOT NULL "
    "UNION ALL SELECT index_key FROM vault_index) AS n GROUP BY index_key ORDER BY index_key"
)
_KEYS = 'SELECT "user", class, kid, epoch, wrapped FROM vault_key WHERE "user" @'
_VALUES = 'SELECT "user", item, class, version, sealed FROM vault_value WHERE "user" @ AND item @'
_NAMED = 'SELECT "user" FROM vault_user WHERE "user" @ AND ref IS NOT NULL'
_MOVE = 'UPDATE vault_user SET ref = ?, index_key = ? WHERE "user" = ?'

PayloadOf = Callable[[Transaction, Sequence[int]], Mapping[int, bytes]]
"""Gives for each user the sealed payload of the newest entry about them."""
IdOf = Callable[[bytes], str]
"""Gives the operator's id of the user that an opened payload names."""


class Reindexed(NamedTuple):
    """What became of some users' tags."""

    users: int
    left: tuple[int, ...]
    """Users of whom something does not open; nothing of theirs was changed."""


class _Anew(NamedTuple):
    refs: list[tuple[bytes, int, int]]
    tags: list[TagRow]
    done: list[int]
    left: list[int]


class Reindexing:
    """What finds the users of one site, written anew."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def choose(self, finding: Finding) -> None:
        """Index what `finding` says from now on: what the rules in force, or to come, declare."""
        self._sealer.finding = finding

    def keep_only(self, tx: Transaction, finding: Finding) -> None:
        """Take note of what is declared now: of what is not, the index is not kept complete any more."""
        found_by.keep_only(tx, finding)

    def taken_back(self, tx: Transaction) -> dict[tuple[str, str], int]:
        """Return how many rows there are of each item and way by which nobody is to be found any more."""
        counted = "SELECT COUNT(*) FROM vault_index WHERE item = ? AND way = ?"
        ways = found_by.taken_back(tx, self._sealer.finding)
        return {(each.item, each.named): select(tx, counted, *each)[0][0] for each in ways}

    def sweep(self, tx: Transaction, most: int) -> int:
        """Remove up to `most` of those rows; return how many. Nobody else may write meanwhile: hold the log's lock."""
        return found_by.sweep(tx, self._sealer.finding, most)

    def begin(self, tx: Transaction, *, again: bool) -> None:
        """Take note that everything that finds users is about to be made anew; `again`: some was, and broken off."""
        found_by.begin(tx, self._sealer.finding, again=again)

    def end(self, tx: Transaction, *, whole: bool) -> None:
        """Take note that it was; where something was left, what was newly chosen is not complete."""
        if whole:
            found_by.end(tx)

    def unfinished(self, tx: Transaction, finding: Finding) -> tuple[frozenset[str], frozenset[str]]:
        """Return of which items users are not found yet as `finding` says, and of which they are as nothing says."""
        return found_by.lacking(tx, finding), found_by.lingering(tx, finding)

    def counts(self, tx: Transaction) -> dict[int, int]:
        """Return for each index key how many rows that find somebody lie under it."""
        return dict(select(tx, _COUNT))

    def stale(self, tx: Transaction, after: int, number: int, limit: int) -> list[int]:
        """Return up to `limit` users after one, of whom something lies under another index key than `number`."""
        rows = select(tx, _STALE, after, number, limit, after, number, limit, limit)
        return [user for (user,) in rows]

    def left(self, tx: Transaction) -> int:
        """Return how many users do not lie under the newest index key, or, when all do, how many there are."""
        sql = "SELECT index_key, COUNT(*) FROM vault_user WHERE ref IS NOT NULL GROUP BY index_key"
        found: dict[int, int] = dict(select(tx, sql))
        return sum(count for number, count in found.items() if number != self._sealer.current_index) or sum(
            found.values()
        )

    def write(self, tx: Transaction, users: Sequence[int], newest: PayloadOf, id_of: IdOf) -> Reindexed:
        """Write everything anew that finds `users`; nobody else may write for them meanwhile: hold the log's lock."""
        items = sorted(self._sealer.finding.ways)
        keys: dict[int, dict[str, WrappedKey]] = {}
        for row in select(tx, _KEYS, list(users)):
            keys.setdefault(row[0], {})[row[1]] = tuple(row)
        values: dict[int, list[SealedValue]] = {}
        for user, item, class_, version, sealed in select(tx, _VALUES, list(users), items):
            key = keys.get(user, {}).get(class_)
            wrapped = key[2:] if key else (None, None, None)
            values.setdefault(user, []).append(SealedValue(item, class_, version, bytes(sealed), *wrapped))
        named = {user for (user,) in select(tx, _NAMED, list(users))}
        payloads = newest(tx, sorted(named))
        anew = _Anew([], [], [], [])
        for user in users:
            try:
                ref = self._ref(user, keys, payloads, id_of) if user in named else None
                tags = [tag for value in values.get(user, ()) for tag in self._tags(user, value)]
            except SealBrokenError:
                anew.left.append(user)
                continue
            anew.refs.extend([(*ref, user)] if ref else [])
            anew.tags.extend(tags)
            anew.done.append(user)
        self._put(tx, anew)
        return Reindexed(len(anew.done), tuple(anew.left))

    def _ref(
        self, user: int, keys: Mapping[int, Mapping[str, WrappedKey]], payloads: Mapping[int, bytes], id_of: IdOf
    ) -> tuple[bytes, int]:
        key = keys.get(user, {}).get(RECORD)
        if key is None or user not in payloads:
            raise SealBrokenError
        name = id_of(self._sealer.open_record(SealedRecord(user, payloads[user], *key[2:])))
        if not name:
            raise SealBrokenError  # what names nobody says of nobody who they are
        return self._sealer.ref(name)

    def _tags(self, user: int, value: SealedValue) -> list[TagRow]:
        return self._sealer.tags(user, value.item, self._sealer.open(user, value).decode())

    @staticmethod
    def _put(tx: Transaction, anew: _Anew) -> None:
        each(tx, 'DELETE FROM vault_index WHERE "user" = ?', [(user,) for user in anew.done])
        replace(tx, "vault_index", found_by.TYPES, found_by.KEY, anew.tags)
        each(tx, _MOVE, anew.refs)
