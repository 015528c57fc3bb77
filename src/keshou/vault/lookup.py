# SPDX-License-Identifier: Apache-2.0
"""Wrapped keys and versions of values, looked up in one step for all who need them."""

from collections.abc import Collection
from typing import NamedTuple

from keshou.db import Transaction
from keshou.law.terms import RetentionClass
from keshou.rows import chunks, select
from keshou.vault.key_cache import WrappedKey
from keshou.vault.sealer import Place

_KEYS = 'SELECT "user", class, kid, epoch, wrapped FROM vault_key WHERE "user" @ AND class @'
_KEYS_AND_VERSIONS = (
    f'{_KEYS} UNION ALL SELECT "user", item, NULL, version, NULL FROM vault_value WHERE "user" @ AND item @'  # noqa: S608
)
_ALL_KEYS = (
    'SELECT "user", class, kid, epoch, wrapped FROM vault_key WHERE "user" @ '
    'UNION ALL SELECT "user", item, NULL, version, NULL FROM vault_value WHERE "user" @ AND item @'
)

_MOMENTS = 'SELECT "user", item, since FROM vault_value WHERE "user" @'
_CLASSES = {each.value: each for each in RetentionClass}


class Found:
    """Wrapped keys and versions of values that a transaction has looked up, still true of its tables."""

    __slots__ = ("items", "keys", "new", "users", "values")

    def __init__(self) -> None:
        self.users: set[int] = set()
        """Users of whom no key is missing here, nor the version of any of `items`."""
        self.items: frozenset[str] = frozenset()
        self.new: set[int] = set()
        """Users of whom nothing was held before: nothing at all is missing here."""
        self.keys: dict[Place, WrappedKey] = {}
        """Rows of the key table by user and class."""
        self.values: dict[int, dict[str, int]] = {}
        """By user: the version of each item that was found to be held."""

    def versions(self, places: Collection[Place]) -> dict[Place, int]:
        """Return the versions of those of `places`, each a user and an item, that are here."""
        found = {(user, item): self.values.get(user, {}).get(item, 0) for user, item in places}
        return {place: version for place, version in found.items() if version}

    def lacks_keys(self, user: int) -> bool:
        """Say whether the table may have a key of the user that is not here."""
        return user not in self.users and user not in self.new

    def lacks(self, user: int, item: str) -> bool:
        """Say whether a value may be held whose version is not here."""
        return user not in self.new and not (user in self.users and item in self.items)


def look_up(tx: Transaction, users: Collection[int], items: Collection[str]) -> Found:
    """Return all wrapped keys of `users`, and the version of each value held of them that is one of `items`."""
    found = Found()
    found.users.update(users)
    found.items = frozenset(items)
    for chunk in chunks(list(users)):
        for row in select(tx, _ALL_KEYS, list(chunk), list(chunk), list(found.items)):
            if row[4] is None:
                found.values.setdefault(row[0], {})[row[1]] = row[3]
            else:
                found.keys[row[:2]] = row
    return found


def look_for(
    tx: Transaction, wanted: set[Place], values: Collection[Place], found: Found
) -> tuple[dict[Place, WrappedKey], dict[Place, int]]:
    """Return the wrapped keys of `wanted` and the versions of `values`, asking only for what `found` does not have."""
    keys = {place: found.keys[place] for place in wanted & found.keys.keys()}
    versions = found.versions(values)
    places = {place for place in wanted - keys.keys() if found.lacks_keys(place[0])}
    other = {place for place in values if found.lacks(*place)}
    if not places and not other:
        return keys, versions
    users, classes = list({user for user, _ in places | other}), list({class_ for _, class_ in places})
    if other:
        rows = select(tx, _KEYS_AND_VERSIONS, users, classes, users, list({item for _, item in other}))
    else:
        rows = select(tx, _KEYS, users, classes)
    keys |= {place: row for row in rows if row[4] is not None and (place := row[:2]) in places}
    versions |= {place: row[3] for row in rows if row[4] is None and (place := row[:2]) in other}
    return keys, versions


def users_of(tx: Transaction, class_: str) -> list[int]:
    """Return every user who has a key of a class, in order of admission."""
    return [user for (user,) in select(tx, 'SELECT "user" FROM vault_key WHERE class = ? ORDER BY "user"', class_)]


def items_in(tx: Transaction, users: Collection[int], class_: str) -> dict[int, tuple[str, ...]]:
    """Return the items held in a class about each of `users` of whom any is."""
    found: dict[int, list[str]] = {}
    for chunk in chunks(list(users)):
        sql = 'SELECT "user", item FROM vault_value WHERE class = ? AND "user" @ ORDER BY "user", item'
        for user, item in select(tx, sql, class_, list(chunk)):
            found.setdefault(user, []).append(item)
    return {user: tuple(items) for user, items in found.items()}


class Collected(NamedTuple):
    """One value held, and when it was collected."""

    item: str
    class_: RetentionClass
    since: int
    """Microseconds, UTC."""


def collected_of(tx: Transaction, users: Collection[int]) -> dict[int, list[Collected]]:
    """Return what is held about each of `users` of whom anything is, in the order of items."""
    found: dict[int, list[Collected]] = {}
    for chunk in chunks(list(users)):
        sql = 'SELECT "user", item, class, since FROM vault_value WHERE "user" @ ORDER BY "user", item'
        for user, item, class_, since in select(tx, sql, list(chunk)):
            found.setdefault(user, []).append(Collected(item, _CLASSES[class_], since))
    return found


def moments_of(tx: Transaction, users: Collection[int]) -> dict[Place, int]:
    """Return when each value held about `users` was collected (microseconds, UTC), as it stands beside the value."""
    rows = (row for chunk in chunks(list(users)) for row in select(tx, _MOMENTS, list(chunk)))
    return {(user, item): since for user, item, since in rows}


def count_values(tx: Transaction) -> int:
    """Return how many values are held."""
    return int(select(tx, "SELECT COUNT(*) FROM vault_value")[0][0])


def users_after(tx: Transaction, user: int, limit: int) -> list[int]:
    """Return up to `limit` users after one in order, of whom anything is known still."""
    sql = 'SELECT "user" FROM vault_user WHERE "user" > ? AND ref IS NOT NULL ORDER BY "user" LIMIT ?'
    return [each for (each,) in select(tx, sql, user, limit)]
