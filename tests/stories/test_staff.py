# SPDX-License-Identifier: Apache-2.0
"""People and their posts: two at once, left, moved, lent for a week, outside hours."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from journey import Story, at

from keshou.acts.request import ActError
from keshou.db import Database
from keshou.gate.facts import ServiceStarted, StaffAppointed, StaffRemoved
from keshou.law.terms import ActKind

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What is told here differs between databases in nothing; other stories run on both."""
WANG = "A-1"
GRANT = {"miit24:13.1.3"}
PLAN: dict[str, Any] = {"purpose": "service"}


@pytest.fixture
def story(database: Database, tmp_path: Path) -> Iterator[Story]:
    with Story.of_the_sample(database, tmp_path, "2026-03-02") as story:
        agreed = [story.consent(each) for each in ("registration", "service", "care", "repair")]
        facts = [story.notice(), *agreed, ServiceStarted(at=story.now, service="mobile")]
        story.take_in(WANG, {"user_name": "王充仲任", "home_address": "示例市会稽路甲栋"}, facts)
        yield story


def test_who_holds_two_posts_says_in_which_one_acts_and_gets_no_sum_of_both(story: Story) -> None:
    story.appoint("wei", "counter_clerk", "east_branch")
    story.appoint("wei", "care_agent")
    here: dict[str, Any] = {"by": "wei", "where": "east_branch"}
    assert story.denied(ActKind.QUERY, WANG, "user_name", purpose="care", **here) == GRANT
    assert story.shown(ActKind.QUERY, WANG, "user_name", purpose="care", post="care_agent", **here)
    assert story.denied(ActKind.QUERY, WANG, "user_name", purpose="care", post="counter_clerk", **here) == GRANT
    seen = story.shown(ActKind.USE, WANG, "user_name", purpose="service", post="counter_clerk", **here)
    assert seen == {"user_name": "王充仲任"}
    assert story.denied(ActKind.USE, WANG, "user_name", purpose="service", post="officer", **here) == GRANT


def test_a_leaver_is_a_stranger_from_that_moment_and_was_none_before(story: Story) -> None:
    here: dict[str, Any] = {"by": "clerk", "where": "east_branch", **PLAN}
    assert story.shown(ActKind.USE, WANG, "user_name", **here)
    story.on("2026-06-30", "18:00").happens(StaffRemoved(at=story.now, staff="clerk", post="counter_clerk"))
    assert story.denied(ActKind.USE, WANG, "user_name", **here) == GRANT | {"npcsc2012:1.2"}
    assert story.ask(ActKind.USE, WANG, "user_name", when=at("2026-06-30", "17:00"), **here).permitted


def test_a_mover_serves_the_new_branch_and_no_longer_the_old(story: Story) -> None:
    story.appoint("zhao", "shop_clerk", "west_branch")
    west: dict[str, Any] = {"by": "zhao", "where": "west_branch", **PLAN}
    east: dict[str, Any] = {"by": "zhao", "where": "east_branch", **PLAN}
    assert story.shown(ActKind.USE, WANG, "user_name", **west)
    story.on("2026-05-01").happens(
        StaffRemoved(at=story.now, staff="zhao", post="shop_clerk"),
        StaffAppointed(at=story.now, staff="zhao", post="counter_clerk", branch="east_branch"),
    )
    assert story.denied(ActKind.USE, WANG, "user_name", **west) == GRANT
    assert story.shown(ActKind.USE, WANG, "user_name", **east) == {"user_name": "王充仲任"}


def test_who_is_lent_for_a_week_goes_by_the_calendar(story: Story) -> None:
    story.appoint("zhou", "care_agent", until=at("2026-03-09"))
    care: dict[str, Any] = {"by": "zhou", "purpose": "care"}
    story.on("2026-03-09", "09:59")
    assert story.shown(ActKind.QUERY, WANG, "user_name", **care)
    story.on("2026-03-09", "10:00")
    assert story.denied(ActKind.QUERY, WANG, "user_name", **care) == GRANT | {"npcsc2012:1.2"}


def test_the_repairer_sees_addresses_by_day(story: Story) -> None:
    repair: dict[str, Any] = {"by": "repairer", "purpose": "repair"}
    for hour, allowed in (("07:59", False), ("08:00", True), ("20:59", True), ("21:00", False), ("23:30", False)):
        story.on("2026-03-03", hour)
        decision = story.ask(ActKind.USE, WANG, "home_address", **repair)
        assert decision.permitted is allowed, hour


def test_a_post_that_the_rules_do_not_have_may_do_nothing(story: Story) -> None:
    with pytest.raises(ActError, match="no such post"):
        story.appoint("wu", "general_manager")
    for who in ("wu", "intake"):  # who took users over holds a post of the rules before these
        assert story.denied(ActKind.USE, WANG, "user_name", by=who, **PLAN) >= GRANT


def test_nobody_is_appointed_to_act_as_the_user(story: Story) -> None:
    with pytest.raises(ActError, match="users themselves"):
        story.appoint("user", "counter_clerk", "east_branch")
    assert story.denied(ActKind.USE, WANG, "user_name", by="user", where="east_branch", **PLAN) >= GRANT
