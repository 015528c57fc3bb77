# SPDX-License-Identifier: Apache-2.0
"""A permit for one use is used once, whoever comes at the same moment."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from permit_office import NOW

from keshou.db import Database
from keshou.permits.errors import PermitSpentError
from keshou.permits.store import Permits, redeemed

UNTIL = NOW + dt.timedelta(minutes=5)
PERMITS = Permits()


def redeem(database: Database, permit: str, now: dt.datetime = NOW) -> bool:
    try:
        with database.transaction() as tx:
            PERMITS.redeem(tx, permit, UNTIL, now)
    except PermitSpentError:
        return False
    return True


def test_a_second_use_is_refused(database: Database) -> None:
    assert [redeem(database, "one") for _ in range(3)] == [True, False, False]
    assert redeem(database, "two")


def test_of_many_at_once_one_comes_through(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        for permit in ("a", "b", "c"):
            assert sum(pool.map(lambda _, name=permit: redeem(database, name), range(16))) == 1


def test_a_use_that_is_rolled_back_did_not_happen(database: Database) -> None:
    def fail() -> None:
        with database.transaction() as tx:
            PERMITS.redeem(tx, "one", UNTIL, NOW)
            raise RuntimeError("gone")

    with pytest.raises(RuntimeError, match="gone"):
        fail()
    assert redeem(database, "one")


def test_what_is_over_is_forgotten_and_what_still_holds_is_not(database: Database) -> None:
    redeem(database, "old")
    redeem(database, "new", UNTIL)
    with database.reading() as tx:
        assert set(tx.execute(sa.select(redeemed.c.permit)).scalars()) == {"old", "new"}
    redeem(database, "later", UNTIL + dt.timedelta(seconds=1))
    with database.reading() as tx:
        assert set(tx.execute(sa.select(redeemed.c.permit)).scalars()) == {"later"}
