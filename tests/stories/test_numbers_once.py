# SPDX-License-Identifier: Apache-2.0
"""What was handed out of somebody whom an older backup does not know leads to nobody, and never to a newcomer."""

import datetime as dt
from pathlib import Path

import pytest
from agents_house import rules, seated
from homes import lose_database, rows_of
from house import OPERATOR, START, VALUES, Clock, act, declared, newcomer

from keshou.app.backup import back_up
from keshou.app.create import create
from keshou.app.restore import Asked, restore
from keshou.app.site import Site
from keshou.gate.decision import Permit
from keshou.law.terms import ActKind

ANSWERED = Asked(accept_older=True, by="officer", reason="disk-7")


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Path:
    """A site with an agent who gets stand-ins, and one user."""
    made = tmp_path / "site"
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    create(made, START, declaration=OPERATOR.read_text("utf-8"), database=url, language="en")
    with Site.open(made, clock) as site:
        site.publish(rules(), by="officer")
        site.record_site(*seated(), by="officer")
        site.do(newcomer(site, "first"))
    return made


def stand_in(site: Site, user: str) -> str:
    done = site.perform(act(ActKind.USE, user, "mobile_number", by="rider1"))
    assert isinstance(done.decision, Permit)
    return done.values["mobile_number"]


def behind(site: Site, text: str) -> set[str]:
    return set(site.searches.find(act(ActKind.QUERY, "", "mobile_number"), text).users)


def numbers(home: Path) -> set[object]:
    return {row[0] for row in rows_of(home)["vault_key"]}


def test_a_stand_in_of_before_leads_to_no_newcomer_however_often_the_backup_is_put_back(
    home: Path, tmp_path: Path, clock: Clock
) -> None:
    with Site.open(home, clock) as site:
        kept = stand_in(site, "first")
        made = back_up(site, tmp_path / "one.age")
    given: dict[str, str] = {}
    seen = numbers(home)
    for name in ("second", "third", "fourth"):
        with Site.open(home, clock) as site:
            site.do(newcomer(site, name, VALUES | {"mobile_number": f"1549999{len(given):04}"}))
            for old in given.values():
                assert behind(site, old) == set(), f"{name} has the number of somebody who was there before"
            given[name] = stand_in(site, name)
            assert behind(site, given[name]) == {name}
        assert len(numbers(home) - seen) == 1
        lose_database(home)
        clock.moment += dt.timedelta(hours=1)
        restore(made.path, home, clock(), ANSWERED)
        with Site.open(home, clock) as site:
            assert behind(site, kept) == {"first"}
            assert behind(site, given[name]) == set()
            site.audit(by="clerk1")
    assert len(set(given.values())) == len(given)


def test_after_an_empty_backup_users_are_found_at_once_by_what_the_rules_choose(tmp_path: Path, clock: Clock) -> None:
    """The row of nobody that numbers go on after counts as no user whose tags would be missing."""
    home = tmp_path / "site"
    create(home, START, declaration=OPERATOR.read_text("utf-8"), language="en")
    with Site.open(home, clock) as site:
        made = back_up(site, tmp_path / "one.age")
    lose_database(home)
    restore(made.path, home, clock(), Asked())
    with Site.open(home, clock) as site:
        site.publish(declared(finding=[{"item": "mobile_number", "last_four": True}]), by="officer")
        assert site.keeper.unindexed().lacking == frozenset()
