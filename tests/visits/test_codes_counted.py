# SPDX-License-Identifier: Apache-2.0
"""So many codes are sent and no more: by an id, by a number, by a source; a stranger leaves a user enough."""

import datetime as dt
import threading

import pytest
from signing_app import ED25519, NOW, SERVICES, public, signed
from visit_house import BROWSER, House, minutes

from keshou.db import Database
from keshou.visits.visitor import Started


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def test_a_user_is_sent_only_so_many_codes_and_who_asks_is_not_told(house: House) -> None:
    assert all(house.start().code for _ in range(5))
    refused = house.start()
    assert refused.code is None
    assert refused.ticket
    assert house.start("A-2").code is not None
    assert house.start(now=NOW + minutes(60)).code is not None


def test_asking_in_vain_does_not_lengthen_the_wait(house: House) -> None:
    assert all(house.start().code for _ in range(5))
    for minute in range(1, 59):
        assert house.start(now=NOW + minutes(minute)).code is None
    assert house.start(now=NOW + minutes(60)).code is not None


def test_codes_are_counted_by_day_also_when_they_were_redeemed_or_purged(database: Database) -> None:
    house = House(database, codes_per_hour=2, codes_per_day=4)
    for hour in (0, 1):
        now = NOW + dt.timedelta(hours=hour)
        house.visit(now=now)
        house.visit(now=now)
    later = NOW + dt.timedelta(hours=23)
    with database.transaction() as tx:
        house.visits.purge(tx, later)
    assert house.start(now=later).code is None
    assert house.start(now=NOW + dt.timedelta(hours=24)).code is not None


def test_who_knows_a_users_number_leaves_the_user_the_codes_asked_for_by_their_id(house: House) -> None:
    for hour in range(24):
        for _ in range(9):
            ticket, wanted = house.expect("sms\0a number", NOW + dt.timedelta(hours=hour))
            with house.database.transaction() as tx:
                assert not wanted or house.visits.meant_for(tx, ticket, "A-1", NOW + dt.timedelta(hours=hour))
    later = NOW + dt.timedelta(hours=23)
    assert not house.expect("sms\0a number", later)[1]
    assert house.start(now=later).code is not None


def test_a_number_is_asked_for_as_often_whether_it_is_a_users_or_not(house: House) -> None:
    asked = []
    for address, user in (("sms\0a number", "A-1"), ("sms\0nobodys", None)):
        for _ in range(8):
            ticket, wanted = house.expect(address)
            asked.append(wanted)
            if wanted and user:
                with house.database.transaction() as tx:
                    house.visits.meant_for(tx, ticket, user, NOW)
    assert asked == ([True] * 5 + [False] * 3) * 2


def test_one_source_leaves_codes_to_others(house: House) -> None:
    def ask(hour: int, source: str) -> tuple[bool, bool]:
        now = NOW + dt.timedelta(hours=hour)
        return house.start(now=now, source=source).code is not None, house.expect("sms\0x", now, source)[1]

    assert [ask(0, "192.0.2.1") for _ in range(5)] == [(True, True)] * 3 + [(False, False)] * 2
    assert ask(0, "192.0.2.2") == (True, True)
    for hour in range(1, 20):
        ask(hour, "192.0.2.1")
    assert ask(20, "192.0.2.1") == (False, False)
    assert [ask(20, "192.0.2.2") for _ in range(3)] == [(True, True)] * 3
    assert "192.0.2" not in house.stored()


def test_the_operators_app_lets_a_user_in_whose_codes_are_used_up(house: House) -> None:
    while house.start().code:
        pass
    with house.database.transaction() as tx:
        until = NOW + dt.timedelta(days=30)
        house.visits.keys.register(tx, "mobile", public(ED25519), until, NOW, services=SERVICES)
        token = house.visits.enter(tx, signed(ED25519, "Ed25519"), BROWSER, NOW)
    assert token is not None


def test_many_who_ask_at_once_are_sent_no_more_codes_than_one(house: House) -> None:
    made: list[Started] = []
    barrier = threading.Barrier(10)

    def ask() -> None:
        barrier.wait()
        made.append(house.start())

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([each for each in made if each.code]) == 5
    assert len(made) == 10
