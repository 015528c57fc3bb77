# SPDX-License-Identifier: Apache-2.0
import datetime as dt

import pytest

from keshou.db import Database
from keshou.law.terms import RetentionClass
from keshou.vault.envelope import DataKey
from keshou.vault.errors import SealBrokenError
from keshou.vault.key_cache import KeyCache
from keshou.vault.keys import FileKeys
from keshou.vault.receipt import Receipt
from keshou.vault.store import Vault


def test_the_longest_unused_key_is_dropped_first() -> None:
    cache, key = KeyCache(2), DataKey(bytes(32))
    rows = [(user, "service", b"kid", 1, b"wrapped") for user in range(3)]
    cache.put(rows[0], key)
    cache.put(rows[1], key)
    assert cache.get(rows[0]) is key
    cache.put(rows[2], key)
    assert [cache.get(row) is key for row in rows] == [True, False, True]
    assert len(cache) == 2


def test_a_key_is_kept_for_the_very_row_it_came_from() -> None:
    cache = KeyCache(2)
    cache.put((1, "service", b"kid", 1, b"wrapped"), DataKey(bytes(32)))
    assert cache.get((2, "service", b"kid", 1, b"wrapped")) is None
    assert cache.get((1, "service", b"kid", 1, b"other")) is None


def test_shredding_drops_the_unwrapped_key_from_memory_too(
    database: Database, vault: Vault, keys: FileKeys, now: dt.datetime
) -> None:
    with database.transaction() as tx:
        user, other = vault.admit(tx, ["a", "b"])
        vault.seal(tx, [(person, RetentionClass.SERVICE, {"city": "x"}) for person in (user, other)])
        fetched = vault.fetch_many(tx, [user, other], ["city"])
        vault.shred(tx, user, [RetentionClass.SERVICE], now)
    keys.new_epoch(now)
    with keys.destroying() as destroy:
        destroy([1], [])
    assert vault.open(fetched[1], Receipt(0)) == {"city": "x"}
    with pytest.raises(SealBrokenError):
        vault.open(fetched[0], Receipt(1))
