# SPDX-License-Identifier: Apache-2.0
"""Somebody joins, moves and leaves; nobody appoints themselves, and one fact ends it all."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from journey import Story, sample

from keshou.acts.request import ActError
from keshou.db import Database
from keshou.declaration.model import Office
from keshou.gate.facts import ServiceStarted, StaffAppointed, StaffLeft
from keshou.gate.offices import offices_of
from keshou.gate.reach import reach
from keshou.law.terms import ActKind

WANG = "A-1"
GONE = {"miit24:13.1.3", "npcsc2012:1.2"}
EAST: dict[str, Any] = {"by": "zhao", "where": "east_branch", "purpose": "service"}
CARE: dict[str, Any] = {"by": "zhao", "purpose": "care"}


@pytest.fixture
def story(database: Database, tmp_path: Path) -> Iterator[Story]:
    with Story.of_the_sample(database, tmp_path, "2026-03-02") as story:
        agreed = [story.consent(each) for each in ("registration", "service", "care")]
        facts = [story.notice(), *agreed, ServiceStarted(at=story.now, service="mobile")]
        story.take_in(WANG, {"user_name": "王充仲任"}, facts)
        yield story


def test_a_joiner_reaches_what_the_post_is_granted_and_no_more(story: Story) -> None:
    assert story.denied(ActKind.USE, WANG, "user_name", **EAST) == GONE
    story.appoint("zhao", "counter_clerk", "east_branch")
    assert story.shown(ActKind.USE, WANG, "user_name", **EAST) == {"user_name": "王充仲任"}
    lines = [each for each in reach(sample(), story.site.state()) if each.staff == "zhao"]
    assert {(each.post, each.branch) for each in lines} == {("counter_clerk", "east_branch")}
    assert {each.purpose for each in lines} == {"registration", "service", "portability"}


def test_a_mover_leaves_and_joins_in_one_entry(story: Story) -> None:
    story.appoint("zhao", "counter_clerk", "east_branch")
    now = story.now
    story.happens(StaffLeft(at=now, staff="zhao"), StaffAppointed(at=now, staff="zhao", post="care_agent"))
    assert story.denied(ActKind.USE, WANG, "user_name", **EAST) == {"miit24:13.1.3"}
    assert story.shown(ActKind.QUERY, WANG, "user_name", **CARE)


def test_a_leaver_loses_every_post_and_office_at_once(story: Story) -> None:
    story.appoint("zhao", "counter_clerk", "east_branch")
    story.appoint("zhao", "care_agent")
    story.appoint("zhao", "auditor")
    assert offices_of(story.site.state(), sample(), "zhao", story.now) == {Office.AUDIT, Office.SEARCH}
    story.happens(StaffLeft(at=story.now, staff="zhao"))
    assert story.denied(ActKind.USE, WANG, "user_name", **EAST, post="counter_clerk") == GONE
    assert story.denied(ActKind.QUERY, WANG, "user_name", **CARE, post="care_agent") == GONE
    assert offices_of(story.site.state(), sample(), "zhao", story.now) == frozenset()
    assert "zhao" not in story.site.state().holders()


def test_who_left_may_come_back_to_what_is_given_anew_only(story: Story) -> None:
    story.appoint("zhao", "counter_clerk", "east_branch")
    story.happens(StaffLeft(at=story.now, staff="zhao"))
    story.on("2026-09-01").appoint("zhao", "care_agent")
    assert story.shown(ActKind.QUERY, WANG, "user_name", **CARE)
    assert story.denied(ActKind.USE, WANG, "user_name", **EAST) == {"miit24:13.1.3"}


def test_nobody_appoints_themselves_and_an_agents_staff_appoint_nobody(story: Story) -> None:
    with pytest.raises(ActError, match="nobody appoints themselves"):
        story.happens(StaffAppointed(at=story.now, staff="officer", post="auditor"), by="officer")
    with pytest.raises(ActError, match="agent's staff appoint nobody"):
        story.happens(StaffAppointed(at=story.now, staff="wu", post="shop_clerk"), by="shop")


def test_leaving_is_seen_by_another_process_and_whole_in_the_log(story: Story) -> None:
    with story.again("2026-03-03") as other:
        story.happens(StaffLeft(at=story.now, staff="clerk"))
        assert other.state().appointments("clerk") == []
    story.site.audit(by="officer")
