# SPDX-License-Identifier: Apache-2.0
"""Write an archive: one state of the database, some files of the folder, and what was written, signed.

The order is: ``opening``, ``files/NAME``, ``tables/NAME/NUMBER`` for each table, ``manifest``.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import NamedTuple

import msgspec

from keshou.backup import manifest as m
from keshou.backup.parts import END, part
from keshou.backup.store import Erasures, erasure_table
from keshou.backup.tables.store import Layout, columns_of, rows_of, tables_of
from keshou.db import Transaction
from keshou.ledger.note import Signer
from keshou.ledger.rows import read_root
from keshou.ledger.store import Ledger

Advance = Callable[[int], None]
"""Told how many more rows are done."""
OPENING, MANIFEST, FILES, TABLES = "opening", "manifest", "files/", "tables/"


class Told(NamedTuple):
    """What an archive says of itself beside what it holds."""

    site: str
    medium: str
    made: dt.datetime
    version: str
    schema: str
    files: Mapping[str, bytes]
    """Files of the site's folder, by name."""
    tables: Layout
    """Keshou's own tables."""


def count_rows(tx: Transaction, own: Layout) -> int:
    """Return about how many rows an archive of this state holds: exactly, in the transaction that it is made in."""
    names = tables_of(tx, own)
    return sum(int(tx.ask(f'SELECT COUNT(*) FROM "{name}"')[0][0]) for name in names)  # noqa: S608 - our own names


def archive(tx: Transaction, ledger: Ledger, told: Told, signer: Signer, advance: Advance) -> Iterator[bytes]:
    """Yield the bytes of an archive of the state that `tx` sees."""
    tables = tables_of(tx, told.tables)
    opening = m.Opening(schema=told.schema, tables=tuple(map(columns_of, tables.values())))
    written: list[m.File] = []
    for name, data in {
        OPENING: msgspec.json.encode(opening),
        **{FILES + name: data for name, data in told.files.items()},
    }.items():
        written.append(m.File(name=name, size=len(data), sha256=sha256(data).hexdigest()))
        yield from part(name, data)
    rows: list[m.Rows] = []
    for name, table in tables.items():
        digest, count, number = sha256(), 0, 0
        for data, some in rows_of(tx, table):
            yield from part(f"{TABLES}{name}/{number:08}", data)
            digest.update(data)
            count, number = count + some, number + 1
            advance(some)
        rows.append(m.Rows(name=name, rows=count, parts=number, sha256=digest.hexdigest()))
    yield from part(MANIFEST, m.sign(_manifest(tx, ledger, told, tuple(rows), tuple(written)), signer))
    yield END


def _manifest(
    tx: Transaction, ledger: Ledger, told: Told, rows: tuple[m.Rows, ...], files: tuple[m.File, ...]
) -> m.Manifest:
    (size, root), note = read_root(tx), ledger.last_checkpoint(tx)
    numbered = any(each.name == erasure_table.name for each in rows)  # of older schemas not
    return m.Manifest(
        site=told.site, origin=ledger.origin, medium=told.medium, made=told.made, version=told.version,
        schema=told.schema, size=size, root=root.hex(), checkpoint=(note or b"").decode(),
        erased=Erasures().last(tx) if numbered else 0, tables=rows, files=files,
    )  # fmt: skip
