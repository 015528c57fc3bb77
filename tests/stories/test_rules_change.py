# SPDX-License-Identifier: Apache-2.0
"""New rules: published in July, in force from September; who must be asked again, and who need not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from journey import Story, at, cites, purpose_of, sample, with_purpose
from msgspec.structs import replace

from keshou.db import Database
from keshou.declaration.model import Declaration, Retention
from keshou.gate.decision import Decision, Deny, Permit
from keshou.gate.facts import ServiceStarted
from keshou.language import Text
from keshou.law.terms import ActKind

LI, ZHUANG = "A-1", "A-2"
PURPOSES = ("registration", "service", "billing", "care", "quality")
CONSENT = {"miit24:9.1", "miit24:9.2", "npcsc2012:2.1"}
CARE: dict[str, Any] = {"by": "care", "purpose": "care"}
BILL: dict[str, Any] = {"by": "billing", "purpose": "billing"}
QUALITY: dict[str, Any] = {"by": "engineer", "purpose": "quality"}


def second_rules() -> Declaration:
    """Return rules that let care see addresses, keep bills for longer, and no longer look at where a telephone is."""
    rules = sample(effective=at("2026-09-01", "00:00"))
    care, quality = purpose_of(rules, "care"), purpose_of(rules, "quality")
    address = replace(purpose_of(rules, "repair").needs[1], why=Text("寄送书面答复。", "To post a written answer."))
    rules = with_purpose(rules, "care", needs=(*care.needs, address))
    rules = with_purpose(rules, "billing", retention=Retention(after="collection", years=2))
    kept = tuple(each for each in quality.needs if each.item != "cell_location")
    return with_purpose(rules, "quality", needs=kept)


@pytest.fixture
def story(database: Database, tmp_path: Path) -> Iterator[Story]:
    """Give a site with two users of version 1; version 2 is published in July, and one of them agrees in August.

    The officer's own post sees more by it, so that somebody else publishes it.
    """
    with Story.of_the_sample(database, tmp_path, "2026-03-02") as story:
        for user in (LI, ZHUANG):
            agreed = [story.consent(each) for each in PURPOSES]
            begun = ServiceStarted(at=story.now, service="mobile")
            story.take_in(user, {"user_name": "庄周子休"}, [story.notice(), *agreed, begun])
        assert story.on("2026-07-01").site.publish(second_rules(), by="board").version == 2
        shown = story.on("2026-08-10").notice(2)
        story.tells(ZHUANG, shown, *(story.consent(each, version=2) for each in ("care", "billing")))
        yield story


def asked(story: Story, user: str, day: str, *items: str, **what: Any) -> Decision:
    return story.ask(ActKind.USE, user, *items, when=at(day, "12:00"), **what)


def test_until_they_take_effect_the_old_rules_hold_for_everybody(story: Story) -> None:
    for user in (LI, ZHUANG):
        for day in ("2026-06-30", "2026-07-15", "2026-08-31"):
            for item, what in (("tariff_plan", BILL), ("user_name", CARE), ("cell_location", QUALITY)):
                decision = asked(story, user, day, item, **what)
                assert isinstance(decision, Permit)
                assert decision.rules == 1
            assert "miit24:9.3" in cites(asked(story, user, day, "home_address", **CARE))


def test_at_midnight_by_chinas_clocks_the_new_rules_hold(story: Story) -> None:
    for hour, version in (("23:59", 1), ("00:00", 2)):
        day = "2026-08-31" if version == 1 else "2026-09-01"
        decision = story.ask(ActKind.USE, LI, "user_name", when=at(day, hour), **CARE)
        assert decision.rules == version


def test_who_agreed_to_the_old_rules_is_asked_again_for_what_widened_alone(story: Story) -> None:
    day = "2026-09-02"
    assert isinstance(asked(story, LI, day, "user_name", **CARE), Permit)
    assert cites(asked(story, LI, day, "tariff_plan", **BILL)) == CONSENT
    assert cites(asked(story, LI, day, "home_address", **CARE)) >= CONSENT
    assert isinstance(asked(story, LI, day, "call_detail_record", **QUALITY), Permit)
    assert isinstance(asked(story, LI, day, "tariff_plan", by="billing", purpose="service"), Permit)


def test_who_agreed_to_the_new_rules_before_they_held_is_not_asked_again(story: Story) -> None:
    assert isinstance(asked(story, ZHUANG, "2026-09-02", "tariff_plan", **BILL), Permit)
    assert isinstance(asked(story, ZHUANG, "2026-09-02", "home_address", **CARE), Permit)


def test_what_is_no_longer_needed_is_no_longer_done_whatever_was_agreed(story: Story) -> None:
    for user in (LI, ZHUANG):
        narrowed = cites(asked(story, user, "2026-09-02", "cell_location", **QUALITY))
        assert "miit24:9.3" in narrowed


def test_the_gate_asks_anew_for_just_what_the_comparison_of_the_rules_says(story: Story) -> None:
    with story.site.reading() as tx:
        said = story.site.declarations.difference(tx, 2).needs_consent
    assert {purpose for purpose, _ in said} == {"billing", "care"}
    found = set()
    for purpose in second_rules().purposes:
        for need in purpose.needs if purpose.id in PURPOSES else ():
            kind = ActKind.USE if ActKind.USE in (need.acts or purpose.acts) else ActKind.QUERY
            decision = story.ask(kind, LI, need.item, by="nobody", purpose=purpose.id, when=at("2026-09-02"))
            if "miit24:9.1" in cites(decision):
                found.add((purpose.id, need.item))
    assert found == set(said)


def test_an_answer_of_august_is_the_same_in_december(story: Story) -> None:
    before = asked(story, LI, "2026-08-31", "tariff_plan", **BILL)
    story.on("2026-12-01")
    after = asked(story, LI, "2026-08-31", "tariff_plan", **BILL)
    assert isinstance(before, Permit)
    assert before == after
    assert isinstance(story.ask(ActKind.USE, LI, "tariff_plan", **BILL), Deny)
