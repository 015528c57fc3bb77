# SPDX-License-Identifier: Apache-2.0
"""A user of the operator, from the first look at what is held to the end: each step is theirs, and on record."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from journey import Story
from served import Place, Served, problem

from keshou.db import Database
from keshou.gate.facts import ServiceStarted
from keshou.law.terms import ActKind

WANG, LI = "A-1", "A-2"
VALUES = {"user_name": "王充仲任", "mobile_number": "15499990001", "tariff_plan": "P-19"}


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Iterator[Served]:
    with Served.of_the_sample(database, tmp_path, "2026-03-02") as world:
        for user in (WANG, LI):
            take_in(world, user)
        yield world


def take_in(story: Story, user: str) -> None:
    agreed = [story.consent(each) for each in ("registration", "service")]
    facts = [story.notice(), *agreed, ServiceStarted(at=story.now, service="mobile")]
    done = story.take_in(user, VALUES, facts, purpose="service")
    assert done.decision is not None
    assert done.decision.permitted


def items(copy: Any) -> dict[str, str]:
    return {each["item"]: each["value"] for each in copy["information"]}


def test_a_user_sees_agrees_withdraws_corrects_copies_and_ends(world: Served) -> None:
    wang: Place = world.user(WANG)
    offers: dict[str, Any] = {"by": "analyst", "purpose": "marketing"}
    since = len(world.entries())
    seen = wang.get("/me")
    assert {each["item"] for each in seen.json()["held"]} == set(VALUES)
    assert not [value for value in VALUES.values() if value in seen.text]

    assert "miit24:9.1" in world.denied(ActKind.USE, WANG, "tariff_plan", **offers)
    wang.done("/me/consents", {"purpose": "marketing", "version": 1, "messages": True})
    assert world.shown(ActKind.USE, WANG, "tariff_plan", **offers)
    wang.done("/me/withdrawals", {"purpose": "marketing", "messages": True})
    assert {"miit24:9.1", "npcsc2012:7"} <= world.denied(ActKind.USE, WANG, "tariff_plan", **offers)

    wang.done("/me/corrections", {"purpose": "service", "values": {"tariff_plan": "P-39"}})
    copy = wang.done("/me/copy", {})
    assert items(copy) == VALUES | {"tariff_plan": "P-39"}
    assert len(copy["history"]) >= 3

    for path, body in (("/me/corrections", {"user": LI, "purpose": "service", "values": {"tariff_plan": "P-1"}}),
                       ("/me/copy", {"user": LI})):  # fmt: skip
        assert problem(wang.post(path, body)) == "malformed"
    for path, body in (("/users/copies", {"user": LI}), ("/users/withdrawals", {"user": LI, "purpose": "service"})):
        assert problem(wang.post(path, body)) == "not-entitled"
    assert problem(wang.does("query", LI, "user_name", purpose="service")) == "not-entitled"
    assert problem(wang.get("/log/entries")) == "not-entitled"

    ended = wang.done("/me/cancellation", {})
    assert [each["class"] for each in ended["shredded"]] == ["service"]
    assert "miit24:9.4" in world.denied(
        ActKind.USE, WANG, "mobile_number", by="clerk", purpose="service", where="east_branch"
    )
    kept = items(wang.done("/me/copy", {}))
    assert (kept["user_name"], "mobile_number" in kept) == (VALUES["user_name"], False)
    assert items(world.user(LI).done("/me/copy", {})) == VALUES

    theirs = [(event, decision) for who, event, decision in world.did(since) if who == "user"]
    assert [each for each, _ in itertools.groupby(theirs)] == [
        ("fact:notice_shown+consent_given+messages_requested", ""),
        ("fact:consent_withdrawn+messages_refused", ""),
        ("correct", "permit"),
        ("query", "permit"),
        ("fact:service_ended", ""),
        ("query", "permit"),
    ]
    assert b"15499990001" not in b"".join(_bodies(world))
    assert world.is_proven(world.first("auditor")) == len(world.entries())


def _bodies(world: Served) -> list[bytes]:
    with world.site.reading() as tx:
        return [world.site.ledger.entry(tx, each) for each in range(world.site.ledger.head(tx).size)]
