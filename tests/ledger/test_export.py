# SPDX-License-Identifier: Apache-2.0
"""The published folder is complete, is checked without the database, and shows every altered byte."""

from pathlib import Path

import pytest
from logs import entry_of, grow, ledger, sign

from keshou.db import Database
from keshou.ledger.errors import EntryError, ForkError, LedgerError, LedgerTamperedError
from keshou.ledger.export import export
from keshou.ledger.tile import bundles_of, tiles_of
from keshou.ledger.verify import verify_export


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the log is published; the database file stands beside it."""
    return tmp_path / "published"


def publish(database: Database, folder: Path) -> int:
    log = ledger()
    sign(database, log)
    with database.reading() as tx:
        return export(tx, log, folder)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_folder_has_every_tile_of_the_published_size_and_verifies(database: Database, folder):
    log = ledger()
    head = grow(database, log, 70_000, batch=10_000)
    publish(database, folder)
    names = {name.path for name in [*tiles_of(70_000), *bundles_of(70_000)]}
    assert set(files(folder)) == names | {"checkpoint", "vkey", "log.txt"}
    verified = verify_export(folder, str(log.key))
    assert (verified.size, verified.root) == (70_000, head.root)


def test_publishing_again_writes_only_what_is_new(database: Database, folder):
    log = ledger()
    grow(database, log, 600)
    publish(database, folder)
    before = {path: path.stat().st_ino for path in folder.rglob("*") if path.is_file()}
    assert publish(database, folder) == 0
    grow(database, log, 300)
    assert publish(database, folder) == 1 + 1 + 1 + 2 + 1  # tile 2, edge, level 1, two bundles, checkpoint
    kept = {path for path, inode in before.items() if path.stat().st_ino == inode}
    assert kept == {path for path in before if path.name != "checkpoint"}
    assert verify_export(folder, str(log.key)).size == 900


@pytest.mark.parametrize("crash_at", range(8))
def test_a_crash_while_publishing_leaves_the_older_log_whole(database: Database, folder, monkeypatch, crash_at):
    log = ledger()
    grow(database, log, 300)
    publish(database, folder)
    grow(database, log, 700)
    sign(database, log)
    replace, done = Path.replace, []

    def crash(path: Path, target: Path) -> Path:
        done.append(target)
        if len(done) > crash_at:
            raise KeyboardInterrupt
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", crash)
    with database.reading() as tx, pytest.raises(KeyboardInterrupt):
        export(tx, log, folder)
    monkeypatch.undo()
    assert not [path for path in folder.rglob(".*") if path.is_file()]
    assert verify_export(folder, str(log.key)).size == 300
    publish(database, folder)
    assert verify_export(folder, str(log.key)).size == 1000


def test_every_altered_file_is_found(database: Database, folder):
    log = ledger()
    grow(database, log, 600)
    publish(database, folder)
    for name, data in files(folder).items():
        if name in {"vkey", "log.txt"}:
            continue
        for altered in (data[:-1], data[:-1] + bytes([data[-1] ^ 1]), bytes([data[0] ^ 1]) + data[1:]):
            (folder / name).write_bytes(altered)
            with pytest.raises(LedgerError):
                verify_export(folder, str(log.key))
        (folder / name).unlink()
        with pytest.raises(LedgerTamperedError):
            verify_export(folder, str(log.key))
        (folder / name).write_bytes(data)
    assert verify_export(folder, str(log.key)).size == 600


def test_the_full_tile_may_stand_for_a_partial_one(database: Database, folder):
    log = ledger()
    grow(database, log, 300)
    publish(database, folder)
    older = (folder / "checkpoint").read_bytes()
    grow(database, log, 300)
    publish(database, folder)
    for path in [path for path in folder.rglob("*") if path.is_file() and path.parent.name == "001.p"]:
        path.unlink()
    (folder / "checkpoint").write_bytes(older)
    assert verify_export(folder, str(log.key)).size == 300


def test_nothing_is_published_over_a_longer_log(database: Database, folder):
    log = ledger()
    grow(database, log, 300)
    publish(database, folder)
    with database.transaction() as tx:
        for table in ("log_entry", "log_tile", "log_edge", "log_state", "log_checkpoint"):
            tx.connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - our own tables
        log.append(tx, log.create(tx), [entry_of(at) for at in range(200)], 0)
    before = files(folder)
    sign(database, log)
    with database.reading() as tx, pytest.raises(ForkError):
        export(tx, log, folder)
    assert files(folder) == before


def test_an_unsigned_log_is_not_published(database: Database, folder):
    log = ledger()
    grow(database, log, 3)
    with database.reading() as tx, pytest.raises(EntryError):
        export(tx, log, folder)
    assert not folder.exists()


def test_a_missing_entry_is_not_published(database: Database, folder):
    log = ledger()
    grow(database, log, 300)
    sign(database, log)
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("DELETE FROM log_entry WHERE idx = 100")
    with database.reading() as tx, pytest.raises(LedgerTamperedError) as caught:
        export(tx, log, folder)
    assert caught.value.index == 100
    assert not (folder / "checkpoint").exists()
