# SPDX-License-Identifier: Apache-2.0
"""Rows to seal in, sealed rows out, and back: the vault's cryptography over whole rows, without its tables."""

import os
import struct
from collections.abc import Callable, Mapping, Sequence

from keshou.declaration.findable import Part
from keshou.law.terms import RetentionClass
from keshou.suite import SUITES, Suite
from keshou.vault import blind_index
from keshou.vault.envelope import KEY_SIZE, DataKey, Envelope, Nonces, checked_key, key_context
from keshou.vault.errors import SealBrokenError, VaultError
from keshou.vault.key_cache import KeyCache, WrappedKey
from keshou.vault.keys import FileKeys
from keshou.vault.sealed import SealedRecord, SealedValue

RECORD = RetentionClass.RECORD.value
_TABLE = "vault_value"
_ABOUT_RECORD = ("ledger", "payload", RECORD)
_CACHE = 32_768
_MALFORMED = (TypeError, ValueError, OverflowError, AttributeError, struct.error)
"""What a row altered into other types (SQLite takes any, and a missing key is null) makes the code below say."""
_USER_LABEL = f"{blind_index.USER_LABEL}/1"

Place = tuple[int, str]
"""A user with an item, or a user with a class."""
ValueRow = tuple[int, str, str, int, bytes, int]
"""User, item, class, version, record, and when it was collected (microseconds, UTC; 0: when what was there was)."""
VALUE_COLUMNS = {
    "user": "bigint", "item": "text", "class": "text", "version": "integer", "sealed": "bytea", "since": "bigint",
}  # fmt: skip
"""The table of them: column -> PostgreSQL's type."""
TagRow = tuple[int, str, str, bytes, int]
"""User, item, way, tag, number of the index key."""
PayloadsOf = Callable[[int], Sequence[tuple[int, bytes]]]
"""Gives index and sealed payload of every entry about a user."""
Payload = tuple[int, int, bytes]
"""User, index, sealed payload."""


class Sealer:
    """Seals and opens rows of one site; keeps a few data keys unwrapped."""

    def __init__(self, keys: FileKeys, site: str, finding: blind_index.Finding) -> None:
        self._keys = keys
        self.finding = finding
        self._envelope = Envelope(site)
        self._cache = KeyCache(_CACHE)

    def name(self, external_id: str) -> bytes:
        """Return the 16 bytes that stand for the operator's id of a user on record; they never change."""
        return self._keys.mac(_USER_LABEL, external_id.encode())[: blind_index.TAG]

    def ref(self, external_id: str) -> tuple[bytes, int]:
        """Return the 16 bytes under which the operator's id of a user is found, and the number of their key.

        The id is taken as it is.
        """
        number = self._keys.current_index
        return self._ref(external_id, number), number

    def refs(self, external_id: str) -> list[bytes]:
        """Return what an id may lie under: one for each index key, since a rotation may be on its way between two."""
        return [self._ref(external_id, number) for number in self._keys.index_numbers]

    def _ref(self, external_id: str, number: int) -> bytes:
        return self._keys.mac(_USER_LABEL, external_id.encode(), number=number)[: blind_index.TAG]

    def tags(self, user: int, item: str, value: str) -> list[TagRow]:
        """Return the index rows of one value; none when nobody is found by `item`."""
        texts = self.finding.texts(item, value)
        number, suite = self._keys.current_index, self._keys.suite
        return [(user, *way, self._tag(way, text, suite, number), number) for way, text in texts.items()]

    def searched(
        self, finding: blind_index.Finding, item: str, value: str, part: Part
    ) -> tuple[blind_index.Way, list[bytes]]:
        """Return the way and the tags to look for: under every index key, suite and version.

        A rotation may be on its way between two.

        Raises:
            VaultError: users cannot be found so.

        """
        self._keys.look_again()
        found: list[bytes] = []
        for version in blind_index.VERSIONS:
            way, text = finding.asked(item, value, part, version)
            found += [
                self._tag(way, text, suite, number, version)
                for number in self._keys.index_numbers
                for suite in SUITES.values()
            ]
        return way, found

    def _tag(
        self, way: blind_index.Way, text: str, suite: Suite, number: int, version: int = blind_index.VERSION
    ) -> bytes:
        return self._keys.mac(blind_index.label(way, version), text.encode(), suite, number)[: blind_index.TAG]

    def look_again(self) -> bool:
        """Take up keys that other processes made; say whether there is an index key that was not known."""
        return self._keys.look_again()

    def follow(self, epoch: int, index_key: int) -> None:
        """Seal and find under the keys that the database has come to. Raises as `FileKeys.follow`."""
        self._keys.follow(epoch, index_key)

    @property
    def current_epoch(self) -> int:
        """Number of the epoch under which data keys are wrapped."""
        return self._keys.current_epoch

    @property
    def current_index(self) -> int:
        """Number of the index key under which tags are made."""
        return self._keys.current_index

    def seal(
        self, plan: Mapping[Place, tuple[str, str, int]], keys: Mapping[Place, DataKey], versions: Mapping[Place, int]
    ) -> tuple[list[ValueRow], list[TagRow]]:
        """Return the value rows and index rows of `plan`: by user and item the class, the value, when it was collected.

        `keys` are by user and class; `versions` are of the values that are replaced.

        Raises:
            VaultError: a value is not text.

        """
        self._keys.look_again()  # tags are made under the newest key, whoever made it
        sealed: list[ValueRow] = []
        tags: list[TagRow] = []
        nonces, seal, found_by = Nonces(len(plan)), self._envelope.seal, self.finding.ways
        for (user, item), (class_, value, since) in plan.items():
            if not isinstance(value, str):
                raise VaultError(f"the value of `{item}` is not text", hint="give values as text")
            version = versions.get((user, item), 0) + 1
            record = seal(keys[user, class_], (_TABLE, item, class_), user, version, value.encode(), nonces=nonces)
            sealed.append((user, item, class_, version, record, since))
            if item in found_by:
                tags += self.tags(user, item, value)
        return sealed, tags

    def open(self, user: int, value: SealedValue) -> bytes:
        """Return the plaintext of one value.

        Raises:
            SealBrokenError: it or its key was altered or moved, or its key destroyed.

        """
        item, class_, version, record, kid, epoch, wrapped = value
        return self._open((user, class_, kid, epoch, wrapped), (_TABLE, item, class_), version, record)

    def seal_records(
        self, rows: Sequence[tuple[int, bytes, bytes]], keys: Mapping[Place, DataKey]
    ) -> list[tuple[bytes, bytes]]:
        """Return for each user, salt and payload: both sealed under the user's record key, and the pseudonym."""
        nonces, seal = Nonces(len(rows)), self._envelope.seal
        made: list[tuple[bytes, bytes]] = []
        for user, salt, payload in rows:
            key = keys[user, RECORD]
            sealed = seal(key, _ABOUT_RECORD, user, 0, salt + payload, nonces=nonces)
            made.append((sealed, _pseudonym(key, salt)))
        return made

    def open_record(self, sealed: SealedRecord) -> bytes:
        """Return a ledger payload.

        Raises:
            SealBrokenError: it or its key was altered or moved, or its key destroyed.

        """
        user, record, kid, epoch, wrapped = sealed
        return self._open((user, RECORD, kid, epoch, wrapped), _ABOUT_RECORD, 0, record)

    def unwrap(self, row: WrappedKey) -> DataKey:
        """Return the data key of a row of the key table.

        Raises:
            SealBrokenError: the row was altered or moved, or its epoch is destroyed.

        """
        key = self._cache.get(row)
        if key is None:
            key = checked_key(self._secret(row), row[2])
            self._cache.put(row, key)
        return key

    def rewrap(self, row: WrappedKey) -> tuple[int, bytes]:
        """Return the current epoch and the data key of `row` wrapped under it."""
        secret = self._secret(row)
        checked_key(secret, row[2])
        return self._keys.wrap(secret, key_context(row[0], row[1]))

    def renew(self, row: WrappedKey, values: Sequence[ValueRow]) -> tuple[WrappedKey, list[ValueRow], list[TagRow]]:
        """Return a new key for the user and class of `row`, its values sealed under it, and what finds them.

        Raises:
            SealBrokenError: the key or one of the values does not open.

        """
        ((made, key),) = self.make_keys([row[:2]])
        return made, *self._sealed_anew(row, key, values)

    def _sealed_anew(
        self, row: WrappedKey, key: DataKey, values: Sequence[ValueRow]
    ) -> tuple[list[ValueRow], list[TagRow]]:
        """Return values that lie under the key of `row` sealed under `key`, and what finds them."""
        nonces, (user, class_) = Nonces(len(values)), row[:2]
        sealed: list[ValueRow] = []
        tags: list[TagRow] = []
        for _, item, _, version, record, since in values:
            about = (_TABLE, item, class_)
            plain = self._open(row, about, version, bytes(record))
            again = self._envelope.seal(key, about, user, version, plain, nonces=nonces)
            sealed.append((user, item, class_, version, again, since))
            tags += self.tags(user, item, plain.decode())
        return sealed, tags

    def renew_record(
        self, row: WrappedKey, values: Sequence[ValueRow], payloads_of: PayloadsOf
    ) -> tuple[WrappedKey, list[ValueRow], list[TagRow], list[Payload]]:
        """Return the record key of `row` as one of the site's suite; its values, what finds them, and its payloads.

        All are sealed under it anew; but of that suite already, it is only wrapped anew, and no payloads are asked for.

        Raises:
            SealBrokenError: the key, one of the values or one of the payloads does not open.

        """
        secret, user = self._secret(row), row[0]
        old = checked_key(secret, row[2])
        key = DataKey(secret, self._keys.suite)
        made = (user, row[1], key.kid, *self._keys.wrap(secret, key_context(user, row[1])))
        sealed, tags = self._sealed_anew(row, key, values)
        if old.suite is key.suite:
            return made, sealed, tags, []
        payloads = payloads_of(user)
        nonces, seal = Nonces(len(payloads)), self._envelope.seal
        again = [
            (
                user,
                index,
                seal(key, _ABOUT_RECORD, user, 0, self._open(row, _ABOUT_RECORD, 0, bytes(held)), nonces=nonces),
            )
            for index, held in payloads
        ]
        return made, sealed, tags, again

    def make_keys(self, places: Sequence[Place]) -> list[tuple[WrappedKey, DataKey]]:
        """Return new data keys for these users and classes, each with its row of the key table."""
        if not places:
            return []
        self._keys.look_again()  # an epoch that another process began is the one for new keys
        secrets = os.urandom(KEY_SIZE * len(places))
        made: list[tuple[WrappedKey, DataKey]] = []
        for start, (user, class_) in zip(range(0, len(secrets), KEY_SIZE), places, strict=True):
            secret = secrets[start : start + KEY_SIZE]
            key = DataKey(secret, self._keys.suite)
            row = (user, class_, key.kid, *self._keys.wrap(secret, key_context(user, class_)))
            made.append((row, key))
            self._cache.put(row, key)
        return made

    def forget(self, places: set[Place]) -> None:
        """Drop the unwrapped keys of these users and classes."""
        self._cache.forget(places)

    def _open(self, row: WrappedKey, about: tuple[str, str, str], version: int, record: bytes) -> bytes:
        try:
            return self._envelope.open(self.unwrap(row), about, row[0], version, record)
        except _MALFORMED:
            raise SealBrokenError from None

    def _secret(self, row: WrappedKey) -> bytes:
        user, class_, _, epoch, wrapped = row
        try:
            return self._keys.unwrap(epoch, wrapped, key_context(user, class_))
        except _MALFORMED:
            raise SealBrokenError from None


def _pseudonym(key: DataKey, salt: bytes) -> bytes:
    """Return 16 bytes that stand for the owner of a record key in one entry."""
    return key.suite.mac(key.derive(b"pseudonym"), salt)[:16]
