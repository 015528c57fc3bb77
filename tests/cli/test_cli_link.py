# SPDX-License-Identifier: Apache-2.0
"""Links are listed by pages, however many there are."""

import datetime as dt

import keshou
from cli_caller import Caller
from keshou.links.link import Link, Shared
from keshou.links.store import new_token

SHARED = Shared(purpose="service", items=("tariff_plan",), recipient="bank", by="care")


def with_links(bare: Caller, count: int) -> None:
    with keshou.open(bare.folder) as site, site.writing() as tx:
        for number in range(count):
            made = site.now()
            link = Link(
                id=f"l-{number:03}", shared=SHARED, made=made, until=made + dt.timedelta(minutes=5), most=1, opened=0,
                entries=(), revoked=None,
            )  # fmt: skip
            site.links.add(tx, "u1", link, new_token())


def listed(bare: Caller, *words: object) -> list[str]:
    return [each["id"] for each in bare("link", "list", "--json", *words).ok().json]


def test_links_are_listed_by_pages_and_each_says_how_to_go_on(bare: Caller) -> None:
    with_links(bare, 203)
    every = [f"l-{number:03}" for number in range(203)]
    assert listed(bare) == every[:100]
    assert listed(bare, "--after", "l-099") == every[100:200]
    assert listed(bare, "--after", "l-199", "--by", "care") == every[200:]
    assert listed(bare, "--by", "somebody") == []
    told = bare("link", "list", "--limit", "2").ok().out
    assert "--after l-001" in told
    assert "l-002" not in told
    assert "--after" not in bare("link", "list", "--after", "l-200").ok().out


def test_a_page_of_links_has_a_proper_size(bare: Caller) -> None:
    for size in (0, 1001):
        assert bare("link", "list", "--limit", size).status == 2
