# SPDX-License-Identifier: Apache-2.0
"""Users' pages are for everybody: no barrier that axe knows, the keyboard alone, a narrow screen, large letters."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
from browser import DESKTOP, PHONE, Reader, reading
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
from house import VALUES
from own_served import by_user, own_home, seat, take_in, words
from places import SERVER, serving
from playwright.sync_api import Browser, Page
from receivers import receiving

from keshou.language import Language

PATHS = [
    "/me", "/me/held", "/me/consents", "/me/history", "/me/copy", "/me/end", "/me/visits", "/me/correct/tariff_plan",
    "/me/sign-in", "/me/sign-in?out=1",
]  # fmt: skip
STEPS = ["shown", "told", "refused", "wrong", "code", "wrong code", "enter"]
"""Pages that are answers to forms."""
_TARGETS = """() => [...document.querySelectorAll('button, input, select, summary, .ways a, .tabs a, .button, .onward')]
  .map(each => [each.outerHTML.slice(0, 80), (each.closest('label') || each).getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.width < 24 || box.height < 24)).map(([html]) => html)"""
_REACHABLE = """() => { const every = [...document.querySelectorAll('a[href], button, summary, select')]
    .filter(each => each.checkVisibility()),
  fields = [...document.querySelectorAll('input:not([type=hidden])')].filter(each => each.checkVisibility()),
  radios = new Set(fields.filter(each => each.type === 'radio').map(each => each.name));
  return every.length + fields.filter(each => each.type !== 'radio').length + radios.size }"""


class Place(NamedTuple):
    """A server and the folder of its site."""

    url: str
    home: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with receiving() as gateway:
        home = own_home(tmp_path_factory.mktemp("everybody") / "site", gateway.url)
        take_in(home, "u1", VALUES, 25)
        with serving(home, application=SERVER) as server:
            yield Place(f"http://127.0.0.1:{server.port}", home)


def opened(reader: Reader, name: str, t: Any) -> Page:
    """Open a page by its path, or by the form that it is the answer to."""
    if name.startswith("/"):
        return reader.go(name)
    page = reader.page
    if name == "shown":
        reader.go("/me/held").locator("button.main").click()
    elif name == "told":
        reader.go("/me/consents").locator("#k-marketing button").first.click()
    elif name == "refused":
        page = reader.go("/me/correct/tariff_plan")
        page.evaluate("document.querySelector('#k-value').required = false")
        page.get_by_role("button", name=str(t("correct.do")), exact=True).click()
    elif name == "wrong":
        reader.go("/me/end").locator("button.grave").click()
    elif name == "enter":
        page.goto("about:blank")
        form = f"<form method=post action={reader.url}/me/enter><input name=token value=x><button id=k-go>x</button>"
        page.set_content(f"{form}</form>")
        page.locator("#k-go").click()
        page.wait_for_selector(".fill")
        assert str(t("enter.title")) in page.title()
    else:
        page = reader.go("/me/sign-in")
        by_user(page, t, "nobody")
        if name == "wrong code":
            page.get_by_label(str(t("code.code"))).fill("1")
            page.get_by_role("button", name=str(t("code.do")), exact=True).click()
    page.wait_for_load_state()
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_axe_finds_no_barrier_on_any_page(
    browser: Browser, place: Place, language: Language, scheme: Literal["light", "dark"]
) -> None:
    wrong, size = {}, DESKTOP if scheme == "light" else PHONE
    with reading(browser, place.url, language, size=size, scheme=scheme) as reader:
        seat(reader, place.home, "u1")
        for name in [*PATHS, *STEPS]:
            if found := violations(opened(reader, name, words(language))):
                wrong[name] = found
    assert wrong == {}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_axe_finds_no_barrier_where_nothing_is_held_and_where_something_is_refused(
    browser: Browser, place: Place, language: Language
) -> None:
    wrong = {}
    with reading(browser, place.url, language, size=PHONE) as reader:
        seat(reader, place.home, "stranger")
        for name in ("/me", "/me/held", "/me/consents", "/me/history", "/me/end"):
            if found := violations(opened(reader, name, words(language))):
                wrong[name] = found
        page = reader.go("/me/copy")
        page.get_by_role("button", name=str(words(language)("copy.json"))).click()
        page.wait_for_selector("[role=alert]")
        if found := violations(page):
            wrong["refused"] = found
        assert too_wide(page) == 0
    assert wrong == {}


def test_the_keyboard_alone_reaches_everything_in_sight_and_shows_where_it_is(browser: Browser, place: Place) -> None:
    with reading(browser, place.url, "en") as reader:
        seat(reader, place.home, "u1")
        for path in PATHS:
            page = reader.anew(path)
            reached = [tab(page) for _ in range(page.evaluate(_REACHABLE))]
            assert reached[0] == "A #k-main", path
            page.keyboard.press("Tab")
            assert is_past_the_last_stop(page), path
            page.close()


@pytest.mark.parametrize("size", [PHONE, NARROWEST], ids=["phone", "four times as large"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_has_to_be_scrolled_sideways_and_targets_are_large_enough(
    browser: Browser, place: Place, language: Language, size: dict[str, int]
) -> None:
    with reading(browser, place.url, language, size=size) as reader:
        seat(reader, place.home, "u1")
        for name in [*PATHS, *STEPS]:
            page = opened(reader, name, words(language))
            assert too_wide(page) == 0, name
            assert page.evaluate(_TARGETS) == [], name


def test_letters_twice_as_large_and_spaced_hide_nothing(browser: Browser, place: Place) -> None:
    with reading(browser, place.url, "en", bypass_csp=True) as reader:
        seat(reader, place.home, "u1")
        for name in [*PATHS, *STEPS]:
            page = opened(reader, name, words("en"))
            space(page)
            assert too_wide(page) == 0, name


def test_a_page_is_light_asks_no_other_host_and_has_one_heading_and_its_landmarks(
    browser: Browser, place: Place
) -> None:
    with reading(browser, place.url, "zh") as reader:
        seat(reader, place.home, "u1")
        sizes: list[int] = []
        reader.page.on("response", lambda answer: sizes.append(len(answer.body()) if answer.status == 200 else 0))
        titles = set()
        for path in PATHS:
            sizes.clear()
            page = reader.go(path)
            page.wait_for_load_state("networkidle")
            assert sum(sizes) < LARGEST, path
            assert has_one_heading_and_no_level_left_out(page), path
            for landmark in ("header.top", "main", "footer"):
                assert page.locator(landmark).count() == 1, path
            titles.add(page.title())
        assert len(titles) == len(PATHS) - 1
        assert all(each.startswith(f"{place.url}/") for each in reader.asked)
