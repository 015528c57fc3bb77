# SPDX-License-Identifier: Apache-2.0
"""Group commit: callers are answered after the commit, together, and one's failure is nobody else's."""

import threading
import time
from collections.abc import Callable, Sequence

import pytest
import sqlalchemy as sa

from keshou.app.sequencer import Sequencer
from keshou.db import Database, Transaction
from keshou.errors import UnreachableError


class Counter:
    """A procedure that writes numbers down and refuses negative ones."""

    def __init__(self, database: Database) -> None:
        self.batches: list[int] = []
        self.committed = 0
        with database.transaction() as tx:
            tx.connection.exec_driver_sql("CREATE TABLE number (n BIGINT)")

    def __call__(self, tx: Transaction, jobs: Sequence[int]) -> tuple[list[int], Callable[[], None]]:
        if min(jobs) < 0:
            raise ValueError("a negative number")
        for job in jobs:
            tx.execute(sa.text("INSERT INTO number VALUES (:n)"), {"n": job})
        self.batches.append(len(jobs))
        return [job * 2 for job in jobs], self._done

    def _done(self) -> None:
        self.committed += 1


def stored(database: Database) -> list[int]:
    with database.reading() as tx:
        return sorted(n for (n,) in tx.connection.exec_driver_sql("SELECT n FROM number"))


def test_many_callers_share_commits_and_each_gets_its_own_answer(database: Database) -> None:
    counter = Counter(database)
    sequencer = Sequencer(database, counter, lambda: None)
    answers: dict[int, int] = {}

    def call(start: int) -> None:
        for number in range(start, start + 50):
            answers[number] = sequencer.do(number)

    threads = [threading.Thread(target=call, args=(100 * start,)) for start in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sequencer.close()
    assert answers == {number: number * 2 for number in stored(database)}
    assert len(answers) == 16 * 50
    assert sum(counter.batches) == 16 * 50
    assert len(counter.batches) < 16 * 50, "nobody ever shared a commit"


def test_a_job_that_fails_undoes_itself_alone(database: Database) -> None:
    sequencer = Sequencer(database, Counter(database), lambda: None)
    with pytest.raises(ValueError, match="negative"):
        sequencer.do_all([1, 2, -1, 3])
    sequencer.close()
    assert stored(database) == [1, 2, 3]


def test_a_batch_is_never_larger_than_it_may_be(database: Database) -> None:
    counter = Counter(database)
    sequencer = Sequencer(database, counter, lambda: None, most=7)
    sequencer.do_all(range(100))
    sequencer.close()
    assert max(counter.batches) <= 7


def test_closing_finishes_what_waits_and_refuses_what_comes_after(database: Database) -> None:
    sequencer = Sequencer(database, Counter(database), lambda: None)
    waiting = threading.Thread(target=sequencer.do_all, args=(range(200),))
    waiting.start()
    time.sleep(0.01)
    sequencer.close()
    waiting.join()
    with pytest.raises(UnreachableError, match="closed"):
        sequencer.do(1)
    assert len(stored(database)) in (0, 200)


def test_what_is_committed_is_settled_soon_even_when_nothing_follows(database: Database) -> None:
    settled = threading.Event()
    sequencer = Sequencer(database, Counter(database), settled.set, every=0.05)
    time.sleep(0.2)
    assert not settled.is_set(), "there was nothing to settle"
    sequencer.do(1)
    assert settled.wait(5)
    sequencer.close()


def test_settling_that_fails_harms_no_caller(database: Database) -> None:
    def fail() -> None:
        raise RuntimeError("no signer")

    sequencer = Sequencer(database, Counter(database), fail, every=0.0)
    assert [sequencer.do(number) for number in range(5)] == [0, 2, 4, 6, 8]
    sequencer.close()


def test_whoever_submits_is_told_once_after_the_commit(database: Database) -> None:
    sequencer = Sequencer(database, Counter(database), lambda: None)
    told: list[tuple[int | None, BaseException | None, bool]] = []

    def done(number: int) -> Callable[[int | None, BaseException | None], None]:
        return lambda result, error: told.append((result, error, number in stored(database)))

    for number in range(20):
        sequencer.submit(number, done(number))
    sequencer.submit(-1, done(-1))
    sequencer.close()
    assert told[:20] == [(number * 2, None, True) for number in range(20)]
    ((result, error, there),) = told[20:]
    assert (result, there) == (None, False)
    assert isinstance(error, ValueError)


def test_whoever_cannot_be_told_harms_nobody(database: Database) -> None:
    def fail(_result: object, _error: object) -> None:
        raise RuntimeError("the caller is gone")

    sequencer = Sequencer(database, Counter(database), lambda: None)
    sequencer.submit(1, fail)
    assert sequencer.do_all([2, 3]) == [4, 6]
    sequencer.close()
    assert stored(database) == [1, 2, 3]
    with pytest.raises(UnreachableError, match="closed"):
        sequencer.submit(4, fail)


def test_doing_nothing_waits_for_nobody(database: Database) -> None:
    sequencer = Sequencer(database, Counter(database), lambda: None)
    assert sequencer.do_all([]) == []
    sequencer.close()
