# SPDX-License-Identifier: Apache-2.0
"""The same question on different days gives each day's answer; drafts answer on none."""

import datetime as dt
from pathlib import Path

import pytest
from house import act, declared, newcomer
from journey import Story, at
from msgspec.structs import replace

from keshou.db import Database
from keshou.errors import InputError
from keshou.gate.decision import Decision, Deny, Permit
from keshou.gate.facts import StaffAppointed
from keshou.law.load import load
from keshou.law.terms import ActKind, Rank


def story_of_2013(database: Database, folder: Path) -> Story:
    """Begin a site in January 2013 with a clerk, rules, and one user taken in by the law of that day."""
    story = Story(database, folder, "2013-01-10")
    rules = replace(declared(), effective=at("2013-01-01"))
    story.site.publish(rules, by="officer")
    story.happens(StaffAppointed(at=story.now, staff="clerk1", post="clerk"))
    taken = newcomer(story.site, "u1")
    facts = tuple(replace(fact, at=story.now) for fact in taken.facts)
    assert isinstance(story.site.do(replace(taken, facts=facts)).decision, Permit)
    return story


def cites(decision: Decision) -> set[str]:
    assert isinstance(decision, Deny)
    return {str(reason.cite) for reason in decision.reasons}


def test_asking_nobody_is_answered_by_each_days_law(database: Database, tmp_path: Path) -> None:
    with story_of_2013(database, tmp_path) as story:
        ask = replace(act(ActKind.USE, "u1", "mobile_number", purpose="marketing"), by="clerk1")
        before = story.site.ask(replace(ask, when=at("2013-08-31", "23:59")))
        after = story.site.ask(replace(ask, when=at("2013-09-01", "00:00")))
        today = story.site.ask(replace(ask, when=at("2026-11-22")))
        decided = {"npcsc2012:2.1", "npcsc2012:7", "gbz28828:4.1.3"}
        assert cites(before) == decided
        assert cites(after) == cites(today) == decided | {"miit24:9.1", "miit24:13.1.3"}


def test_order_25_keeps_registration_information_from_its_day_on(database: Database, tmp_path: Path) -> None:
    with story_of_2013(database, tmp_path) as story:
        destroy = act(ActKind.DESTROY, "u1", "user_name")
        assert isinstance(story.site.ask(replace(destroy, when=at("2013-08-31"))), Permit)
        assert cites(story.site.ask(replace(destroy, when=at("2013-09-01")))) == {"miit25:11"}


def test_guidance_adopted_in_january_speaks_from_february(database: Database, tmp_path: Path) -> None:
    with story_of_2013(database, tmp_path) as story:
        ask = act(ActKind.USE, "u1", "mobile_number", purpose="marketing")
        january, february = (story.site.ask(replace(ask, when=at(day))) for day in ("2013-01-31", "2013-02-01"))
        assert cites(february) - cites(january) == {"gbz28828:4.1.3"}


def test_before_the_decision_there_was_nothing_to_ask(database: Database, tmp_path: Path) -> None:
    with story_of_2013(database, tmp_path) as story:
        with pytest.raises(InputError, match="no instrument binds"):
            story.site.ask(replace(act(ActKind.USE, "u1", "tariff_plan"), when=at("2012-12-27")))
        assert cites(story.site.ask(replace(act(ActKind.USE, "u1", "tariff_plan"), when=at("2012-12-28"))))


def test_no_draft_is_law_on_any_day_even_when_somebody_would_adopt_it() -> None:
    law = load()
    drafts = {each.id for each in law.instruments.values() if each.rank is Rank.DRAFT}
    assert len(drafts) == 2
    day = dt.date(2012, 12, 1)
    while day < dt.date(2027, 1, 1):
        assert not drafts & law.on(day, ("gbz28828",)).instruments.keys()
        day += dt.timedelta(days=17)
    for draft in drafts:
        with pytest.raises(Exception, match="not guidance that can be adopted"):
            law.on(dt.date(2013, 5, 1), (draft,))
