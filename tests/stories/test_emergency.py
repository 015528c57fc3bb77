# SPDX-License-Identifier: Apache-2.0
"""In an emergency staff lend themselves a post for an hour, on record; consent still counts, and somebody looks."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from journey import Story, at

from keshou.acts.request import ActError
from keshou.db import Database
from keshou.gate.facts import ConsentWithdrawn, EmergencyOpened, EmergencyReviewed, ServiceStarted, StaffLeft
from keshou.gate.offices import offices_of
from keshou.gate.reach import reach
from keshou.law.terms import ActKind

WANG = "A-1"
GRANT = {"miit24:13.1.3"}
OUTAGE: dict[str, Any] = {"by": "care", "purpose": "quality", "post": "network_engineer"}


@pytest.fixture
def story(database: Database, tmp_path: Path) -> Iterator[Story]:
    with Story.of_the_sample(database, tmp_path, "2026-03-02") as story:
        agreed = [story.consent(each) for each in ("registration", "service", "quality", "care")]
        facts = [story.notice(), *agreed, ServiceStarted(at=story.now, service="mobile")]
        story.take_in(WANG, {"user_name": "王充仲任", "mobile_number": "15499990001"}, facts)
        yield story


def opened(story: Story, staff: str = "care", *, by: str = "", until: str = "11:00", **more: Any) -> int:
    told = {"emergency": "e1", "post": "network_engineer", "reason": "network_outage", "case": "ticket-7"} | more
    fact = EmergencyOpened(at=story.now, staff=staff, until=at("2026-03-02", until), **told)
    return story.happens(fact, by=by or staff)


def reviewed(story: Story, by: str, found: Any = "justified", emergency: str = "e1") -> int:
    return story.happens(EmergencyReviewed(at=story.now, emergency=emergency, by=by, found=found), by=by)


def test_the_post_is_lent_for_the_hour_and_its_acts_name_it_on_record(story: Story) -> None:
    assert story.denied(ActKind.USE, WANG, "cell_location", **OUTAGE) == GRANT
    entry = story.header(opened(story) - 1)
    assert (entry.event, entry.who) == ("fact:emergency_opened", "care")
    assert json.loads(bytes(entry.fact))["case"] == "ticket-7"  # type: ignore[arg-type]
    done = story.site.perform(story.act(ActKind.USE, WANG, "cell_location", **OUTAGE))
    assert done.decision is not None
    assert done.decision.permitted
    assert story.header(done.entry).post == "network_engineer"
    story.on("2026-03-02", "11:00")
    assert story.denied(ActKind.USE, WANG, "cell_location", **OUTAGE) == GRANT


def test_what_is_lent_is_a_grant_and_neither_consent_nor_an_office(story: Story) -> None:
    opened(story)
    rules = story.site.rules()
    assert rules is not None
    assert {each.emergency for each in reach(rules.declaration, story.site.state()) if each.staff == "care"} == {
        "", "e1",
    }  # fmt: skip
    before = offices_of(story.site.state(), rules.declaration, "care", story.now)
    assert before == offices_of(story.site.state(), rules.declaration, "care", at("2026-03-02", "12:00"))
    story.tells(WANG, ConsentWithdrawn(at=story.now, purpose="quality"))
    assert "miit24:9.1" in story.denied(ActKind.USE, WANG, "cell_location", **OUTAGE)


def test_bulk_acts_in_an_emergency_need_their_review(story: Story) -> None:
    opened(story)
    act = story.act(ActKind.EXPORT, "", "cell_location", count=1000, **OUTAGE)
    decision = story.site.ask(act)
    assert not decision.permitted
    assert {each.prohibition for each in decision.reasons} == {"bulk_act_without_review"}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"by": "clerk"}, "another's name"),
        ({"post": "privacy_officer"}, "do not lend"),
        ({"reason": "haste"}, "do not know this reason"),
        ({"until": "11:30"}, "longer than the rules"),
        ({"until": "09:00"}, "over before it began"),
        ({"staff": "stranger"}, "no post of the operator's own"),
        ({"staff": "shop"}, "no post of the operator's own"),
        ({"case": "王充"}, "an id that is not one"),
    ],
)
def test_an_emergency_that_the_rules_do_not_foresee_is_refused(story: Story, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ActError, match=why):
        opened(story, **changes)
    assert story.site.state().emergencies() == []


def test_the_same_id_opens_nothing_twice(story: Story) -> None:
    opened(story)
    with pytest.raises(ActError, match="opened before"):
        opened(story)


def test_somebody_else_reviews_it_once_and_that_ends_it(story: Story) -> None:
    opened(story)
    for by, why in (("care", "their own emergency"), ("shop", "no post of the operator's own"), ("x", "no post")):
        with pytest.raises(ActError, match=why):
            reviewed(story, by)
    with pytest.raises(ActError, match="no emergency of that id"):
        reviewed(story, "officer", emergency="e9")
    reviewed(story, "officer", "unjustified")
    (emergency,) = story.site.state().emergencies()
    assert emergency.review is not None
    assert emergency.review.found == "unjustified"
    assert story.denied(ActKind.USE, WANG, "cell_location", **OUTAGE) == GRANT
    with pytest.raises(ActError, match="reviewed before"):
        reviewed(story, "officer")


def test_no_review_is_dated_before_the_emergency_though_a_clock_be_behind(story: Story) -> None:
    before = story.now
    opened(story)
    early = EmergencyReviewed(at=before, emergency="e1", by="officer", found="justified")
    with pytest.raises(ActError, match="dated before what it reviews"):
        story.happens(early, by="officer")
    with story.again("2026-03-02") as behind:
        fact = EmergencyReviewed(at=behind.now(), emergency="e1", by="officer", found="justified")
        with pytest.raises(ActError, match="dated before what it reviews") as refused:
            behind.record_site(fact, by="officer")
    assert "clocks" in refused.value.hint
    reviewed(story, "officer")


def test_who_leaves_takes_nothing_lent_along(story: Story) -> None:
    opened(story)
    story.happens(StaffLeft(at=story.now, staff="care"))
    assert story.denied(ActKind.USE, WANG, "cell_location", **OUTAGE) == GRANT | {"npcsc2012:1.2"}


def test_the_log_audits_with_emergencies_in_it(story: Story) -> None:
    opened(story)
    reviewed(story, "officer")
    log, facts = story.site.audit(by="officer")
    assert facts.entries >= log.size - 1
