# SPDX-License-Identifier: Apache-2.0
"""A copy of the database was taken before a user was erased: with the epoch's key destroyed it tells nothing."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from house import SITE, VALUES, Clock, act, newcomer, ready

from keshou.acts.request import Erase
from keshou.app.site import Site
from keshou.db import Database, metadata
from keshou.gate.decision import Permit
from keshou.law.terms import ActKind
from keshou.vault.errors import SealBrokenError
from keshou.vault.keys import FileKeys
from keshou.vault.receipt import Receipt
from keshou.vault.store import Vault
from planting import SHORTEST, Planted

KEPT = ("vault_user", "vault_key", "vault_value", "vault_index")
ITEMS = frozenset({"user_name", "resident_id_number"})
Copy = dict[str, list[tuple[object, ...]]]


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with ready(database, tmp_path, clock) as site:
        site.do_all([newcomer(site, "u1"), newcomer(site, "u2")])
        yield site


def copied(database: Database) -> Copy:
    with database.reading() as tx:
        return {name: [tuple(row) for row in tx.execute(sa.select(metadata.tables[name]))] for name in KEPT}


def restored(database: Database, copy: Copy) -> None:
    """Put a copy back, as somebody would who wants to read what was erased."""
    with database.transaction() as tx:
        for name in KEPT:
            tx.execute(sa.delete(metadata.tables[name]))
            tx.insert(metadata.tables[name], metadata.tables[name].columns.keys(), copy[name])


def opened(site: Site, user: str) -> dict[str, str]:
    """Open what the database holds with the keys that are in the folder now, remembering nothing of before."""
    vault = Vault(FileKeys.open(site.home / "keys", SITE), SITE)
    with site.reading() as tx:
        key = vault.find_user(tx, user)
        assert key is not None
        sealed = vault.fetch(tx, key, ITEMS)
    return vault.open(sealed, Receipt(0))


def erase(site: Site, clock: Clock) -> None:
    site.cancel("u1")
    clock.moment += dt.timedelta(days=800)
    assert isinstance(site.do(Erase(act=act(ActKind.DESTROY, "u1"))).decision, Permit)


def next_epoch(site: Site) -> None:
    """Do what is done after erasures: a new epoch, the living keys under it, the old epoch destroyed."""
    site.keeper.rotate_epochs("keeper", lambda *_: None)
    site.keeper.retire("keeper")


def test_a_backup_of_the_erased_opens_until_the_epoch_is_destroyed_and_never_again(
    site: Site, database: Database, clock: Clock
) -> None:
    before = copied(database)
    erase(site, clock)
    now = copied(database)
    restored(database, before)
    assert opened(site, "u1")["user_name"] == VALUES["user_name"], "the copy alone shows what destroying the key is for"
    restored(database, now)
    next_epoch(site)
    assert site.perform(act(ActKind.USE, "u2", "user_name")).values == {"user_name": VALUES["user_name"]}
    restored(database, before)
    for user in ("u1", "u2"):
        with pytest.raises(SealBrokenError):
            opened(site, user)


def test_the_keys_of_the_living_are_not_in_the_old_backup_and_not_lost(
    site: Site, database: Database, clock: Clock
) -> None:
    erase(site, clock)
    next_epoch(site)
    after = copied(database)
    next_epoch(site)
    assert site.perform(act(ActKind.USE, "u2", "tariff_plan")).values
    restored(database, after)
    with pytest.raises(SealBrokenError):
        opened(site, "u2")


def test_no_copy_holds_anything_in_plain(site: Site, database: Database) -> None:
    planted = Planted([each for each in VALUES.values() if len(each.encode()) >= SHORTEST])
    rows = [row for table in copied(database).values() for row in table]
    assert rows
    assert [hit for row in rows for value in row for hit in planted.find_in(plain(value))] == []


def plain(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
