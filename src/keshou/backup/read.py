# SPDX-License-Identifier: Apache-2.0
"""Read an archive: first all of it, to hold every part against the signed manifest; only then into a database."""

from collections.abc import Mapping
from hashlib import sha256
from typing import BinaryIO, NamedTuple

import msgspec

from keshou.backup import manifest as m
from keshou.backup.errors import ArchiveError
from keshou.backup.manifest import BackupKeys
from keshou.backup.parts import Taken
from keshou.backup.seal import unseal
from keshou.backup.tables.store import Layout, foreign_to, put_rows, set_counters, tables_of
from keshou.backup.write import FILES, MANIFEST, OPENING, TABLES, Advance
from keshou.db import Transaction

_ALTERED = "the archive's parts are not those that its manifest tells"


class Checked(NamedTuple):
    """An archive that is whole and the site's."""

    manifest: m.Manifest
    opening: m.Opening
    files: Mapping[str, bytes]


def check(file: BinaryIO, keys: BackupKeys, advance: Advance = lambda _rows: None) -> Checked:
    """Read the whole archive and hold each part against the manifest that the site signed.

    Raises:
        ArchiveError: it is cut short, altered, or another site's.
        OSError: it cannot be read.

    """
    seen = _Seen()
    unseal(file, keys.secret, Taken(seen.take))
    manifest = m.verify(seen.note, keys.site, keys.signer.public_key)
    seen.hold_against(manifest)
    for each in manifest.tables:
        advance(each.rows)
    return Checked(manifest, _opening(seen.files[OPENING], manifest), _named(seen.files))


def put(
    tx: Transaction, file: BinaryIO, keys: BackupKeys, checked: Checked, *, own: Layout, advance: Advance
) -> tuple[str, ...]:
    """Put the rows of an archive that was checked into a database that has Keshou's `own` tables, and no rows.

    Every part is held against the manifest once more, for the file may be another by now. Left aside is what people
    were in the midst of, where an older version still carried it, and what was never Keshou's: return its names.

    Raises:
        ArchiveError: it is another.
        OSError: it cannot be read.

    """
    tables = tables_of(tx, own)
    columns = {each.name: each.columns for each in checked.opening.tables if each.name in tables}
    advance(sum(each.rows for each in checked.manifest.tables if each.name not in columns))
    for table in tables.values():
        tx.connection.execute(table.delete())
    seen = _Seen()

    def take(name: str, data: bytes) -> None:
        seen.take(name, data)
        table = _table_of(name)
        if table in columns:
            advance(put_rows(tx, tables[table], columns[table], data))

    unseal(file, keys.secret, Taken(take))
    seen.hold_against(checked.manifest)
    set_counters(tx, list(tables.values()))
    return foreign_to(own, checked.opening.tables)


class _Seen:
    """What came by so far: digests of tables, files whole, the manifest last."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.note = b""
        self._tables: dict[str, _Table] = {}

    def take(self, name: str, data: bytes) -> None:
        """Take note of one part.

        Raises:
            ArchiveError: it comes out of order.

        """
        if self.note:
            raise ArchiveError("the archive goes on after its manifest")
        if name == MANIFEST:
            self.note = data
        elif table := _table_of(name):
            self._tables.setdefault(table, _Table()).add(table, name, data)
        elif name in self.files or (name != OPENING and not name.startswith(FILES)):
            raise ArchiveError("the archive has a part that does not belong to it")
        else:
            self.files[name] = data

    def hold_against(self, manifest: m.Manifest) -> None:
        """Compare what came by with what was signed.

        Raises:
            ArchiveError: it differs.

        """
        told = {each.name: (each.parts, each.sha256) for each in manifest.tables if each.parts}
        if told != {name: (table.parts, table.digest.hexdigest()) for name, table in self._tables.items()}:
            raise ArchiveError(_ALTERED)
        digests = {name: (len(data), sha256(data).hexdigest()) for name, data in self.files.items()}
        if digests != {each.name: (each.size, each.sha256) for each in manifest.files}:
            raise ArchiveError(_ALTERED)
        if OPENING not in self.files:
            raise ArchiveError(_ALTERED)


class _Table:
    """The parts of one table so far."""

    def __init__(self) -> None:
        self.digest = sha256()
        self.parts = 0

    def add(self, table: str, name: str, data: bytes) -> None:
        """Take the next part."""
        if name != f"{TABLES}{table}/{self.parts:08}":
            raise ArchiveError(_ALTERED)
        self.digest.update(data)
        self.parts += 1


def _table_of(name: str) -> str:
    return name.removeprefix(TABLES).rpartition("/")[0] if name.startswith(TABLES) else ""


def _opening(data: bytes, manifest: m.Manifest) -> m.Opening:
    try:
        opening = msgspec.json.decode(data, type=m.Opening)
    except msgspec.DecodeError as error:
        raise ArchiveError(_ALTERED) from error
    if [each.name for each in opening.tables] != [each.name for each in manifest.tables]:
        raise ArchiveError(_ALTERED)
    return opening


def _named(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name.removeprefix(FILES): data for name, data in files.items() if name.startswith(FILES)}
