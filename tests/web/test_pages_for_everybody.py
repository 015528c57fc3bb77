# SPDX-License-Identifier: Apache-2.0
"""Pages are for everybody: no barrier that axe knows, the keyboard alone, a narrow screen, large letters, paper."""

from collections.abc import Iterator
from typing import Literal

import pytest
from browser import DESKTOP, PHONE, reading
from everybody import (
    LARGEST,
    NARROWEST,
    has_one_heading_and_no_level_left_out,
    is_past_the_last_stop,
    space,
    tab,
    too_wide,
    violations,
)
from places import SERVER, serving
from playwright.sync_api import Browser
from public_house import build, usual

PATHS = [
    "/", "/rules", "/rules/versions", "/rules/versions/1", "/rules/versions/2", "/rules/versions/3/rules", "/contact",
    "/law", "/law/miit24", "/law/miit24?q=zzzz", "/law/miit25_draft", "/no-such-page",
]  # fmt: skip
EMPTY = ["/", "/rules", "/rules/versions", "/contact"]
MOST_ASKED = 5
_TARGETS = """() => [...document.querySelectorAll('button, input, select, .ways a, .articles a, .onward, .count')]
  .map(each => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.width < 24 || box.height < 24)).map(([html]) => html)"""
_REACHABLE = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select')].length"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(usual(tmp_path_factory.mktemp("everybody") / "site"), application=SERVER) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
def empty_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(build(tmp_path_factory.mktemp("empty") / "site"), application=SERVER) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_axe_finds_no_barrier_on_any_page(
    browser: Browser, url: str, empty_url: str, language: str, scheme: Literal["light", "dark"]
) -> None:
    wrong = {}
    size = DESKTOP if scheme == "light" else PHONE
    for server, paths in ((url, PATHS), (empty_url, EMPTY)):
        with reading(browser, server, language, size=size, scheme=scheme) as reader:
            for path in paths:
                if found := violations(reader.go(path)):
                    wrong[path] = found
    assert wrong == {}


def test_axe_would_find_a_barrier(browser: Browser, url: str) -> None:
    with reading(browser, url, "en") as reader:
        page = reader.go("/contact")
        page.evaluate(
            "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/x\"><a href=\"/y\"></a>')"
        )
        assert {each.partition(":")[0] for each in violations(page)} >= {"image-alt", "link-name"}


def test_the_keyboard_alone_reaches_everything_in_sight_and_shows_where_it_is(browser: Browser, url: str) -> None:
    with reading(browser, url, "en") as reader:
        for path in PATHS:
            page = reader.anew(path)
            reached = [tab(page) for _ in range(page.evaluate(_REACHABLE))]
            assert reached[0] == "A #k-main", path
            page.keyboard.press("Tab")
            assert is_past_the_last_stop(page), path
            page.close()


def test_the_first_stop_of_the_keyboard_leads_past_the_navigation(browser: Browser, url: str) -> None:
    with reading(browser, url, "en") as reader:
        page = reader.go("/contact")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "k-main"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")


def test_the_language_and_the_law_are_reached_and_used_by_keyboard_alone(browser: Browser, url: str) -> None:
    with reading(browser, url, "en") as reader:
        page = reader.go("/law/miit24")
        while page.evaluate("document.activeElement.id") != "k-find":
            page.keyboard.press("Tab")
        page.keyboard.type("consent")
        page.keyboard.press("Enter")
        page.wait_for_url("**q=consent**")
        page.keyboard.press("Shift+Tab")
        while page.evaluate("document.activeElement.name") != "language":
            page.keyboard.press("Shift+Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("html[lang=zh-CN]")
        assert "q=consent" in reader.path()


@pytest.mark.parametrize("size", [PHONE, NARROWEST], ids=["phone", "four times as large"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_has_to_be_scrolled_sideways_and_targets_are_large_enough(
    browser: Browser, url: str, language: str, size: dict[str, int]
) -> None:
    with reading(browser, url, language, size=size) as reader:
        for path in PATHS:
            page = reader.go(path)
            assert too_wide(page) == 0, path
            assert page.evaluate(_TARGETS) == [], path


def test_letters_twice_as_large_and_spaced_hide_nothing(browser: Browser, url: str) -> None:
    with reading(browser, url, "en", bypass_csp=True) as reader:
        for path in PATHS:
            page = reader.go(path)
            space(page)
            assert too_wide(page) == 0, path


def test_a_page_is_light_and_asks_no_other_host(browser: Browser, url: str) -> None:
    for path in PATHS:
        with reading(browser, url, "zh") as reader:
            sizes: list[int] = []
            reader.page.on("response", lambda answer, sizes=sizes: sizes.append(len(answer.body())))
            page = reader.go(path)
            page.wait_for_load_state("networkidle")
            assert sum(sizes) < LARGEST, path
            assert len(reader.asked) <= MOST_ASKED, path
            assert all(each.startswith(f"{url}/") for each in reader.asked), path


def test_one_heading_names_each_page_and_landmarks_part_it(browser: Browser, url: str) -> None:
    with reading(browser, url, "en") as reader:
        titles = set()
        for path in PATHS:
            page = reader.go(path)
            for landmark in ("header.top", "main", "footer"):
                assert page.locator(landmark).count() == 1, path
            assert has_one_heading_and_no_level_left_out(page), path
            titles.add(page.title())
        assert len(titles) >= len(PATHS) - 3


def test_the_rules_are_printed_black_on_white_without_what_only_screens_need(browser: Browser, url: str) -> None:
    with reading(browser, url, "zh", scheme="dark") as reader:
        page = reader.go("/rules")
        page.emulate_media(media="print", color_scheme="dark")
        for hidden in (".ways", ".language", ".skip"):
            assert not page.locator(hidden).is_visible(), hidden
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        assert page.locator("code", has_text="").first.is_visible()
        assert page.pdf(format="A4").startswith(b"%PDF")
