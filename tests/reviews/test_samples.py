# SPDX-License-Identifier: Apache-2.0
"""Whom a reviewer may look at: few, of the list alone, sealed, and gone once nobody needs them."""

import datetime as dt
from collections import Counter

import pytest
import sqlalchemy as sa

from keshou.db import Database
from keshou.reviews.store import MOST, Samples, SampleTamperedError, sample_table
from keshou.suite import INTERNATIONAL
from planting import Planted

NOON = dt.datetime(2026, 3, 2, 4, tzinfo=dt.UTC)
USERS = tuple(f"user-{number:04d}" for number in range(40))
SAMPLES = Samples(bytes(range(32)), INTERNATIONAL)


def test_a_few_of_the_list_are_kept_sealed_and_another_draw_is_of_others(database: Database) -> None:
    with database.transaction() as tx:
        for number in range(20):
            SAMPLES.keep(tx, f"r-{number}", USERS, NOON)
        drawn = [SAMPLES.users(tx, f"r-{number}") for number in range(20)]
        held = b"".join(bytes(part) for row in tx.ask('SELECT "user", sealed FROM review_sample') for part in row)
    assert {(len(each), len(set(each)), set(each) <= set(USERS)) for each in drawn} == {(MOST, MOST, True)}
    assert len(Counter(user for each in drawn for user in each)) > 2 * MOST, "everybody may be drawn"
    assert Planted(USERS).find_in(held) == []


def test_of_a_short_list_everybody_is_kept_once_and_of_none_nobody(database: Database) -> None:
    with database.transaction() as tx:
        SAMPLES.keep(tx, "r-1", ("b", "a", "b"), NOON)
        SAMPLES.keep(tx, "r-1", ("b", "a"), NOON)
        assert sorted(SAMPLES.users(tx, "r-1")) == ["a", "b"]
        assert SAMPLES.users(tx, "r-2") == []


def test_the_erased_the_answered_and_the_forgotten_are_kept_no_longer(database: Database) -> None:
    with database.transaction() as tx:
        for name, day in (("r-1", 0), ("r-2", 0), ("r-3", 3)):
            SAMPLES.keep(tx, name, ("a", "b"), NOON + dt.timedelta(days=day))
        SAMPLES.forget(tx, "a")
        assert [SAMPLES.users(tx, name) for name in ("r-1", "r-2", "r-3")] == [["b"]] * 3
        SAMPLES.end(tx, "r-1")
        assert [SAMPLES.users(tx, name) for name in ("r-1", "r-2", "r-3")] == [[], ["b"], ["b"]]
        SAMPLES.purge(tx, NOON + dt.timedelta(days=1))
        assert [SAMPLES.users(tx, name) for name in ("r-2", "r-3")] == [[], ["b"]]


def test_nobody_is_exchanged_for_somebody_of_another_review(database: Database) -> None:
    with database.transaction() as tx:
        SAMPLES.keep(tx, "r-1", ("a",), NOON)
        SAMPLES.keep(tx, "r-2", ("b",), NOON)
        other = tx.execute(sa.select(sample_table.c.sealed).where(sample_table.c.review == "r-2")).scalar()
        tx.execute(sa.update(sample_table).where(sample_table.c.review == "r-1").values(sealed=other))
        with pytest.raises(SampleTamperedError):
            SAMPLES.users(tx, "r-1")
