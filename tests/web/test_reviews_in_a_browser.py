# SPDX-License-Identifier: Apache-2.0
"""A review of a list in a real browser: asked for with the list, looked into by its reviewer, answered there."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from browser import Reader, reading
from console_house import build
from everybody import too_wide, violations
from playwright.sync_api import Browser, Page, expect
from test_console_for_everybody import _TARGETS
from test_console_in_a_browser import enter, words
from ways import WAYS, Way

from keshou.cli.sample.people import subscribers
from keshou.declaration.model import Declaration, Grant
from keshou.language import Language
from keshou.law.terms import ActKind

PEOPLE = list(subscribers(12))
JOURNEYS = [
    ("sqlite-desktop-script", "en"), ("postgresql-phone-script", "zh"), ("sqlite-phone-no_script", "en"),
    ("postgresql-desktop-no_script", "zh"),
]  # fmt: skip


def _looked_into(found: Declaration) -> Declaration:
    """Let the one reviewer query for the service, and the second not."""
    grant = Grant(post="reviewer", purposes=("service",), acts=(ActKind.QUERY,))
    return msgspec.structs.replace(found, grants=(*found.grants, grant))


@pytest.fixture(scope="module")
def make_home() -> Callable[[Path, str], Path]:
    """Readers work at a site where one of two reviewers may query."""
    return lambda home, database: build(home, database, rules=_looked_into)


@pytest.fixture(params=JOURNEYS, ids=["-".join(each) for each in JOURNEYS])
def at(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Reader, Language, bool]]:
    way: Way = WAYS[request.param[0]]
    language: Language = request.param[1]
    url = request.getfixturevalue(way.server)
    with reading(browser, url, language, script=way.script, size=way.size) as reader:
        yield reader, language, way.script
        assert [each for each in reader.faults if "status of 4" not in each] == []
        assert [each for each in reader.asked if not each.startswith(f"{url}/")] == []


def ask(reader: Reader, language: Language) -> Page:
    """Ask for a review of everybody on a list, and come back as nobody."""
    t = words(language)
    page = enter(reader, language, "analyst", "/console/reviews")
    page.get_by_text(str(t("reviews.ask")), exact=True).click()
    page.locator("#k-kind").select_option("destroy")
    page.locator("#k-purpose").select_option("service")
    for item in ("user_name", "mobile_number"):
        page.locator(f"#k-item-{item}").check()
    page.locator("#k-users").fill("\n".join(each.user_id for each in PEOPLE))
    page.get_by_role("button", name=str(t("reviews.ask_do")), exact=True).click()
    assert reader.path() == "/console/reviews"
    expect(page.get_by_text(str(t("reviews.of_list"))).first).to_be_visible()
    page.get_by_role("button", name=str(t("desk.sign_out"))).click()
    return page


def fits(page: Page, name: str, *, script: bool) -> None:
    """Hold that a page has no barrier, by scripts; keep what it looks like where somebody wants to look."""
    if not script:
        return
    assert too_wide(page) == 0
    assert violations(page) == []
    assert page.evaluate(_TARGETS) == []
    if folder := os.environ.get("KESHOU_SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_a_reviewer_looks_at_a_few_masked_and_answers_there(at: tuple[Reader, Language, bool]) -> None:
    reader, language, script = at
    t, page = words(language), ask(reader, language)
    enter(reader, language, "reviewer", "/console/reviews")
    size = page.viewport_size
    assert size is not None
    fits(page, f"reviews-{language}-{size['width']}", script=script)
    page.get_by_role("button", name=str(t("reviews.look"))).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(str(t("reviews.preview")))
    expect(page.locator("table.list tbody tr")).to_have_count(5)
    fits(page, f"preview-{language}-{size['width']}", script=script)
    seen = page.locator("table.list").inner_text()
    assert not [each for each in PEOPLE if each.user_id in seen or each.mobile_number in seen]
    page.get_by_role("button", name=str(t("reviews.approve")), exact=True).click()
    assert reader.path() == "/console/reviews"
    expect(page.get_by_role("button", name=str(t("reviews.look")))).to_have_count(0)


def test_a_reviewer_who_may_not_query_is_told_why_and_answers_all_the_same(at: tuple[Reader, Language, bool]) -> None:
    reader, language, script = at
    t, page = words(language), ask(reader, language)
    enter(reader, language, "second", "/console/reviews")
    page.get_by_role("button", name=str(t("reviews.look"))).first.click()
    expect(page.get_by_role("heading", level=2, name=str(t("reviews.look_denied")))).to_be_visible()
    expect(page.locator("ol.why li").first).to_be_visible()
    fits(page, f"denied-{language}-{page.viewport_size['width'] if page.viewport_size else 0}", script=script)
    page.get_by_role("button", name=str(t("reviews.refuse")), exact=True).click()
    assert reader.path() == "/console/reviews"
    expect(page.get_by_role("button", name=str(t("reviews.look")))).to_have_count(0)
