# SPDX-License-Identifier: Apache-2.0
"""A CSV table read row by row, each row numbered; what is wrong with a row is told by code, never by value."""

import csv
import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple, Protocol

from keshou.acts.value import LONGEST
from keshou.errors import InputError, UnreachableError

_MARK = "\ufeff"


class Row(NamedTuple):
    """One row: its number, counted from one after the header, and its values or what is wrong with it."""

    number: int
    values: tuple[str, ...]
    fault: str = ""
    """``not_utf8``, ``malformed``, ``too_few_values``, ``too_many_values``, ``value_too_long`` or empty."""


class Source(Protocol):
    """A table that lies elsewhere than in a file of its own or in memory."""

    def opened(self) -> IO[bytes]:
        """Return it from its beginning."""


Given = Path | bytes | Source


def read_header(path: Given) -> tuple[str, ...]:
    """Return the names in the first line of a table: a file, or its bytes.

    Raises:
        UnreachableError: the file cannot be read.
        InputError: the header is not there, is not UTF-8, or has a name twice.

    """
    with _open(path) as file:
        first = next(_rows(file), None)
    if first is None or first.fault or not any(first.values):
        raise InputError(
            "the table has no readable header", hint="the first line of a CSV table in UTF-8 names its columns"
        )
    if len(set(first.values)) != len(first.values):
        raise InputError("two columns have the same name", hint="give every column a name of its own")
    return first.values


def read_rows(path: Given) -> Iterator[Row]:
    """Yield every row after the header."""
    with _open(path) as file:
        rows = _rows(file)
        width = len(next(rows).values)
        for number, row in enumerate(rows, 1):
            yield Row(number, row.values, row.fault or _width(len(row.values), width))


def _open(path: Given) -> IO[str]:
    if not isinstance(path, Path):
        data = io.BytesIO(path) if isinstance(path, bytes) else path.opened()
        return io.TextIOWrapper(data, encoding="utf-8", errors="surrogateescape", newline="")
    try:
        return path.open(encoding="utf-8", errors="surrogateescape", newline="")
    except OSError as error:
        raise UnreachableError(f"`{path}` cannot be read: {error.strerror}", hint="check the name") from error


def _rows(file: IO[str]) -> Iterator[Row]:
    reader = csv.reader(_without_mark(file), strict=True)
    while True:
        try:
            values = tuple(next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(0, (), "value_too_long" if "field limit" in str(error) else "malformed")
        else:
            if values:
                yield Row(0, values, _wrong(values))


def _without_mark(file: IO[str]) -> Iterator[str]:
    first = file.readline()
    return itertools.chain([first.removeprefix(_MARK)] if first else [], file)


def _wrong(values: tuple[str, ...]) -> str:
    if any("\ud800" <= each <= "\udfff" for value in values if not value.isascii() for each in value):
        return "not_utf8"
    return "value_too_long" if max(map(len, values)) > LONGEST else ""


def _width(given: int, wanted: int) -> str:
    if given == wanted:
        return ""
    return "too_few_values" if given < wanted else "too_many_values"
