# SPDX-License-Identifier: Apache-2.0
"""Facts come back as they were recorded, in the order recorded, on both databases."""

import datetime as dt
import random

import worlds

from keshou.db import Database
from keshou.gate.facts import NoticeShown, ServiceStarted
from keshou.gate.store import Standings

AT = dt.datetime(2026, 1, 5, 1, 2, 3, 456789, tzinfo=dt.UTC)


def test_facts_come_back_in_the_order_recorded(database: Database) -> None:
    r, standings = random.Random(7), Standings()
    of_user = {user: [worlds.user_fact(r, 3) for _ in range(40)] for user in (1, 2, 3_000_000_000)}
    of_site = [worlds.site_fact(r) for _ in range(60)]
    with database.transaction() as tx:
        standings.write_user(tx, [(user, 5, facts[:30]) for user, facts in of_user.items()])
        standings.write_user(tx, [(user, 9, facts[30:]) for user, facts in of_user.items()])
        standings.write_site(tx, 4, of_site[:50])
        standings.write_site(tx, 12, of_site[50:])
    with database.reading() as tx:
        assert {user: standings.user_facts(tx, user) for user in of_user} == of_user
        assert standings.facts_of(tx, [*of_user, 77]) == of_user
        assert standings.site_facts(tx) == of_site
        assert standings.user_facts(tx, 77) == []


def test_times_come_back_to_the_microsecond(database: Database) -> None:
    fact = NoticeShown(at=AT, version=1, digest="d")
    with database.transaction() as tx:
        Standings().write_user(tx, [(1, 1, [fact])])
        assert Standings().user_facts(tx, 1) == [fact]


def test_changes_after_a_revision_are_told(database: Database) -> None:
    standings = Standings()
    with database.transaction() as tx:
        standings.write_user(tx, [(1, 3, [ServiceStarted(at=AT, service="mobile")])])
        standings.write_user(tx, [(2, 6, [ServiceStarted(at=AT, service="mobile")])])
        standings.write_site(tx, 4, [worlds.site_fact(random.Random(1))])
        assert standings.changed_since(tx, 0) == (frozenset({1, 2}), True, 6)
        assert standings.changed_since(tx, 3) == (frozenset({2}), True, 6)
        assert standings.changed_since(tx, 4) == (frozenset({2}), False, 6)
        assert standings.changed_since(tx, 6) == (frozenset(), False, 6)
