# SPDX-License-Identifier: Apache-2.0
"""Group commit: acts of concurrent callers commit together, and each is answered after the commit.

One thread a process writes. While one batch commits, the next one gathers, so that the disk's pace decides the
size of a batch and not a timer. A batch is all or nothing; when it fails, its jobs are tried again one by one, so
that one caller's failure is nobody else's.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from keshou.db import Database, Transaction
from keshou.errors import UnreachableError

Job = TypeVar("Job")
Result = TypeVar("Result")

_MOMENT = 0.0001
"""Seconds, far below the time of a commit."""

Procedure = Callable[[Transaction, Sequence[Job]], tuple[Sequence[Result], Callable[[], None]]]
"""Does jobs in an open transaction; returns a result a job, and what to do once they are committed."""


class _Waiting(Generic[Job, Result]):
    """A job and the caller who waits for it."""

    __slots__ = ("answered", "error", "job", "result")

    def __init__(self, job: Job) -> None:
        self.job = job
        self.result: Result | None = None
        self.error: BaseException | None = None
        self.answered = threading.Lock()
        self.answered.acquire()


class Sequencer(Generic[Job, Result]):
    """Runs `procedure` over whatever callers wait, one transaction a batch.

    `most` bounds a batch (jobs). Callers block in `do` until their job is committed or has failed. `settle` is called
    between batches, in the same thread, once something was committed and `every` seconds went by since the last time.
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
        self._queue: queue.SimpleQueue[_Waiting[Job, Result] | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._open = True
        self._thread = threading.Thread(target=self._run, name="keshou-sequencer", daemon=True)
        self._thread.start()

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
        waiting = [_Waiting[Job, Result](job) for job in jobs]
        with self._closing:
            if not self._open:
                raise UnreachableError("this site is closed")
            for each in waiting:
                self._queue.put(each)
        for each in waiting:
            each.answered.acquire()
        for each in waiting:
            if each.error is not None:
                raise each.error
        return [each.result for each in waiting]  # type: ignore[misc]

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
                self._commit(batch)
                self._unsettled = True
                self._let_in(len(batch))
            if self._unsettled and self._left() <= 0:
                self._unsettled, self._settled_at = False, time.monotonic()
                with contextlib.suppress(Exception):  # it is tried again, and what it does is also done at closing
                    self._settle()

    def _let_in(self, answered: int) -> None:
        """Wait while callers who were just answered come back with their next job, so that they commit together.

        Without it half of them miss the next batch, and each batch costs its round trips for half as many. A lone
        caller is never waited for.
        """
        before, here = -1, self._queue.qsize()
        while answered > 1 and before < here < answered:
            time.sleep(_MOMENT)
            before, here = here, self._queue.qsize()

    def _left(self) -> float:
        return self._settled_at + self._every - time.monotonic()

    def _gather(self) -> tuple[list[_Waiting[Job, Result]], bool]:
        batch: list[_Waiting[Job, Result]] = []
        with contextlib.suppress(queue.Empty):
            each = self._queue.get(timeout=max(0.0, self._left()) if self._unsettled else None)
            while each is not None:
                batch.append(each)
                if len(batch) == self._most:
                    return batch, False
                each = self._queue.get_nowait()
            return batch, True
        return batch, False

    def _commit(self, batch: list[_Waiting[Job, Result]]) -> None:
        try:
            with self._database.transaction() as tx:
                results, committed = self._procedure(tx, [each.job for each in batch])
            committed()
        except BaseException as error:
            self._fail(batch, error)
            return
        for each, result in zip(batch, results, strict=True):
            each.result = result
            each.answered.release()

    def _fail(self, batch: list[_Waiting[Job, Result]], error: BaseException) -> None:
        if len(batch) == 1:
            batch[0].error = error
            batch[0].answered.release()
            return
        for each in batch:
            self._commit([each])
