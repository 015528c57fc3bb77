# SPDX-License-Identifier: Apache-2.0
"""Tables out of a database and into one, row by row, the same whichever database it is.

A part holds up to a thousand rows: MessagePack of a list of lists, compressed with zlib (RFC 1950). Numbers, texts,
bytes, truth values and nil are all there is; times are microseconds already.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from keshou.backup.errors import ArchiveError
from keshou.backup.manifest import Columns
from keshou.db import Transaction

FLEETING = frozenset(
    {
        *(
            "account_challenge",
            "account_session",
            "openid_flow",
            "openid_session",
            "shared_link",
            "visit",
            "visit_code",
        ),
        *("backup_job", "export_order", "export_part", "review_sample"),
    }
)
"""What people are in the midst of: not carried, so that nobody is signed in again who was signed out since, and no file
comes back that was fetched or removed."""
_ROWS = 1000
_LARGEST = 512 * 1024 * 1024
_encode = msgspec.msgpack.Encoder().encode
Layout = Mapping[str, Sequence[str]]
"""Tables by name, each with the names of its columns."""
_decode = msgspec.msgpack.Decoder(list[tuple[Any, ...]]).decode


def tables_of(tx: Transaction, own: Layout) -> dict[str, sa.Table]:
    """Return the tables that are carried, of those that are Keshou's `own`, as they lie in the database, in order.

    Tables and columns that somebody else put beside them are left out.

    Raises:
        ArchiveError: one of our own, or a column of it, is not there.

    """
    found = sa.MetaData()
    found.reflect(bind=tx.connection, only=lambda name, _: name in own and name not in FLEETING)
    tables: dict[str, sa.Table] = {}
    for name in sorted(own.keys() - FLEETING):
        if name not in found.tables or not set(own[name]) <= set(found.tables[name].columns.keys()):
            raise ArchiveError(
                f"the database's table `{name}` is not as it was made", hint="put an archive back that is whole"
            )
        columns = [each for each in found.tables[name].columns if each.name in own[name]]
        made = (sa.Column(each.name, each.type, primary_key=each.primary_key) for each in columns)
        tables[name] = sa.Table(name, sa.MetaData(), *made)
    return tables


def foreign_to(own: Layout, tables: Sequence[Columns]) -> tuple[str, ...]:
    """Return what of an archive's tables is not Keshou's `own`: names of tables, and of columns as ``TABLE.COLUMN``."""
    known = {name: set(columns) for name, columns in own.items()}
    return tuple(
        lost
        for each in tables
        for lost in (
            [f"{each.name}.{column}" for column in each.columns if column not in known[each.name]]
            if each.name in known
            else [each.name]
        )
    )


def is_bare(tx: Transaction) -> bool:
    """Say whether the database holds no table at all."""
    return not sa.inspect(tx.connection).get_table_names()


def columns_of(table: sa.Table) -> Columns:
    """Return what is to be known of a table before its rows."""
    return Columns(name=str(table.name), columns=tuple(map(str, table.columns.keys())))


def rows_of(tx: Transaction, table: sa.Table) -> Iterator[tuple[bytes, int]]:
    """Yield the table's rows in the order of its key, some in each part: the part's bytes and how many rows."""
    ordered = sa.select(table).order_by(*table.primary_key.columns)
    with tx.connection.execute(ordered, execution_options={"yield_per": _ROWS}) as found:
        for some in found.partitions():
            yield zlib.compress(_encode([tuple(row) for row in some]), 1), len(some)


def put_rows(tx: Transaction, table: sa.Table, columns: Sequence[str], data: bytes) -> int:
    """Put the rows of one part, which have `columns`, into a table as far as it has them; return how many they were.

    Raises:
        ArchiveError: the part is of another form.

    """
    try:
        unpack = zlib.decompressobj()
        rows = _decode(unpack.decompress(data, _LARGEST))
    except (zlib.error, msgspec.DecodeError) as error:
        raise ArchiveError("a part of the archive is not of the form it should be") from error
    if any(len(row) != len(columns) for row in rows):
        raise ArchiveError("a row of the archive has not the columns of its table")
    kept = [place for place, column in enumerate(columns) if column in table.columns]
    if len(kept) < len(columns):
        rows = [tuple(row[place] for place in kept) for row in rows]
    tx.insert(table, [columns[place] for place in kept], rows)
    return len(rows)


def set_counters(tx: Transaction, tables: Sequence[sa.Table]) -> None:
    """Let PostgreSQL count on from the rows that were put in, where it numbers rows itself."""
    if not tx.postgresql:
        return
    for table in tables:
        for column in table.primary_key.columns:
            named = tx.ask("SELECT pg_get_serial_sequence(?, ?)", (table.name, column.name))[0][0]
            if named is not None:
                highest = tx.execute(sa.select(sa.func.max(column))).scalar()
                tx.ask("SELECT setval(?::regclass, ?, ?)", (named, highest or 1, highest is not None))
