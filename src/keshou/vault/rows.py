# SPDX-License-Identifier: Apache-2.0
"""Statements over many rows at once, the same on both databases."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from keshou.db import Transaction

CHUNK = 2000
"""How many rows one statement is given at most."""
T = TypeVar("T")


def select(tx: Transaction, text: str, *values: Any) -> Sequence[Any]:
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


def each(tx: Transaction, sql: str, rows: list[tuple[Any, ...]]) -> None:
    """Run a statement for each of `rows`; ``?`` stands for one value."""
    if rows:
        tx.connection.exec_driver_sql(_sql(tx, sql), rows if len(rows) > 1 else rows[0])


def replace(
    tx: Transaction, table: str, columns: Mapping[str, str], key: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows, each in place of the one that has the same `key`; `columns` gives PostgreSQL's type of each."""
    if not rows:
        return
    new = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name not in key)
    head = f'INSERT INTO "{table}" ({_names(columns)})'
    end = f"ON CONFLICT ({_names(key)}) DO UPDATE SET {new}"
    if tx.postgresql:
        arrays = ", ".join(f"%b::{type_}[]" for type_ in columns.values())
        values = tuple(map(list, zip(*rows, strict=True)))
        tx.connection.exec_driver_sql(f"{head} SELECT * FROM unnest({arrays}) {end}", values)  # noqa: S608 - our own names
    else:
        tx.connection.exec_driver_sql(f"{head} VALUES ({', '.join('?' * len(columns))}) {end}", list(rows))


def chunks(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield `rows` in parts that one statement can take."""
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _names(columns: Sequence[str] | Mapping[str, str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _sql(tx: Transaction, text: str) -> str:
    return text.replace("?", "%s") if tx.postgresql else text
