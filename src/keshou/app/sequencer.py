# SPDX-License-Identifier: Apache-2.0
"""Group commit: acts of concurrent callers commit together, and each is answered after the commit.

One thread a process writes. While one batch commits, the next one gathers, so that the disk's pace decides the
size of a batch and not a timer. A batch is all or nothing; when it fails, its jobs are tried again one by one, so
that one caller's failure is nobody else's.
"""

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from keshou.db import Database, DatabaseError, DiskFullError, Transaction
from keshou.errors import IntegrityError, UnreachableError
from keshou.vault.errors import SealBrokenError

Job = TypeVar("Job")
Result = TypeVar("Result")

_MOMENT = 0.0001
"""Seconds, far below the time of a commit."""
_PATIENCE = 0.005
"""Seconds for which callers who wait are kept waiting for others, at most."""

Procedure = Callable[[Transaction, Sequence[Job]], tuple[Sequence[Result], Callable[[], None]]]
"""Does jobs in an open transaction; returns a result a job, and what to do once they are committed."""


class Turn:
    """The right to write: held by one thread of the process at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder = 0

    def __enter__(self) -> None:
        self._lock.acquire()
        self._holder = threading.get_ident()

    def __exit__(self, *_: object) -> None:
        self._holder = 0
        self._lock.release()

    def mine(self) -> bool:
        """Say whether this very thread holds it."""
        return self._holder == threading.get_ident()


class _Submitted(Generic[Job, Result]):
    """A job, and what its caller is told by."""

    __slots__ = ("done", "error", "job", "result")

    def __init__(self, job: Job, done: Callable[[Result | None, BaseException | None], None]) -> None:
        self.job = job
        self.result: Result | None = None
        self.error: BaseException | None = None
        self.done = done

    def answer(self) -> None:
        """Tell the caller; what goes wrong in telling one is nobody else's."""
        try:  # noqa: SIM105 - a context costs more than telling
            self.done(self.result, self.error)
        except Exception:  # noqa: S110 - nobody is left to tell
            pass


class _Countdown:
    """Lets a thread that waits for `left` answers go when the last of them has come."""

    __slots__ = ("_left", "_lock")

    def __init__(self, left: int) -> None:
        self._left = left
        self._lock = threading.Lock()
        self._lock.acquire()

    def count(self, *_: object) -> None:
        """Take note of an answer; only the thread that writes gives them."""
        self._left -= 1
        if not self._left:
            self._lock.release()

    def wait(self) -> None:
        """Block until every answer has come."""
        self._lock.acquire()


class OutcomeUnknownError(UnreachableError):
    """The database did not say whether a commit took place: it may have."""

    def __init__(self, why: BaseException | None = None) -> None:
        room = "its disk is full, or takes no more: make room there, then " if isinstance(why, DiskFullError) else ""
        super().__init__(
            "the database did not say whether it committed",
            hint=f"{room}ask again with the same request id: what was done is not done twice",
        )
        self.__cause__ = why


class Sequencer(Generic[Job, Result]):
    """Runs `procedure` over whatever callers wait, one transaction a batch.

    `most` bounds a batch (jobs). Callers block in `do` until their job is committed or has failed. `settle` is called
    between batches, in the same thread, once something was committed and `every` seconds went by since the last time;
    an `IntegrityError` of its ends the sequencer, and every caller is told.

    Whoever writes to the database without it holds `turn` meanwhile.
    """

    def __init__(
        self,
        database: Database,
        procedure: Procedure[Job, Result],
        settle: Callable[[], None],
        *,
        most: int = 1000,
        every: float = 1.0,
    ) -> None:
        self._database = database
        self._settle = settle
        self._every = every
        self._settled_at = time.monotonic()
        self._unsettled = False
        self._procedure = procedure
        self._most = most
        self._queue: queue.SimpleQueue[_Submitted[Job, Result] | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._open = True
        self._broken: IntegrityError | None = None
        self._failing = False
        self._process = os.getpid()
        self.turn = Turn()
        self._thread = threading.Thread(target=self._run, name="keshou-sequencer", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> str:
        """What keeps jobs from being done; empty when nothing is known to.

        ``log``: what is stored was found not to be what was written. ``writing``: the last batch failed for what may be
        the database's fault.
        """
        return "log" if self._broken is not None else "writing" if self._failing else ""

    def try_writing(self, write: Callable[[Transaction], None]) -> None:
        """Have `write` write something; once it is committed the last batch counts for nothing.

        Raises:
            KeshouError: it cannot be written.

        """
        with self.turn, self._database.transaction() as tx:
            write(tx)
        self._failing = False

    def do(self, job: Job) -> Result:
        """Have `job` done and committed; return its result.

        Raises:
            UnreachableError: the sequencer is closed.
            Exception: whatever the procedure raised for this job; then nothing of it was done.

        """
        return self.do_all([job])[0]

    def do_all(self, jobs: Sequence[Job]) -> list[Result]:
        """Have jobs done in order, in as few transactions as they fit; return their results.

        The first failure is raised after all were tried; jobs that did not fail stay done.
        """
        if not jobs:
            return []
        countdown = _Countdown(len(jobs))
        waiting: list[_Submitted[Job, Result]] = [_Submitted(job, countdown.count) for job in jobs]
        self._put(waiting)
        countdown.wait()
        for each in waiting:
            if each.error is not None:
                raise each.error
        return [each.result for each in waiting]  # type: ignore[misc]

    def submit(self, job: Job, done: Callable[[Result | None, BaseException | None], None]) -> None:
        """Have `job` done and committed, without waiting: `done` is told its result, or what went wrong.

        `done` is called once, by the thread that writes, after the commit; everybody waits meanwhile, so it only
        passes the answer on.

        Raises:
            UnreachableError: the sequencer is closed; then `done` is not called.

        """
        submitted: _Submitted[Job, Result] = _Submitted(job, done)
        self._put([submitted])

    def _put(self, submitted: Sequence[_Submitted[Job, Result]]) -> None:
        self._refuse()
        with self._closing:
            if not self._open:
                raise self._broken or UnreachableError("this site is closed")
            for each in submitted:
                self._queue.put(each)

    def _refuse(self) -> None:
        if os.getpid() != self._process:
            raise UnreachableError("this site was opened by another process", hint="open it anew after a fork")
        if self.turn.mine():
            raise UnreachableError(
                "this thread holds the database's turn", hint="inside the block, do jobs with the function it is given"
            )

    def close(self) -> None:
        """Finish what waits, then stop."""
        with self._closing:
            if not self._open:
                return
            self._open = False
            self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        last = False
        while not last:
            batch, last = self._gather()
            if batch:
                began = time.monotonic()
                self._commit(batch)
                self._unsettled = True
                self._let_in(len(batch), time.monotonic() - began)
            if self._unsettled and self._left() <= 0:
                last = last or not self._try_to_settle()
        self._refuse_the_rest()

    def _try_to_settle(self) -> bool:
        """Settle; return False when what is stored is not what was written, so that nothing more may be."""
        self._unsettled, self._settled_at = False, time.monotonic()
        try:
            with self.turn:
                self._settle()
        except IntegrityError as error:
            with self._closing:
                self._open, self._broken = False, error
            return False
        except Exception:
            self._unsettled = True
        return True

    def _refuse_the_rest(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                each = self._queue.get_nowait()
                if each is not None:
                    each.error = self._broken or UnreachableError("this site is closed")
                    each.answer()

    def _let_in(self, answered: int, took: float) -> None:
        """Wait while callers who were just answered come back with their next job, so that they commit together.

        Without it half of them miss the next batch, and each batch costs its round trips for half as many. That it took
        so long to do theirs (seconds) is how long others wait for them at most; a lone caller is never waited for.
        """
        if answered < 2:
            return
        until = time.monotonic() + min(took, _PATIENCE)
        while self._queue.qsize() < answered and time.monotonic() < until:
            time.sleep(_MOMENT)

    def _left(self) -> float:
        return self._settled_at + self._every - time.monotonic()

    def _gather(self) -> tuple[list[_Submitted[Job, Result]], bool]:
        batch: list[_Submitted[Job, Result]] = []
        with contextlib.suppress(queue.Empty):
            each = self._queue.get(timeout=max(0.0, self._left()) if self._unsettled else None)
            while each is not None:
                batch.append(each)
                if len(batch) == self._most:
                    return batch, False
                each = self._queue.get_nowait()
            return batch, True
        return batch, False

    def _commit(self, batch: list[_Submitted[Job, Result]]) -> None:
        sent = False
        try:
            with self.turn, self._database.transaction() as tx:
                results, committed = self._procedure(tx, [each.job for each in batch])
                sent = True
            committed()
            self._failing = False
        except BaseException as error:
            self._failing = sent or isinstance(error, DatabaseError | UnreachableError)
            self._fail(batch, OutcomeUnknownError(error) if sent else error, again=not sent)
            return
        for each, result in zip(batch, results, strict=True):
            each.result = result
            each.answer()

    def _fail(self, batch: list[_Submitted[Job, Result]], error: BaseException, *, again: bool) -> None:
        """Try the jobs of a failed batch one by one; or tell them all, when that could do harm or no good.

        What is wrong with the log is wrong for all; what is sealed of one user and does not open is that user's alone.
        """
        of_all = isinstance(error, UnreachableError | IntegrityError) and not isinstance(error, SealBrokenError)
        if again and len(batch) > 1 and not of_all:
            for each in batch:
                self._commit([each])
            return
        for each in batch:
            each.error = error
            each.answer()
