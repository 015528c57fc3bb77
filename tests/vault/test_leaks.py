# SPDX-License-Identifier: Apache-2.0
import traceback
from pathlib import Path

import pytest
import sqlalchemy as sa

from keshou.db import Database, metadata
from keshou.law.terms import RetentionClass
from keshou.vault.errors import SealBrokenError
from keshou.vault.keys import FileKeys
from keshou.vault.receipt import Receipt
from keshou.vault.store import Vault

PLANTED = {
    "person_name": "欧阳恪守试",
    "mobile_number": "15487654321",
    "resident_id_number": "00000019010203004X",
    "email_address": "planted.value@example.test",
    "home_address": "某省某市恪守路一八八八号",
}
OUTSIDE = "operator-id-of-a-user-4711"


def _plant(database: Database, vault: Vault) -> int:
    with database.transaction() as tx:
        (user,) = vault.admit(tx, [OUTSIDE])
        vault.seal(tx, [(user, RetentionClass.SERVICE, PLANTED)])
        vault.seal(tx, [(user, RetentionClass.SERVICE, PLANTED)])
        vault.pseudonym(tx, user, b"salt")
        vault.seal_records(tx, [(user, "".join(PLANTED.values()).encode())])
        assert vault.open(vault.fetch(tx, user, PLANTED), Receipt(0)) == PLANTED
    return user


def _forms() -> list[bytes]:
    texts = [*PLANTED.values(), OUTSIDE, "+86" + PLANTED["mobile_number"]]
    return [form for text in texts for form in (text.encode(), text.encode("utf-16-le"), text.encode().hex().encode())]


def _stored(database: Database, folder: Path) -> list[bytes]:
    """Return all that the database keeps: SQLite's files with the WAL, or every cell and statistic of PostgreSQL."""
    if not database.postgresql:
        return [path.read_bytes() for path in folder.glob("keshou.db*")]
    with database.reading() as tx:
        rows = [tuple(row) for table in metadata.sorted_tables for row in tx.execute(sa.select(table))]
        rows += [tuple(row) for row in tx.connection.exec_driver_sql("SELECT * FROM pg_stats")]
    return [bytes(cell) if isinstance(cell, bytes) else str(cell).encode() for row in rows for cell in row]


def _leaks(database: Database, folder: Path) -> set[bytes]:
    stored = _stored(database, folder)
    assert sum(map(len, stored)) > 1000
    return {form for form in _forms() if any(form in content for content in stored)}


def test_planted_values_are_nowhere_in_the_database(database: Database, vault: Vault, tmp_path: Path) -> None:
    _plant(database, vault)
    assert _leaks(database, tmp_path) == set()


def test_the_search_finds_a_value_that_does_leak(database: Database, vault: Vault, tmp_path: Path) -> None:
    user = _plant(database, vault)
    leak = PLANTED["home_address"].encode()
    with database.transaction() as tx:
        tx.insert(metadata.tables["vault_shredded"], ("user", "class", "kid", "at"), [(user, "service", leak, 0)])
    assert _leaks(database, tmp_path) == {leak}


def test_errors_and_reprs_carry_no_value(database: Database, vault: Vault, keys: FileKeys) -> None:
    user = _plant(database, vault)
    with database.reading() as tx:
        sealed = vault.fetch(tx, user, PLANTED)
    broken = sealed._replace(user=user + 1)
    with pytest.raises(SealBrokenError) as caught:
        vault.open(broken, Receipt(0))
    shown = "".join(traceback.format_exception(caught.value)) + repr(sealed) + repr(vault) + repr(keys)
    assert [form for form in _forms() if form in shown.encode()] == []
