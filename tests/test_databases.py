# SPDX-License-Identifier: Apache-2.0
"""The databases that every other test stands on."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from keshou.db import Database, from_micros, to_micros
from postgresql import Cluster

_CONFTEST = Path(__file__).parent / "conftest.py"


def _names(database: Database) -> set[str]:
    with database.reading() as tx:
        return set(sa.inspect(tx.connection).get_table_names())


def _write_and_fail(database: Database) -> None:
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("INSERT INTO things VALUES (1)")
        raise ZeroDivisionError


@pytest.mark.parametrize("attempt", [1, 2])
def test_each_test_gets_a_database_that_no_other_test_has_written_to(database: Database, attempt: int) -> None:
    assert "leftover" not in _names(database), attempt
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("CREATE TABLE leftover (n BIGINT)")
    assert "leftover" in _names(database)


@pytest.mark.parametrize("count", [1, 63, 64, 1000])
def test_bulk_insert_writes_every_row_on_both_of_its_ways(database: Database, count: int) -> None:
    table = sa.Table("bulk", sa.MetaData(), sa.Column("n", sa.BigInteger), sa.Column("data", sa.LargeBinary))
    rows = [(n, bytes([n % 256, 0, 255])) for n in range(count)]
    with database.transaction() as tx:
        table.create(tx.connection)
        tx.insert(table, ["n", "data"], rows)
        stored = [tuple(row) for row in tx.execute(sa.select(table).order_by(table.c.n))]
    assert stored == rows


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("CREATE TABLE things (n BIGINT)")
    with pytest.raises(ZeroDivisionError):
        _write_and_fail(database)
    with database.reading() as tx:
        assert tx.connection.exec_driver_sql("SELECT count(*) FROM things").scalar_one() == 0


def test_a_moment_survives_storage_to_the_microsecond() -> None:
    moment = dt.datetime(2013, 9, 1, 0, 0, 0, 1, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    assert from_micros(to_micros(moment)) == moment


def test_a_durable_server_keeps_what_was_committed_before_its_power_was_cut() -> None:
    with Cluster(durable=True) as cluster:
        cluster.create("site")
        with psycopg.connect(cluster.url("site")) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
        cluster.kill()
        cluster.start()
        with psycopg.connect(cluster.url("site", tcp=True)) as connection:
            assert connection.execute("SELECT n FROM kept").fetchall() == [(1,)]
    assert not cluster.folder.exists()


def test_processes_of_their_own_reach_the_server_by_its_url(postgresql_url: str) -> None:
    program = "import sys, psycopg; print(psycopg.connect(sys.argv[1]).execute('SELECT 6 * 7').fetchone()[0])"
    answer = subprocess.run([sys.executable, "-c", program, postgresql_url], capture_output=True, text=True, check=True)
    assert answer.stdout == "42\n"


@pytest.mark.parametrize(("machine", "status"), [("build", 1), ("own", 0)])
def test_a_skipped_test_fails_the_run_on_a_build_machine(
    machine: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    if machine == "build":
        monkeypatch.setenv("CI", "true")
    (tmp_path / "test_skips.py").write_text("import pytest\n\n@pytest.mark.skip\ndef test_left_out(): pass\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, "-c", "/dev/null"]
    program = [*command, "-p", "conftest", tmp_path]
    run = subprocess.run(program, cwd=_CONFTEST.parent, capture_output=True, text=True, check=False)
    assert run.returncode == status, run.stdout + run.stderr
    assert ("test_skips.py::test_left_out" in run.stdout) == (status == 1)


def test_a_file_read_as_memory_shows_what_others_commit(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    ours, theirs = Database(url), Database(url)
    with theirs.transaction() as tx:
        tx.connection.exec_driver_sql("CREATE TABLE things (n INTEGER)")
        tx.connection.exec_driver_sql("INSERT INTO things VALUES (1)")
    ours.map()
    with ours.reading() as tx:
        assert tx.ask("PRAGMA mmap_size")[0][0] > 0
        assert tx.ask("SELECT n FROM things") == [(1,)]
    with theirs.transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE things SET n = 2")
        tx.connection.exec_driver_sql("INSERT INTO things VALUES (3)")
    with theirs.reading() as tx:
        tx.ask("PRAGMA wal_checkpoint(TRUNCATE)")
    with ours.reading() as tx:
        assert tx.ask("SELECT n FROM things") == [(2,), (3,)]
    ours.close()
    theirs.close()


def test_an_address_is_told_without_its_password() -> None:
    told = Database("postgresql://keshou:hush@db.example/site?password=hush").shown
    assert told == "postgresql://keshou:***@db.example/site"
