# SPDX-License-Identifier: Apache-2.0
"""The console is for everybody: no barrier that axe knows, the keyboard alone, a narrow screen, large letters."""

from collections.abc import Iterator
from typing import Literal

import pytest
from browser import DESKTOP, PHONE, Reader, reading
from console_house import PASSWORD, build, empty
from everybody import LARGEST, NARROWEST, has_one_heading_and_no_level_left_out, space, tab, too_wide, violations
from places import SERVER, serving
from playwright.sync_api import Browser

PATHS = [
    "/console", "/console?show=missing", "/console/me", "/console/acts", "/console/acts/list?decision=deny",
    "/console/acts/2", "/console/information", "/console/people", "/console/people/posts", "/console/people/agents",
    "/console/people/access", "/console/people/accounts", "/console/retention",
    "/console/reviews", "/console/holds", "/console/emergencies", "/console/exports", "/console/exports/links",
    "/console/media", "/console/user", "/console/consents", "/console/rules", "/console/log", "/console/acts/99999",
    "/console/proof", "/console/second-factor",
]  # fmt: skip
DOOR = ["/console/sign-in", "/console/invitation"]
EMPTY = [
    "/console", "/console/information", "/console/reviews", "/console/exports", "/console/exports/links",
    "/console/user", "/console/rules",
]  # fmt: skip
_TARGETS = """() => [...document.querySelectorAll('main button, main input:not([type=hidden]), main select, textarea,'
  + ' .places a, .choice a, summary, .onward')].map(each => [each.outerHTML.slice(0, 90), each.getBoundingClientRect()])
  .filter(([html, box]) => box.width && !html.includes('checkbox') && (box.width < 24 || box.height < 24))
  .map(([html]) => html)"""
_REACHABLE = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea,'
  + 'summary, [tabindex="0"]')].filter(each => each.checkVisibility()).length"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(build(tmp_path_factory.mktemp("desk") / "site"), application=SERVER) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
def empty_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(empty(tmp_path_factory.mktemp("bare") / "site"), application=SERVER) as server:
        yield f"http://127.0.0.1:{server.port}"


def enter(reader: Reader, account: str = "officer") -> None:
    """Come in by the door."""
    page = reader.go("/console/sign-in")
    page.locator("[name=account]").fill(account)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("button.main").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_axe_finds_no_barrier_on_any_page(
    browser: Browser, url: str, empty_url: str, language: str, scheme: Literal["light", "dark"]
) -> None:
    wrong = {}
    size = DESKTOP if scheme == "light" else PHONE
    for server, paths in ((url, PATHS), (empty_url, EMPTY)):
        with reading(browser, server, language, size=size, scheme=scheme) as reader:
            for path in DOOR:
                if found := violations(reader.go(path)):
                    wrong[path] = found
            enter(reader)
            for path in paths:
                page = reader.go(path)
                page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
                if found := violations(page):
                    wrong[path] = found
    assert wrong == {}


@pytest.mark.parametrize(("language", "scheme"), [("zh", "dark"), ("en", "light")])
def test_axe_finds_no_barrier_where_forms_lead_and_nothing_is_too_wide(
    browser: Browser, url: str, language: str, scheme: Literal["light", "dark"]
) -> None:
    wrong = {}
    with reading(browser, url, language, size=PHONE, scheme=scheme) as reader:
        enter(reader, "analyst" if scheme == "light" else "clerk")
        page = reader.go("/console/consents")
        page.locator("#k-user").fill("示" * 60)
        page.locator("#k-purpose").select_option("marketing")
        page.locator("main form button.main").click()
        page.wait_for_selector("#k-withdraw")
        wrong["consent"] = [*violations(page), *([too_wide(page)] if too_wide(page) else [])]
        page = reader.go("/console/emergencies")
        page.locator("main details:not(.fold) summary").click()
        page.locator("#k-post").select_option("care_agent")
        page.locator("#k-reason").select_option("network_outage")
        page.locator("#k-case").fill("t-1")
        page.locator("main form button.main").click()
        page.wait_for_selector("dl.doing")
        for path in (reader.path(), "/console/emergencies", "/console"):
            page = reader.go(path)
            assert page.locator(".note.bad").count() == 1, path
            wrong[path] = [*violations(page), *([too_wide(page)] if too_wide(page) else [])]
        page = reader.go("/console/rules")
        page.locator("[formaction='/console/rules/preview']").click()
        page.wait_for_selector("div.rules")
        assert page.locator("h1").count() == 1
        wrong["preview"] = [*violations(page), *([too_wide(page)] if too_wide(page) else [])]
    assert {where: found for where, found in wrong.items() if found} == {}


@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
def test_axe_finds_no_barrier_in_a_form_that_comes_back_and_who_reads_it_begins_with_why(
    browser: Browser, url: str, language: str, scheme: Literal["light", "dark"]
) -> None:
    with reading(browser, url, language, size=PHONE, scheme=scheme) as reader:
        enter(reader)
        page = reader.go("/console/holds")
        page.locator("main details:not(.fold) summary").click()
        page.locator("#k-ground").select_option("dispute")
        page.locator("#k-document").fill("d-1")
        page.locator("#k-users").fill("KS-nobody " + "x" * 200)
        page.locator("[action='/console/holds'] button").click()
        page.wait_for_selector(".note.bad:focus")
        assert page.locator(".note.bad code").count() == 2
        assert page.locator("#k-document").input_value() == "d-1"
        assert violations(page) == []
        assert too_wide(page) == 0


def test_the_keyboard_alone_reaches_everything_and_shows_where_it_is(browser: Browser, url: str) -> None:
    with reading(browser, url, "en") as reader:
        enter(reader)
        for path in [*PATHS, *DOOR]:
            page = reader.anew(path)
            page.evaluate("document.activeElement.blur()")
            reached = {tab(page, may_be_past=True) for _ in range(min(page.evaluate(_REACHABLE), 60))}
            assert "A #k-main" in reached, path
            page.close()


@pytest.mark.parametrize("size", [PHONE, NARROWEST], ids=["phone", "four times as large"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_but_tables_and_pictures_scrolls_sideways_and_targets_are_large_enough(
    browser: Browser, url: str, language: str, size: dict[str, int]
) -> None:
    with reading(browser, url, language, size=size) as reader:
        enter(reader)
        for path in [*PATHS, *DOOR]:
            page = reader.go(path)
            assert too_wide(page) == 0, path
            assert page.evaluate(_TARGETS) == [], path


_ROWS = """() => [...document.querySelectorAll('table.list, table.stands, table.stack')].flatMap(table => {
  const heads = [...table.tHead.rows[0].cells].map(each => each.textContent.trim());
  return [...table.tBodies[0].rows].map(row => {
    const cells = [...row.cells].filter(each => each.tagName === 'TD');
    return {heads: heads.slice(heads.length - cells.length), said: cells.map(each => each.dataset.label || ''),
      shown: cells.filter(each => each.checkVisibility()).map(each => getComputedStyle(each, '::before').content),
      names: [...row.cells].every(each => getComputedStyle(each).display !== 'table-cell')} }) })"""
_SHORTER = {"What enforces it, and where the evidence is": "Carried by"}
"""Heads of columns that a narrow screen says shorter."""


def test_on_a_phone_each_cell_of_a_wide_table_says_which_column_it_is_of(browser: Browser, url: str) -> None:
    seen = 0
    with reading(browser, url, "en", size=PHONE) as reader:
        enter(reader)
        for path in PATHS:
            for row in reader.go(path).evaluate(_ROWS):
                assert row["names"], path
                assert row["said"] == [_SHORTER.get(each, each) for each in row["heads"]], path
                assert all(each.strip('"') in row["said"] for each in row["shown"]), path
                seen += 1
    assert seen > 100


@pytest.mark.parametrize("script", [True, False])
def test_on_a_phone_the_places_are_one_row_that_says_where_one_is_and_opens_by_the_keyboard(
    browser: Browser, url: str, script: bool
) -> None:
    with reading(browser, url, "zh", size=PHONE, script=script) as reader:
        enter(reader)
        page = reader.go("/console/holds")
        places, folded = page.locator(".places"), page.locator(".places summary")
        assert folded.inner_text() == "法定留存"
        assert page.locator(".deskbar").bounding_box()["height"] < 70  # type: ignore[index]
        assert places.get_by_role("link").count() == 0
        assert not page.locator(".ways").is_visible()
        folded.focus()
        page.keyboard.press("Enter")
        assert places.locator("[aria-current]").inner_text() == "法定留存"
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/console/acts")
        page.locator(".bar summary").click()
        assert page.locator(".ways").get_by_role("link").count() > 3


@pytest.mark.parametrize("language", ["zh", "en"])
def test_axe_finds_no_barrier_in_opened_places(browser: Browser, url: str, language: str) -> None:
    with reading(browser, url, language, size=PHONE) as reader:
        enter(reader)
        page = reader.go("/console/people")
        for each in page.locator(".fold summary").all():
            each.click()
        assert violations(page) == []
        assert too_wide(page) == 0


def test_letters_twice_as_large_and_spaced_hide_nothing(browser: Browser, url: str) -> None:
    with reading(browser, url, "en", bypass_csp=True) as reader:
        enter(reader)
        for path in [*PATHS, *DOOR]:
            page = reader.go(path)
            space(page)
            assert too_wide(page) == 0, path


def test_pages_are_light_ask_no_other_host_and_have_one_heading_that_names_them(browser: Browser, url: str) -> None:
    with reading(browser, url, "zh") as reader:
        enter(reader)
        sizes: list[int] = []
        reader.page.on("response", lambda answer: sizes.append(len(answer.body())))
        for path in PATHS:
            sizes.clear()
            page = reader.go(path)
            page.wait_for_load_state("networkidle")
            assert sum(sizes) < LARGEST, path
            assert has_one_heading_and_no_level_left_out(page), path
        assert all(each.startswith(f"{url}/") for each in reader.asked)


def test_every_picture_has_a_title_a_description_and_its_numbers_beside_it(browser: Browser, url: str) -> None:
    with reading(browser, url, "en") as reader:
        enter(reader)
        for path in ("/console/acts", "/console/information"):
            page = reader.go(path)
            for picture in page.locator("svg.chart").all():
                assert picture.get_attribute("role") == "img"
                named = (picture.get_attribute("aria-labelledby") or "").split()
                assert len(named) == 2
                assert all(page.locator(f"#{each}").text_content() for each in named)
            assert page.locator("table").count() >= page.locator("svg.chart").count()
