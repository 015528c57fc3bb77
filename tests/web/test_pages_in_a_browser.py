# SPDX-License-Identifier: Apache-2.0
"""What readers do with the public pages, in a real browser: both languages and databases, with a script and without."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from browser import DESKTOP, PHONE, Reader, reading
from everybody import too_wide
from places import SERVER, serving
from playwright.sync_api import Browser, Page, Route, expect
from public_house import LONG, RARE, RIGHT_TO_LEFT, build, hostile, usual, versions
from ways import Way

from keshou.language import Language
from keshou.law.load import load
from keshou.web.frame.catalog import Words, catalog


def words(language: Language) -> Words:
    """Return the words of the public pages."""
    return Words(catalog("keshou.web.frame", "keshou.web.public"), language)


@pytest.fixture(scope="module")
def make_home() -> Callable[[Path, str], Path]:
    """Readers look at the usual site."""
    return usual


def shown(page: Page, text: str) -> None:
    """Hold that a text is seen."""
    expect(page.get_by_text(text, exact=False).first).to_be_visible()


def test_a_reader_finds_from_the_first_page_what_is_collected_why_and_what_refusing_means(
    reader: Reader, language: Language
) -> None:
    t = words(language)
    page = reader.go("/")
    page.get_by_role("link", name=str(t("home.read"))).click()
    assert reader.path() == "/rules"
    rules = versions()[1]
    purpose = rules.purposes[0]
    page.get_by_role("navigation").get_by_role("link", name=purpose.name.in_(language)).click()
    assert reader.path() == f"/rules#purpose-{purpose.id}"
    expect(page.get_by_role("heading", name=purpose.name.in_(language))).to_be_in_viewport()
    article = page.locator(f"#purpose-{purpose.id}")
    for text in (purpose.manner, purpose.refusal, *(need.why for need in purpose.needs)):
        shown(page, text.in_(language))
    expect(article.get_by_role("row")).to_have_count(len(purpose.needs) + 1)


def test_a_reader_sees_what_a_version_changed_and_the_text_before_and_after(reader: Reader, language: Language) -> None:
    t = words(language)
    page = reader.go("/rules")
    page.get_by_role("link", name=str(t("rules.changed"))).click()
    assert reader.path() == "/rules/versions/2"
    label = load().items["cell_location"].label.in_(language)
    expect(page.locator(".change.more > li")).to_have_count(1)
    assert label in page.locator(".change.more > li").inner_text()
    shown(page, str(t("changed.anew")))
    old, new = page.locator(".text .old").all_inner_texts(), page.locator(".text .new").all_inner_texts()
    assert any("15" in each for each in old)
    assert any("10" in each for each in new)
    assert any(label in each for each in new)
    page.get_by_role("link", name=str(t("changed.after"))).click()
    assert reader.path() == "/rules/versions/3"
    expect(page.locator(".change.less > li")).to_have_count(1)
    page.get_by_role("link", name=str(t("changed.all"))).click()
    expect(page.locator(".versions > li")).to_have_count(3)
    expect(page.locator(".versions > li.now")).to_contain_text(str(t("rules.in_force")))


def test_a_reader_finds_where_to_complain_and_by_when_an_answer_is_due(reader: Reader, language: Language) -> None:
    t = words(language)
    page = reader.go("/")
    page.get_by_role("link", name=str(t("home.turn"))).click()
    assert reader.path() == "/contact"
    expect(page.locator(".big")).to_have_text(str(t("contact.days", n=10)))
    period = load().provision("miit24:12").period
    assert period is not None
    assert str(period.days) in page.locator("main").inner_text()
    page.get_by_role("link", name=str(t("contact.cite"))).click()
    assert reader.path() == "/law/miit24#a12"
    expect(page.locator("#a12")).to_be_in_viewport()


def test_a_reader_narrows_an_order_to_what_they_look_for(reader: Reader, language: Language, way: Way) -> None:
    t = words(language)
    page = reader.go("/law")
    page.get_by_role("link", name=load().instruments["miit24"].title.in_(language), exact=True).click()
    every = len(load().instruments["miit24"].provisions)
    expect(page.locator(".provision")).to_have_count(every)
    search = page.get_by_label(str(t("law.find")))
    search.fill("投诉" if language == "zh" else "complaint")
    if not way.script:
        page.get_by_role("button", name=str(t("law.narrow"))).click()
    expect(page.get_by_role("status")).not_to_contain_text(str(t("law.count", n=every)))
    found = page.locator(".provision").count()
    assert 0 < found < every
    shown(page, str(t("law.count", n=found)))
    expect(page.locator(".articles li")).to_have_count(page.locator(".article").count())
    assert "q=" in reader.path()
    assert search.input_value() != ""
    page.get_by_role("link", name=str(t("law.clear"))).click()
    expect(page.locator(".provision")).to_have_count(every)


def test_a_reader_changes_the_language_stays_on_the_page_and_keeps_it(reader: Reader, language: Language) -> None:
    page = reader.go("/rules/versions/2?x=1")
    other = "en" if language == "zh" else "zh-CN"
    page.get_by_role("button", name="English" if language == "zh" else "中文").click()
    assert reader.path() == "/rules/versions/2?x=1"
    expect(page.locator("html")).to_have_attribute("lang", other)
    expect(reader.go("/law").locator("html")).to_have_attribute("lang", other)


def test_a_reader_who_went_astray_finds_the_way_back(reader: Reader, language: Language) -> None:
    t = words(language)
    page = reader.go("/nowhere/at/all")
    reader.faults.clear()
    shown(page, str(t("refusal.absent.title")))
    page.get_by_role("link", name=str(t("refusal.home"))).click()
    assert reader.path() == "/"


def test_narrowing_with_a_script_asks_for_no_whole_page(browser: Browser, sqlite_url: str) -> None:
    with reading(browser, sqlite_url, "en") as reader:
        page = reader.go("/law/miit24")
        page.evaluate("window.kept = 1")
        page.get_by_label("Find").press_sequentially("consent")
        expect(page.get_by_role("status")).not_to_contain_text("40")
        page.get_by_label("How it is carried").select_option("enforced")
        expect(page.locator(".tag", has_text="still to be built")).to_have_count(0)
        assert page.evaluate("window.kept") == 1
        page.wait_for_url(re.compile(r"q=consent&status=enforced"))
        assert reader.faults == []
        page.reload()
        assert page.get_by_label("Find").input_value() == "consent"


def test_a_link_pressed_slowly_right_after_typing_is_not_taken_away_under_the_finger(
    browser: Browser, sqlite_url: str
) -> None:
    with reading(browser, sqlite_url, "en") as reader:
        page = reader.go("/law/miit24")
        page.get_by_label("Find").press_sequentially("consent")
        expect(page.get_by_role("status")).not_to_contain_text("40")
        page.get_by_role("link", name="Show all").hover()
        page.mouse.down()
        page.wait_for_timeout(800)
        page.mouse.up()
        expect(page.locator(".provision")).to_have_count(40)
        assert reader.path() == "/law/miit24"
        assert reader.faults == []


def test_what_is_typed_before_the_script_listens_is_not_lost(browser: Browser, sqlite_url: str) -> None:
    held: list[Route] = []
    with reading(browser, sqlite_url, "en") as reader:
        page = reader.page
        page.route("**/htmx.min.js", lambda route: held.append(route))  # noqa: PLW0108 - Playwright looks into it
        page.goto(sqlite_url + "/law/miit24", wait_until="commit")
        page.get_by_label("Find").fill("consent")
        page.get_by_label("How it is carried").select_option("enforced")
        for route in held:
            route.continue_()
        page.wait_for_url(re.compile(r"q=consent&status=enforced"))
        expect(page.get_by_role("status")).not_to_contain_text("40")
        assert reader.faults == []


def test_what_a_declaration_says_is_shown_as_text_whatever_it_says(browser: Browser, tmp_path: Path) -> None:
    home = build(tmp_path / "site", "", hostile())
    with serving(home, application=SERVER) as server:
        for size in (DESKTOP, PHONE):
            with reading(browser, f"http://127.0.0.1:{server.port}", "en", size=size) as reader:
                for path in ("/", "/rules", "/rules/versions/1", "/contact", "/rules/versions/1/published"):
                    page = reader.go(path)
                    assert page.evaluate("window.hit") is None
                    assert page.locator("img").count() == 0
                    assert too_wide(page) == 0, (path, size)
                    if "published" not in path:
                        expect(page.locator(".brand")).to_have_text(LONG)
                page = reader.go("/rules")
                shown(page, "<script>window.hit=1</script>")
                shown(page, RARE)
                shown(page, RIGHT_TO_LEFT)
                assert reader.faults == []


def test_an_empty_site_says_what_it_is_for_and_what_to_do(browser: Browser, tmp_path: Path, language: Language) -> None:
    t = words(language)
    with (
        serving(build(tmp_path / "site"), application=SERVER) as server,
        reading(browser, f"http://127.0.0.1:{server.port}", language, size=PHONE) as reader,
    ):
        for path in ("/", "/rules", "/rules/versions", "/contact"):
            page = reader.go(path)
            shown(page, str(t("empty.title")))
            shown(page, str(t("empty.cite")))
        page = reader.go("/")
        shown(page, "keshou publish")
        page.get_by_role("link", name=str(t("empty.cite"))).click()
        assert reader.path() == "/law/miit24#a8"
        assert reader.faults == []
