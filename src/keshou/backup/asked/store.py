# SPDX-License-Identifier: Apache-2.0
"""class BackupJobs: backups that were asked of the server, each by the id of the medium it becomes."""

import datetime as dt
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy as sa

from keshou.db import Transaction, from_micros, metadata, to_micros

SILENT = dt.timedelta(minutes=1)
"""After so long without a word the process that makes one has stopped, and left nothing of it."""

_TURN = 7_254_023
"""Of two processes that begin one at once, one waits here until the other has."""

job_table = sa.Table(
    "backup_job",
    metadata,
    sa.Column("medium", sa.Text, primary_key=True),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("asked", sa.BigInteger, nullable=False),
    sa.Column("beat", sa.BigInteger, nullable=False),
    sa.Column("ended", sa.BigInteger),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("entries", sa.BigInteger, nullable=False),
    sa.Column("erased", sa.BigInteger, nullable=False),
    sa.Column("failure", sa.Text, nullable=False),
)
"""Times are in microseconds, UTC; `file` is the name within the folder of backups."""
_J = job_table.c


class State(StrEnum):
    """How far a backup is."""

    MAKING = "making"
    MADE = "made"
    """Written, read back and found whole."""
    FAILED = "failed"


class Failure(StrEnum):
    """Why one was not made; nothing of it is left."""

    INTERRUPTED = "interrupted"
    """The server that made it stopped."""
    UNREACHABLE = "unreachable"
    """The folder, the disk or the database refused it."""
    INTEGRITY = "integrity"
    """What was read back is not what was written."""
    INTERNAL = "internal"
    """Nobody foresaw it."""


class BackupJob(msgspec.Struct, frozen=True, kw_only=True):
    """One backup as it stands."""

    medium: str
    by: str
    state: State
    asked: dt.datetime
    ended: dt.datetime | None = None
    file: str = ""
    size: int = 0
    sha256: str = ""
    """Of the archive: bytes, and digest in lower-case hex."""
    entries: int = 0
    """How many entries the log had."""
    erased: int = 0
    """Number of the last erasure that it knows of."""
    failure: Failure | None = None


class BackupJobs:
    """Keeps them."""

    def add(self, tx: Transaction, medium: str, by: str, file: str, now: dt.datetime) -> BackupJob | None:
        """Take note of a backup that is being made from now on; None when another is in the making."""
        if tx.postgresql:  # SQLite: a writing transaction has the database to itself
            tx.ask("SELECT pg_advisory_xact_lock(?)", (_TURN,))
        alive = (_J.state == State.MAKING.value) & (_J.beat > to_micros(now - SILENT))
        if tx.execute(sa.select(_J.medium).where(alive)).first() is not None:
            return None
        moment = to_micros(now)
        tx.execute(sa.insert(job_table).values(
            medium=medium, by=by, state=State.MAKING.value, asked=moment, beat=moment, file=file, size=0, sha256="",
            entries=0, erased=0, failure="",
        ))  # fmt: skip
        return BackupJob(medium=medium, by=by, state=State.MAKING, asked=now, file=file)

    def beat(self, tx: Transaction, medium: str, now: dt.datetime) -> None:
        """Take note that one is being made still."""
        tx.execute(sa.update(job_table).where(_open(medium)).values(beat=to_micros(now)))

    def end(self, tx: Transaction, job: BackupJob) -> None:
        """Keep what came of one."""
        tx.execute(sa.update(job_table).where(_open(job.medium)).values(
            state=job.state.value, ended=None if job.ended is None else to_micros(job.ended), size=job.size,
            sha256=job.sha256, entries=job.entries, erased=job.erased, failure=job.failure or "",
        ))  # fmt: skip

    def silent(self, tx: Transaction, now: dt.datetime) -> list[BackupJob]:
        """Return those whose process stopped without a word of how they ended."""
        dead = (_J.state == State.MAKING.value) & (_J.beat <= to_micros(now - SILENT))
        return [_job(row, now) for row in tx.execute(sa.select(job_table).where(dead))]

    def jobs(self, tx: Transaction, now: dt.datetime) -> list[BackupJob]:
        """Return every one, the newest first."""
        rows = tx.execute(sa.select(job_table).order_by(_J.asked.desc(), _J.medium))
        return [_job(row, now) for row in rows]

    def job(self, tx: Transaction, medium: str, now: dt.datetime) -> BackupJob | None:
        """Return one; None when there is none of that id."""
        row = tx.execute(sa.select(job_table).where(_J.medium == medium)).one_or_none()
        return None if row is None else _job(row, now)


def _open(medium: str) -> Any:
    return (_J.medium == medium) & (_J.state == State.MAKING.value)


def _job(row: Any, now: dt.datetime) -> BackupJob:
    state, failure = State(row.state), Failure(row.failure) if row.failure else None
    if state is State.MAKING and from_micros(row.beat) <= now - SILENT:
        state, failure = State.FAILED, Failure.INTERRUPTED
    return BackupJob(
        medium=row.medium, by=row.by, state=state, asked=from_micros(row.asked),
        ended=None if row.ended is None else from_micros(row.ended), file=row.file, size=row.size, sha256=row.sha256,
        entries=row.entries, erased=row.erased, failure=failure,
    )  # fmt: skip
