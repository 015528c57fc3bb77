# SPDX-License-Identifier: Apache-2.0
"""What new rules need no more is still its user's: seen, deleted and, when its time is over, gone; nobody uses it."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from house import START, VALUES, Clock, act, declared, newcomer, open_site

from keshou.acts.request import Cancel, Erase, Perform
from keshou.app.own_acts import erasing_purpose, own_acts
from keshou.app.site import Site
from keshou.app.user_view import own_view, user_view
from keshou.db import Database
from keshou.declaration.model import Declaration, Need, Retention
from keshou.gate import calendar
from keshou.gate.act import Act
from keshou.gate.facts import StaffAppointed, SuspensionOrdered
from keshou.language import Text
from keshou.law.terms import ActKind, RetentionClass
from keshou.ledger.entry import decode

PLAN = "tariff_plan"
YEARS = dt.timedelta(days=900)


def needing(rules: Declaration, *left_out: str) -> Declaration:
    """Return rules of which no purpose needs some items any more."""
    purposes = tuple(
        msgspec.structs.replace(each, needs=tuple(need for need in each.needs if need.item not in left_out))
        for each in rules.purposes
    )
    return msgspec.structs.replace(rules, purposes=purposes)


def with_risk(rules: Declaration) -> Declaration:
    """Return rules with a purpose that alone needs a record of signing in."""
    risk = msgspec.structs.replace(
        rules.purposes[0], id="risk", name=Text("风控", "Risk"), retention=Retention(after="service_end", years=1),
        needs=(Need(item="login_log", why=Text("核对。", "To compare."), class_=RetentionClass.RECORD),),
    )  # fmt: skip
    grants = tuple(
        msgspec.structs.replace(each, purposes=("service", "risk")) if each.post == "clerk" else each
        for each in rules.grants
    )
    return msgspec.structs.replace(rules, purposes=(*rules.purposes, risk), grants=grants)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with open_site(database, tmp_path, clock) as site:
        site.publish(with_risk(declared()), by="officer")
        site.record_site(StaffAppointed(at=START, staff="clerk1", post="clerk"), by="officer")
        site.do(newcomer(site, "u1", None, "risk"))
        site.do(Perform(act=act(ActKind.COLLECT, "u1", "login_log", purpose="risk"), values={"login_log": "seen"}))
        yield site


def permitted(site: Site, kind: ActKind, *items: str, by: str = "user") -> bool:
    """Ask about an act on what is held, for the service."""
    asked = Act(kind=kind, user="u1", items=frozenset(items), purpose="service", by=by, when=site.now())
    return site.ask(asked).permitted


def test_its_user_sees_and_deletes_what_no_purpose_needs_any_more(site: Site) -> None:
    site.publish(needing(with_risk(declared()), PLAN), by="officer")
    found = own_view(site, "u1")
    assert found is not None
    assert {each.item: (each.may_query, each.purposes) for each in found[1]}[PLAN] == (True, ())
    (seen,) = own_acts(site, "u1", ActKind.QUERY, [PLAN])
    assert site.do(Perform(act=seen)).values == {PLAN: VALUES[PLAN]}
    (gone,) = own_acts(site, "u1", ActKind.DELETE, [PLAN])
    done = site.do(Perform(act=gone)).decision
    assert done is not None
    assert done.permitted
    view = user_view(site, "u1")
    assert view is not None
    assert PLAN not in view.held


def test_nobody_else_uses_or_looks_at_it_and_staff_may_destroy_it(site: Site) -> None:
    site.publish(needing(with_risk(declared()), PLAN), by="officer")
    assert not any(permitted(site, kind, PLAN, by="clerk1") for kind in (ActKind.QUERY, ActKind.USE, ActKind.CORRECT))
    assert not permitted(site, ActKind.CORRECT, PLAN)
    assert not permitted(site, ActKind.DESTROY, PLAN, by="nobody")
    assert permitted(site, ActKind.DESTROY, PLAN, by="clerk1")
    assert not permitted(site, ActKind.DELETE, "email_address"), "what no rules ever needed is not held"


def test_what_registration_kept_stays_for_its_time_though_the_rules_have_it_no_more(site: Site, clock: Clock) -> None:
    site.publish(needing(with_risk(declared()), "resident_id_number"), by="officer")
    site.do(Cancel(user="u1", by="user", services=()))
    assert permitted(site, ActKind.QUERY, "resident_id_number")
    assert not permitted(site, ActKind.DELETE, "resident_id_number")
    clock.moment = START + YEARS
    assert permitted(site, ActKind.DELETE, "resident_id_number")


def test_an_order_to_stop_what_older_rules_needed_it_for_stops_its_deletion(site: Site) -> None:
    site.publish(needing(with_risk(declared()), "login_log"), by="officer")
    assert permitted(site, ActKind.DELETE, "login_log")
    order = SuspensionOrdered(
        at=site.now(), suspension="s1", kinds=frozenset({ActKind.DELETE}), purposes=frozenset({"risk"})
    )
    site.record_site(order, by="officer")
    assert not permitted(site, ActKind.DELETE, "login_log")


def test_its_time_is_over_when_the_rules_that_leave_it_out_come_into_force(site: Site, clock: Clock) -> None:
    clock.moment = START + dt.timedelta(days=40)
    site.publish(needing(with_risk(declared()), PLAN), by="officer")
    today = calendar.day_of(site.now())
    (over,) = site.retention.preview(today, today + dt.timedelta(days=30)).over
    assert (over.day, over.purpose, over.items) == (today, "service", {PLAN: 1})


def erased(site: Site, by: str = "user", purpose: str = "") -> object:
    """Ask to have all of it erased; return the reasons against it."""
    view = user_view(site, "u1")
    assert view is not None
    kind = ActKind.DELETE if by == "user" else ActKind.DESTROY
    purpose = purpose or erasing_purpose(site, view.held)
    whole = Act(kind=kind, user="u1", items=frozenset(), purpose=purpose, by=by, when=site.now())
    decision = site.do(Erase(act=whole)).decision
    assert decision is not None
    return [str(each.cite) for each in getattr(decision, "reasons", ())]


@pytest.mark.parametrize("by", ["user", "clerk1"])
def test_all_is_erased_though_no_one_purpose_needs_all_of_it(site: Site, clock: Clock, by: str) -> None:
    site.do(Cancel(user="u1", by="user", services=()))
    assert "miit25:11" in str(erased(site, by)), "what denies one thing denies the whole"
    clock.moment = START + YEARS
    assert "miit24:9.3" in str(erased(site, by, "gift")), "for a purpose that the rules do not have"
    assert erased(site, by) == []
    with site.reading() as tx:
        told = decode(site.ledger.entry(tx, site.ledger.head(tx).size - 1))
    under = msgspec.json.decode(told.fact)["purposes"]  # type: ignore[arg-type]
    assert under == {"login_log": "risk", "resident_id_number": "service", "user_name": "service"}
    assert user_view(site, "u1") is None
    site.audit()


def test_what_no_purpose_needs_any_more_does_not_keep_all_from_being_erased(site: Site, clock: Clock) -> None:
    site.publish(needing(with_risk(declared()), "user_name"), by="officer")
    site.do(Cancel(user="u1", by="user", services=()))
    clock.moment = START + YEARS
    assert erased(site) == []
