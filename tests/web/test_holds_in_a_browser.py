# SPDX-License-Identifier: Apache-2.0
"""A legal hold is set and lifted in a real browser: both languages and databases, with a script and without."""

import re
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from browser import Reader
from console_house import build
from playwright.sync_api import expect
from test_console_in_a_browser import USER, enter, words

from keshou.app.site import Site
from keshou.gate.facts import StaffAppointed
from keshou.language import Language


@pytest.fixture(scope="module")
def make_home() -> Callable[[Path, str], Path]:
    """Readers work at the staffed site, where two may set holds and lift each other's."""

    def make(home: Path, database: str) -> Path:
        built = build(home, database)
        with Site.open(built) as site:
            site.record_site(StaffAppointed(at=site.now(), staff="second", post="privacy_officer"), by="setup")
        return built

    return make


@pytest.fixture(scope="module")
def forgiven() -> re.Pattern[str]:
    """A page that says what was refused is an answer that the console calls an error."""
    return re.compile("status of 4")


def test_one_sets_a_hold_and_another_lifts_it(reader: Reader, language: Language) -> None:
    t, document = words(language), f"d-{secrets.token_hex(4)}"
    page = enter(reader, language, "officer", "/console/holds")
    page.locator("summary", has_text=str(t("holds.set"))).click()
    page.get_by_label(str(t("holds.ground")), exact=True).select_option("dispute")
    page.get_by_label(str(t("holds.document_id"))).fill(document)
    page.get_by_label(str(t("holds.whose"))).fill(USER)
    page.get_by_role("button", name=str(t("holds.set")), exact=True).click()
    assert reader.path() == "/console/holds"
    card = page.locator(".postcard", has_text=document)
    expect(card).to_contain_text(str(t("holds.own")))
    expect(card.get_by_role("button")).to_have_count(0)
    page.get_by_role("button", name=str(t("desk.sign_out"))).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(str(t("door.title")))
    page = enter(reader, language, "second", "/console/holds")
    card = page.locator(".postcard", has_text=document)
    card.get_by_label(str(t("holds.why"))).select_option("settled")
    card.get_by_role("button", name=str(t("holds.lift")), exact=True).click()
    assert reader.path() == "/console/holds"
    expect(page.locator(".postcard", has_text=document)).to_contain_text("second")
    assert all(USER not in each for each in reader.asked)
