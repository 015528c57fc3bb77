# SPDX-License-Identifier: Apache-2.0
"""What every store stands on: transactions whole or not at all, times without doubt, errors without values."""

import contextlib
import datetime as dt
import sqlite3
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from keshou.db import Database, from_micros, to_micros
from keshou.errors import InputError, KeshouError, UnreachableError
from keshou.gate.store import user_fact
from keshou.refused import RefusedError, code_of, refusal
from postgresql import Cluster


@given(st.datetimes(timezones=st.just(dt.UTC)))
def test_a_time_comes_back_as_it_was(moment: dt.datetime) -> None:
    assert from_micros(to_micros(moment)) == moment


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(InputError, match="without a zone"):
        to_micros(dt.datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


def test_an_error_of_the_database_does_not_carry_the_values_of_the_statement(database: Database) -> None:
    with pytest.raises(KeshouError) as caught, database.transaction() as tx:
        tx.execute(sa.text("INSERT INTO nowhere VALUES (:value)"), {"value": "15499990001"})
    assert "15499990001" not in str(caught.value)


def test_many_rows_go_in_alike_by_every_way(database: Database) -> None:
    columns = [column.name for column in user_fact.columns]
    rows = [(user, 1, 0, "kind", "", 5, '{"a": "\\t\\n\\\\ 𠮷"}') for user in range(200)]
    with database.transaction() as tx:
        tx.insert(user_fact, columns, rows[:3])
        tx.insert(user_fact, columns, rows[3:])
        tx.insert(user_fact, columns, [])
    with database.reading() as tx:
        found = [tuple(row) for row in tx.execute(sa.select(user_fact).order_by(user_fact.c.user))]
    assert found == rows


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    def failing() -> None:
        with database.transaction() as tx:
            tx.connection.exec_driver_sql("DELETE FROM log_state")
            tx.connection.exec_driver_sql("INSERT INTO site VALUES ('x')")
            raise RuntimeError("power")

    with pytest.raises(RuntimeError):
        failing()
    with database.reading() as tx:
        assert tx.connection.exec_driver_sql("SELECT COUNT(*) FROM site").scalar() == 0


def test_writers_wait_for_each_other_and_none_is_lost(database: Database) -> None:
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("INSERT INTO log_state (id, size, frontier, last_time) VALUES (1, 0, '', 0)")

    def add() -> None:
        for _ in range(20):
            with database.transaction() as tx:
                tx.connection.exec_driver_sql("UPDATE log_state SET size = size + 1")

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as tx:
        assert tx.connection.exec_driver_sql("SELECT size FROM log_state").scalar() == 80


def test_a_database_that_does_not_answer_is_unreachable_and_its_password_is_not_told() -> None:
    base = Database("postgresql://somebody:secret@127.0.0.1:1/none")
    with pytest.raises(UnreachableError) as caught, base.transaction():
        pass
    base.close()
    assert "secret" not in str(caught.value)


def _refused(url: str) -> str:
    with contextlib.closing(Database(url)) as base, pytest.raises(RefusedError) as caught, base.transaction() as tx:
        tx.connection.exec_driver_sql("CREATE TABLE told (word TEXT)")
    assert "nobody_known" not in str(caught.value) + caught.value.hint
    return str(caught.value)


def test_a_database_that_answers_and_refuses_says_what_is_wrong(
    postgresql_url: str, postgresql_cluster: Cluster
) -> None:
    address = sa.make_url(postgresql_url)
    none = address.set(database="nobody_known").render_as_string(hide_password=False)
    assert "no database of the name" in _refused(none)
    unknown = address.set(username="nobody_known").render_as_string(hide_password=False)
    assert "does not let the role in" in _refused(unknown)
    with contextlib.closing(Database(postgresql_url)) as base, base.transaction() as tx:
        for each in ("few LOGIN CONNECTION LIMIT 0", "reader LOGIN", "stranger NOLOGIN"):
            tx.connection.exec_driver_sql(f"DROP ROLE IF EXISTS refused_{each.split()[0]}")
            tx.connection.exec_driver_sql(f"CREATE ROLE refused_{each}")
        tx.connection.exec_driver_sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        tx.connection.exec_driver_sql("ALTER ROLE refused_reader SET default_transaction_read_only = off")
    try:
        for role, told in (
            ("few", "no more connections"), ("reader", "may not do that"), ("stranger", "does not let the role in"),
        ):  # fmt: skip
            given = address.set(username=f"refused_{role}").render_as_string(hide_password=False)
            assert told in _refused(given)
        with contextlib.closing(Database(postgresql_url)) as base, base.transaction() as tx:
            tx.connection.exec_driver_sql("ALTER ROLE refused_reader SET default_transaction_read_only = on")
        given = address.set(username="refused_reader").render_as_string(hide_password=False)
        assert "may only be read" in _refused(given)
    finally:
        with contextlib.closing(Database(postgresql_url)) as base, base.transaction() as tx:
            for role in ("few", "reader", "stranger"):
                tx.connection.exec_driver_sql(f"DROP ROLE refused_{role}")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ('FATAL:  password authentication failed for user "nobody_known"', "28"),
        ("fe_sendauth: no password supplied", "28"),
        ('FATAL:  no pg_hba.conf entry for host "192.0.2.1"', "28"),
        ("FATAL:  sorry, too many clients already", "53300"),
        ("FATAL:  remaining connection slots are reserved for roles", "53300"),
        ("FATAL:  the database system is starting up", "57P03"),
        ('致命错误:  角色 "nobody_known" 不存在', "28"),
        ('致命错误:  数据库 "nobody_known" 不存在', "3D000"),
        ("致命错误:  对不起, 已经有太多的客户", "53300"),
        ("connection refused", ""),
    ],
)
def test_what_a_server_says_that_lets_nobody_in_is_understood_in_two_languages(said: str, code: str) -> None:
    assert code_of(said) == code


def test_a_file_that_cannot_be_opened_or_written_is_told_apart_from_one_that_is_silent(tmp_path: Path) -> None:
    assert "cannot be opened" in _refused(f"sqlite:///{tmp_path / 'nowhere' / 'keshou.db'}")
    path = tmp_path / "keshou.db"
    with contextlib.closing(Database(f"sqlite:///{path}")) as base, base.transaction():
        pass
    only_read = contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True))
    with only_read as other, pytest.raises(sqlite3.OperationalError) as caught:
        other.execute("CREATE TABLE told (word TEXT)")
    refused = refusal(caught.value.sqlite_errorname)
    assert "only be read" in str(refused)


def test_a_file_that_another_program_holds_is_waited_for_and_then_said_to_be_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "held.db"
    with (
        contextlib.closing(Database(f"sqlite:///{path}")) as base,
        contextlib.closing(sqlite3.connect(path, check_same_thread=False)) as other,
    ):
        with base.transaction() as tx:
            tx.connection.exec_driver_sql("CREATE TABLE told (word TEXT)")
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr("keshou.turn.PATIENCE", 0.1)
        with pytest.raises(UnreachableError, match="does not let go"), base.transaction():
            pass
        monkeypatch.undo()
        letting_go = threading.Thread(target=_after_a_while, args=(other,))
        letting_go.start()
        with base.transaction() as tx:
            tx.connection.exec_driver_sql("INSERT INTO told VALUES ('x')")
            (patience,) = tx.connection.exec_driver_sql("PRAGMA busy_timeout").one()
        letting_go.join()
        assert patience > 0


def _after_a_while(other: sqlite3.Connection) -> None:
    time.sleep(0.2)
    other.execute("ROLLBACK")
