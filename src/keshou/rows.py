# SPDX-License-Identifier: Apache-2.0
"""Statements over many rows at once, the same on both databases."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from keshou.db import Transaction, array, arrays

CHUNK = 2000
"""How many rows one statement is given at most."""
_TYPES = {int: "bigint", str: "text", bytes: "bytea"}
"""PostgreSQL's type of a list's values."""
T = TypeVar("T")


def select(tx: Transaction, text: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return the rows; ``?`` stands for one value, ``@`` for "is one of the values of the list"."""
    if tx.postgresql:
        given = [array(value) if isinstance(value, list) else value for value in values]
        return tx.ask(_with_arrays(text, tuple(_type_of(value) for value in values if isinstance(value, list))), given)
    flat: list[Any] = []
    for value in values:
        if isinstance(value, list):
            text = text.replace("@", f"IN ({','.join('?' * len(value))})", 1)
            flat += value
        else:
            flat.append(value)
    return tx.ask(text, flat)


def each(tx: Transaction, sql: str, rows: list[tuple[Any, ...]]) -> None:
    """Run a statement for each of `rows`; ``?`` stands for one value."""
    tx.put_each(sql, rows)


def replace(
    tx: Transaction,
    table: str,
    columns: Mapping[str, str],
    key: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    *,
    kept: str = "",
) -> None:
    """Insert rows, each in place of the one that has the same `key`; `columns` gives PostgreSQL's type of each.

    Where a new row has 0 in the column `kept`, that of the one in whose place it comes stays.
    """
    if not rows:
        return
    sql = _replacing(table, tuple(columns.items()), tuple(key), kept, by_arrays=tx.postgresql)
    if tx.postgresql:
        tx.put(sql, [array(each) for each in zip(*rows, strict=True)])
    else:
        tx.put_each(sql, rows)


@lru_cache(maxsize=64)
def _replacing(
    table: str, columns: tuple[tuple[str, str], ...], key: tuple[str, ...], kept: str, *, by_arrays: bool
) -> str:
    names = [name for name, _ in columns]
    taken = {name: f'excluded."{name}"' for name in names if name not in key}
    if kept:
        taken[kept] = f'COALESCE(NULLIF(excluded."{kept}", 0), "{table}"."{kept}")'
    new = ", ".join(f'"{name}" = {value}' for name, value in taken.items())
    if by_arrays:
        rows = f"SELECT * FROM unnest({arrays([type_ for _, type_ in columns])})"  # noqa: S608 - our own
    else:
        rows = f"VALUES ({', '.join('?' * len(names))})"
    return f'INSERT INTO "{table}" ({_names(names)}) {rows} ON CONFLICT ({_names(key)}) DO UPDATE SET {new}'


@lru_cache(maxsize=64)
def _with_arrays(text: str, types: tuple[str, ...]) -> str:
    for type_ in types:
        text = text.replace("@", f"= ANY(?::{type_}[])", 1)
    return text


def _type_of(values: list[Any]) -> str:
    return _TYPES[type(values[0])] if values else "text"


def chunks(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield `rows` in parts that one statement can take."""
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
