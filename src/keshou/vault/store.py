# SPDX-License-Identifier: Apache-2.0
"""class Vault: admit, seal, fetch, open, find, shred.

Fetching and opening are two steps: `fetch` reads what is sealed inside a transaction, and `open` decrypts without one,
against the receipt of an entry that was committed in between.
"""

import datetime as dt
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from keshou.db import Transaction, metadata, to_micros
from keshou.law.terms import RetentionClass
from keshou.vault.envelope import DataKey
from keshou.vault.errors import SealBrokenError, VaultError
from keshou.vault.key_cache import WrappedKey
from keshou.vault.keys import FileKeys
from keshou.vault.receipt import Receipt
from keshou.vault.sealed import Sealed, SealedRecord, SealedValue, Shredded
from keshou.vault.sealer import RECORD, Sealer, pseudonym

_user = sa.Table(
    "vault_user",
    metadata,
    sa.Column("user", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("ref", sa.LargeBinary(16), unique=True),
    sa.Column("since", sa.BigInteger, nullable=False),
)
_key = sa.Table(
    "vault_key",
    metadata,
    sa.Column("user", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("class", sa.Text, primary_key=True),
    sa.Column("kid", sa.LargeBinary(16), nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False, index=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)
_value = sa.Table(
    "vault_value",
    metadata,
    sa.Column("user", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("class", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)
_index = sa.Table(
    "vault_index",
    metadata,
    sa.Column("user", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("tag", sa.LargeBinary(16), nullable=False),
    sa.Index("vault_index_tag", "item", "tag"),
)
_shredded = sa.Table(
    "vault_shredded",
    metadata,
    sa.Column("user", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("class", sa.Text, primary_key=True),
    sa.Column("kid", sa.LargeBinary(16), primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
)

_CHUNK = 2000
T = TypeVar("T")
_DELETE_INDEX = (
    'DELETE FROM vault_index WHERE "user" = ? AND item IN (SELECT item FROM vault_value WHERE "user" = ? AND class = ?)'
)
_FETCH = (
    'SELECT v."user", v.item, v.class, v.version, v.sealed, k.kid, k.epoch, k.wrapped FROM vault_value v '
    'LEFT JOIN vault_key k ON k."user" = v."user" AND k.class = v.class WHERE v."user" @ AND v.item @'
)
_STALE = (
    'SELECT k."user", k.class, k.kid, k.epoch, k.wrapped FROM vault_key k WHERE k.epoch < ? AND NOT EXISTS '
    '(SELECT 1 FROM vault_shredded s WHERE s."user" = k."user" AND s.class = k.class AND s.kid = k.kid) '
    'ORDER BY k."user" LIMIT ?'
)
_REWRAP = 'UPDATE vault_key SET epoch = ?, wrapped = ? WHERE "user" = ? AND class = ? AND wrapped = ?'

SealRow = tuple[int, RetentionClass, Mapping[str, str]]
"""A user, the class, and the values to seal by item."""


class Vault:
    """Users' personal information, sealed under keys of their own.

    A user is a surrogate number in every table; the operator's own id of the user is only ever looked up, by blind
    index. Safe from several threads at once, each with its own transaction.
    """

    def __init__(self, keys: FileKeys, site: str) -> None:
        if keys.site != site:
            raise VaultError(f"the keys are of site `{keys.site}`, not of `{site}`", hint="open the site's own keys")
        self._keys = keys
        self._sealer = Sealer(keys, site)
        self._lock = threading.Lock()
        self._openings = 0

    @property
    def openings(self) -> int:
        """How often plaintext left the vault since it was assembled; never more than receipts pay for."""
        return self._openings

    # Users

    def find_user(self, tx: Transaction, external_id: str) -> int | None:
        """Return the surrogate key of the user with this id of the operator's; None when there is none."""
        return self.find_users(tx, (external_id,)).get(external_id)

    def find_users(self, tx: Transaction, external_ids: Collection[str]) -> dict[str, int]:
        """Return the surrogate keys of those who are known, by the operator's ids."""
        ids = {self._sealer.ref(external_id): external_id for external_id in external_ids}
        found: dict[str, int] = {}
        for chunk in _chunks(list(ids)):
            for ref, user in _select(tx, 'SELECT ref, "user" FROM vault_user WHERE ref @', chunk):
                found[ids[bytes(ref)]] = user
        return found

    def admit(self, tx: Transaction, external_ids: Sequence[str], *, since: int = 0) -> list[int]:
        """Give new users their surrogate keys, consecutive and never used before; `since` is the revision.

        Raises:
            VaultError: one of them is known already, stands twice in the list, or is empty.

        """
        if "" in external_ids:
            raise VaultError("a user without an id", hint="give every user the operator's own id")
        if len(set(external_ids)) != len(external_ids):
            raise VaultError("a user stands twice in the list", hint="give every user once")
        if known := self.find_users(tx, external_ids):
            raise VaultError(f"{len(known)} of these users are known already", hint="look them up before admitting")
        rows = [
            (user, self._sealer.ref(external_id), since)
            for user, external_id in enumerate(external_ids, self.next_user(tx))
        ]
        tx.insert(_user, ("user", "ref", "since"), rows)
        return [row[0] for row in rows]

    def next_user(self, tx: Transaction) -> int:
        """Return the surrogate key that `admit` gives next."""
        return int(_select(tx, 'SELECT COALESCE(MAX("user"), 0) FROM vault_user')[0][0]) + 1

    def blind(self, external_id: str) -> str:
        """Return what may stand in a table for the operator's id of a user: its blind index, as hex."""
        return self._sealer.ref(external_id).hex()

    # Values

    def seal(self, tx: Transaction, rows: Sequence[SealRow]) -> None:
        """Seal and store values, replacing earlier ones; of one item given twice the later stands.

        Keys are made where a user has none yet for the class. Replacing a value bumps its version.

        Raises:
            VaultError: a value is not text.
            SealBrokenError: a user's wrapped key was altered.

        """
        for chunk in _chunks(rows):
            plan = {
                (user, item): (class_.value, value) for user, class_, values in chunk for item, value in values.items()
            }
            self._seal_chunk(tx, plan)

    def _seal_chunk(self, tx: Transaction, plan: dict[tuple[int, str], tuple[str, str]]) -> None:
        users = {user for user, _ in plan}
        keys = self._keys_of(tx, {(user, class_) for (user, _), (class_, _) in plan.items()})
        held = _select(tx, 'SELECT "user", item, version FROM vault_value WHERE "user" @', list(users))
        versions = {(user, item): version for user, item, version in held if (user, item) in plan}
        self._delete_values(tx, list(versions))
        sealed, tags = self._sealer.seal(plan, keys, versions)
        tx.insert(_value, ("user", "item", "class", "version", "sealed"), sealed)
        tx.insert(_index, ("user", "item", "tag"), tags)

    def fetch(self, tx: Transaction, user: int, items: Collection[str]) -> Sealed:
        """Return what is held of `items` about one user, still sealed; an item that is not held is left out."""
        return self.fetch_many(tx, (user,), items)[0]

    def fetch_many(self, tx: Transaction, users: Sequence[int], items: Collection[str]) -> list[Sealed]:
        """Return what is held of `items` about each of `users`, in their order."""
        found: dict[int, list[SealedValue]] = {}
        for chunk in _chunks(users):
            for user, *value in _select(tx, _FETCH, list(chunk), list(items)) if items else ():
                found.setdefault(user, []).append(SealedValue(*value))
        return [Sealed(user, tuple(found.get(user, ()))) for user in users]

    def open(self, sealed: Sealed, receipt: Receipt) -> dict[str, str]:
        """Return the plaintext by item, against the receipt of an entry that records it; needs no transaction.

        Raises:
            ReceiptError: the receipt is spent.
            SealBrokenError: a value was altered, moved, or its key destroyed; nothing is answered.

        """
        self._count(receipt)
        return {value.item: self._sealer.open(sealed.user, value).decode() for value in sealed.values}

    def items_of(self, tx: Transaction, user: int) -> dict[str, RetentionClass]:
        """Return the items held about a user, each with its class."""
        rows = _select(tx, 'SELECT item, class FROM vault_value WHERE "user" = ? ORDER BY item', user)
        return {item: RetentionClass(class_) for item, class_ in rows}

    def find(self, tx: Transaction, item: str, value: str) -> list[int]:
        """Return the users whose `item` equals `value` after normalising, in order of admission.

        Raises:
            VaultError: users cannot be found by `item`.

        """
        sql = 'SELECT "user" FROM vault_index WHERE item = ? AND tag = ? ORDER BY "user"'
        return [user for (user,) in _select(tx, sql, item, self._sealer.tag(item, value))]

    # Ledger payloads and pseudonyms, under each user's record key

    def seal_record(self, tx: Transaction, user: int, payload: bytes) -> bytes:
        """Return `payload` sealed under the user's record key; the caller stores it."""
        return self.seal_records(tx, ((user, payload),))[0]

    def seal_records(self, tx: Transaction, rows: Sequence[tuple[int, bytes]]) -> list[bytes]:
        """Return payloads of many users, each sealed under its user's record key, in their order."""
        keys = self._record_keys(tx, (user for user, _ in rows))
        return self._sealer.seal_records(rows, keys)

    def fetch_record(self, tx: Transaction, user: int, record: bytes) -> SealedRecord:
        """Return a stored payload together with the wrapped key that opens it.

        Raises:
            SealBrokenError: the user's record key is shredded.

        """
        return self.fetch_records(tx, ((user, record),))[0]

    def fetch_records(self, tx: Transaction, rows: Sequence[tuple[int, bytes]]) -> list[SealedRecord]:
        """Return stored payloads together with the wrapped keys that open them, in their order."""
        found = {row[0]: row[2:] for row in self._key_rows(tx, {user for user, _ in rows}) if row[1] == RECORD}
        if any(user not in found for user, _ in rows):
            raise SealBrokenError
        return [SealedRecord(user, record, *found[user]) for user, record in rows]

    def open_record(self, sealed: SealedRecord, receipt: Receipt) -> bytes:
        """Return the payload, against the receipt of an entry that records it.

        Raises:
            ReceiptError: the receipt is spent.
            SealBrokenError: it was altered, moved, or its key destroyed.

        """
        self._count(receipt)
        return self._sealer.open_record(sealed)

    def pseudonym(self, tx: Transaction, user: int, salt: bytes) -> bytes:
        """Return 16 bytes that stand for the user in one entry; the next salt gives others.

        Whoever holds the user's record key can tell that they are the user's; once it is shredded nobody can.
        """
        return self.pseudonyms(tx, ((user, salt),))[0]

    def pseudonyms(self, tx: Transaction, rows: Sequence[tuple[int, bytes]]) -> list[bytes]:
        """Return the pseudonyms of many users, each under its own salt, in their order."""
        keys = self._record_keys(tx, (user for user, _ in rows))
        return [pseudonym(keys[user, RECORD], salt) for user, salt in rows]

    # Ending

    def remove(self, tx: Transaction, user: int, items: Collection[str]) -> None:
        """Delete the values of `items` and whatever finds them; the keys stay."""
        self._delete_values(tx, [(user, item) for item in items])

    def shred(
        self, tx: Transaction, user: int, classes: Collection[RetentionClass], now: dt.datetime
    ) -> list[Shredded]:
        """Destroy a user's keys, values and index rows of `classes`; return the keys that were destroyed.

        When no key remains, the user can no longer be found by the operator's id either.
        """
        return self.shred_many(tx, [(user, classes)], now)

    def shred_many(
        self, tx: Transaction, rows: Sequence[tuple[int, Collection[RetentionClass]]], now: dt.datetime
    ) -> list[Shredded]:
        """Destroy keys, values and index rows of many users, as `shred` does."""
        doomed = {(user, class_.value) for user, classes in rows for class_ in classes}
        users = {user for user, _ in doomed}
        found = [row for chunk in _chunks(list(users)) for row in self._key_rows(tx, chunk)]
        killed = [row for row in found if row[:2] in doomed]
        tx.insert(_shredded, ("user", "class", "kid", "at"), [(*row[:3], to_micros(now)) for row in killed])
        _each(tx, _DELETE_INDEX, [(user, user, class_) for user, class_ in doomed])
        _each(tx, 'DELETE FROM vault_value WHERE "user" = ? AND class = ?', list(doomed))
        _each(tx, 'DELETE FROM vault_key WHERE "user" = ? AND class = ?', list(doomed))
        bare = users - {row[0] for row in found if row[:2] not in doomed}
        _each(tx, 'UPDATE vault_user SET ref = NULL WHERE "user" = ?', [(user,) for user in bare])
        self._sealer.forget(doomed)
        return [Shredded(user, RetentionClass(class_), kid) for user, class_, kid, *_ in killed]

    def rewrap(self, tx: Transaction, limit: int) -> int:
        """Move up to `limit` data keys of older epochs to the current one; return how many were moved.

        Run until it answers 0, then an older epoch can be destroyed. Values stay as they are. A key on record as
        shredded is never moved.
        """
        stale = _select(tx, _STALE, self._keys.current_epoch, limit)
        moved = [(*self._sealer.rewrap(tuple(row)), row[0], row[1], row[4]) for row in stale]
        _each(tx, _REWRAP, moved)
        return len(moved)

    # Keys

    def _count(self, receipt: Receipt) -> None:
        receipt.spend()
        with self._lock:
            self._openings += 1

    def _key_rows(self, tx: Transaction, users: Collection[int]) -> list[WrappedKey]:
        sql = 'SELECT "user", class, kid, epoch, wrapped FROM vault_key WHERE "user" @'
        return [tuple(row) for row in _select(tx, sql, list(users))]

    def _record_keys(self, tx: Transaction, users: Iterable[int]) -> dict[tuple[int, str], DataKey]:
        keys: dict[tuple[int, str], DataKey] = {}
        for chunk in _chunks([(user, RECORD) for user in dict.fromkeys(users)]):
            keys.update(self._keys_of(tx, set(chunk)))
        return keys

    def _keys_of(self, tx: Transaction, wanted: set[tuple[int, str]]) -> dict[tuple[int, str], DataKey]:
        """Return the data keys of these users and classes, making those that are not there yet."""
        rows = self._key_rows(tx, {user for user, _ in wanted})
        keys = {row[:2]: self._sealer.unwrap(row) for row in rows if row[:2] in wanted}
        made = self._sealer.make_keys(sorted(wanted - keys.keys()))
        tx.insert(_key, ("user", "class", "kid", "epoch", "wrapped"), [row for row, _ in made])
        return keys | {row[:2]: key for row, key in made}

    @staticmethod
    def _delete_values(tx: Transaction, places: list[tuple[int, str]]) -> None:
        _each(tx, 'DELETE FROM vault_index WHERE "user" = ? AND item = ?', places)
        _each(tx, 'DELETE FROM vault_value WHERE "user" = ? AND item = ?', places)


def _sql(tx: Transaction, text: str) -> str:
    return text.replace("?", "%s") if tx.postgresql else text


def _select(tx: Transaction, text: str, *values: Any) -> Sequence[Any]:
    """Return the rows; ``?`` stands for one value, ``@`` for "is one of the values of the list"."""
    if tx.postgresql:
        return tx.connection.exec_driver_sql(_sql(tx, text).replace("@", "= ANY(%s)"), values).fetchall()
    flat: list[Any] = []
    for value in values:
        if isinstance(value, list):
            text = text.replace("@", f"IN ({', '.join('?' * len(value))})", 1)
            flat += value
        else:
            flat.append(value)
    return tx.connection.exec_driver_sql(text, tuple(flat)).fetchall()


def _each(tx: Transaction, sql: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        tx.connection.exec_driver_sql(_sql(tx, sql), rows if len(rows) > 1 else rows[0])


def _chunks(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), _CHUNK):
        yield rows[start : start + _CHUNK]
