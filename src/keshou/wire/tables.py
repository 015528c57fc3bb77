# SPDX-License-Identifier: Apache-2.0
"""Tables over the wire: what became of judging one, what became of taking one in."""

from enum import StrEnum

import msgspec


class TableVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a table: `verdict.json` in the archive that is answered, beside the tables."""

    rows: int
    permitted: int
    by_article: dict[str, int]
    """Citation to number of rows that met it; a row that met several counts for each."""
    items: list[str]
    left_out: list[str]
    """Columns of other items, and those of which nobody said what they hold; they are not answered."""
    entry: int
    """Place of the entry in the log."""
    repeated: bool = False
    """Whether this request had been answered before; then the numbers are its entry's, and no table is answered now."""


class OnError(StrEnum):
    """What one bad row does."""

    STOP = "stop"
    SKIP = "skip"


class FaultShape(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one row."""

    row: int
    """Counted from one, the header left out."""
    code: str
    column: str
    purpose: str
    """Of a denial: the purpose it was asked for."""
    cites: list[str]
    """Of a denial: the provisions it met."""


class IntakeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a table of users."""

    rows: int
    taken: int
    faults: list[FaultShape]
    """In the order of the rows."""
