# SPDX-License-Identifier: Apache-2.0
"""Telling that a service ended destroys: who tells it for a user is asked the gate's questions, and a refusal stays."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from agents_house import agent
from house import START, Clock, act, declared, newcomer, open_site

from keshou.acts.request import ActError, Cancel, Done, Perform
from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.model import Declaration, Department, Grant, Hours, Post
from keshou.gate.decision import Deny
from keshou.gate.facts import (
    AgentReinstated,
    AgentSuspended,
    CapacityFull,
    CapacityLimited,
    ConsentGiven,
    ConsentWithdrawn,
    ServiceStarted,
    StaffAppointed,
    SuspensionLifted,
    SuspensionOrdered,
)
from keshou.language import Text
from keshou.law.terms import ActKind, ConsentStrength
from keshou.ledger.entry import Header, decode

KINDS = (ActKind.COLLECT, ActKind.CORRECT, ActKind.DELETE)
SEATS = (
    ("clerk1", "clerk"), ("fixer", "repairer"), ("night", "night_clerk"), ("east", "east_clerk"), ("shop1", "shop"),
    ("ad", "advertiser"), ("fixer2", "repairer"), ("fixer2", "clerk"),
)  # fmt: skip


def rules() -> Declaration:
    """Return the small operator's rules with posts that may do something, but not here, now, or with this."""
    found = declared()
    posts = {"repairer": "", "night_clerk": "", "east_clerk": "", "advertiser": "", "shop": "store"}
    night = Hours(from_="22:00", to="06:00", utc_offset="+08:00")
    grants = (
        Grant(post="repairer", purposes=("service",), acts=(ActKind.USE, ActKind.QUERY, ActKind.DESTROY)),
        Grant(post="night_clerk", purposes=("service",), acts=(ActKind.CORRECT,), hours=night),
        Grant(post="east_clerk", purposes=("service",), acts=(ActKind.COLLECT,), branches=("east",)),
        Grant(post="advertiser", purposes=("marketing",), acts=KINDS),
        Grant(post="shop", purposes=("service", "marketing"), acts=KINDS, items=("tariff_plan",)),
    )
    store = msgspec.structs.replace(agent("store"), acts=KINDS)
    return msgspec.structs.replace(
        found,
        departments=(*found.departments, *(
            Department(id=name, name=Text(name, name), responsible="officer", since=START.date())
            for name in ("east", "store")
        )),
        posts=(*found.posts, *(
            Post(id=post, name=Text(post, post), department="office", duties=Text("办", "does"), agent=of)
            for post, of in posts.items()
        )),
        grants=(*found.grants, *grants),
        agents=(store,),
    )  # fmt: skip


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with open_site(database, tmp_path, clock) as site:
        site.publish(rules(), by="officer")
        site.record_site(*(StaffAppointed(at=START, staff=who, post=post) for who, post in SEATS), by="officer")
        site.do_all([newcomer(site, user) for user in ("u1", "u2")])
        yield site


def header(site: Site, done: Done) -> Header:
    with site.reading() as tx:
        return decode(site.ledger.entry(tx, done.entry))


def held(site: Site, user: str) -> set[str]:
    with site.reading() as tx:
        key = site._known.vault.find_user(tx, user)
        return set(site._known.vault.items_of(tx, key)) if key is not None else set()


def refused(site: Site, by: str, **more: Any) -> set[tuple[str, str]]:
    """Return the articles and what was missing; the refusal is on record and nothing else happened."""
    before = held(site, "u1")
    done = site.cancel("u1", by=by, **more)
    assert isinstance(done.decision, Deny)
    told = header(site, done)
    assert (told.event, told.decision, told.who) == ("cancel", "deny", by)
    assert set(told.cites) == {str(each.cite) for each in done.decision.reasons}
    assert held(site, "u1") == before
    assert site.ask(msgspec.structs.replace(act(ActKind.USE, "u1", "tariff_plan"), when=site.now())).permitted
    site.audit(by="clerk1")
    return {(str(each.cite), each.missing) for each in done.decision.reasons}


@pytest.mark.parametrize("by", ["fixer", "ad", "night", "east"])
def test_who_is_not_granted_to_look_after_the_service_ends_none(site: Site, by: str) -> None:
    assert refused(site, by) == {("miit24:13.1.3", "grant")}


def test_nobody_without_a_post_ends_a_service(site: Site) -> None:
    assert refused(site, "stranger") == {("miit24:13.1.3", "staff"), ("npcsc2012:1.2", "staff")}


def test_hours_and_branch_of_the_grant_are_asked_about(site: Site, clock: Clock) -> None:
    assert refused(site, "east", where="west") == {("miit24:13.1.3", "grant")}
    assert site.cancel("u1", by="east", where="east").shredded
    clock.moment = START + dt.timedelta(hours=13)
    assert site.cancel("u2", by="night").shredded, "at eleven in the evening"


def test_any_post_of_the_hand_will_do_unless_one_is_named(site: Site) -> None:
    assert refused(site, "fixer2", post="repairer") == {("miit24:13.1.3", "grant")}
    done = site.cancel("u1", by="fixer2")
    assert done.shredded
    told = header(site, done)
    assert (told.event, told.decision) == ("fact:service_ended", "permit")
    assert {"miit24:9.4", "miit24:13.1.3"} <= set(told.cites)


def test_an_agent_ends_what_it_was_entrusted_with_while_it_is_fit(site: Site) -> None:
    site.record_site(AgentSuspended(at=site.now(), agent="store"), by="officer")
    assert refused(site, "shop1") == {("miit24:11", "qualification")}
    site.record_site(AgentReinstated(at=site.now(), agent="store"), by="officer")
    assert site.cancel("u1", by="shop1").shredded
    less = rules()
    site.publish(msgspec.structs.replace(less, agents=(
        msgspec.structs.replace(less.agents[0], acts=(ActKind.USE,)),
    )), by="officer")  # fmt: skip
    done = site.cancel("u2", by="shop1")
    assert isinstance(done.decision, Deny)
    assert {str(each.cite) for each in done.decision.reasons} == {"miit24:11"}


def test_whoever_may_end_one_of_several_services_ends_that_alone(site: Site) -> None:
    purposes = tuple(
        msgspec.structs.replace(each, services=("mobile",)) if each.id == "service" else each
        for each in rules().purposes
    )
    site.publish(msgspec.structs.replace(rules(), purposes=purposes), by="officer")
    site.record("u1", ServiceStarted(at=site.now(), service="broadband"), by="clerk1")
    assert refused(site, "clerk1") == {("miit24:13.1.3", "grant")}, "no purpose of broadband is granted to anybody"
    done = site.cancel("u1", by="clerk1", services=["mobile"])
    assert done.decision is not None
    assert done.decision.permitted
    assert not done.shredded, "one service goes on"
    site.audit(by="clerk1")


def test_users_end_their_own_service_and_nobody_is_asked(site: Site) -> None:
    done = site.cancel("u1")
    assert done.decision is None
    assert done.shredded
    assert header(site, done).decision == ""
    site.audit(by="clerk1")


@pytest.mark.parametrize("by", ["user", "clerk1"])
@pytest.mark.parametrize("kinds", [(), (ActKind.DESTROY,), (ActKind.DELETE,)])
def test_under_a_suspension_the_service_ends_and_nothing_is_destroyed_until_it_is_lifted(
    site: Site, by: str, kinds: tuple[ActKind, ...]
) -> None:
    site.record_site(SuspensionOrdered(at=site.now(), suspension="s1", kinds=frozenset(kinds)), by="officer")
    done = site.cancel("u1", by=by)
    assert not done.shredded
    assert {"mobile_number", "tariff_plan"} <= held(site, "u1")
    use = msgspec.structs.replace(act(ActKind.USE, "u1", "tariff_plan"), when=site.now())
    assert "miit24:9.4" in {str(each.cite) for each in site.ask(use).reasons}  # type: ignore[union-attr]
    assert site.holds.release() == 0, "the clock lets nothing go"
    assert {"mobile_number", "tariff_plan"} <= held(site, "u1")
    site.record_site(SuspensionLifted(at=site.now(), suspension="s1"), by="officer")
    assert held(site, "u1") == {"user_name", "resident_id_number"}
    site.audit(by="clerk1")


def test_a_suspension_of_one_purpose_keeps_what_that_purpose_needs(site: Site) -> None:
    site.record_site(SuspensionOrdered(at=site.now(), suspension="s1", purposes=frozenset({"marketing"})), by="officer")
    done = site.cancel("u1")
    assert not done.shredded
    assert {"mobile_number", "tariff_plan"} <= held(site, "u1"), "both are needed for marketing as well"


def test_a_suspension_of_other_acts_keeps_nothing(site: Site) -> None:
    site.record_site(
        SuspensionOrdered(at=site.now(), suspension="s1", kinds=frozenset({ActKind.COLLECT})), by="officer"
    )
    assert site.cancel("u1").shredded


def consent(site: Site, purpose: str) -> ConsentGiven:
    rules = site.rules()
    assert rules is not None
    return ConsentGiven(at=site.now(), purpose=purpose, version=rules.version, strength=ConsentStrength.EXPRESS)


def test_an_agents_staff_write_no_consent_to_what_the_agent_was_not_entrusted_with(site: Site) -> None:
    with pytest.raises(ActError, match="entrusted"):
        site.record("u1", consent(site, "marketing"), by="shop1")
    with pytest.raises(ActError, match="entrusted"):
        site.record("u1", ConsentWithdrawn(at=site.now(), purpose="marketing"), by="shop1")
    collect = act(ActKind.COLLECT, "u1", "tariff_plan", by="shop1")
    with pytest.raises(ActError, match="entrusted"):
        site.do(Perform(act=collect, values={"tariff_plan": "P-20"}, facts=(consent(site, "marketing"),)))
    site.record("u1", consent(site, "service"), by="shop1")
    site.record("u1", consent(site, "marketing"), by="clerk1")


def test_full_capacity_wants_something_that_shows_it_when_another_tells_it(site: Site) -> None:
    site.record("u1", CapacityLimited(at=site.now()), by="clerk1")
    with pytest.raises(ActError, match="full capacity"):
        site.record("u1", CapacityFull(at=site.now()), by="clerk1")
    with pytest.raises(ActError, match="id"):
        site.record("u1", CapacityFull(at=site.now(), evidence="saw the passport"), by="clerk1")
    site.record("u1", CapacityFull(at=site.now(), evidence="form-17"), by="clerk1")
    site.audit(by="clerk1")


def test_asked_again_a_refusal_is_answered_as_before_and_an_end_is_not_done_twice(site: Site) -> None:
    asked = Cancel(user="u1", by="fixer", request_id="r1")
    first, again = site.do(asked), site.do(asked)
    assert (again.repeated, again.verdict, again.entry) == (True, "deny", first.entry)
    ended = Cancel(user="u1", by="clerk1", request_id="r2")
    first, again = site.do(ended), site.do(ended)
    assert (again.repeated, again.verdict, again.entry) == (True, "permit", first.entry)
