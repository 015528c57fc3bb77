# SPDX-License-Identifier: Apache-2.0
"""Tables taken in one after the other, over the wire: where each stands, and what became of it."""

import datetime as dt

import msgspec

from keshou.imports.job import Failure, ImportJob, Outcome, State
from keshou.wire.tables import FaultShape


class ImportOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a table."""

    rows: int
    taken: int
    """Users who are on record now through this table."""
    refused: dict[str, int]
    """Code to how many things of it were wrong, in all rows."""
    faults: list[FaultShape]
    """In the order of the rows; only the first of very many."""


class ImportShape(msgspec.Struct, frozen=True, kw_only=True):
    """A table on its way in."""

    id: str
    state: State
    rows: int
    """How many rows were checked."""
    seen: int
    """How many of them were brought to the gate."""
    created: dt.datetime
    ended: dt.datetime | None
    failure: Failure | None
    """Why it was not taken in to its end; rows that went in before are in."""
    outcome: ImportOutcome | None
    """Once it is done."""


def import_shape(job: ImportJob) -> ImportShape:
    """Return a table on its way in as it is told to who sent it."""
    return ImportShape(
        id=job.id, state=job.state, rows=job.rows, seen=job.seen, created=job.created, ended=job.ended,
        failure=job.failure, outcome=None if job.outcome is None else _outcome_shape(job.outcome),
    )  # fmt: skip


def _outcome_shape(found: Outcome) -> ImportOutcome:
    faults = [
        FaultShape(row=each.row, code=each.code, column=each.column, purpose=each.purpose, cites=[*each.cites])
        for each in found.faults
    ]
    return ImportOutcome(rows=found.rows, taken=found.taken, refused=found.refused, faults=faults)
