# SPDX-License-Identifier: Apache-2.0
"""Offices come with posts, and go with them; agents and users hold none."""

import datetime as dt
import tomllib
from pathlib import Path

import msgspec

import keshou.cli.sample
from keshou.declaration.model import Declaration, Office
from keshou.gate import facts as f
from keshou.gate.offices import offices_of
from keshou.gate.site import fold_site

SAMPLE = Path(keshou.cli.sample.__file__).with_name("operator.toml")
START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
OFFICER = frozenset({Office.PUBLISH, Office.APPOINT, Office.ORDERS, Office.GROUNDS, Office.MEDIA})


def sample() -> Declaration:
    return msgspec.convert(tomllib.loads(SAMPLE.read_text("utf-8")), Declaration)


def held(staff: str, when: dt.datetime, *facts: f.SiteFact) -> frozenset[Office]:
    return offices_of(fold_site(facts).at(when), sample(), staff, when)


def appointed(staff: str, post: str, **more: object) -> f.StaffAppointed:
    return f.StaffAppointed(at=START, staff=staff, post=post, **more)  # type: ignore[arg-type]


def test_an_office_is_held_from_appointment_to_removal():
    facts = (appointed("o", "privacy_officer"), f.StaffRemoved(at=START + DAY, staff="o", post="privacy_officer"))
    assert held("o", START - DAY, *facts) == frozenset()
    assert held("o", START, *facts) == OFFICER
    assert held("o", START + DAY, *facts) == frozenset()


def test_an_office_ends_with_the_term_of_the_post():
    lent = appointed("o", "auditor", until=START + DAY)
    assert held("o", START + DAY - dt.timedelta(microseconds=1), lent) == {Office.AUDIT}
    assert held("o", START + DAY, lent) == frozenset()


def test_several_posts_bring_the_offices_of_each():
    posts = (appointed("o", "auditor"), appointed("o", "care_agent", branch="east_branch"))
    assert held("o", START, *posts) == {Office.AUDIT, Office.SEARCH}


def test_a_post_that_the_rules_do_not_have_brings_none():
    assert held("o", START, appointed("o", "general_manager")) == frozenset()


def test_a_post_of_an_agent_brings_none_whatever_was_declared():
    rules = sample()
    posts = tuple(msgspec.structs.replace(each, offices=tuple(Office)) if each.agent else each for each in rules.posts)
    state = fold_site([appointed("s", "shop_clerk")]).at(START)
    assert offices_of(state, msgspec.structs.replace(rules, posts=posts), "s", START) == frozenset()


def test_nobody_holds_an_office_before_rules_are_in_force_and_users_never_do():
    state = fold_site([appointed("o", "privacy_officer"), appointed("user", "privacy_officer")]).at(START)
    assert offices_of(state, None, "o", START) == frozenset()
    assert offices_of(state, sample(), "user", START) == frozenset()


def test_every_office_of_the_sample_has_a_holder_and_none_is_an_agents():
    rules = sample()
    assert {office for post in rules.posts for office in post.offices} == set(Office)
    assert not any(post.offices for post in rules.posts if post.agent)
