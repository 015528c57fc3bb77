# SPDX-License-Identifier: Apache-2.0
"""Nobody is led where they may not go: every link on every page of the console, followed as each kind of person."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_client import Browser, client_of
from console_house import AGENT, PASSWORD, PEOPLE, build, empty

from keshou.accounts.account import AccountKind
from keshou.app.new_account import invite
from keshou.app.site import Site
from keshou.cli.sample.people import subscribers
from keshou.cli.sample.staff import SETUP

USER = next(iter(subscribers(3))).user_id
MOST = 90
"""Pages that are followed for one person."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = build(tmp_path_factory.mktemp("links") / "site", users=3)
    with Site.open(home) as site:
        for name, kind, agent in (("manager", AccountKind.STAFF, ""), ("shop", AccountKind.AGENT_STAFF, "west_shop")):
            with site.writing() as tx:
                text = invite(site, tx, name, kind, by=SETUP, agent=agent)
                site.accounts.accept(tx, text, site.accounts.hashes.make(PASSWORD), AGENT, site.now())
        opener = client_of(site, "second")
        given = {"key": "e", "post": "care_agent", "reason": "network_outage", "case": "t-1", "minutes": "5"}
        assert opener.post("/console/emergencies", data=given).status_code == 303
    return home


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    with Site.open(home) as site:
        yield site


def links(page: str) -> set[str]:
    """Return where a page leads within this server, without fragments."""
    found = {html.unescape(each).partition("#")[0] for each in re.findall(r'\bhref="([^"]*)"', page)}
    return {each for each in found if each.startswith("/") and not each.startswith("/static/")}


def followed(browser: Browser, *begin: str) -> dict[str, int]:
    """Follow every link from some pages on; return the status of each."""
    waiting, seen = list(begin), dict[str, int]()
    while waiting and len(seen) < MOST:
        path = waiting.pop(0)
        if path in seen:
            continue
        answer = browser.get(path)
        seen[path] = answer.status_code
        if answer.status_code == 200 and path.startswith("/console"):
            waiting += sorted(links(answer.text) - seen.keys())
    return seen


@pytest.mark.parametrize("account", [*PEOPLE, "inspector", "manager", "shop"])
def test_every_link_leads_somewhere_that_its_reader_may_go(site: Site, account: str) -> None:
    browser = client_of(site, account)
    seen = followed(browser, "/console")
    assert {path: status for path, status in seen.items() if status not in (200, 303)} == {}
    asked = {"user": USER, "kind": "query"}
    for purpose in ("service", "marketing"):
        answer = browser.post("/console/user", data=asked | {"purpose": purpose})
        found = followed(browser, *sorted(links(answer.text))) if account != "inspector" else {}
        assert {path: status for path, status in found.items() if status not in (200, 303)} == {}


def test_who_answers_for_a_post_is_led_to_where_they_confirm_it(site: Site) -> None:
    page = client_of(site, "manager").get("/console").text
    assert "/console/people/access" in links(page)
    assert "/console/people" not in links(page)


def test_before_there_are_rules_every_link_leads_somewhere_too(tmp_path: Path) -> None:
    with Site.open(empty(tmp_path / "site")) as site:
        for account in ("clerk", "inspector"):
            seen = followed(client_of(site, account), "/console")
            assert {path: status for path, status in seen.items() if status not in (200, 303)} == {}
