# SPDX-License-Identifier: Apache-2.0
"""Until when information is kept: cases as data, and a twin that looks at one day after the other."""

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kept_until import TWO_YEARS, declared, fact, goes, made, terms

from keshou.db import to_micros
from keshou.declaration.model import Retention
from keshou.gate import calendar
from keshou.gate import facts as f
from keshou.gate.keeping import Keeping, Over, Terms, Use, fold_use
from keshou.law.terms import ConsentStrength, RetentionClass

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "keeping" / "kept-until.toml").read_text("utf-8"))["cases"]
NOON = dt.datetime(2024, 1, 1, 4, tzinfo=dt.UTC)
FAR = dt.date(2029, 6, 1)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"]["en"])
def test_it_is_kept_until_the_day_that_the_case_says(case: dict[str, Any]) -> None:
    chosen = terms(case["rules"], statute=case.get("statute", True), in_force=case.get("in_force", ()))
    facts = [fact(words) for words in case["facts"]]
    class_ = RetentionClass(case.get("class", "service"))
    found = Keeping(chosen).over("plan", class_, case["collected"], fold_use(facts))
    assert found == (Over(case["goes"], case["after"]) if "goes" in case else None)
    facts.sort(key=lambda each: each.at)
    until = case.get("goes", FAR)
    assert goes("plan", class_, case["collected"], facts, chosen, until=until) == case.get("goes")


SERVICES, PURPOSES, ITEMS = ("mobile", "broadband"), ("service", "billing", "marketing"), ("plan", "number")
lengths = st.builds(
    Retention, after=st.sampled_from(["collection", "service_end"]), days=st.sampled_from([0, 1, 30]),
    months=st.sampled_from([0, 1, 5, 13]), years=st.sampled_from([0, 0, 1]),
)  # fmt: skip
purposes = st.builds(
    made, st.sampled_from(PURPOSES), st.lists(st.sampled_from(ITEMS), min_size=1, max_size=2, unique=True),
    st.lists(st.sampled_from(SERVICES), min_size=1, max_size=2, unique=True), lengths,
)  # fmt: skip
rules = st.lists(purposes, max_size=3, unique_by=lambda each: each.id).map(declared)
moments = st.integers(0, 900).map(lambda days: NOON + dt.timedelta(days=days, hours=days % 24))
facts_ = st.one_of(
    st.builds(
        f.ConsentGiven, at=moments, purpose=st.sampled_from(PURPOSES), version=st.integers(1, 3),
        strength=st.just(ConsentStrength.EXPRESS), items=st.sets(st.sampled_from(ITEMS), max_size=1).map(frozenset),
    ),
    st.builds(f.ConsentWithdrawn, at=moments, purpose=st.sampled_from(PURPOSES)),
    st.builds(f.ServiceStarted, at=moments, service=st.sampled_from(SERVICES)),
    st.builds(f.ServiceEnded, at=moments, service=st.sampled_from(SERVICES)),
)  # fmt: skip


@given(
    versions=st.lists(rules, min_size=1, max_size=3),
    facts=st.lists(facts_, max_size=8, unique_by=lambda each: each.at),
    grounded=st.sets(st.tuples(st.sampled_from(PURPOSES), st.sampled_from(ITEMS)), max_size=1).map(frozenset),
    class_=st.sampled_from(list(RetentionClass)),
    collected=moments.map(lambda moment: moment.date()),
    statute=st.booleans(),
)
def test_the_twin_that_walks_the_days_finds_the_same_day(
    *, versions: list[Any], facts: list[f.UserFact], grounded: frozenset[tuple[str, str]], class_: RetentionClass,
    collected: dt.date, statute: bool,
) -> None:  # fmt: skip
    numbered = dict(enumerate(versions, 1))
    chosen = Terms(numbered, len(numbered), grounded, TWO_YEARS if statute else None)
    found = Keeping(chosen).over("plan", class_, collected, fold_use(facts))
    ordered = sorted(facts, key=lambda each: each.at)
    assert goes("plan", class_, collected, ordered, chosen, until=FAR) == (max(found.day, collected) if found else None)


def test_what_was_erased_counts_no_more() -> None:
    facts = [fact("2026-01-10 agrees to marketing"), fact("2026-01-10 begins mobile")]
    assert fold_use([*facts, f.Erased(at=NOON + dt.timedelta(days=2000))]) == Use()


def test_a_time_beyond_the_calendar_never_ends() -> None:
    chosen = terms([["marketing needs plan for mobile, 9999 years after collection"]], statute=True)
    assert Keeping(chosen).over("plan", RetentionClass.SERVICE, dt.date(2026, 1, 1), Use()) is None


@given(st.datetimes(timezones=st.just(dt.UTC)).filter(lambda moment: 1900 < moment.year < 9000))
def test_the_day_of_a_number_of_microseconds_is_that_of_its_moment(moment: dt.datetime) -> None:
    assert calendar.day_of_micros(to_micros(moment)) == calendar.day_of(moment)
