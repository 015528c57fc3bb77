# SPDX-License-Identifier: Apache-2.0
"""The law of a day: what is in force, guidance only when adopted, drafts never."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keshou.law.load import load
from keshou.law.model import Citation, LawError, Period, Provision
from keshou.law.status import Standing, is_fresh, standing, status

LAW = load()
DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1))


@pytest.mark.parametrize(
    ("day", "bound"),
    [
        (dt.date(2012, 12, 27), set()),
        (dt.date(2012, 12, 28), {"npcsc2012"}),
        (dt.date(2013, 8, 31), {"npcsc2012"}),
        (dt.date(2013, 9, 1), {"npcsc2012", "miit24", "miit25"}),
        (dt.date(2026, 11, 22), {"npcsc2012", "miit24", "miit25"}),
    ],
)
def test_an_instrument_binds_from_its_first_day(day: dt.date, bound: set[str]) -> None:
    """Of the instruments of 2012 and 2013; later ones may bind beside them."""
    assert {"npcsc2012", "miit24", "miit25", "gbz28828", "miit24_draft"} & set(LAW.on(day).instruments) == bound


@given(day=DAYS)
def test_a_draft_binds_on_no_day(day: dt.date) -> None:
    law = LAW.on(day, adopted=["gbz28828"])
    assert not any(law.binds(name) for name in ("miit24_draft", "miit25_draft"))
    assert standing(LAW.instruments["miit24_draft"], day) is Standing.NEVER


@pytest.mark.parametrize("name", ["miit24_draft", "miit24", "no_such"])
def test_only_guidance_can_be_adopted(name: str) -> None:
    with pytest.raises(LawError, match=name):
        LAW.on(dt.date(2014, 1, 1), adopted=[name])


def test_guidance_binds_when_adopted_and_not_before_its_first_day() -> None:
    assert not LAW.on(dt.date(2014, 1, 1)).binds("gbz28828")
    assert LAW.on(dt.date(2014, 1, 1), ["gbz28828"]).binds("gbz28828")
    assert not LAW.on(dt.date(2013, 1, 31), ["gbz28828"]).binds("gbz28828")
    assert LAW.on(dt.date(2013, 2, 1), ["gbz28828"]).binds("gbz28828")


def test_the_prohibitions_of_a_day_come_with_the_provisions_they_enforce() -> None:
    before, after = (LAW.on(dt.date(2013, 8, 31)), LAW.on(dt.date(2013, 9, 1)))
    assert len(before.prohibitions()) == 5
    assert len(after.prohibitions()) == 25
    assert after.prohibitions()["use_beyond_purpose"] == [Citation("miit24", 9, 3)]
    adopted = LAW.on(dt.date(2013, 9, 1), ["gbz28828"]).prohibitions()
    assert adopted["minor_without_guardian"] == [Citation("gbz28828", 4, 1, 7)]
    assert len(adopted) == 29


def test_what_does_not_stand_on_the_day_cannot_be_asked_for() -> None:
    with pytest.raises(LawError, match="2013-08-31"):
        LAW.on(dt.date(2013, 8, 31)).provision("miit24:12")
    with pytest.raises(LawError, match="sets no period"):
        LAW.on(dt.date(2013, 9, 1)).period("miit24:8")
    with pytest.raises(LawError, match="miit24:99"):
        LAW.provision("miit24:99")
    with pytest.raises(LawError, match="not a citation"):
        LAW.provision("Article 9")


def test_the_parts_of_an_article_are_found_within_it() -> None:
    assert len(LAW.within("miit24:9")) == 5
    assert LAW.within("miit24:99") == ()


@given(
    st.builds(
        Citation,
        st.from_regex(r"[a-z0-9_]+", fullmatch=True).filter(str.isascii),
        st.integers(1, 999),
        st.integers(1, 99),
        st.integers(0, 99),
    )
)
def test_a_citation_reads_back_as_written(citation: Citation) -> None:
    assert Citation.parse(str(citation)) == citation


@pytest.mark.parametrize("each", LAW.provisions(), ids=lambda each: each.cite)
def test_every_provision_is_found_by_its_citation(each: Provision) -> None:
    assert LAW.provision(Citation.parse(each.cite)) is each


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (Period(days=15), dt.date(2013, 9, 20), dt.date(2013, 10, 5)),
        (Period(years=2), dt.date(2024, 2, 29), dt.date(2026, 2, 28)),
        (Period(years=2), dt.date(2014, 3, 1), dt.date(2016, 3, 1)),
        (Period(months=6), dt.date(2014, 8, 31), dt.date(2015, 2, 28)),
        (Period(months=1), dt.date(2014, 12, 15), dt.date(2015, 1, 15)),
        (Period(at_once=True), dt.date(2014, 1, 1), dt.date(2014, 1, 1)),
    ],
)
def test_a_period_ends_on_the_calendar_day(period: Period, start: dt.date, end: dt.date) -> None:
    assert period.after(start) == end


def test_a_reading_older_than_a_year_is_stale() -> None:
    last = {one.id: one.checked_on.replace(year=one.checked_on.year + 1) for one in LAW.instruments.values()}
    first = min(last.values())
    assert is_fresh(status(LAW, first))
    late = status(LAW, first + dt.timedelta(days=1))
    assert not is_fresh(late)
    assert {line.instrument.id: line.check_by for line in late} == last
    assert {line.instrument.id for line in late if line.stale} == {name for name, day in last.items() if day == first}


@pytest.mark.parametrize(
    ("name", "day", "what"),
    [
        ("miit24", dt.date(2013, 8, 31), Standing.NOT_YET),
        ("miit24", dt.date(2013, 9, 1), Standing.IN_FORCE),
        ("gbz28828", dt.date(2013, 2, 1), Standing.ADOPTABLE),
        ("miit25_draft", dt.date(2013, 4, 20), Standing.NEVER),
    ],
)
def test_status_says_what_an_instrument_is_on_the_day(name: str, day: dt.date, what: Standing) -> None:
    (line,) = [each for each in status(LAW, day) if each.instrument.id == name]
    assert line.standing is what
