# SPDX-License-Identifier: Apache-2.0
"""What is published is enforced: information goes when the last purpose that needs it is over, and no day sooner."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import START, Clock
from plans import A_MONTH, DAY, PLAN, agree, come, held, ready, rules, take_plan

from keshou.acts.request import ActError, Cancel, Expire, Release
from keshou.app.expiry import Gone
from keshou.app.site import Site
from keshou.backup.store import Erasures
from keshou.db import Database
from keshou.declaration.model import Retention
from keshou.gate import calendar
from keshou.gate.facts import ConsentWithdrawn, SuspensionLifted, SuspensionOrdered
from keshou.gate.holds import Asked, HoldLifted
from keshou.law.terms import ActKind, RetentionClass
from keshou.ledger.certificate import verify
from keshou.ledger.entry import Header, decode
from keshou.ledger.events import OVER

OVER_DAY = calendar.day_of(START).replace(month=4) + DAY
"""A month after the start, and a day."""
EVERYTHING = frozenset(RetentionClass)


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with ready(database, tmp_path, clock) as site:
        come(site, "u1", "u2")
        yield site


def until(clock: Clock, day: dt.date) -> None:
    """Let time pass until the morning of a day in China."""
    clock.moment = calendar.start_of(day) + dt.timedelta(hours=2)


def over(site: Site, days: int = 60) -> tuple[Gone, ...]:
    today = calendar.day_of(site.now())
    return site.retention.preview(today, today + days * DAY).over


def entries(site: Site) -> list[Header]:
    with site.reading() as tx:
        size = site.ledger.head(tx).size
        found = [decode(body) for _, body in site.ledger.entries(tx, 0, size)]
    return [each for each in found if each.event == OVER]


def test_what_is_foreseen_for_a_day_goes_on_that_day_and_not_before(site: Site, clock: Clock) -> None:
    (foreseen,) = over(site)
    assert foreseen == Gone(OVER_DAY, "plans", RetentionClass.SERVICE, 2, {PLAN: 2})
    until(clock, OVER_DAY - DAY)
    site.tidy()
    assert PLAN in held(site, "u1") & held(site, "u2")
    until(clock, OVER_DAY)
    site.tidy()
    for user in ("u1", "u2"):
        assert held(site, user) == {"user_name", "resident_id_number", "mobile_number"}
    told = entries(site)
    assert [(each.who, each.items, each.count, each.decision) for each in told] == [
        ("keshou", (PLAN,), 1, "permit")
    ] * 2
    assert told[0].cites == ("miit24:8", "gbz28828:7.1.3")
    assert over(site) == ()
    site.tidy()
    assert entries(site) == told
    site.audit(by="clerk1")


def test_what_went_is_listed_so_that_an_archive_put_back_loses_it_again(site: Site, clock: Clock) -> None:
    until(clock, OVER_DAY)
    site.tidy()
    with site.reading() as tx:
        listed = [each for _, each in Erasures().after(tx, 0)]
    assert [each.item for each in listed] == [PLAN, PLAN]


def test_collecting_it_anew_begins_a_new_time_and_correcting_does_not(site: Site, clock: Clock) -> None:
    until(clock, OVER_DAY - 10 * DAY)
    take_plan(site, "u1")
    take_plan(site, "u2", ActKind.CORRECT)
    until(clock, OVER_DAY)
    site.tidy()
    assert PLAN in held(site, "u1")
    assert PLAN not in held(site, "u2")
    (left,) = over(site)
    assert (left.day, left.users) == (calendar.add(OVER_DAY - 10 * DAY, A_MONTH) + DAY, 1)


def test_taking_consent_back_makes_nothing_go_sooner(site: Site, clock: Clock) -> None:
    site.record("u1", ConsentWithdrawn(at=site.now(), purpose="plans"))
    until(clock, OVER_DAY - DAY)
    site.tidy()
    assert PLAN in held(site, "u1")
    until(clock, OVER_DAY)
    site.tidy()
    assert PLAN not in held(site, "u1")


def test_a_hold_keeps_it_and_what_is_over_goes_once_it_is_lifted(site: Site, clock: Clock) -> None:
    asked = Asked("case", "d-1", users=("u1",))
    site.record_site(site.holds.fact("h1", asked, "clerk1"), by="clerk1")
    assert [(each.users, each.items) for each in over(site)] == [(1, {PLAN: 1})]
    until(clock, OVER_DAY)
    site.tidy()
    assert PLAN in held(site, "u1")
    assert PLAN not in held(site, "u2")
    site.record_site(HoldLifted(at=site.now(), hold="h1", by="judge", reason="settled"), by="judge")
    site.tidy()
    assert PLAN not in held(site, "u1")


def test_a_hold_with_an_end_moves_the_day(site: Site, clock: Clock) -> None:
    end = calendar.start_of(OVER_DAY + 10 * DAY)
    site.record_site(site.holds.fact("h1", Asked("case", "d-1", until=end, users=("u1",)), "clerk1"), by="clerk1")
    assert [(each.day, each.users) for each in over(site)] == [(OVER_DAY, 1), (OVER_DAY + 10 * DAY, 1)]
    until(clock, OVER_DAY + 10 * DAY)
    site.tidy()
    assert PLAN not in held(site, "u1")


def test_nothing_goes_while_the_authority_asks_that_destruction_stop(site: Site, clock: Clock) -> None:
    until(clock, OVER_DAY)
    kinds, purposes = frozenset({ActKind.DESTROY}), frozenset({"plans"})
    stop = SuspensionOrdered(at=site.now(), suspension="s1", kinds=kinds, purposes=purposes)
    site.record_site(stop, by="officer")
    assert over(site) == ()
    site.tidy()
    assert PLAN in held(site, "u1")
    site.record_site(SuspensionLifted(at=site.now(), suspension="s1"), by="officer")
    site.tidy()
    assert PLAN not in held(site, "u1")


@pytest.mark.parametrize(
    ("kinds", "purposes"),
    [({ActKind.DESTROY}, {"marketing"}), ({ActKind.DELETE}, {"plans"}), (set(), {"marketing"}), (set(), set())],
)
def test_an_order_about_any_purpose_that_needs_it_keeps_it_whichever_needed_it_last(
    site: Site, clock: Clock, kinds: set[ActKind], purposes: set[str]
) -> None:
    stop = SuspensionOrdered(at=site.now(), suspension="s1", kinds=frozenset(kinds), purposes=frozenset(purposes))
    site.record_site(stop, by="officer")
    until(clock, OVER_DAY)
    assert over(site) == ()
    site.tidy()
    with pytest.raises(ActError, match="nothing of the user is over"):
        site.do(Expire(user=1, by="keshou", classes=EVERYTHING))
    assert PLAN in held(site, "u1")
    site.record_site(SuspensionLifted(at=site.now(), suspension="s1"), by="officer")
    site.tidy()
    assert PLAN not in held(site, "u1")


def test_an_order_about_other_acts_or_purposes_keeps_nothing(site: Site, clock: Clock) -> None:
    for name, kinds, purposes in (("s1", {ActKind.USE}, {"plans"}), ("s2", {ActKind.DESTROY}, {"service"})):
        stop = SuspensionOrdered(at=site.now(), suspension=name, kinds=frozenset(kinds), purposes=frozenset(purposes))
        site.record_site(stop, by="officer")
    until(clock, OVER_DAY)
    site.tidy()
    assert PLAN not in held(site, "u1")


def test_what_a_hold_kept_stays_under_an_order_that_destruction_stop_and_goes_after_both(site: Site) -> None:
    site.record_site(site.holds.fact("h1", Asked("case", "d-1", users=("u1",)), "clerk1"), by="clerk1")
    site.do(Cancel(user="u1", by="user"))
    stop = SuspensionOrdered(at=site.now(), suspension="s1", kinds=frozenset({ActKind.DESTROY}))
    site.record_site(stop, by="officer")
    site.record_site(HoldLifted(at=site.now(), hold="h1", by="judge", reason="settled"), by="judge")
    site.tidy()
    with pytest.raises(ActError, match="nothing of the user is due"):
        site.do(Release(user=1, by="keshou"))
    assert {PLAN, "mobile_number"} <= held(site, "u1")
    site.record_site(SuspensionLifted(at=site.now(), suspension="s1"), by="officer")
    site.tidy()
    assert held(site, "u1") == {"user_name", "resident_id_number"}
    site.audit(by="clerk1")


def test_values_that_went_without_their_key_are_certified(site: Site, clock: Clock) -> None:
    until(clock, OVER_DAY)
    site.tidy()
    with site.reading() as tx:
        place = site.ledger.head(tx).size - 1
    told, note = site.keeper.certify(place)
    assert (told.event, told.items, told.keys, told.users) == (OVER, (PLAN,), (), 1)
    with site.reading() as tx:
        assert verify(note, site.ledger.key, site.ledger.entry(tx, place)) == told


def test_rules_that_keep_it_shorter_are_kept_to(site: Site, clock: Clock) -> None:
    site.publish(rules(Retention(after="collection", days=5)), by="officer")
    until(clock, calendar.day_of(START) + 6 * DAY)
    site.tidy()
    assert PLAN not in held(site, "u1")


def test_rules_that_keep_it_longer_bind_nobody_who_has_not_agreed_anew(site: Site, clock: Clock) -> None:
    site.publish(rules(Retention(after="collection", years=1)), by="officer")
    agree(site, "u1")
    until(clock, OVER_DAY)
    site.tidy()
    assert PLAN in held(site, "u1")
    assert PLAN not in held(site, "u2")


def test_nobody_brings_to_the_door_what_is_not_over(site: Site, clock: Clock) -> None:
    until(clock, OVER_DAY)
    site.tidy()
    before = held(site, "u1")
    for user in (1, 2, 99):
        with pytest.raises(ActError, match="nothing of the user is over"):
            site.do(Expire(user=user, by="keshou", classes=EVERYTHING))
    assert held(site, "u1") == before


def test_it_waits_where_the_settings_say_so(database: Database, tmp_path: Path, clock: Clock) -> None:
    with ready(database, tmp_path, clock, over="wait") as site:
        come(site, "u1")
        until(clock, OVER_DAY + 100 * DAY)
        site.tidy()
        assert PLAN in held(site, "u1")
        today = calendar.day_of(site.now())
        found = site.retention.preview(today, today)
        assert [(each.day, each.users) for each in found.over] == [(today, 1)]
        assert found.by_itself == ()


@pytest.mark.parametrize(("setting", "stays"), [("service", {"user_name", "resident_id_number"}), ("all", set[str]())])
def test_registration_information_goes_by_the_clock_only_where_the_settings_say_all(
    database: Database, tmp_path: Path, clock: Clock, setting: str, stays: set[str]
) -> None:
    with ready(database, tmp_path, clock, over=setting) as site:
        come(site, "u1")
        site.do(Cancel(user="u1", by="user"))
        assert held(site, "u1") == {"user_name", "resident_id_number"}
        last = calendar.day_of(START).replace(year=START.year + 2)
        until(clock, last)
        site.tidy()
        assert held(site, "u1") == {"user_name", "resident_id_number"}
        until(clock, last + DAY)
        (due,) = over(site)
        assert (due.class_, due.purpose, due.items) == (
            RetentionClass.REGISTRATION, "service", {"user_name": 1, "resident_id_number": 1},
        )  # fmt: skip
        site.tidy()
        assert held(site, "u1") == stays
        if not stays:
            (told,) = entries(site)
            assert len(told.keys) == 1
            with site.reading() as tx:
                place = site.ledger.head(tx).size - 1
            assert site.keeper.certify(place)
        site.audit(by="clerk1")


def test_what_is_kept_as_a_record_goes_and_the_record_of_acts_stays(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    with ready(database, tmp_path, clock, given=rules(class_=RetentionClass.RECORD)) as site:
        come(site, "u1")
        until(clock, OVER_DAY)
        (due,) = over(site)
        assert due.class_ is RetentionClass.RECORD
        site.tidy()
        assert PLAN not in held(site, "u1")
        assert entries(site)[0].keys == ()
        _, facts = site.audit(by="clerk1")
        assert facts.payloads > 0
