# SPDX-License-Identifier: Apache-2.0
import datetime as dt
import shutil
import sqlite3
from pathlib import Path

import pytest

from keshou.db import Database, metadata
from keshou.law.terms import RetentionClass
from keshou.vault.errors import SealBrokenError
from keshou.vault.keys import FileKeys
from keshou.vault.receipt import Receipt
from keshou.vault.store import Vault

SERVICE, REGISTRATION, RECORD = RetentionClass
PHONE = "15400000001"
ITEMS = ["mobile_number", "resident_id_number"]


def _fill(database: Database, vault: Vault, names: list[str]) -> list[int]:
    with database.transaction() as tx:
        users = vault.admit(tx, names)
        for user in users:
            vault.seal(tx, [(user, SERVICE, {"mobile_number": PHONE})])
            vault.seal(tx, [(user, REGISTRATION, {"resident_id_number": "00000019000101000X"})])
    return users


def test_a_shredded_class_is_gone_and_the_others_stay(database: Database, vault: Vault, now: dt.datetime) -> None:
    user, other = _fill(database, vault, ["a", "b"])
    with database.reading() as tx:
        before = vault.fetch(tx, user, ITEMS)
    kids = {value.class_: value.kid for value in before.values}
    with database.transaction() as tx:
        assert vault.shred(tx, user, [SERVICE], now) == [(user, SERVICE, kids["service"])]
        assert vault.shred(tx, user, [SERVICE], now) == []
        after = vault.fetch(tx, user, ITEMS)
        assert vault.items_of(tx, user) == {"resident_id_number": REGISTRATION}
        assert vault.find(tx, "mobile_number", PHONE) == [other]
        assert vault.find(tx, "resident_id_number", "00000019000101000X") == [user, other]
        assert vault.find_user(tx, "a") == user
    assert vault.open(after, Receipt(0)) == {"resident_id_number": "00000019000101000X"}


def test_a_value_put_back_without_its_key_does_not_open(database: Database, vault: Vault, now: dt.datetime) -> None:
    (user,) = _fill(database, vault, ["a"])
    with database.reading() as tx:
        old = vault.fetch(tx, user, ["mobile_number"]).values[0]
    with database.transaction() as tx:
        vault.shred(tx, user, [SERVICE], now)
        tx.insert(
            metadata.tables["vault_value"],
            ("user", "item", "class", "version", "sealed"),
            [(user, old.item, "service", 1, old.record)],
        )
        sealed = vault.fetch(tx, user, ["mobile_number"])
    assert len(sealed.values) == 1
    with pytest.raises(SealBrokenError):
        vault.open(sealed, Receipt(0))


def test_a_user_of_whom_no_key_remains_is_unknown_and_the_number_is_never_used_again(
    database: Database, vault: Vault, now: dt.datetime
) -> None:
    first, last = _fill(database, vault, ["a", "b"])
    with database.transaction() as tx:
        assert len(vault.shred_many(tx, [(last, list(RetentionClass)), (first, [SERVICE])], now)) == 3
        assert vault.find_users(tx, ["a", "b"]) == {"a": first}
        assert vault.admit(tx, ["b"]) == [last + 1]


def test_pseudonyms_and_payloads_die_with_the_record_key(database: Database, vault: Vault, now: dt.datetime) -> None:
    (user,) = _fill(database, vault, ["a"])
    with database.transaction() as tx:
        name = vault.pseudonym(tx, user, b"salt")
        record = vault.seal_records(tx, [(user, b"payload")])[0]
        vault.shred(tx, user, [RECORD], now)
        with pytest.raises(SealBrokenError):
            vault.fetch_record(tx, user, record)
        assert vault.pseudonym(tx, user, b"salt") != name
        revived = vault.fetch_record(tx, user, record)
    with pytest.raises(SealBrokenError):
        vault.open_record(revived, Receipt(0))


def test_a_tombstone_says_what_was_destroyed_and_when(database: Database, vault: Vault, now: dt.datetime) -> None:
    (user,) = _fill(database, vault, ["a"])
    with database.transaction() as tx:
        (gone,) = vault.shred(tx, user, [SERVICE], now)
        (row,) = tx.connection.exec_driver_sql('SELECT "user", class, kid, at FROM vault_shredded').fetchall()
    assert (row[0], row[1], bytes(row[2])) == (user, "service", gone.kid)
    assert row[3] == int(now.timestamp() * 1_000_000)


def test_rewrapping_moves_every_living_key_and_values_stay_readable(
    database: Database, vault: Vault, keys: FileKeys, now: dt.datetime
) -> None:
    users = _fill(database, vault, ["a", "b", "c"])
    keys.new_epoch(now)
    moved = []
    while not moved or moved[-1]:
        with database.transaction() as tx:
            moved.append(vault.rewrap(tx, 4))
    assert moved == [4, 2, 0]
    with keys.destroying() as destroy:
        destroy([1], [])
    fresh = Vault(FileKeys.open(keys.folder, "main"), "main")
    with database.reading() as tx:
        fetched = fresh.fetch_many(tx, users, ITEMS)
    assert [len(fresh.open(sealed, Receipt(0))) for sealed in fetched] == [2, 2, 2]


def test_a_shredded_key_put_back_is_not_rewrapped(
    database: Database, vault: Vault, keys: FileKeys, now: dt.datetime
) -> None:
    (user,) = _fill(database, vault, ["a"])
    with database.transaction() as tx:
        old = vault.fetch(tx, user, ["mobile_number"]).values[0]
        vault.shred(tx, user, [SERVICE], now)
        row = (user, "service", old.kid, old.epoch, old.wrapped)
        tx.insert(metadata.tables["vault_key"], ("user", "class", "kid", "epoch", "wrapped"), [row])
        keys.new_epoch(now)
        assert vault.rewrap(tx, 10) == 1


def test_an_old_backup_is_dead_for_the_shredded_once_its_epoch_is_destroyed(
    tmp_path: Path, sqlite_template: Path, vault: Vault, keys: FileKeys, now: dt.datetime
) -> None:
    shutil.copyfile(sqlite_template, tmp_path / "live.db")
    live = Database(f"sqlite:///{tmp_path / 'live.db'}")
    user, other = _fill(live, vault, ["a", "b"])
    with sqlite3.connect(tmp_path / "live.db") as source, sqlite3.connect(tmp_path / "backup.db") as target:
        source.backup(target)
    source.close()
    target.close()
    backup = Database(f"sqlite:///{tmp_path / 'backup.db'}")
    assert _open(backup, keys, user) == {"mobile_number": PHONE, "resident_id_number": "00000019000101000X"}

    with live.transaction() as tx:
        vault.shred(tx, user, list(RetentionClass), now)
    keys.new_epoch(now)
    with live.transaction() as tx:
        assert vault.rewrap(tx, 100) == 2
    with keys.destroying() as destroy:
        destroy([1], [])

    with pytest.raises(SealBrokenError):
        _open(backup, keys, user)
    assert len(_open(live, keys, other)) == 2
    live.close()
    backup.close()


def _open(database: Database, keys: FileKeys, user: int) -> dict[str, str]:
    vault = Vault(FileKeys.open(keys.folder, "main"), "main")
    with database.reading() as tx:
        sealed = vault.fetch(tx, user, ITEMS)
    return vault.open(sealed, Receipt(0))
