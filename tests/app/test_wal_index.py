# SPDX-License-Identifier: Apache-2.0
"""What was read of a SQLite file stands until anybody commits: every commit is noticed, whoever makes it."""

import contextlib
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from keshou.app.pulse import Pulse
from keshou.app.wal_index import WalIndex
from keshou.db import Database
from keshou.migrations import run as schema


@pytest.fixture
def stood(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'log.db'}")
    schema.upgrade(database)
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("INSERT INTO log_state (id, size, frontier, last_time) VALUES (1, 0, '', 0)")
    return database


def grow(path: str, times: int = 1) -> None:
    """Commit as another program would."""
    with contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        for _ in range(times):
            connection.execute("UPDATE log_state SET size = size + 1")


def test_what_another_process_committed_is_seen_by_the_next_look(stood: Database, tmp_path: Path) -> None:
    path = str(tmp_path / "log.db")
    here = str(Path(__file__).parent)
    program = f"import sys; sys.path.insert(0, {here!r}); from test_wal_index import grow; grow({path!r}, 5)"
    with contextlib.closing(Pulse(stood)) as pulse:
        pulse.watch()
        first = pulse.look_now().size
        for round_ in range(1, 4):
            subprocess.run([sys.executable, "-c", program], check=True)
            assert pulse.look_at_once() is not None
            assert pulse.look_now().size == first + 5 * round_


def test_every_commit_is_seen_among_checkpoints_vacuums_and_other_tables(stood: Database, tmp_path: Path) -> None:
    path, chance = str(tmp_path / "log.db"), random.Random(5)
    with contextlib.closing(Pulse(stood)) as pulse, contextlib.closing(sqlite3.connect(path)) as other:
        pulse.watch()
        wanted = pulse.look_now().size
        other.isolation_level = None
        for _ in range(400):
            what = chance.choice(["grow", "grow", "look", "checkpoint", "rollback", "other"])
            if what == "grow":
                grow(path)
                wanted += 1
            elif what == "checkpoint":
                other.execute(f"PRAGMA wal_checkpoint({chance.choice(['PASSIVE', 'RESTART', 'TRUNCATE'])})").fetchall()
            elif what == "rollback":
                other.executescript("BEGIN IMMEDIATE; UPDATE log_state SET size = 0; ROLLBACK")
            elif what == "other":
                other.execute("UPDATE access_state SET change = change + 0")
            assert pulse.look_now().size == wanted, what


def test_nothing_is_asked_of_the_database_while_nothing_is_committed(
    stood: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with contextlib.closing(Pulse(stood)) as pulse:
        pulse.watch()
        grow(str(tmp_path / "log.db"))
        seen = [pulse.look_now() for _ in range(3)][-1]
        monkeypatch.setattr(pulse._eye, "_look", lambda _patience: pytest.fail("the database was asked"))
        assert pulse.look_now() == pulse.look_at_once() == seen


def test_without_being_told_to_watch_nothing_is_mapped(stood: Database) -> None:
    with contextlib.closing(Pulse(stood)) as pulse:
        assert pulse.look_now() == pulse.look_now()
        assert pulse._eye._index is None  # type: ignore[attr-defined]


def test_a_file_that_is_not_there_or_not_understood_is_not_relied_on(tmp_path: Path) -> None:
    assert WalIndex.of(tmp_path / "none.db") is None
    (tmp_path / "short.db-shm").write_bytes(b"")
    assert WalIndex.of(tmp_path / "short.db") is None
    (tmp_path / "other.db-shm").write_bytes((3_008_000).to_bytes(4, "little") + bytes(32_764))
    assert WalIndex.of(tmp_path / "other.db") is None


def test_a_header_that_is_being_written_counts_as_none(tmp_path: Path) -> None:
    half = (3_007_000).to_bytes(4, "little") + bytes(8) + b"\x01" + bytes(35)
    file = tmp_path / "made.db-shm"
    file.write_bytes(half + half + bytes(100))
    index = WalIndex.of(tmp_path / "made.db")
    assert index is not None
    assert index.header() == half + half
    with file.open("r+b") as writer:
        writer.write(half[:8] + b"\x01" + half[9:])
    assert index.header() is None
