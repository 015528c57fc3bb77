# SPDX-License-Identifier: Apache-2.0
"""Bad days of users: what lets them act ends while a form is open, and more was done than any page can hold."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import Clock, act
from own_house import Browser, browsing, en, house
from receivers import Receiver

from keshou.acts.request import Perform
from keshou.app.site import Site
from keshou.app.user_view import user_view
from keshou.db import Database
from keshou.gate.facts import ConsentWithdrawn
from keshou.law.terms import ActKind

MANY = 10_000
LARGEST = 150_000
"""Bytes that a page may have."""
PAGES = ("/me", "/me/held", "/me/consents", "/me/history", "/me/copy", "/me/end", "/me/visits")
FORMS = {
    "/me/held": {},
    "/me/correct/tariff_plan": {"value": "another plan"},
    "/me/consents": {"choice": "withdraw"},
    "/me/messages": {"wanted": "yes"},
    "/me/copy": {"kind": "json"},
    "/me/end": {"service": "mobile", "meant": "yes"},
}
"""What a user may be about to send: where to, and what is filled in."""
STANDS_IN = {"/me/messages": "/me/consents"}
"""Forms that stand in a page of another path."""


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock, gateway: Receiver) -> Iterator[Site]:
    with house(database, tmp_path, clock, gateway) as site:
        yield site


@pytest.fixture
def browser(site: Site, gateway: Receiver) -> Iterator[Browser]:
    with browsing(site, gateway) as browser:
        browser.enter("u1", site)
        yield browser


def size(site: Site) -> int:
    with site.reading() as tx:
        return site.ledger.head(tx).size


def consents(site: Site) -> set[str]:
    found = user_view(site, "u1")
    assert found is not None
    return set(found.standing.profile.consents)


@pytest.mark.parametrize("path", FORMS)
def test_a_visit_that_was_ended_elsewhere_lets_no_open_form_do_anything(
    site: Site, browser: Browser, gateway: Receiver, path: str
) -> None:
    page = browser.open(STANDS_IN.get(path, path))
    with browsing(site, gateway, **{"User-Agent": "Browser/2.0"}) as other:
        with site.writing() as tx:
            started = site.visits.start(tx, "u1", site.now())
            token = site.visits.redeem(tx, started.ticket, started.code or "", "Browser/2.0", site.now())
        other.client.cookies.set(next(iter(browser.client.cookies)), token or "")
        other.open("/me/visits")
        other.send("/me/visits", nth=2)  # end them all
    before = size(site)
    late = browser.send(path, at=page, **FORMS[path])
    assert (late.status_code, size(site)) == (401, before)
    assert str(en("in.kept")) in late.text or str(en("in.late")) in late.text
    assert "another plan" not in late.text


def test_a_consent_taken_back_in_another_tab_is_taken_back_and_agreed_to_only_on_purpose(
    site: Site, browser: Browser
) -> None:
    page = browser.open("/me/consents")
    site.record("u1", ConsentWithdrawn(at=site.now(), purpose="service"))
    assert consents(site) == set()
    late = browser.send("/me/consents", at=page, nth=0, choice="withdraw")
    assert late.status_code == 200
    assert consents(site) == set()
    shown = browser.open("/me/held")
    assert shown.status_code == 200
    assert browser.send("/me/held").status_code in {200, 403}, "the gate says whether, not the page"


@pytest.mark.parametrize("path", ["/me/correct/tariff_plan", "/me/consents", "/me/held", "/me/copy"])
def test_a_form_left_open_when_the_last_service_ended_is_judged_as_things_stand_now(
    site: Site, browser: Browser, path: str
) -> None:
    page = browser.open(path)
    site.cancel("u1")
    given = {"choice": "agree", "value": "another plan", "kind": "json"}
    late = browser.send(path, at=page, **given)
    assert late.status_code < 500
    found = user_view(site, "u1")
    assert found is not None
    assert found.standing.profile.in_use == frozenset()
    assert "tariff_plan" not in set(found.held)
    assert "another plan" not in browser.open("/me/held").text


def test_ten_thousand_acts_are_read_a_page_at_a_time_and_every_page_stays_small_and_quick(
    site: Site, browser: Browser
) -> None:
    one = act(ActKind.USE, "u1", "tariff_plan", by="biller")
    for _ in range(MANY // 500):
        site.do_all([Perform(act=one) for _ in range(500)])
    for path in PAGES:
        begun = time.perf_counter()
        page = browser.open(path)
        assert time.perf_counter() - begun < 2, path
        assert (page.status_code, len(page.content) < LARGEST) == (200, True), path
    seen, path = set[str](), "/me/history"
    for _ in range(5):
        page = browser.open(path)
        told = {each.partition(" of")[0] for each in page.text.split("Entry ")[1:]}
        assert len(told) == 20
        assert not told & seen
        seen |= told
        path = "/me/history?before=" + page.text.partition('href="/me/history?before=')[2].partition('"')[0]
    begun = time.perf_counter()
    last = browser.open("/me/history?before=10")
    assert time.perf_counter() - begun < 2
    assert last.status_code == 200
    assert 'href="/me/history?before=' not in last.text
