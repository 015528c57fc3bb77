# SPDX-License-Identifier: Apache-2.0
"""The page of consents shows what the gate goes by, and offers a switch only where the user's own word is asked for."""

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from house import OPERATOR, Clock
from own_house import Browser, browsing, en, house
from receivers import Receiver

from keshou.app.own_facts import withdrawal
from keshou.app.site import Site
from keshou.app.user_view import user_view
from keshou.db import Database
from keshou.declaration.model import Declaration
from keshou.gate.facts import CapacityLimited


@pytest.fixture
def site(database: Database, tmp_path: Path, gateway: Receiver) -> Iterator[Site]:
    with house(database, tmp_path, Clock(), gateway) as site:
        yield site


@pytest.fixture
def browser(site: Site, gateway: Receiver) -> Iterator[Browser]:
    with browsing(site, gateway) as browser:
        browser.enter("u1", site)
        yield browser


def publish(site: Site, change: Callable[[dict[str, Any]], None]) -> None:
    """Publish the operator's rules with something else in them."""
    given = tomllib.loads(OPERATOR.read_text("utf-8"))
    change(given)
    site.publish(msgspec.convert(given, Declaration), by="officer")


def card(page: Any, purpose: str) -> str:
    """Return the part of the page that is about a purpose."""
    return str(page.text.partition(f'id="k-{purpose}"')[2].partition("</li>\n<li class")[0])


def consents(site: Site) -> set[str]:
    found = user_view(site, "u1")
    assert found is not None
    return set(found.standing.profile.consents)


def test_rules_that_ask_for_more_say_so_and_can_be_agreed_to_or_taken_back(site: Site, browser: Browser) -> None:
    publish(site, lambda given: given["purposes"][0]["manner"].update(en="Otherwise than before."))
    page = browser.open("/me/consents")
    shown = card(page, "service")
    assert str(en("consent.part")) in shown
    assert str(en("consent.anew", version=1)) in shown
    assert 'value="agree"' in shown
    assert 'value="withdraw"' in shown
    page = browser.send("/me/consents", choice="agree")
    assert str(en("consent.yes")) in card(page, "service")


def test_a_consent_less_an_item_says_which(site: Site, browser: Browser) -> None:
    site.record("u1", *withdrawal(site, "service", ["mobile_number"], messages=False))
    shown = card(browser.open("/me/consents"), "service")
    assert str(en("consent.without", items="Mobile phone number")) in shown


def test_what_stands_on_a_higher_law_has_no_switch_and_says_which(site: Site, browser: Browser) -> None:
    publish(site, lambda given: given["purposes"][0].update(ground="antifraud:31"))
    page = browser.open("/me/consents")
    shown = card(page, "service")
    assert str(en("consent.not_asked")) in shown
    assert "antifraud:31" in shown
    assert "<button" not in shown
    assert page.text.index('id="k-marketing"') < page.text.index('id="k-service"')
    form = {"key": "k", "purpose": "service", "choice": "agree", "version": "2"}
    assert browser.client.post("/me/consents", data=form).status_code == 409


def test_what_a_higher_law_reaches_in_part_is_told_and_the_rest_has_its_switch(site: Site, browser: Browser) -> None:
    publish(site, lambda given: given["purposes"][0].update(ground="npcsc2012:6"))
    shown = card(browser.open("/me/consents"), "service")
    cite = "Decision of the Standing Committee of the National People's Congress on Strengthening Network Information"
    told = next(line for line in shown.splitlines() if "whether or not you agree" in line)
    assert cite in told.replace("&#39;", "'")
    assert "Resident identity card number" in told
    assert "Mobile phone number" not in told
    assert str(en("consent.not_asked")) not in shown
    assert 'value="agree"' in shown


def test_for_whom_a_guardian_consents_there_is_no_switch_to_agree_but_one_to_take_back(
    site: Site, browser: Browser
) -> None:
    site.record("u1", CapacityLimited(at=site.now()))
    page = browser.open("/me/consents")
    assert 'value="agree"' not in page.text
    assert str(en("consent.guardian")) in card(page, "marketing")
    form = {"key": "k", "purpose": "marketing", "choice": "agree", "version": "1"}
    assert browser.client.post("/me/consents", data=form).status_code == 409
    assert consents(site) == {"service"}
    browser.open("/me/consents")
    browser.send("/me/consents", choice="withdraw")
    assert consents(site) == set()


@pytest.mark.parametrize(
    "fields",
    [
        {"purpose": "none", "choice": "agree", "version": "1"},
        {"purpose": "marketing", "choice": "perhaps", "version": "1"},
        {"purpose": "marketing", "choice": "agree", "version": "1", "key": ""},
        {"purpose": "marketing", "choice": "agree", "version": "1", "key": "k" * 65},
    ],
)
def test_a_form_that_no_page_made_is_refused(site: Site, browser: Browser, fields: dict[str, str]) -> None:
    answer = browser.client.post("/me/consents", data={"key": "k"} | fields)
    assert answer.status_code == 400
    assert consents(site) == {"service"}
    assert browser.client.post("/me/messages", data={"key": "k", "wanted": "perhaps"}).status_code == 400
