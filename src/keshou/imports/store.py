# SPDX-License-Identifier: Apache-2.0
"""class Imports: which tables are on their way in, whose turn it is, and what became of them.

A table lies with the process that took it, sealed by a key that this process alone has. The process says every few
seconds that it still has it; one that has been silent for a minute has it no more, and its tables have failed.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from keshou.db import Transaction, from_micros, metadata, to_micros
from keshou.imports.errors import UnknownImportError
from keshou.imports.job import OPEN, RUNNING, Failure, ImportJob, Outcome, State

import_table = sa.Table(
    "import_job",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("process", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("seen", sa.BigInteger, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False, index=True),
    sa.Column("beat", sa.BigInteger, nullable=False),
    sa.Column("ended", sa.BigInteger),
    sa.Column("failure", sa.Text),
    sa.Column("outcome", sa.Text),
)
_I = import_table.c
SILENT = dt.timedelta(minutes=1)
"""After so long without a word a process has its tables no more."""
_TURN = 7_254_011
"""Names the lock by which processes on one PostgreSQL take turns."""


class Imports:
    """Keeps the jobs."""

    def add(self, tx: Transaction, job: str, by: str, process: str, now: dt.datetime) -> ImportJob:
        """Take note of a table that `process` has and that waits for its turn."""
        moment = to_micros(now)
        values = {"id": job, "by": by, "process": process, "state": State.WAITING.value, "created": moment}
        tx.execute(sa.insert(import_table).values(**values, beat=moment, rows=0, seen=0))
        return ImportJob(id=job, by=by, state=State.WAITING, rows=0, seen=0, created=now)

    def job(self, tx: Transaction, job: str, now: dt.datetime) -> ImportJob:
        """Return one.

        Raises:
            UnknownImportError: there is none of that id.

        """
        row = tx.execute(sa.select(import_table).where(_I.id == job)).one_or_none()
        if row is None:
            raise UnknownImportError
        return _job(row, now)

    def jobs(self, tx: Transaction, by: str, now: dt.datetime) -> list[ImportJob]:
        """Return those that `by` sent, the newest first."""
        mine = sa.select(import_table).where(_I.by == by).order_by(_I.created.desc(), _I.id)
        return [_job(row, now) for row in tx.execute(mine)]

    def begin(self, tx: Transaction, job: str, now: dt.datetime) -> bool:
        """Say whether it is the turn of `job`; then it is being checked. One runs at a time, the oldest first.

        Side effects: those of processes that fell silent are failed.
        """
        if tx.postgresql:
            tx.ask("SELECT pg_advisory_xact_lock(?)", (_TURN,))
        dead = _I.state.in_(OPEN) & (_I.beat <= to_micros(now - SILENT))
        tx.execute(
            sa.update(import_table).where(dead).values(
                state=State.FAILED.value, failure=Failure.INTERRUPTED.value, ended=to_micros(now)
            )
        )  # fmt: skip
        first = sa.select(_I.id, _I.state).where(_I.state.in_(OPEN)).order_by(_I.state == State.WAITING, _I.created)
        found = tx.execute(first.limit(1)).first()
        if found is None or found.id != job or found.state != State.WAITING:
            return False
        self._set(tx, job, state=State.CHECKING.value, beat=to_micros(now))
        return True

    def report(self, tx: Transaction, job: str, state: State, rows: int, seen: int) -> None:
        """Keep how far a running job has come."""
        running = (_I.id == job) & _I.state.in_(RUNNING)
        tx.execute(sa.update(import_table).where(running).values(state=state.value, rows=rows, seen=seen))

    def beat(self, tx: Transaction, jobs: Sequence[str], now: dt.datetime) -> None:
        """Take note that a process still has `jobs`."""
        alive = _I.id.in_(jobs) & _I.state.in_(OPEN)
        tx.execute(sa.update(import_table).where(alive).values(beat=to_micros(now)))

    def end(self, tx: Transaction, job: str, outcome: Outcome, now: dt.datetime) -> None:
        """Keep what became of a job."""
        told = msgspec.json.encode(outcome).decode()
        ended = {"state": State.DONE.value, "outcome": told, "ended": to_micros(now)}
        self._set(tx, job, **ended, rows=outcome.rows, seen=outcome.rows)

    def fail(self, tx: Transaction, job: str, failure: Failure, now: dt.datetime) -> None:
        """Keep why a job was not done to its end."""
        self._set(tx, job, state=State.FAILED.value, failure=failure.value, ended=to_micros(now))

    def purge(self, tx: Transaction, before: dt.datetime) -> None:
        """Forget what ended before a moment."""
        tx.execute(sa.delete(import_table).where(_I.ended <= to_micros(before)))

    def _set(self, tx: Transaction, job: str, **values: Any) -> None:
        tx.execute(sa.update(import_table).where((_I.id == job) & _I.state.in_(OPEN)).values(**values))


def _job(row: Any, now: dt.datetime) -> ImportJob:
    state, failure = State(row.state), None if row.failure is None else Failure(row.failure)
    if state in OPEN and row.beat <= to_micros(now - SILENT):
        state, failure = State.FAILED, Failure.INTERRUPTED
    return ImportJob(
        id=row.id, by=row.by, state=state, rows=row.rows, seen=row.seen, created=from_micros(row.created),
        ended=None if row.ended is None else from_micros(row.ended), failure=failure,
        outcome=None if row.outcome is None else msgspec.json.decode(row.outcome, type=Outcome),
    )  # fmt: skip
