# SPDX-License-Identifier: Apache-2.0
"""People from invitation to departure: one of the staff, one of an agent's, and the authority's inspector."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from journey import at, sample
from served import Person, Served, articles, problem

from keshou.db import Database
from keshou.gate.facts import (
    AccessConfirmed,
    AgentReinstated,
    AgentSuspended,
    ServiceStarted,
    StaffAppointed,
    StaffLeft,
)

WANG = "A-1"
NAME = "王充仲任"
PHONE = "15499990001"
GONE = {"miit24:13.1.3", "npcsc2012:1.2"}


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Iterator[Served]:
    with Served.of_the_sample(database, tmp_path, "2026-03-02") as world:
        agreed = [world.consent(each) for each in ("registration", "service", "care")]
        facts = [world.notice(), *agreed, ServiceStarted(at=world.now, service="mobile")]
        world.take_in(WANG, {"user_name": NAME, "mobile_number": PHONE}, facts)
        yield world


@pytest.fixture
def keeper(world: Served) -> Person:
    return world.first()


def test_a_member_of_staff_from_invitation_to_departure(world: Served, keeper: Person) -> None:
    told = keeper.done("/accounts", {"id": "zhao"})["invitation"]
    zhao = world.browser("zhao").accepts(told)
    assert problem(world.browser("zhao").post("/invitations/accept", {"invitation": told, "password": "x" * 20})) == (
        "not-found"
    )
    since = len(world.entries())
    seen = {"purpose": "service", "where": "east_branch"}
    assert articles(zhao.does("use", WANG, "user_name", **seen)) == GONE

    world.appoint("zhao", "counter_clerk", "east_branch")
    assert zhao.does("use", WANG, "user_name", **seen).json()["values"] == {"user_name": NAME}
    assert zhao.get("/session").json()["posts"] == ["counter_clerk"]

    now = world.now
    world.happens(StaffLeft(at=now, staff="zhao"), StaffAppointed(at=now, staff="zhao", post="care_agent"))
    assert articles(zhao.does("use", WANG, "user_name", **seen)) == {"miit24:13.1.3"}
    shown = zhao.does("query", WANG, "mobile_number", purpose="care").json()["values"]
    assert shown["mobile_number"] not in ("", PHONE)

    world.happens(StaffLeft(at=world.now, staff="zhao"))
    assert articles(zhao.does("query", WANG, "mobile_number", purpose="care")) == GONE
    elsewhere = world.browser("zhao")
    keeper.done("/accounts/zhao/close")
    assert (zhao.get("/session").status_code, zhao.post("/decisions", {}).status_code) == (401, 401)
    assert problem(elsewhere.post("/sign-in", {"account": "zhao", "password": "whatever it was"})) == "sign-in-failed"
    assert problem(zhao.signs_in()) == "sign-in-failed"

    assert [each for each in world.did(since) if each[0] == "zhao"] == [
        ("zhao", "use", "deny"), ("zhao", "use", "permit"), ("zhao", "use", "deny"), ("zhao", "query", "permit"),
        ("zhao", "query", "deny"),
    ]  # fmt: skip
    said = [each["what"] for each in keeper.get("/accounts/zhao/events").json()]
    assert said[::-1][:4] == ["invited", "accepted", "signed_in", "enrolled"]
    assert "closed" in said
    assert world.is_proven(world.first("auditor")) == len(world.entries())


def test_access_that_nobody_confirms_lapses_though_the_session_goes_on(database: Database, tmp_path: Path) -> None:
    review = sample().access_review
    with Served.of_the_sample(database, tmp_path, "2026-03-02", access_review=review) as world:
        facts = [world.notice(), world.consent("service"), ServiceStarted(at=world.now, service="mobile")]
        world.take_in(WANG, {"user_name": NAME}, [*facts, world.consent("registration")])
        keeper = world.first()
        clerk = world.invited(keeper, "clerk")
        seen = {"purpose": "service", "where": "east_branch"}
        assert clerk.does("use", WANG, "user_name", **seen).status_code == 200
        world.on("2026-10-01")
        assert clerk.get("/session").status_code == 401
        assert clerk.signs_in().status_code == 200
        lapsed = clerk.does("use", WANG, "user_name", **seen)
        assert "miit24:13.1.3" in articles(lapsed)
        world.appoint("clerk", "counter_clerk", "east_branch")
        world.appoint("manager", "retail_manager")
        world.happens(
            AccessConfirmed(at=world.now, staff="clerk", post="counter_clerk", by="manager", until=at("2027-01-01")),
            by="manager",
        )
        assert clerk.does("use", WANG, "user_name", **seen).status_code == 200
        assert ("clerk", "use", "deny") in world.did()
        world.appoint("auditor", "auditor")
        assert world.is_proven(world.first("auditor")) == len(world.entries())


def test_an_agents_staff_live_within_their_agent_and_fall_with_it(world: Served, keeper: Person) -> None:
    refused = keeper.post("/accounts", {"id": "wu", "kind": "agent_staff"})
    assert problem(refused) == "input"
    wu = world.invited(keeper, "wu", kind="agent_staff", agent="west_shop")
    assert wu.get("/session").json()["agent"] == "west_shop"
    world.appoint("wu", "shop_clerk", "west_branch")
    since = len(world.entries())
    shop = {"purpose": "registration", "where": "west_branch"}
    shown = wu.does("use", WANG, "user_name", **shop).json()["values"]["user_name"]
    assert shown not in ("", NAME)
    assert "miit24:11" in articles(wu.does("query", WANG, "user_name", **shop))
    assert problem(wu.post("/accounts", {"id": "friend"})) == "not-entitled"
    assert problem(wu.get("/log/entries")) == "not-entitled"

    world.happens(AgentSuspended(at=world.now, agent="west_shop"))
    assert wu.get("/session").status_code == 200
    assert articles(wu.does("use", WANG, "user_name", **shop)) == {"miit24:11", "miit25:14"}
    for path, more in (("consents", {"purpose": "service", "version": 1}), ("cancellations", {})):
        assert problem(wu.post(f"/users/{path}", {"user": WANG} | more)) == "not-entitled"
    world.happens(AgentReinstated(at=world.now, agent="west_shop"))
    assert wu.does("use", WANG, "user_name", **shop).status_code == 200

    world.appoint("wu", "counter_clerk", "east_branch")
    elsewhere = wu.does("use", WANG, "user_name", purpose="registration", where="east_branch", post="counter_clerk")
    assert problem(elsewhere) == "not-entitled"
    world.happens(StaffLeft(at=world.now, staff="wu"))
    world.appoint("wu", "shop_clerk", "west_branch")

    world.on("2035-01-01", "00:00")
    assert wu.signs_in().status_code == 200
    assert {"miit24:11", "miit25:14"} <= articles(wu.does("use", WANG, "user_name", **shop))
    assert keeper.signs_in().status_code == 200
    keeper.done("/accounts/wu/close")
    assert wu.get("/session").status_code == 401
    assert [each for each in world.did(since) if each[0] == "wu"] == [
        ("wu", "use", "permit"), ("wu", "query", "deny"), ("wu", "use", "deny"), ("wu", "use", "permit"),
        ("wu", "use", "deny"),
    ]  # fmt: skip
    assert world.is_proven(world.first("auditor")) == len(world.entries())


def test_an_inspector_reads_what_is_provable_and_touches_nobodys_information(world: Served, keeper: Person) -> None:
    inspector = world.invited(keeper, "inspector7", kind="inspector")
    world.appoint("inspector7", "counter_clerk", "east_branch")
    since = len(world.entries())
    looked = inspector.get("/log/entries?from=0").json()["items"]
    assert len(looked) == since
    world.site.checkpoint()
    assert inspector.get("/log/entries/1/proof").status_code == 200
    assert inspector.done("/log/audit", {})["size"] == since
    assert inspector.get("/rules").status_code == 200
    assert NAME not in inspector.get("/log/entries?from=0").text

    for path, body in (
        ("/acts", {"kind": "use", "user": WANG, "items": ["user_name"], "purpose": "service", "where": "east_branch"}),
        ("/users/standing", {"user": WANG, "purpose": "service"}),
        ("/users/copies", {"user": WANG}),
        ("/users/withdrawals", {"user": WANG, "purpose": "service"}),
        ("/log/audit", {"open": True}),
        ("/log/checkpoint", None),
        ("/accounts", {"id": "friend"}),
    ):
        assert problem(inspector.post(path, body)) == "not-entitled", path
    assert problem(inspector.get("/accounts")) == "not-entitled"
    assert len(world.entries()) == since

    assert world.is_proven(inspector) == len(world.entries())
    keeper.done("/accounts/inspector7/close")
    assert inspector.get("/log").status_code == 401
    assert problem(inspector.signs_in()) == "sign-in-failed"
    assert [each["what"] for each in keeper.get("/accounts/inspector7/events").json()].count("closed") == 1
