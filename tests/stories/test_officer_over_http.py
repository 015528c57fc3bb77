# SPDX-License-Identifier: Apache-2.0
"""The privacy officer: what must be two persons' is never one's, and the emergency of an hour is looked at after."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from journey import at
from served import Person, Served, articles, problem

from keshou.acts.request import ActError
from keshou.db import Database
from keshou.gate.facts import EmergencyOpened, EmergencyReviewed, ReviewApproved, ServiceStarted, StaffAppointed
from keshou.law.terms import ActKind

USERS = [f"A-{number}" for number in range(60)]
PLAN: dict[str, Any] = {"kind": "export", "items": ["tariff_plan"], "purpose": "marketing"}


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Iterator[Served]:
    with Served.of_the_sample(database, tmp_path, "2026-03-02") as world:
        for user in USERS:
            agreed = [world.consent(each) for each in ("registration", "service", "marketing", "quality")]
            facts = [world.notice(), *agreed, ServiceStarted(at=world.now, service="mobile")]
            held = {"mobile_number": "15499990001", "tariff_plan": "P-19"}
            done = world.take_in(user, held, facts, purpose="service")
            assert done.decision is not None
            assert done.decision.permitted
        yield world


@pytest.fixture
def keeper(world: Served) -> Person:
    return world.first()


def approved(world: Served, reviewer: str, by: str = "", **changes: Any) -> None:
    told = {"review": "r1", "requester": "analyst", "kind": ActKind.EXPORT, "purpose": "marketing", "count": len(USERS),
            "items": frozenset({"tariff_plan"}), "until": at("2026-03-03")} | changes  # fmt: skip
    world.happens(ReviewApproved(at=world.now, reviewer=reviewer, **told), by=by or reviewer)


def test_what_must_be_two_persons_is_never_one_s(world: Served, keeper: Person) -> None:
    officer, analyst = (world.invited(keeper, who) for who in ("officer", "analyst"))
    since = len(world.entries())
    bulk = PLAN | {"users": USERS, "count": len(USERS)}
    assert articles(analyst.post("/acts", bulk)) == {"miit24:13.1.3"}
    with pytest.raises(ActError, match="in another's name"):
        approved(world, "reviewer", by="analyst")
    approved(world, "analyst")
    assert articles(analyst.post("/acts", bulk | {"review": "r1"})) == {"miit24:13.1.3"}
    approved(world, "reviewer", review="r2")
    assert articles(officer.post("/acts", bulk | {"review": "r2"})) >= {"miit24:13.1.3"}
    out = analyst.post("/acts", bulk | {"review": "r2"})
    assert (out.status_code, set(out.json()["by_user"])) == (200, set(USERS))
    assert articles(analyst.post("/acts", bulk | {"review": "r2"})) == {"miit24:13.1.3"}
    world.passes(minutes=11)
    stale = analyst.post("/acts", bulk | {"review": "r2"})
    assert problem(stale) == "proof-too-old"

    with pytest.raises(ActError, match="nobody appoints themselves"):
        world.happens(StaffAppointed(at=world.now, staff="officer", post="auditor"), by="officer")
    assert problem(officer.post("/accounts", {"id": "friend"})) == "not-entitled"
    assert problem(officer.post("/programs", {"id": "helper"})) == "not-entitled"
    assert problem(officer.get("/log/entries")) == "not-entitled"
    assert problem(keeper.post("/accounts/network/close")) in ("not-entitled", "proof-too-old")

    said = [each for each in world.did(since) if each[0] in ("analyst", "officer") and each[1] == "export"]
    assert said == [
        ("analyst", "export", "deny"), ("analyst", "export", "deny"), ("officer", "export", "deny"),
        ("analyst", "export", "permit"), ("analyst", "export", "deny"),
    ]  # fmt: skip
    (done,) = [each for each in world.entries(since) if (each.event, each.decision) == ("export", "permit")]
    assert (done.review, done.count) == ("r2", len(USERS))
    assert world.is_proven(world.first("auditor")) == len(world.entries())


def test_an_emergency_is_an_hour_s_and_somebody_else_looks_at_it(world: Served, keeper: Person) -> None:
    care = world.invited(keeper, "care")
    since = len(world.entries())
    outage: dict[str, Any] = {"purpose": "quality", "post": "network_engineer"}
    assert articles(care.does("use", "A-1", "cell_location", **outage)) == {"miit24:13.1.3"}
    opened = EmergencyOpened(
        at=world.now, emergency="e1", staff="care", post="network_engineer", reason="network_outage", case="ticket-7",
        until=world.now.replace(minute=59),
    )  # fmt: skip
    world.happens(opened, by="care")
    assert care.does("use", "A-1", "cell_location", **outage).status_code == 200
    with pytest.raises(ActError, match="their own emergency"):
        world.happens(EmergencyReviewed(at=world.now, emergency="e1", by="care", found="justified"), by="care")
    world.happens(EmergencyReviewed(at=world.now, emergency="e1", by="officer", found="unjustified"), by="officer")
    assert articles(care.does("use", "A-1", "cell_location", **outage)) == {"miit24:13.1.3"}
    assert world.did(since) == [
        ("care", "use", "deny"), ("care", "fact:emergency_opened", ""), ("care", "use", "permit"),
        ("officer", "fact:emergency_reviewed", ""), ("care", "use", "deny"),
    ]  # fmt: skip
    assert world.is_proven(world.first("auditor")) == len(world.entries())
