# SPDX-License-Identifier: Apache-2.0
"""A visit that the operator's app begins is no more freshly proven than the app says, and ends with the app's key."""

import datetime as dt
from typing import Any

import pytest
from signing_app import ED25519, NOW, SECRET, SERVICES, URL, claims, public, signed

from keshou.db import Database
from keshou.visits.settings import VisitSettings
from keshou.visits.store import Visits
from keshou.visits.visitor import Visitor

BROWSER = "Browser/1.0"


class House:
    """A site's visits with one app's key, each step in a transaction of its own."""

    def __init__(self, database: Database, **settings: Any) -> None:
        self.database = database
        self.visits = Visits(SECRET, URL, VisitSettings(**settings))
        with database.transaction() as tx:
            until = NOW + dt.timedelta(days=30)
            self.key = self.visits.keys.register(tx, "mobile", public(ED25519), until, NOW, services=SERVICES).id

    def enter(self, token: str, now: dt.datetime = NOW) -> str | None:
        with self.database.transaction() as tx:
            return self.visits.enter(tx, token, BROWSER, now)

    def find(self, token: str, now: dt.datetime = NOW, binding: str = BROWSER) -> Visitor | None:
        with self.database.transaction() as tx:
            return self.visits.find(tx, token, binding, now)


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def token(**more: Any) -> str:
    return signed(ED25519, "Ed25519", claims(**more))


def test_an_apps_token_begins_a_visit_of_its_user_in_one_browser(house: House) -> None:
    visit = house.enter(token())
    assert visit is not None
    found = house.find(visit)
    assert found is not None
    assert (found.user, found.until) == ("A-1", NOW + dt.timedelta(hours=12))
    assert house.find(visit, binding="Browser/2.0") is None


@pytest.mark.parametrize("ago", [None, 3600])
def test_a_visit_is_as_freshly_proven_as_the_app_says(house: House, ago: int | None) -> None:
    said = None if ago is None else int(NOW.timestamp()) - ago
    visit = house.enter(token(auth_time=said))
    assert visit is not None
    found = house.find(visit)
    assert found is not None
    assert found.proven_at == (None if ago is None else NOW - dt.timedelta(seconds=ago))


def test_with_the_apps_key_its_visits_end(house: House) -> None:
    visit = house.enter(token())
    assert visit is not None
    with house.database.transaction() as tx:
        house.visits.keys.revoke(tx, house.key, NOW)
    assert house.find(visit) is None


def test_a_token_that_proves_nobody_begins_nothing(house: House) -> None:
    late = NOW + dt.timedelta(hours=1)
    assert house.enter(token(), late) is None
    assert house.enter(token(aud="https://other.example")) is None
    assert house.enter("no token at all") is None


def test_a_token_that_is_good_once_begins_one_visit(database: Database) -> None:
    house = House(database, token_once=True)
    given = token()
    assert house.enter(given) is not None
    assert house.enter(given) is None
