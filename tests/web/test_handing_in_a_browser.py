# SPDX-License-Identifier: Apache-2.0
"""Handing over and the register of media in a real browser: both languages and databases, with a script and without."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pyrage
import pytest
from browser import DESKTOP, PHONE, Reader, reading
from everybody import too_wide, violations
from handing_house import CENTRE, SECRET, SUBSCRIBERS, desk
from playwright.sync_api import Browser, Page, expect
from test_console_for_everybody import _TARGETS
from test_console_in_a_browser import enter, words
from ways import WAYS, Way

from keshou.acts.request import ActError
from keshou.handover.table import read
from keshou.language import Language
from keshou.law.load import load
from keshou.web.console.media import STATE
from keshou.web.sentences import sentence
from keshou.wire.error_words import in_words


@pytest.fixture(scope="module")
def make_home() -> Callable[[Path, str], Path]:
    """Readers work at a site from which something goes out."""
    return desk


JOURNEYS = [
    ("sqlite-desktop-script", "zh"), ("postgresql-phone-script", "en"),
    ("sqlite-phone-no_script", "en"), ("postgresql-desktop-no_script", "zh"),
]  # fmt: skip


@pytest.fixture(params=JOURNEYS, ids=["-".join(each) for each in JOURNEYS])
def at(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Reader, Language]]:
    way: Way = WAYS[request.param[0]]
    language: Language = request.param[1]
    url = request.getfixturevalue(way.server)
    with reading(browser, url, language, script=way.script, size=way.size, accept_downloads=True) as reader:
        yield reader, language
        assert [each for each in reader.faults if "status of 4" not in each] == []
        assert [each for each in reader.asked if not each.startswith(f"{url}/")] == []


def leave(page: Page, language: Language) -> None:
    page.get_by_role("button", name=str(words(language)("desk.sign_out"))).click()


def test_a_box_of_forms_goes_from_the_register_to_the_fire(at: tuple[Reader, Language]) -> None:
    reader, language = at
    t = words(language)
    page, name = enter(reader, language, "officer", "/console/media"), f"box-{language}-{len(reader.url)}"
    card = page.get_by_role("region", name=str(t("media.register")))
    card.get_by_label(str(t("media.id")), exact=True).fill(name)
    card.get_by_label(str(t("media.place"))).fill("cellar-2")
    card.get_by_label(str(t("media.holder"))).fill("clerk")
    card.get_by_role("button", name=str(t("media.register_do")), exact=True).click()
    assert reader.path() == f"/console/media/{name}"
    expect(page.locator("dl.pairs .tag")).to_have_text(STATE["open"].in_(language))
    reader.go("/console")
    expect(page.locator('main table a[href="/console/media"]').first).to_be_visible()
    reader.go(f"/console/media/{name}")
    page.get_by_label(str(t("media.manner"))).select_option("burnt")
    for witness in ("officer", "second"):
        page.get_by_label(str(t("media.witness"))).fill(witness)
        page.get_by_role("button", name=str(t("media.destroy_do"))).click()
        if witness == "officer":
            refused = ActError("nobody is the witness of what they do themselves")
            told = sentence(in_words(refused, language)[0], load(), language)
            expect(page.get_by_role("alert")).to_contain_text(str(told))
    expect(page.locator("dl.pairs .tag")).to_have_text(STATE["destroyed"].in_(language))
    expect(page.get_by_role("button", name=str(t("media.destroy_do")))).to_have_count(0)


def test_a_list_is_asked_for_approved_by_another_made_and_taken(at: tuple[Reader, Language]) -> None:
    reader, language = at
    t = words(language)
    page = enter(reader, language, "analyst", "/console/exports")
    page.get_by_text(str(t("handing.ask")), exact=True).click()
    page.get_by_label(str(t("handing.whose"))).fill("\n".join(SUBSCRIBERS))
    page.get_by_label(str(t("handing.to")), exact=True).select_option(CENTRE)
    page.get_by_label(str(t("information.purpose")), exact=True).select_option("marketing")
    page.locator("#k-item-mobile_number").check()
    page.get_by_role("button", name=str(t("handing.ask_do")), exact=True).click()
    assert reader.path() == "/console/exports"
    review = page.locator(".postcard code").first.inner_text()
    leave(page, language)
    enter(reader, language, "second", "/console/reviews")
    page.locator(f'form[action="/console/reviews/{review}"] button[value="approve"]').click()
    leave(page, language)
    enter(reader, language, "analyst", "/console/exports")
    page.get_by_role("button", name=str(t("handing.make"))).first.click()
    with page.expect_download() as taken:
        page.get_by_role("link", name=str(t("handing.take_file"))).first.click()
    assert taken.value.suggested_filename.endswith(".csv.age")
    rows = read(pyrage.decrypt(taken.value.path().read_bytes(), [SECRET]))
    assert rows[0] == ["mobile_number"]
    assert all(each not in page.url for each in SUBSCRIBERS)


def test_a_link_is_made_shown_once_and_ended(at: tuple[Reader, Language]) -> None:
    reader, language = at
    t = words(language)
    page = enter(reader, language, "clerk", "/console/exports/links")
    page.get_by_label(str(t("user.id"))).fill(SUBSCRIBERS[0])
    page.get_by_label(str(t("handing.to")), exact=True).select_option(CENTRE)
    page.get_by_label(str(t("information.purpose")), exact=True).select_option("portability")
    page.locator("#k-item-mobile_number").check()
    page.get_by_label(str(t("user.where"))).select_option("east_branch")
    page.get_by_role("button", name=str(t("links.make"))).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(str(t("links.made_title")))
    expect(page.locator(".secret")).to_contain_text("kl_")
    page.reload()
    expect(page.get_by_role("heading", level=1)).not_to_have_text(str(t("links.made_title")))
    reader.go("/console/exports/links")
    page.get_by_role("button", name=str(t("links.end"))).first.click()
    assert reader.path() == "/console/exports/links"
    expect(page.get_by_role("button", name=str(t("links.end")))).to_have_count(0)


def test_what_was_typed_of_a_list_outlives_a_session_that_ended(at: tuple[Reader, Language]) -> None:
    reader, language = at
    t, typed = words(language), "𠮷-1\n<b>&\n䶮"
    page = enter(reader, language, "analyst", "/console/exports")
    page.get_by_text(str(t("handing.ask")), exact=True).click()
    page.get_by_label(str(t("handing.whose"))).fill(typed)
    page.get_by_label(str(t("handing.to")), exact=True).select_option(CENTRE)
    page.get_by_label(str(t("information.purpose")), exact=True).select_option("marketing")
    page.context.clear_cookies(name="keshou")
    page.get_by_role("button", name=str(t("handing.ask_do")), exact=True).click()
    page.get_by_label(str(t("door.account"))).fill("analyst")
    page.get_by_label(str(t("door.password"))).fill("teapot under the willow")
    page.get_by_role("button", name=str(t("door.enter"))).click()
    expect(page.get_by_role("alert")).to_have_text(str(t("again.look")))
    assert page.get_by_label(str(t("handing.whose"))).input_value() == typed
    page.get_by_role("button", name=str(t("handing.ask_do")), exact=True).click()
    expect(page.get_by_role("alert")).to_have_text(str(t("handing.wrong")))
    assert page.get_by_label(str(t("handing.whose"))).input_value() == typed


@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
def test_pages_with_something_on_them_have_no_barrier_and_fit_a_phone(
    browser: Browser, sqlite_url: str, language: Language, scheme: str
) -> None:
    wrong = {}
    for size in (DESKTOP, PHONE):
        with reading(browser, sqlite_url, language, size=size, scheme=scheme) as reader:  # type: ignore[arg-type]
            enter(reader, language, "officer", "/console/media")
            paths = ("/console/exports", "/console/exports/links", "/console/media?every=all", "/console/media/box-1")
            for path in paths:
                page = reader.go(path)
                page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
                if found := violations(page):
                    wrong[path] = found
                assert not too_wide(page), path
                assert page.evaluate(_TARGETS) == [], path
    assert wrong == {}
