# SPDX-License-Identifier: Apache-2.0
"""What is counted by day is what the log and the facts say, however often and in whatever pieces it is counted."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import START, Clock, act, newcomer, ready

from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import ConsentWithdrawn
from keshou.law.terms import ActKind
from keshou.ledger.entry import decode
from keshou.tally.count import day_of_number, number_of, number_of_micros

FIRST, LAST = number_of(START.date()), number_of(START.date()) + 40


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    site = ready(database, tmp_path, clock)
    for number in range(6):
        clock.moment = START + dt.timedelta(days=number)
        site.do(newcomer(site, f"u{number}", None, "marketing"))
        site.perform(act(ActKind.USE, f"u{number}", "tariff_plan", by="biller"))
        site.perform(act(ActKind.SELL, f"u{number}", "tariff_plan", by="biller"))
        if number % 2:
            site.record(f"u{number}", ConsentWithdrawn(at=site.now(), purpose="marketing"))
    yield site
    site.close()


def plainly(site: Site) -> tuple[Counter[tuple[int, str, str]], Counter[str]]:
    """Count the whole log the slow way."""
    acts: Counter[tuple[int, str, str]] = Counter()
    cites: Counter[str] = Counter()
    with site.reading() as tx:
        for _, body in site.ledger.entries(tx):
            header = decode(body)
            if header.decision:
                acts[number_of_micros(header.t), header.event, header.decision] += 1
            if header.decision == "deny":
                cites.update(set(header.cites))
    return acts, cites


@pytest.mark.parametrize("piece", [1, 3, 1024])
def test_counts_are_those_of_the_log_in_whatever_pieces_it_is_counted(site: Site, piece: int) -> None:
    left = 1
    while left:
        with site.writing() as tx:
            left = site.tally.catch_up(tx, piece)
    acts, cites = plainly(site)
    with site.reading() as tx:
        found = site.tally.acts(tx, FIRST, LAST)
        assert {each[:3]: each.n for each in found} == dict(acts)
        assert dict(site.tally.cites(tx, FIRST, LAST)) == dict(cites)
        assert site.tally.size(tx) == site.ledger.head(tx).size


def test_consents_are_counted_on_the_day_they_came_true(site: Site) -> None:
    site.catch_up()
    with site.reading() as tx:
        found = site.tally.consents(tx, FIRST, LAST)
    assert sum(each.n for each in found if (each.kind, each.purpose) == ("consent_given", "marketing")) == 6
    assert [day_of_number(each.day) for each in found if each.kind == "consent_withdrawn"] == [
        START.date() + dt.timedelta(days=number) for number in (1, 3, 5)
    ]


def test_denials_are_found_under_each_article_that_denied_the_latest_first(site: Site) -> None:
    site.catch_up()
    with site.reading() as tx:
        size = site.ledger.head(tx).size
        every = site.tally.denied(tx, "", 0, size, 100)
        assert every == sorted(every, reverse=True)
        assert len(every) == 6
        assert all(decode(site.ledger.entry(tx, place)).decision == "deny" for place in every)
        assert site.tally.denied(tx, "miit24:10", 0, size, 2) == every[:2]
        assert site.tally.denied(tx, "miit24:10", 0, every[1], 2) == every[2:4]
        assert site.tally.denied(tx, "miit24:10", every[2], size, 100) == every[:3]
        assert site.tally.denied(tx, "miit24:99", 0, size, 100) == []


def test_counting_again_changes_nothing_and_what_is_new_is_added(site: Site) -> None:
    assert site.catch_up() == 0
    with site.reading() as tx:
        before = site.tally.acts(tx, FIRST, LAST)
    assert site.catch_up() == 0
    with site.reading() as tx:
        assert site.tally.acts(tx, FIRST, LAST) == before
    site.perform(act(ActKind.USE, "u1", "tariff_plan", by="biller"))
    site.tidy()
    with site.reading() as tx:
        after = site.tally.acts(tx, FIRST, LAST)
    assert sum(each.n for each in after) == sum(each.n for each in before) + 1


def test_a_day_is_chinas_day() -> None:
    late = dt.datetime(2026, 3, 1, 16, 0, tzinfo=dt.UTC)
    assert day_of_number(number_of_micros(int(late.timestamp()) * 1_000_000)) == dt.date(2026, 3, 2)
    assert day_of_number(number_of_micros(int(late.timestamp()) * 1_000_000 - 1)) == dt.date(2026, 3, 1)


def test_the_first_entry_since_a_moment_is_found(site: Site) -> None:
    with site.reading() as tx:
        times = [decode(body).t for _, body in site.ledger.entries(tx)]
        for place in (0, 3, len(times) - 1):
            first = next(index for index, time in enumerate(times) if time >= times[place])
            assert site.ledger.first_since(tx, times[place]) == first
        assert site.ledger.first_since(tx, times[-1] + 1) == len(times)
        assert site.ledger.first_since(tx, 0) == 0
