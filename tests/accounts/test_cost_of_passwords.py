# SPDX-License-Identifier: Apache-2.0
"""A cost that the settings raise or lower reaches every password, and shows nobody who has an account meanwhile."""

import pytest
import sqlalchemy as sa
from people import BROWSER, HOUR, PASSWORD, START, accounts, joined, sign_in
from pwdlib.hashers.argon2 import Argon2Hasher

from keshou.accounts.account import SignedIn, What
from keshou.accounts.password import Cost, Hashes
from keshou.accounts.store import Accounts
from keshou.db import Database, metadata

CHEAP, DEAR = Cost(8, 1), Cost(32, 2)
CHANGES = pytest.mark.parametrize(("before", "now"), [(CHEAP, DEAR), (DEAR, CHEAP)], ids=["raised", "lowered"])


def at_cost(cost: Cost) -> Accounts:
    return accounts(argon2_memory_kib=cost.memory_kib, argon2_passes=cost.passes)


def stored(database: Database, who: str = "clerk") -> str:
    account = metadata.tables["account"]
    with database.reading() as tx:
        return str(tx.execute(sa.select(account.c.password).where(account.c.id == who)).scalar_one())


@CHANGES
def test_a_changed_cost_reaches_a_password_at_the_next_right_sign_in(
    database: Database, before: Cost, now: Cost
) -> None:
    old, room = at_cost(before), at_cost(now)
    session = joined(old, database).session
    kept = stored(database)
    assert sign_in(room, database, START, "not this one at all") is None
    assert stored(database) == kept
    assert isinstance(sign_in(room, database, START + HOUR), SignedIn)
    anew = stored(database)
    assert (kept.startswith(before.head), anew.startswith(now.head)) == (True, True)
    assert isinstance(sign_in(room, database, START + HOUR), SignedIn)
    assert sign_in(room, database, START + HOUR, "not this one at all") is None
    assert stored(database) == anew
    with database.reading() as tx:
        assert session.id in {each.id for each in room.sessions.of(tx, "clerk", START)}, "it is the same password"
        assert What.PASSWORD_CHANGED not in {each.what for each in room.events.of(tx)}


@CHANGES
def test_whoever_is_asked_about_the_same_is_hashed_while_any_password_is_of_another_cost(
    database: Database, before: Cost, now: Cost
) -> None:
    joined(at_cost(before), database, "asleep")
    room = at_cost(now)
    joined(room, database, "awake")
    worked: list[Cost] = []

    class Counting(Hashes):
        def hasher(self, cost: Cost) -> Argon2Hasher:
            worked.append(cost)
            return super().hasher(cost)

    room.hashes = Counting(now.memory_kib, now.passes)
    assert room.hashes.nobodys
    done = {}
    for who in ("asleep", "awake", "nobody"):
        worked.clear()
        assert sign_in(room, database, START, "not this one at all", who=who) is None
        done[who] = sorted(worked)
    assert done == dict.fromkeys(done, sorted([before, now]))
    assert sign_in(room, database, START, who="asleep") is not None
    worked.clear()
    assert sign_in(room, database, START, "not this one at all", who="nobody") is None
    assert worked == [now], "nothing is of another cost any more"


def test_two_who_sign_in_at_once_when_the_cost_changed_both_come_in(database: Database) -> None:
    joined(at_cost(CHEAP), database)
    room = at_cost(DEAR)
    with database.transaction() as tx:
        tries = [room.start(tx, "clerk", "", START) for _ in range(2)]
    checked = [room.check(each, PASSWORD) for each in tries]
    for tried, found in zip(tries, checked, strict=True):
        with database.transaction() as tx:
            assert isinstance(room.conclude(tx, tried, found, BROWSER, START), SignedIn)


def test_a_password_that_was_changed_meanwhile_is_not_put_back(database: Database) -> None:
    session = joined(at_cost(CHEAP), database).session
    room = at_cost(DEAR)
    with database.transaction() as tx:
        tried = room.start(tx, "clerk", "", START)
    checked = room.check(tried, PASSWORD)
    fresh = room.hashes.make("another, all my own")
    with database.transaction() as tx:
        room.change_password(tx, session, fresh, START)
        assert room.conclude(tx, tried, checked, BROWSER, START) is None
        room.store_anew(tx, tried, checked)
    assert stored(database) == fresh


def test_what_is_stored_and_is_no_hash_lets_nobody_in_and_keeps_nobody_out(database: Database) -> None:
    room = at_cost(CHEAP)
    joined(room, database, "broken")
    joined(room, database)
    account = metadata.tables["account"]
    with database.transaction() as tx:
        tx.execute(sa.update(account).where(account.c.id == "broken").values(password="no hash"))
    assert sign_in(room, database, START, who="broken") is None
    assert isinstance(sign_in(room, database, START), SignedIn)
