# SPDX-License-Identifier: Apache-2.0
"""What staff do at the console, in a real browser: both languages and databases, with a script and without."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from browser import Reader, unfold
from console_house import PASSWORD, build
from playwright.sync_api import Page, expect
from ways import Way

from keshou.cli.sample.people import subscribers
from keshou.language import Language
from keshou.law.load import load
from keshou.web.console.error_words import REFUSALS
from keshou.web.frame.catalog import Words, catalog
from keshou.web.sentences import sentence
from keshou.wire.decision_words import MISSING

_PERSON = next(iter(subscribers(12)))
USER, NUMBER = _PERSON.user_id, _PERSON.mobile_number


def words(language: Language) -> Words:
    """Return the words of the console."""
    return Words(catalog("keshou.web.frame", "keshou.web.console"), language)


@pytest.fixture(scope="module")
def make_home() -> Callable[[Path, str], Path]:
    """Readers work at the staffed site."""
    return build


@pytest.fixture(scope="module")
def forgiven() -> re.Pattern[str]:
    """A page that says what was refused is an answer that the console calls an error."""
    return re.compile("status of 4")


def enter(reader: Reader, language: Language, account: str, to: str = "/console") -> Page:
    """Come in as somebody, by the door, on the way to a page."""
    t, page = words(language), reader.go(to)
    page.get_by_label(str(t("door.account"))).fill(account)
    page.get_by_label(str(t("door.password"))).fill(PASSWORD)
    page.get_by_role("button", name=str(t("door.enter"))).click()
    assert reader.path() == to
    page.wait_for_load_state("load")  # before its script listens, what is typed is checked by nobody
    return page


def test_an_officer_goes_from_how_we_stand_to_an_act_and_reads_why_it_was_denied(
    reader: Reader, language: Language
) -> None:
    t = words(language)
    page = enter(reader, language, "officer")
    expect(page.get_by_role("heading", level=1)).to_have_text(str(t("standing.title")))
    page.locator('a[href="/console/acts/list?decision=deny&cite=miit24:10"]').click()
    page.get_by_role("rowheader").first.get_by_role("link").click()
    expect(page.get_by_text(MISSING["nothing_permits_sale"].in_(language)).first).to_be_visible()
    page.get_by_text(str(t("act.raw"))).click()
    expect(page.get_by_text('"decision":"deny"', exact=False)).to_be_visible()
    unfold(page)
    page.get_by_role("navigation", name=str(t("desk.places"))).get_by_role("link").nth(1).click()
    expect(page.get_by_role("img", name=str(t("acts.picture")))).to_be_visible()
    page.get_by_text(str(t("acts.behind"))).click()
    expect(page.get_by_role("table").first).to_be_visible()


def test_who_is_not_let_in_is_told_and_signs_out_for_good(reader: Reader, language: Language) -> None:
    t, page = words(language), reader.go("/console/user")
    page.get_by_label(str(t("door.account"))).fill("clerk")
    page.get_by_label(str(t("door.password"))).fill("wrong")
    page.get_by_role("button", name=str(t("door.enter"))).click()
    expect(page.get_by_role("alert")).to_have_text(str(t("door.wrong_password")))
    expect(page.get_by_label(str(t("door.account")))).to_have_value("clerk")
    page.get_by_label(str(t("door.password"))).fill(PASSWORD)
    page.get_by_role("button", name=str(t("door.enter"))).click()
    assert reader.path() == "/console/user"
    page.get_by_role("button", name=str(t("desk.sign_out"))).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(str(t("door.title")))
    page.go_back()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(str(t("door.title")))


def test_a_clerk_looks_at_a_user_and_is_shown_every_act_and_a_look_beyond_is_denied(
    reader: Reader, language: Language
) -> None:
    t = words(language)
    page = enter(reader, language, "clerk", "/console/user")
    for purpose, heading in (("service", t("user.file")), ("marketing", t("user.denied"))):
        reader.go("/console/user")
        form = page.get_by_role("form", name=str(t("user.title")))
        form.get_by_label(str(t("user.id"))).fill(USER)
        form.get_by_label(str(t("information.purpose")), exact=True).select_option(purpose)
        form.get_by_label(str(t("user.where"))).select_option("east_branch")
        form.get_by_role("button", name=str(t("user.look"))).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(str(heading))
        assert USER not in page.url
    assert all(USER not in each for each in reader.asked)


def test_a_clerk_finds_a_user_by_number_and_opens_the_file(reader: Reader, language: Language) -> None:
    t = words(language)
    page = enter(reader, language, "clerk", "/console/user")
    form = page.get_by_role("form", name=str(t("search.title")))
    form.get_by_label(str(t("search.way"))).select_option("mobile_number:whole")
    form.get_by_label(str(t("search.value"))).fill(NUMBER)
    form.get_by_label(str(t("information.purpose")), exact=True).select_option("service")
    form.get_by_label(str(t("user.where"))).select_option("east_branch")
    form.get_by_role("button", name=str(t("search.find"))).click()
    expect(page.get_by_role("heading", level=2)).to_have_text(USER)
    page.get_by_role("button", name=str(t("search.open_of", user=USER))).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(str(t("user.file")))
    assert all(NUMBER not in each and USER not in each for each in reader.asked)


def test_a_reviewer_answers_what_waits_and_the_asker_may_not(reader: Reader, language: Language) -> None:
    t = words(language)
    page = enter(reader, language, "analyst", "/console/reviews")
    page.get_by_text(str(t("reviews.ask"))).click()
    page.get_by_label(str(t("information.purpose")), exact=True).select_option("marketing")
    page.locator("#k-item-tariff_plan").check()
    page.get_by_label(str(t("reviews.most"))).fill("321")
    page.get_by_role("button", name=str(t("reviews.ask_do")), exact=True).click()
    card = page.locator(".postcard", has_text="321").first
    expect(card).to_contain_text(str(t("reviews.own")))
    expect(card.get_by_role("button")).to_have_count(0)
    page.get_by_role("button", name=str(t("desk.sign_out"))).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(str(t("door.title")))
    enter(reader, language, "reviewer", "/console/reviews")
    card = page.locator(".postcard", has_text="321").first
    card.get_by_role("button", name=str(t("reviews.approve")), exact=True).click()
    assert reader.path() == "/console/reviews"
    expect(page.locator(".postcard", has_text="321").first).to_contain_text("reviewer")


def test_the_second_of_two_windows_is_told_that_somebody_answered(reader: Reader, language: Language) -> None:
    page = enter(reader, language, "analyst", "/console/reviews")
    t = words(language)
    page.get_by_text(str(t("reviews.ask"))).click()
    page.get_by_label(str(t("information.purpose")), exact=True).select_option("marketing")
    page.locator("#k-item-tariff_plan").check()
    page.get_by_label(str(t("reviews.most"))).fill("654")
    page.get_by_role("button", name=str(t("reviews.ask_do")), exact=True).click()
    page.get_by_role("button", name=str(t("desk.sign_out"))).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(str(t("door.title")))
    enter(reader, language, "reviewer", "/console/reviews")
    other = page.context.new_page()
    other.goto(f"{reader.url}/console/reviews")
    for window in (page, other):
        card = window.locator(".postcard", has_text="654").first
        card.get_by_role("button", name=str(t("reviews.refuse")), exact=True).click()
    told = sentence(REFUSALS["the review was answered before"].in_(language), load(), language)
    expect(other.get_by_role("alert")).to_have_text(str(told))


def test_an_officer_edits_the_declaration_and_sees_what_is_wrong_while_typing(
    reader: Reader, language: Language, way: Way
) -> None:
    t = words(language)
    page = enter(reader, language, "officer", "/console/rules")
    text = page.get_by_label(str(t("editor.text")))
    whole = text.input_value()
    assert whole.startswith("schema = 1")
    text.fill(whole.replace('kind = "mobile"', 'kind = "mobil"', 1))
    if not way.script:
        page.get_by_role("button", name=str(t("editor.check"))).click()
    expect(page.get_by_text(str(t("editor.n_errors", n=1)))).to_be_visible()
    found = page.locator(".findings a").first
    expect(found).to_be_visible()
    if way.script:
        found.click()
        assert page.evaluate("document.activeElement.id") == "k-text"
        chosen = (
            "(() => { const at = document.activeElement; return at.value.slice(at.selectionStart, at.selectionEnd) })()"
        )
        assert page.evaluate(chosen) == 'kind = "mobil"'
    text = page.get_by_label(str(t("editor.text")))
    text.fill(whole.replace('acts = ["use", "export"]', 'acts = ["use", "export", "query"]', 1))
    if not way.script:
        page.get_by_role("button", name=str(t("editor.check"))).click()
    expect(page.get_by_role("heading", name=str(t("editor.anew")))).to_be_visible()
    page.get_by_role("button", name=str(t("editor.preview"))).click()
    expect(page.get_by_text(str(t("preview.back")))).to_be_visible()
    page.get_by_role("button", name=str(t("preview.back"))).click()
    assert '"use", "export", "query"' in page.get_by_label(str(t("editor.text"))).input_value()


def test_what_was_typed_outlives_a_session_that_ended_elsewhere(reader: Reader, language: Language) -> None:
    t = words(language)
    page = enter(reader, language, "officer", "/console/rules")
    text = page.get_by_label(str(t("editor.text")))
    written = text.input_value() + "# 𠮷 <b>&\n"
    text.fill(written)
    page.context.clear_cookies(name="keshou")
    page.get_by_role("button", name=str(t("editor.preview"))).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(str(t("door.title")))
    page.get_by_label(str(t("door.account"))).fill("officer")
    page.get_by_label(str(t("door.password"))).fill(PASSWORD)
    page.get_by_role("button", name=str(t("door.enter"))).click()
    expect(page.get_by_role("alert")).to_have_text(str(t("again.look")))
    assert page.get_by_label(str(t("editor.text"))).input_value() == written
    page.get_by_role("button", name=str(t("editor.preview"))).click()
    page.get_by_role("button", name=str(t("preview.back"))).click()
    assert page.get_by_label(str(t("editor.text"))).input_value() == written


def test_the_log_is_checked_by_one_press(reader: Reader, language: Language) -> None:
    t = words(language)
    page = enter(reader, language, "auditor", "/console/log")
    page.get_by_role("button", name=str(t("log.check_now"))).click()
    expect(page.get_by_role("status")).to_have_text(str(t("checked.whole")))
    page.get_by_role("button", name="English" if language == "zh" else "中文").click()
    assert reader.path() == "/console/log"
