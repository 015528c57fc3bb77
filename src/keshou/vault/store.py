# SPDX-License-Identifier: Apache-2.0
"""class Vault: admit, seal, fetch, open, find, shred.

Fetching and opening are two steps: `fetch` reads what is sealed inside a transaction, and `open` decrypts without one,
against the receipt of an entry that was committed in between.
"""

import datetime as dt
import threading
from collections.abc import Collection, Mapping, Sequence
from itertools import zip_longest

import sqlalchemy as sa

from keshou.db import Transaction, metadata, to_micros
from keshou.declaration.findable import Part
from keshou.law.terms import RetentionClass
from keshou.rows import chunks, each, replace, select
from keshou.vault import found_by
from keshou.vault.blind_index import Finding
from keshou.vault.envelope import DataKey
from keshou.vault.errors import SealBrokenError, VaultError
from keshou.vault.key_cache import WrappedKey
from keshou.vault.keys import FileKeys
from keshou.vault.lookup import Found, look_for, look_up
from keshou.vault.numbers import next_number
from keshou.vault.receipt import Receipt
from keshou.vault.rotations.reindex import Reindexing
from keshou.vault.rotations.store import Rotations
from keshou.vault.sealed import Sealed, SealedRecord, SealedValue, Shredded
from keshou.vault.sealer import RECORD, VALUE_COLUMNS, Place, Sealer
from keshou.vault.stand_in import StandIns

_user = sa.Table(
    "vault_user",
    metadata,
    sa.Column("user", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("ref", sa.LargeBinary(16), unique=True),
    sa.Column("since", sa.BigInteger, nullable=False),
    sa.Column("index_key", sa.Integer, nullable=False),
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
    sa.Column("since", sa.BigInteger, nullable=False, server_default="0"),
)
_index = sa.Table(
    "vault_index",
    metadata,
    sa.Column("user", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("way", sa.Text, primary_key=True),
    sa.Column("tag", sa.LargeBinary(16), nullable=False),
    sa.Column("index_key", sa.Integer, nullable=False),
    sa.Index("vault_index_tag", "item", "way", "tag"),
)
_shredded = sa.Table(
    "vault_shredded",
    metadata,
    sa.Column("user", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("class", sa.Text, primary_key=True),
    sa.Column("kid", sa.LargeBinary(16), primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
)

_DELETE_INDEX = (
    'DELETE FROM vault_index WHERE "user" = ? AND item IN (SELECT item FROM vault_value WHERE "user" = ? AND class = ?)'
)
_FETCH = (
    'SELECT v."user", v.item, v.class, v.version, v.sealed, k.kid, k.epoch, k.wrapped, r.kid, r.epoch, r.wrapped '
    'FROM vault_value v LEFT JOIN vault_key k ON k."user" = v."user" AND k.class = v.class '
    'LEFT JOIN vault_key r ON r."user" = v."user" AND r.class = ? WHERE v."user" @ AND v.item @'
)

_PLACE = ("user", "item")
SealRow = tuple[int, RetentionClass, Mapping[str, str]]
"""A user, the class, and the values to seal by item."""
RecordRow = tuple[int, bytes, bytes]
"""A user, the salt and the payload of one entry in the ledger."""


class Vault:
    """Users' personal information, sealed under keys of their own.

    A user is a surrogate number in every table; the operator's own id of the user is only ever looked up, by blind
    index. Safe from several threads at once, each with its own transaction.
    """

    def __init__(self, keys: FileKeys, site: str, finding: Finding | None = None) -> None:
        if keys.site != site:
            raise VaultError(f"the keys are of site `{keys.site}`, not of `{site}`", hint="open the site's own keys")
        self._keys = keys
        self._sealer = Sealer(keys, site, finding or Finding())
        self.rotations = Rotations(self._sealer)
        """New keys for old."""
        self.index = Reindexing(self._sealer)
        """By what users are found, and new tags for old."""
        self.stand_ins = StandIns(keys)
        """What stands for values."""
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
        return found_by.users(tx, self._sealer, external_ids)

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
            (user, *self._sealer.ref(external_id), since)
            for user, external_id in enumerate(external_ids, self.next_user(tx))
        ]
        tx.insert(_user, ("user", "ref", "index_key", "since"), rows)
        return [row[0] for row in rows]

    def next_user(self, tx: Transaction) -> int:
        """Return the surrogate key that `admit` gives next."""
        return next_number(tx)

    def blind(self, external_id: str) -> str:
        """Return what may stand on record for the operator's id of a user, as hex; it never changes."""
        return self._sealer.name(external_id).hex()

    # Values

    def seal(self, tx: Transaction, rows: Sequence[SealRow]) -> None:
        """Seal and store values, replacing earlier ones; of one item given twice the later stands.

        Keys are made where a user has none yet for the class. Replacing a value bumps its version.

        Raises:
            VaultError: a value is not text.
            SealBrokenError: a user's wrapped key was altered.

        """
        self.seal_all(tx, rows, ())

    def look_up(self, tx: Transaction, users: Collection[int], items: Collection[str]) -> Found:
        """Return all wrapped keys of `users`, and the version of each value held of them that is one of `items`.

        `seal_all` need not look again; it serves until anything of these users is sealed, removed or shredded.
        """
        return look_up(tx, users, items)

    def seal_all(
        self,
        tx: Transaction,
        rows: Sequence[SealRow],
        records: Sequence[RecordRow],
        found: Found | None = None,
        *,
        since: int = 0,
        kept: Collection[Place] = (),
    ) -> list[tuple[bytes, bytes]]:
        """Seal and store values as `seal` does; return for each record its sealed payload and the user's pseudonym.

        Values and records together need each user's keys once; what `found` has is not looked up again. The values
        were collected at `since` (microseconds, UTC), but for those of `kept`: they replace what was collected before.
        """
        found = found or Found()
        made: list[tuple[bytes, bytes]] = []
        for some, others in zip_longest(chunks(rows), chunks(records), fillvalue=()):
            plan = {
                (user, item): (name, value, 0 if (user, item) in kept else since)
                for user, class_, values in some
                for name in (class_.value,)
                for item, value in values.items()
            }
            wanted = {(user, class_) for (user, _), (class_, *_) in plan.items()}
            wanted |= {(user, RECORD) for user, *_ in others}
            keys, versions = self._keys_and_versions(tx, wanted, plan, found)
            if plan:
                self._write(tx, plan, keys, versions)
                for user, item in plan if len(rows) > len(some) else ():
                    found.values.setdefault(user, {})[item] = versions.get((user, item), 0) + 1
            made += self._sealer.seal_records(others, keys)
        return made

    def _write(
        self,
        tx: Transaction,
        plan: Mapping[Place, tuple[str, str, int]],
        keys: Mapping[Place, DataKey],
        versions: Mapping[Place, int],
    ) -> None:
        sealed, tags = self._sealer.seal(plan, keys, versions)
        if versions:
            replace(tx, "vault_value", VALUE_COLUMNS, _PLACE, sealed, kept="since")
            found_by.put(tx, list(versions), tags, self._sealer.finding)
        else:
            tx.insert(_value, tuple(VALUE_COLUMNS), sealed)
            tx.insert(_index, found_by.COLUMNS, tags)

    def fetch(self, tx: Transaction, user: int, items: Collection[str]) -> Sealed:
        """Return what is held of `items` about one user, still sealed; an item that is not held is left out."""
        return self.fetch_many(tx, (user,), items)[0]

    def fetch_many(self, tx: Transaction, users: Sequence[int], items: Collection[str]) -> list[Sealed]:
        """Return what is held of `items` about each of `users`, in their order."""
        return self.fetch_with_keys(tx, users, items)[0]

    def fetch_with_keys(
        self, tx: Transaction, users: Sequence[int], items: Collection[str]
    ) -> tuple[list[Sealed], dict[Place, WrappedKey]]:
        """Return what `fetch_many` does, and the wrapped record keys that were found on the way."""
        values: dict[int, list[SealedValue]] = {}
        keys: dict[Place, WrappedKey] = {}
        for chunk in chunks(users):
            for row in select(tx, _FETCH, RECORD, list(chunk), list(items)) if items else ():
                user = row[0]
                values.setdefault(user, []).append(SealedValue._make(row[1:8]))
                if row[10] is not None:
                    keys[user, RECORD] = (user, RECORD, *row[8:])
        return [Sealed(user, tuple(values.get(user, ()))) for user in users], keys

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
        rows = select(tx, 'SELECT item, class FROM vault_value WHERE "user" = ? ORDER BY item', user)
        return {item: RetentionClass(class_) for item, class_ in rows}

    def find(
        self, tx: Transaction, item: str, value: str, part: Part = Part.WHOLE, finding: Finding | None = None
    ) -> list[int]:
        """Return the users whose `item` equals `value` after normalising, or ends or begins so, in order of admission.

        `finding` says by what users may be found; else whatever is indexed.

        Raises:
            VaultError: users cannot be found so, or the index is not complete for it yet.

        """
        return found_by.find(tx, self._sealer, finding or self._sealer.finding, (item, value, part))

    # Ledger payloads and pseudonyms, under each user's record key

    def seal_records(self, tx: Transaction, rows: Sequence[tuple[int, bytes]]) -> list[bytes]:
        """Return payloads, each sealed under its user's record key, in their order; the caller stores them."""
        return [sealed for sealed, _ in self.seal_all(tx, (), [(user, b"", payload) for user, payload in rows])]

    def fetch_record(self, tx: Transaction, user: int, record: bytes) -> SealedRecord:
        """Return one stored payload as `fetch_records` does, with the same error."""
        return self.fetch_records(tx, ((user, record),))[0]

    def fetch_records(self, tx: Transaction, rows: Sequence[tuple[int, bytes]]) -> list[SealedRecord]:
        """Return stored payloads together with the wrapped keys that open them, in their order.

        Raises:
            SealBrokenError: a user's record key is shredded.

        """
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
        return [name for _, name in self.seal_all(tx, (), [(user, salt, b"") for user, salt in rows])]

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
        found = [row for chunk in chunks(list(users)) for row in self._key_rows(tx, chunk)]
        killed = [row for row in found if row[:2] in doomed]
        tx.insert(_shredded, ("user", "class", "kid", "at"), [(*row[:3], to_micros(now)) for row in killed])
        each(tx, _DELETE_INDEX, [(user, user, class_) for user, class_ in doomed])
        each(tx, 'DELETE FROM vault_value WHERE "user" = ? AND class = ?', list(doomed))
        each(tx, 'DELETE FROM vault_key WHERE "user" = ? AND class = ?', list(doomed))
        bare = users - {row[0] for row in found if row[:2] not in doomed}
        each(tx, 'UPDATE vault_user SET ref = NULL WHERE "user" = ?', [(user,) for user in bare])
        self._sealer.forget(doomed)
        return [Shredded(user, RetentionClass(class_), kid) for user, class_, kid, *_ in killed]

    def rewrap(self, tx: Transaction, limit: int) -> int:
        """Move up to `limit` data keys of older epochs to the current one; return how many were moved.

        Run until it answers 0, then an older epoch can be destroyed. Values stay as they are. A key on record as
        shredded is never moved.

        Raises:
            SealBrokenError: one of them does not open; nothing is moved.

        """
        stale = self.rotations.stale(tx, (0, ""), self._keys.current_epoch, limit)
        moved = list(self.rotations.rewrapped(stale))
        if len(moved) < len(stale):
            raise SealBrokenError
        self.rotations.put(tx, moved)
        return len(moved)

    def _count(self, receipt: Receipt) -> None:
        receipt.spend()
        with self._lock:
            self._openings += 1

    def _key_rows(self, tx: Transaction, users: Collection[int]) -> list[WrappedKey]:
        sql = 'SELECT "user", class, kid, epoch, wrapped FROM vault_key WHERE "user" @'
        return [tuple(row) for row in select(tx, sql, list(users))]

    def _keys_and_versions(
        self, tx: Transaction, wanted: set[Place], values: Collection[Place], found: Found
    ) -> tuple[dict[Place, DataKey], dict[Place, int]]:
        """Return the data keys `wanted`, making those that are not there, and the versions held of `values`."""
        rows, versions = look_for(tx, wanted, values, found)
        unwrap = self._sealer.unwrap
        keys = {place: unwrap(row) for place, row in rows.items()}
        made = self._sealer.make_keys(sorted(wanted - keys.keys()))
        tx.insert(_key, ("user", "class", "kid", "epoch", "wrapped"), [row for row, _ in made])
        keys |= {row[:2]: key for row, key in made}
        found.keys.update((row[:2], row) for row, _ in made)  # the next part of a long list needs them too
        return keys, versions

    @staticmethod
    def _delete_values(tx: Transaction, places: list[tuple[int, str]]) -> None:
        found_by.remove(tx, places)
        each(tx, 'DELETE FROM vault_value WHERE "user" = ? AND item = ?', places)
