# SPDX-License-Identifier: Apache-2.0
"""Who can reach what is confirmed every half year by who answers for it, or lapses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from journey import Story, at, sample

from keshou.acts.request import ActError
from keshou.db import Database
from keshou.declaration.model import Declaration
from keshou.gate.facts import AccessConfirmed, AgentReinstated, AgentSuspended, ServiceStarted
from keshou.gate.offices import offices_of
from keshou.gate.reach import due, reach, unanswered
from keshou.law.terms import ActKind

WANG = "A-1"
LAPSED = {"miit24:13.1.3", "npcsc2012:1.2"}
HERE: dict[str, Any] = {"by": "clerk", "where": "east_branch", "purpose": "service"}
REVIEW = sample().access_review


@pytest.fixture
def story(database: Database, tmp_path: Path) -> Iterator[Story]:
    with Story.of_the_sample(database, tmp_path, "2026-03-02", access_review=REVIEW) as story:
        facts = [story.notice(), story.consent("registration"), story.consent("service")]
        story.take_in(WANG, {"user_name": "王充仲任"}, [*facts, ServiceStarted(at=story.now, service="mobile")])
        yield story


def rules(story: Story) -> Declaration:
    published = story.site.rules()
    assert published is not None
    return published.declaration


def confirm(story: Story, staff: str, post: str, by: str, until: str = "2026-10-01") -> None:
    story.happens(AccessConfirmed(at=story.now, staff=staff, post=post, by=by, until=at(until)), by=by)


def test_what_nobody_confirms_lapses_without_anybody_doing_anything(story: Story) -> None:
    story.on("2026-08-29", "09:59")
    assert story.shown(ActKind.USE, WANG, "user_name", **HERE) == {"user_name": "王充仲任"}
    story.on("2026-08-29", "10:01")
    assert story.denied(ActKind.USE, WANG, "user_name", **HERE) == LAPSED
    assert reach(rules(story), story.site.state()) == []
    assert unanswered(rules(story), story.site.state()) == [each.id for each in rules(story).departments]


def test_who_answers_for_the_department_confirms_and_the_list_shows_it(story: Story) -> None:
    story.on("2026-08-20")
    waiting = due(rules(story), story.site.state(), story.now)
    assert len(waiting) == len(story.site.state().holders())
    confirm(story, "clerk", "counter_clerk", "manager", "2027-02-01")
    assert "clerk" not in {staff for staff, _ in due(rules(story), story.site.state(), story.now)}
    lines = [each for each in reach(rules(story), story.site.state()) if each.staff == "clerk"]
    assert {each.confirmed_by for each in lines} == {"manager"}
    assert {each.due for each in lines} == {at("2027-02-01")}
    story.on("2026-11-01")
    assert story.shown(ActKind.USE, WANG, "user_name", **HERE)


def test_nobody_confirms_themselves_nor_in_anothers_name_nor_for_others_to_answer_for(story: Story) -> None:
    story.on("2026-08-20")
    for staff, post, by, writer, why in (
        ("manager", "retail_manager", "manager", "manager", "their own access"),
        ("clerk", "counter_clerk", "manager", "officer", "another's name"),
        ("clerk", "counter_clerk", "officer", "officer", "does not answer"),
        ("clerk", "counter_clerk", "shop", "shop", "does not answer"),
        ("stranger", "counter_clerk", "manager", "manager", "nobody of that id"),
    ):
        fact = AccessConfirmed(at=story.now, staff=staff, post=post, by=by, until=at("2026-10-01"))
        with pytest.raises(ActError, match=why):
            story.happens(fact, by=writer)
    story.on("2026-08-30")
    assert story.denied(ActKind.USE, WANG, "user_name", **HERE) == LAPSED


def test_a_confirmation_holds_no_longer_than_the_rules_say_and_not_backwards(story: Story) -> None:
    story.on("2026-08-20")
    with pytest.raises(ActError, match="longer than the rules"):
        confirm(story, "clerk", "counter_clerk", "manager", "2027-02-17")
    with pytest.raises(ActError, match="over before it began"):
        confirm(story, "clerk", "counter_clerk", "manager", "2026-08-20")
    story.on("2026-08-30")
    with pytest.raises(ActError, match="nobody of that id holds the post"):
        confirm(story, "clerk", "counter_clerk", "manager")
    backdated = AccessConfirmed(
        at=at("2026-08-20"), staff="clerk", post="counter_clerk", by="manager", until=at("2026-10-01")
    )
    with pytest.raises(ActError, match="nobody of that id holds the post"):
        story.happens(backdated, by="manager")


def test_heads_are_confirmed_by_whom_the_rules_name(story: Story) -> None:
    story.on("2026-08-20")
    confirm(story, "officer", "privacy_officer", "auditor")
    confirm(story, "auditor", "auditor", "officer")
    story.on("2026-08-30")
    state = story.site.state()
    assert set(state.holders()) == {"officer", "auditor"}
    assert offices_of(state, rules(story), "officer", story.now)
    assert not offices_of(state, rules(story), "engineer", story.now)


def test_a_lapsed_holder_of_an_office_holds_it_no_more(story: Story) -> None:
    assert offices_of(story.site.state(), rules(story), "officer", story.now)
    story.on("2026-08-30")
    assert not offices_of(story.site.state(), rules(story), "officer", story.now)


def test_staff_appointed_before_the_review_was_declared_are_reviewed_from_then_on(
    database: Database, tmp_path: Path
) -> None:
    with Story.of_the_sample(database, tmp_path, "2026-03-02") as story:
        assert {held.due for every in story.site.state().holders().values() for held in every} == {None}
        story.on("2026-12-01").site.publish(sample(), by="board")
        (clerk,) = story.site.state().holders()["clerk"]
        assert clerk.due is not None
        assert clerk.due.date() == at("2027-05-30").date()
        story.on("2027-05-31")
        assert story.site.state().holders() == {}


def test_an_agents_staff_are_in_the_list_only_while_their_agent_is_fit(story: Story) -> None:
    def listed() -> bool:
        return any(each.staff == "shop" for each in reach(rules(story), story.site.state()))

    assert listed()
    story.happens(AgentSuspended(at=story.now, agent="west_shop"))
    assert not listed()
    with pytest.raises(ActError, match="own staff do not find it fit"):
        story.happens(AgentReinstated(at=story.now, agent="west_shop"), by="shop")
    story.happens(AgentReinstated(at=story.now, agent="west_shop"))
    assert listed()


def test_an_agents_staff_fall_with_its_contract(database: Database, tmp_path: Path) -> None:
    with Story.of_the_sample(database, tmp_path, "2034-12-31") as story:
        assert any(each.staff == "repairer" for each in reach(rules(story), story.site.state()))
        story.on("2035-01-01")
        assert not any(each.staff in {"repairer", "shop"} for each in reach(rules(story), story.site.state()))
        assert any(each.staff == "clerk" for each in reach(rules(story), story.site.state()))
