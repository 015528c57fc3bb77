# SPDX-License-Identifier: Apache-2.0
"""What a look sees is never older than the question, whoever committed, and there is no answer without the database."""

import asyncio
import contextlib
import os
import shutil
import signal
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from keshou.app.pulse import Pulse, Seen
from keshou.db import Database, touch_access
from keshou.errors import UnreachableError
from postgresql import Cluster

ROUNDS = 300


@pytest.fixture
def stood(database: Database) -> Database:
    """Return a database where a log was begun."""
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("INSERT INTO log_state (id, size, frontier, last_time) VALUES (1, 0, '', 0)")
    return database


@pytest.fixture
def pulse(stood: Database) -> Iterator[Pulse]:
    with contextlib.closing(Pulse(stood)) as pulse:
        yield pulse


def grow(database: Database) -> None:
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE log_state SET size = size + 1")


def test_a_look_sees_what_any_connection_of_this_process_committed(stood: Database, pulse: Pulse) -> None:
    first = pulse.look_now()
    for round_ in range(1, 50):
        grow(stood)
        with stood.transaction() as tx:
            touch_access(tx)
        assert pulse.look_now() == Seen(first.size + round_, first.access + round_)
    assert pulse.look_now() == pulse.look_now()


def test_nobody_gets_a_look_that_began_before_it_was_asked_for(stood: Database, pulse: Pulse) -> None:
    """Others ask without pause, so that a look is nearly always under way when the question comes."""

    async def always(stop: asyncio.Event) -> None:
        while not stop.is_set():
            await pulse.look()
            await asyncio.sleep(0)

    async def main() -> None:
        stop = asyncio.Event()
        others = [asyncio.create_task(always(stop)) for _ in range(4)]
        for _ in range(ROUNDS):
            await asyncio.to_thread(grow, stood)
            with stood.reading() as tx:
                size = tx.connection.exec_driver_sql("SELECT size FROM log_state").scalar()
            assert (await pulse.look()).size == size
        stop.set()
        await asyncio.gather(*others)

    asyncio.run(main())


def test_callers_who_come_together_share_looks(postgresql_url: str) -> None:
    with contextlib.closing(Database(postgresql_url)) as database:
        with database.transaction() as tx:
            tx.connection.exec_driver_sql("CREATE TABLE log_state (size BIGINT, last_time BIGINT)")
            tx.connection.exec_driver_sql("CREATE TABLE access_state (change BIGINT)")
            tx.connection.exec_driver_sql("INSERT INTO log_state VALUES (7, 0)")
            tx.connection.exec_driver_sql("INSERT INTO access_state VALUES (3)")
        with contextlib.closing(Pulse(database)) as pulse:
            looks = 0
            real = pulse._eye.look

            def counted() -> Seen:
                nonlocal looks
                looks += 1
                return real()

            pulse._eye.look = counted  # type: ignore[method-assign]

            async def main() -> None:
                found = await asyncio.gather(*(pulse.look() for _ in range(200)))
                assert set(found) == {Seen(7, 3)}

            asyncio.run(main())
            assert 1 <= looks < 100


def test_many_threads_and_loops_are_each_answered(stood: Database, pulse: Pulse) -> None:
    answers: list[Seen] = []

    def of_a_loop() -> None:
        async def main() -> None:
            answers.extend(await asyncio.gather(*(pulse.look() for _ in range(20))))

        asyncio.run(main())

    threads = [threading.Thread(target=of_a_loop) for _ in range(4)]
    threads += [threading.Thread(target=lambda: answers.append(pulse.look_now())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4 * 20 + 4
    assert len(set(answers)) == 1


def test_a_caller_who_goes_away_takes_nobody_along(stood: Database, pulse: Pulse) -> None:
    async def main() -> None:
        leaving = [asyncio.create_task(pulse.look()) for _ in range(20)]
        staying = [asyncio.create_task(pulse.look()) for _ in range(20)]
        await asyncio.sleep(0)
        for each in leaving:
            each.cancel()
        assert len({await each for each in staying}) == 1

    asyncio.run(main())


def test_looking_stands_in_nobodys_way(stood: Database, pulse: Pulse, tmp_path: Path) -> None:
    pulse.look_now()
    if stood.postgresql:
        with stood.reading() as tx:
            sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%%'"
            assert tx.connection.exec_driver_sql(sql).scalar() == 0
    else:
        with contextlib.closing(sqlite3.connect(str(stood.url.database))) as connection:
            assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


def test_a_file_held_by_another_program_is_waited_for_and_then_given_up(tmp_path: Path, sqlite_template: Path) -> None:
    path = tmp_path / "keshou.db"
    shutil.copyfile(sqlite_template, path)
    with (
        contextlib.closing(Database(f"sqlite:///{path}")) as database,
        contextlib.closing(sqlite3.connect(path)) as other,
    ):
        other.execute("INSERT INTO log_state (id, size, frontier, last_time) VALUES (1, 5, '', 0)")
        other.commit()
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE log_state SET size = 6")
        with contextlib.closing(Pulse(database, within=0.1)) as pulse:
            with pytest.raises(UnreachableError, match="does not answer"):
                pulse.look_now()
            with pytest.raises(UnreachableError, match="does not answer"):
                asyncio.run(pulse.look())


def test_a_database_that_is_no_site_permits_nothing(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE log_state (size INT, last_time INT)")
        other.execute("CREATE TABLE access_state (change INT)")
    with contextlib.closing(Database(f"sqlite:///{path}")) as database, contextlib.closing(Pulse(database)) as pulse:
        for look in (pulse.look_now, lambda: asyncio.run(pulse.look())):
            with pytest.raises(UnreachableError, match="holds no site"):
                look()


def test_a_closed_pulse_refuses_and_does_not_hang(stood: Database) -> None:
    pulse = Pulse(stood)
    pulse.look_now()
    pulse.close()
    pulse.close()
    with pytest.raises(UnreachableError, match="closed"):
        pulse.look_now()
    with pytest.raises(UnreachableError, match="closed"):
        asyncio.run(pulse.look())


def test_a_server_that_dies_hangs_or_comes_back_is_told_apart() -> None:
    with Cluster(durable=True) as cluster:
        cluster.create("pulse")
        with contextlib.closing(Database(cluster.url("pulse", tcp=True))) as database:
            with database.transaction() as tx:
                tx.connection.exec_driver_sql(
                    "CREATE TABLE log_state AS SELECT 7::BIGINT AS size, 0::BIGINT AS last_time"
                )
                tx.connection.exec_driver_sql("CREATE TABLE access_state AS SELECT 3::BIGINT AS change")
            with contextlib.closing(Pulse(database, within=1.0)) as pulse:
                assert pulse.look_now() == Seen(7, 3)
                cluster.kill()
                with pytest.raises(UnreachableError):
                    pulse.look_now()
                cluster.start()
                assert pulse.look_now() == Seen(7, 3)
                _check_one_that_hangs(pulse, cluster)


def _check_one_that_hangs(pulse: Pulse, cluster: Cluster) -> None:
    server = cluster._process
    assert server is not None
    with contextlib.ExitStack() as stopped:
        stop(stopped, pulse._eye._connection.info.backend_pid)  # type: ignore[attr-defined]
        assert pulse.look_now() == Seen(7, 3), "another connection does not serve for one that hangs"
        stop(stopped, pulse._eye._connection.info.backend_pid)  # type: ignore[attr-defined]
        stop(stopped, server.pid)
        with pytest.raises(UnreachableError):
            asyncio.run(pulse.look())
    assert pulse.look_now() == Seen(7, 3)


def stop(stack: contextlib.ExitStack, process: int) -> None:
    """Let a process hang until the stack is left."""
    os.kill(process, signal.SIGSTOP)
    stack.callback(os.kill, process, signal.SIGCONT)
