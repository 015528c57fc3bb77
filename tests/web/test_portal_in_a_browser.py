# SPDX-License-Identifier: Apache-2.0
"""What users do with their own pages, in a real browser: both languages and databases, with a script and without."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from browser import Reader, reading, unfold
from everybody import too_wide
from house import VALUES
from own_house import last_code
from own_served import own_home, sign_in, take_in, words
from playwright.sync_api import Browser, Page, expect
from receivers import Receiver, receiving

from keshou.language import Language
from keshou.law.load import load

USERS = 100
HOSTILE = "<script>window.hit=1</script>\"'&amp;{{7*7}}𠮷䶮שלום עולם"
ODD = {"long": "示" * 60, "short": "示", "odd": HOSTILE}
"""Users with names of 60 characters, of one, and of script, rare characters and text that runs the other way."""


class Served(NamedTuple):
    """A server, the gateway that it sends codes to, and users who have not come yet."""

    url: str
    gateway: Receiver
    users: Iterator[str]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Receiver]:
    with receiving() as gateway:
        yield gateway


@pytest.fixture(scope="module")
def make_home(gateway: Receiver) -> Callable[[Path, str], Path]:
    """Readers see their own pages at the small operator's site."""

    def make(home: Path, database: str) -> Path:
        own_home(home, gateway.url, database, USERS)
        for user, name in ODD.items():
            take_in(home, user, VALUES | {"user_name": name}, 45 if user == "odd" else 0)
        return home

    return make


@pytest.fixture(scope="module")
def users() -> Iterator[str]:
    """Users who have not come yet, to either server."""
    return (f"u{number}" for number in range(USERS))


@pytest.fixture(scope="module")
def on_sqlite(sqlite_url: str, gateway: Receiver, users: Iterator[str]) -> Served:
    return Served(sqlite_url, gateway, users)


@pytest.fixture
def served(address: str, gateway: Receiver, users: Iterator[str]) -> Served:
    return Served(address, gateway, users)


@pytest.fixture(scope="module")
def forgiven() -> re.Pattern[str]:
    """A page that asks somebody to sign in, or says what was refused, is an answer that the console calls an error."""
    return re.compile(r"responded with a status of 40[013]")


@pytest.fixture
def user(served: Served, reader: Reader, language: Language) -> str:
    """Sign a user in who was not here before."""
    user = next(served.users)
    sign_in(reader.go("/me"), served.gateway, words(language), user)
    expect(reader.page.locator("h1")).to_have_text(str(words(language)("home.title")))
    return user


def shown(page: Page, text: object) -> None:
    """Hold that a text is seen."""
    expect(page.get_by_text(str(text), exact=False).first).to_be_visible()


def press(page: Page, name: object) -> None:
    """Press the button of that name."""
    page.get_by_role("button", name=str(name), exact=True).click()


def label(item: str, language: Language) -> str:
    """Return what a kind of information is called."""
    return load().items[item].label.in_(language)


def test_a_user_signs_in_sees_what_is_held_corrects_it_and_signs_out(
    reader: Reader, language: Language, user: str
) -> None:
    t, page, plan = words(language), reader.page, label("tariff_plan", language)
    assert user in page.locator("main").inner_text()
    page.get_by_role("link", name=str(t("home.held_go"))).click()
    expect(page.locator(".held > li")).to_have_count(len(VALUES))
    assert VALUES["mobile_number"] not in page.content()
    press(page, t("held.show_one", item=label("mobile_number", language)))
    shown(page, VALUES["mobile_number"])
    assert VALUES["user_name"] not in page.content()
    page.get_by_role("link", name=str(t("held.correct_one", item=plan))).click()
    page.get_by_label(str(t("correct.value"))).fill("P-20")
    press(page, t("correct.do"))
    shown(page, t("own.done"))
    reader.go("/me/held")
    press(page, t("held.show_all"))
    shown(page, "P-20")
    press(page, t("own.out"))
    shown(page, t("in.out"))
    assert reader.go("/me/held").url.endswith("/me/sign-in?to=/me/held")


def test_a_user_agrees_takes_back_goes_back_and_sees_how_it_stands(
    reader: Reader, language: Language, user: str
) -> None:
    t, page = words(language), reader.go("/me/consents")
    card = page.locator("#k-marketing")
    expect(card.locator(".refusal-means")).to_contain_text("不影响服务" if language == "zh" else "not affected")
    card.get_by_role("button").dblclick()
    expect(card.locator(".tag").last).to_have_text(str(t("consent.yes")))
    card.get_by_role("button").click()
    expect(card.locator(".tag").last).to_have_text(str(t("consent.back")))
    page.go_back()
    expect(card.get_by_role("button")).to_be_visible()
    reader.go("/me/consents")
    expect(card.locator(".tag").last).to_have_text(str(t("consent.back")))
    press(page, t("consent.want"))
    expect(page.locator("#k-messages .tag")).to_have_text(str(t("consent.wanted")))
    press(page, t("consent.refuse"))
    expect(page.locator("#k-messages .tag")).to_have_text(str(t("consent.refused")))
    reader.go("/me/history")
    purpose = "营销" if language == "zh" else "Marketing"
    assert page.get_by_text(text_of(t("fact.agreed", purpose=purpose, version=1)), exact=True).count() == 1
    assert page.get_by_text(text_of(t("fact.withdrew", purpose=purpose)), exact=True).count() == 1
    assert user


def text_of(words: object) -> str:
    """Return words as a page shows them."""
    return str(words).replace("&#39;", "'")


def test_what_a_user_typed_when_the_visit_was_over_is_there_again_after_signing_in(
    reader: Reader, served: Served, language: Language, user: str
) -> None:
    t, page = words(language), reader.go("/me/correct/tariff_plan")
    page.get_by_label(str(t("correct.value"))).fill("𠮷䶮 P-21")
    page.context.clear_cookies(name="keshou")
    press(page, t("correct.do"))
    shown(page, t("in.kept"))
    assert "P-21" not in page.content()
    sign_in(page, served.gateway, t, user)
    shown(page, t("own.late"))
    expect(page.get_by_label(str(t("correct.value")))).to_have_value("𠮷䶮 P-21")
    assert "P-21" not in page.url
    press(page, t("correct.do"))
    shown(page, t("own.done"))


def test_a_user_takes_a_copy_and_ends_the_service(reader: Reader, language: Language, user: str) -> None:
    t, page = words(language), reader.go("/me/copy")
    with page.expect_download() as waited:
        press(page, t("copy.json"))
    copied = json.loads(Path(waited.value.path()).read_text("utf-8"))
    assert {each["item"]: each["value"] for each in copied["information"]} == VALUES
    with page.expect_download() as waited:
        press(page, t("copy.page"))
    assert waited.value.suggested_filename.endswith(".html")
    readable = Path(waited.value.path()).read_text("utf-8")
    assert all(value in readable for value in VALUES.values())
    unfold(page)
    page.get_by_role("link", name=str(t("own.end")), exact=True).click()
    press(page, t("end.do"))
    shown(page, t("end.wrong"))
    page.get_by_label("移动电话" if language == "zh" else "Mobile telephone").check()
    page.get_by_label(str(t("end.meant"))).check()
    press(page, t("end.do"))
    shown(page, t("own.done"))
    shown(page, t("end.erase"))
    page.get_by_label(str(t("end.meant_erase"))).check()
    press(page, t("end.do_erase"))
    shown(page, t("own.refused"))
    assert user


def test_names_of_any_length_and_script_and_long_lists_are_shown_as_text(
    reader: Reader, served: Served, language: Language
) -> None:
    t = words(language)
    for user, name in ODD.items():
        sign_in(reader.go("/me/sign-in"), served.gateway, t, user)
        page = reader.go("/me/held")
        press(page, t("held.show_all"))
        expect(page.locator("#k-user_name .value")).to_have_text(name)
        assert page.locator("#k-user_name .value script").count() == 0
        assert too_wide(page) == 0
    page = reader.go("/me/history")
    entries: list[str] = []
    while True:
        entries += page.locator(".happened > li").all_inner_texts()
        older = page.get_by_role("link", name=str(t("history.older")))
        if not older.count():
            break
        older.click()
        page.wait_for_url("**before=**")
    assert len(entries) == len(set(entries)) >= 46
    assert page.evaluate("window.hit") is None


def test_a_user_does_everything_by_keyboard_alone(browser: Browser, on_sqlite: Served) -> None:
    t = words("en")
    with reading(browser, on_sqlite.url, "en") as reader:
        page = reader.go("/me")
        before = len(on_sqlite.gateway.told)
        to(page, "k-by-user")
        page.keyboard.press("Enter")
        to(page, "k-user")
        page.keyboard.type(next(on_sqlite.users))
        page.keyboard.press("Enter")
        page.wait_for_selector("#k-code")
        to(page, "k-code")
        page.keyboard.type(last_code(on_sqlite.gateway, before + 1))
        page.keyboard.press("Enter")
        page.wait_for_url("**/me")
        reader.go("/me/consents")
        for _ in range(40):
            page.keyboard.press("Tab")
            if (
                page.evaluate("document.activeElement.closest('#k-marketing') && document.activeElement.value")
                == "agree"
            ):
                break
        page.keyboard.press("Enter")
        shown(page, t("own.done"))


def to(page: Page, id_: str) -> None:
    """Go on by Tab until the element of that id has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == id_:
            return
    pytest.fail(f"{id_} is not reached")
