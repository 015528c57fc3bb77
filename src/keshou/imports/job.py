# SPDX-License-Identifier: Apache-2.0
"""One table on its way in, as a value: where it stands, and what became of it. No value of a row is ever in it."""

import datetime as dt
from enum import StrEnum

import msgspec


class State(StrEnum):
    """Where a table stands."""

    WAITING = "waiting"
    """Others go first."""
    CHECKING = "checking"
    """Each row is held against the rules; nothing is done yet."""
    TAKING = "taking"
    """Rows go through the gate, some at a time."""
    DONE = "done"
    FAILED = "failed"


RUNNING = (State.CHECKING, State.TAKING)
OPEN = (State.WAITING, *RUNNING)


class Failure(StrEnum):
    """Why a table was not taken in to its end. Rows that went in before are in."""

    INTERRUPTED = "interrupted"
    """The server that had it stopped; what it had of the table is gone with it."""
    INPUT = "input"
    """The rules changed so that the table cannot be taken in."""
    UNREACHABLE = "unreachable"
    """The database, or what lay sealed of the table, could not be reached."""
    INTEGRITY = "integrity"
    """What is stored is not what was written."""
    INTERNAL = "internal"
    """Nobody foresaw it."""


class RowFault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one row."""

    row: int
    """Counted from one, the header left out."""
    code: str
    column: str = ""
    purpose: str = ""
    """Of a denial: the purpose it was asked for."""
    cites: tuple[str, ...] = ()
    """Of a denial: the provisions it met."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a table that was taken in to its end."""

    rows: int
    taken: int
    """Users who are on record now through this table."""
    refused: dict[str, int]
    """Code to how many things of it were wrong, in all rows."""
    faults: tuple[RowFault, ...]
    """In the order of the rows; only the first of very many."""


class ImportJob(msgspec.Struct, frozen=True, kw_only=True):
    """One table."""

    id: str
    by: str
    """Who sent it."""
    state: State
    rows: int
    """How many rows were checked."""
    seen: int
    """How many of them were brought to the gate."""
    created: dt.datetime
    ended: dt.datetime | None = None
    failure: Failure | None = None
    outcome: Outcome | None = None
