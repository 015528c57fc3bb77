# SPDX-License-Identifier: Apache-2.0
"""What a copy says, as texts in one language: a head, and tables. Whatever format it takes, it says this."""

import datetime as dt
from typing import NamedTuple

from keshou.language import Language


class Table(NamedTuple):
    """One table of a copy."""

    key: str
    """Names its file: lower-case ASCII letters."""
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    """A text for each column; any text, whoever wrote it."""
    note: str = ""
    """What is said above it of rows that are not in it."""


class Sheet(NamedTuple):
    """A whole copy."""

    language: Language
    title: str
    operator: str
    made: dt.datetime
    """UTC."""
    head: list[tuple[str, str]]
    """What stands above the tables: a name and a text each."""
    none: str
    """What stands in place of an empty table."""
    page: str
    """How pages are counted, with ``{n}`` and ``{total}``."""
    tables: list[Table]

    def rows(self, key: str) -> list[tuple[str, ...]]:
        """Return the rows of the table that `key` names."""
        return next(each.rows for each in self.tables if each.key == key)
