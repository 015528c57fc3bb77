# SPDX-License-Identifier: Apache-2.0
"""Invariants 6 and 7: every answer cites the law of its day, and years later the same question has the same answer."""

import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import START, VALUES, act, declared, newcomer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journey import Story, at
from msgspec.structs import replace

from keshou.db import Database
from keshou.errors import InputError
from keshou.gate import calendar
from keshou.gate.act import Act
from keshou.gate.decision import Decision, Deny, Permit
from keshou.gate.facts import (
    ConsentGiven,
    ConsentWithdrawn,
    MessagesRefused,
    StaffAppointed,
    StaffRemoved,
    SuspensionLifted,
    SuspensionOrdered,
)
from keshou.law.load import load
from keshou.law.terms import ActKind, ConsentStrength

STAFF = {"clerk1": "clerk", "biller": "program", "lister": "analyst", "judge": "reviewer"}


@pytest.fixture
def story(database: Database, tmp_path: Path) -> Iterator[Story]:
    """Give a site that lived through 2013: rules from January, two users, consents that came and went."""
    with Story(database, tmp_path, "2013-01-10") as story:
        story.site.publish(replace(declared(), effective=at("2013-01-01")), by="officer")
        story.happens(*(StaffAppointed(at=story.now, staff=one, post=post) for one, post in STAFF.items()))
        for user in ("u1", "u2"):
            taken = newcomer(story.site, user, None, "marketing")
            story.site.do(replace(taken, facts=tuple(replace(fact, at=story.now) for fact in taken.facts)))
        story.on("2013-05-01").tells("u1", ConsentWithdrawn(at=story.now, purpose="marketing"))
        story.on("2013-08-01").tells("u2", MessagesRefused(at=story.now))
        story.on("2013-10-01").happens(SuspensionOrdered(at=story.now, suspension="s", purposes=frozenset({"service"})))
        story.on("2013-10-08").happens(SuspensionLifted(at=story.now, suspension="s"))
        story.on("2013-12-01").site.cancel("u2")
        yield story


acts = st.builds(
    Act,
    kind=st.sampled_from(list(ActKind)),
    user=st.sampled_from(["u1", "u2", "nobody", ""]),
    items=st.frozensets(st.sampled_from([*VALUES, "religion", "no_such_item"]), max_size=3),
    purpose=st.sampled_from(["service", "marketing", "none"]),
    by=st.sampled_from([*STAFF, "user", "stranger"]),
    when=st.integers(0, 17 * 365 * 24 * 60).map(lambda minutes: at("2012-12-28") + minutes * dt.timedelta(minutes=1)),
    recipient=st.sampled_from(["", "", "somebody"]),
    count=st.sampled_from([1, 1, 1, 3, 5000]),
    review=st.sampled_from(["", "", "v1"]),
    ground=st.sampled_from(["", "", "g1"]),
)


@given(asked=st.lists(acts, min_size=30, max_size=30))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_denial_cites_and_every_permission_stands_on_the_law_of_its_day(story: Story, asked: list[Act]) -> None:
    law = load()
    for each in asked:
        decision = story.site.ask(each)
        day = law.on(calendar.day_of(each.when), ("gbz28828",))
        stands_on = decision.reasons if isinstance(decision, Deny) else decision.grounds
        assert stands_on, each
        for one in stands_on:
            assert day.provision(one.cite).cite == str(one.cite)
        if isinstance(decision, Deny):
            assert all(one.cite in day.prohibitions()[one.prohibition] for one in decision.reasons)
            assert all(one.missing for one in decision.reasons)


def test_what_is_cited_to_the_caller_is_what_the_log_says(story: Story) -> None:
    story.on("2014-01-05")
    kinds = [kind for kind in ActKind if kind is not ActKind.CORRECT]
    for kind, user, by in itertools.product(kinds, ("u1", "u2", "nobody"), ("clerk1", "user", "stranger")):
        items = ("tariff_plan",)
        values = dict.fromkeys(items, "P-1") if kind is ActKind.COLLECT else {}
        done = story.site.perform(act(kind, user, *items, by=by), values)
        header, decision = story.header(done.entry), done.decision
        assert decision is not None
        stands_on = decision.reasons if isinstance(decision, Deny) else decision.grounds
        assert header.cites == tuple(dict.fromkeys(str(each.cite) for each in stands_on))
        assert header.cites
        assert header.decision == ("deny" if isinstance(decision, Deny) else "permit")


def questions() -> list[Act]:
    moments = [at(day) for day in ("2013-01-09", "2013-01-11", "2013-04-30", "2013-05-02", "2013-08-31", "2013-09-01",
                                   "2013-10-05", "2013-10-09", "2013-12-02", "2013-12-20")]  # fmt: skip
    kinds = (ActKind.USE, ActKind.EXPORT, ActKind.QUERY, ActKind.DESTROY, ActKind.SELL)
    return [
        replace(act(kind, user, item, by=by, purpose=purpose), when=moment)
        for moment in moments
        for kind in kinds
        for user in ("u1", "u2")
        for item in ("tariff_plan", "user_name")
        for by, purpose in (("clerk1", "service"), ("lister", "marketing"), ("user", "service"))
    ]


def answers(site: object, asked: list[Act]) -> list[Decision]:
    return [each._replace(revision=0) for each in map(site.ask, asked)]  # type: ignore[attr-defined]


def test_ten_years_and_a_new_rulebook_later_the_same_question_has_the_same_answer(story: Story) -> None:
    asked = questions()
    before = answers(story.site, asked)
    assert {type(each) for each in before} == {Permit, Deny}
    story.on("2023-06-01")
    later = replace(declared(), effective=at("2023-06-01"), purposes=declared().purposes[:1])
    story.site.publish(later, by="officer")
    story.happens(
        StaffRemoved(at=story.now, staff="clerk1", post="clerk"),
        SuspensionOrdered(at=story.now, suspension="all"),
        StaffAppointed(at=story.now, staff="biller", post="analyst"),
    )
    story.tells("u1", ConsentWithdrawn(at=story.now, purpose="service"))
    story.tells("u2", ConsentGiven(at=story.now, purpose="service", version=2, strength=ConsentStrength.GUARDIAN))
    assert answers(story.site, asked) == before
    with story.again("2033-06-01") as other:
        assert answers(other, asked) == before
        for each in asked[:20]:
            assert isinstance(other.ask(replace(each, when=at("2033-06-01"))), Deny)


def test_no_answer_depends_on_what_was_asked_before(story: Story) -> None:
    asked = questions()
    before = answers(story.site, asked)
    with story.again("2033-06-01") as other:
        assert answers(other, asked[::-1])[::-1] == before


def test_a_question_before_any_law_has_no_answer(story: Story) -> None:
    with pytest.raises(InputError, match="no instrument binds"):
        story.site.ask(replace(act(ActKind.USE, "u1", "tariff_plan"), when=START.replace(year=2011)))
