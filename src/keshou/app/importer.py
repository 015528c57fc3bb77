# SPDX-License-Identifier: Apache-2.0
"""One thread a process that takes in the tables that came over the network, each when its turn comes.

1. it says every few seconds that it still has its tables; 2. the oldest of all processes is checked, row by row;
3. its rows go through the gate, a part at a time, so that other acts go on between; 4. what became of it is kept.
A server that stops fails what it had: the table was with it alone. Sent again, whoever is on record stays as they are.
"""

import logging
import secrets
import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from keshou.app import clock
from keshou.app.intake import Intake, OnError, Report
from keshou.app.site import Site
from keshou.db import DatabaseError, Transaction
from keshou.errors import InputError, IntegrityError, KeshouError, UnreachableError
from keshou.imports.job import OPEN, Failure, ImportJob, Outcome, RowFault, State
from keshou.imports.sealed_table import SealedTable

_log = logging.getLogger(__name__)
_POLL = 1.0
_TELL = 2.0
"""Seconds between two words of how far it came."""
_MOST_FAULTS = 10_000
_FAILURES: tuple[tuple[type[BaseException], Failure], ...] = (
    (IntegrityError, Failure.INTEGRITY), (UnreachableError, Failure.UNREACHABLE),
    (DatabaseError, Failure.UNREACHABLE), (InputError, Failure.INPUT), (KeshouError, Failure.INPUT),
)  # fmt: skip


class Wanted(NamedTuple):
    """A table, and how it is to be taken in."""

    table: SealedTable
    by: str
    where: str
    purposes: Sequence[str]
    mapping: Mapping[str, str]
    on_error: OnError

    def intake(self, site: Site) -> Intake:
        """Return the procedure that takes it in.

        Raises:
            InputError: its header is not what the rules in force take.

        """
        return Intake(
            site, self.table, by=self.by, where=self.where, purposes=self.purposes, mapping=self.mapping
        )  # fmt: skip


class _StoppedError(Exception):
    """Leaves a table where it is because the server stops."""


class Importer:
    """Takes in tables for one process until it is closed; the site closes it before itself."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._process = secrets.token_hex(8)
        self._queue: deque[tuple[str, Wanted]] = deque()
        self._coming = 0
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._open = True
        self._thread: threading.Thread | None = None
        site.on_close(self.close)

    @contextmanager
    def place(self, most: int) -> Iterator[bool]:
        """Say whether there is a place for a table that comes, among the `most` that this process has or takes in.

        The place is held while the block lasts; by its end the table is handed over by `take`, or gone.
        """
        with self._lock:
            free = len(self._queue) + self._coming < most
            self._coming += free
        try:
            yield free
        finally:
            with self._lock:
                self._coming -= free

    def note(self, tx: Transaction, job: str, by: str) -> ImportJob:
        """Take note of a table that is handed over by `take` once this is committed."""
        return self._site.imports.add(tx, job, by, self._process, self._site.now())

    def take(self, job: str, wanted: Wanted) -> None:
        """Take a table over, to be taken in when its turn comes."""
        with self._lock:
            self._queue.append((job, wanted))
            if self._thread is None and self._open:
                self._thread = threading.Thread(target=self._run, name="keshou-importer", daemon=True)
                self._thread.start()
        self._woken.set()

    def close(self) -> None:
        """Stop after the part under way; what this process had has failed."""
        with self._lock:
            self._open = False
        self._woken.set()
        if self._thread is not None:
            self._thread.join()
        for job, wanted in self._queue:
            wanted.table.close()
            self._fail(job, Failure.INTERRUPTED)
        self._queue.clear()

    def _run(self) -> None:
        while self._open:
            if not self._queue:
                self._woken.wait()
                self._woken.clear()
                continue
            job, wanted = self._queue[0]
            try:
                mine = self._is_turn(job)
            except KeshouError:
                mine = None
            if mine is None:
                self._woken.wait(_POLL)
                self._woken.clear()
                continue
            if mine:
                self._do(job, wanted)
            wanted.table.close()
            self._queue.popleft()

    def _is_turn(self, job: str) -> bool | None:
        """Say whether it is the turn of `job`; None: not yet, False: it is over, for this process was silent."""
        site, now = self._site, self._site.now()
        with site.writing() as tx:
            site.imports.beat(tx, [each for each, _ in self._queue], now)
            if site.imports.begin(tx, job, now):
                return True
            return None if site.imports.job(tx, job, now).state in OPEN else False

    def _do(self, job: str, wanted: Wanted) -> None:
        told = _Told(self, job)
        try:
            intake = wanted.intake(self._site)
            report = intake.run(wanted.on_error, told.checked, told.taken, by_parts=True)
            with self._site.writing() as tx:
                self._site.imports.end(tx, job, _outcome(report), self._site.now())
        except _StoppedError:
            self._fail(job, Failure.INTERRUPTED)
        except Exception as error:
            _log.error("a table was not taken in: %s", type(error).__name__)
            self._fail(job, next((each for kind, each in _FAILURES if isinstance(error, kind)), Failure.INTERNAL))

    def _fail(self, job: str, failure: Failure) -> None:
        """Keep that a job failed; where even that cannot be written, its silence tells it."""
        try:
            with self._site.writing() as tx:
                self._site.imports.fail(tx, job, failure, self._site.now())
        except KeshouError as error:
            _log.error("what became of a table was not kept: %s", type(error).__name__)

    def tell(self, job: str, state: State, rows: int, seen: int) -> None:
        """Keep how far `job` came, and that this process is alive.

        Raises:
            _StoppedError: the server stops.

        """
        if not self._open:
            raise _StoppedError
        with self._site.writing() as tx:
            self._site.imports.report(tx, job, state, rows, seen)
            self._site.imports.beat(tx, [each for each, _ in tuple(self._queue)], self._site.now())


class _Told:
    """Tells how far a table came, now and then."""

    def __init__(self, importer: Importer, job: str) -> None:
        self._importer, self._job = importer, job
        self._rows = self._seen = 0
        self._state, self._told = State.CHECKING, 0.0

    def checked(self, rows: int) -> None:
        """Count rows that were checked."""
        self._rows += rows
        self._tell(State.CHECKING)

    def taken(self, rows: int) -> None:
        """Count rows that were brought to the gate."""
        self._seen += rows
        self._tell(State.TAKING)

    def _tell(self, state: State) -> None:
        moment = clock.stopwatch()
        if state is not self._state or moment - self._told >= _TELL or not self._importer._open:  # noqa: SLF001
            self._state, self._told = state, moment
            self._importer.tell(self._job, state, self._rows, self._seen)


def _outcome(report: Report) -> Outcome:
    faults = tuple(
        RowFault(
            row=each.row, code=each.code, column=each.column, purpose=each.purpose, cites=tuple(map(str, each.cites))
        )
        for each in report.faults[:_MOST_FAULTS]
    )
    refused = Counter(each.code for each in report.faults)
    return Outcome(rows=report.rows, taken=report.taken, refused=dict(refused), faults=faults)
