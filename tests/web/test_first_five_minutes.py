# SPDX-License-Identifier: Apache-2.0
"""A newcomer's first five minutes: from nothing to published rules, a first decision, changed rules and a log checked.

Told in a real browser and at the command line, by nothing but what the pages and the commands themselves say.
"""

import html
import re
import secrets
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyotp
import pytest
from browser import DESKTOP, PHONE, Reader, reading
from everybody import too_wide, violations
from places import SERVER, serving
from playwright.sync_api import Browser, Page, expect
from ways import Way

from cli_caller import Caller
from keshou.language import Language
from keshou.web.frame.catalog import Words, catalog
from keshou.web.public.story import AGREED, RECOMMEND, SALE
from postgresql import Cluster


class Journey(NamedTuple):
    """One way through, in one language; `console` says whether the first rules are published there."""

    way: Way
    language: Language
    console: bool


JOURNEYS = {
    "sqlite-script": Journey(Way("sqlite", DESKTOP, script=True), "zh", console=True),
    "sqlite-no_script": Journey(Way("sqlite", PHONE, script=False), "en", console=False),
    "postgresql-script": Journey(Way("postgresql", PHONE, script=True), "en", console=False),
    "postgresql-no_script": Journey(Way("postgresql", DESKTOP, script=False), "zh", console=True),
}
"""Each database with a script and without; each language, size and place of publishing with either."""


@pytest.fixture(params=sorted(JOURNEYS))
def journey(request: pytest.FixtureRequest) -> Journey:
    return JOURNEYS[request.param]


@pytest.fixture
def way(journey: Journey) -> Way:
    return journey.way


@pytest.fixture
def language(journey: Journey) -> Language:
    return journey.language


@pytest.fixture
def home(way: Way, tmp_path: Path, postgresql_cluster: Cluster) -> Iterator[Path]:
    """A sample site, as the first line of `make run` makes it."""
    folder = tmp_path / "site"
    if way.database == "sqlite":
        Caller(None)("init", folder, "--sample").ok()
        yield folder
        return
    with postgresql_cluster.database("keshou_first") as name:
        Caller(None)("init", folder, "--sample", "--database", postgresql_cluster.url(name, tcp=True)).ok()
        yield folder


@pytest.fixture
def address(home: Path) -> Iterator[str]:
    with serving(home, application=SERVER) as server:
        yield f"http://127.0.0.1:{server.port}"


def commands(page: Page) -> list[list[str]]:
    """Return the command lines that a page says, as words after `keshou`."""
    blocks = re.findall(r"<pre><code>(.*?)</code></pre>", page.content(), re.S)
    lines = [
        line
        for block in blocks
        for line in html.unescape(re.sub("<[^>]+>", "", block)).replace("\\\n", " ").splitlines()
    ]
    return [shlex.split(line)[1:] for line in lines]


def follow(page: Page, verb: str) -> None:
    """Do what the page first says with a verb."""
    Caller(None)(*next(each for each in commands(page) if verb in each)).ok()


def first_decision(reader: Reader, t: Words) -> None:
    """Ask the first question, then one of one's own, then the same before and after a user agrees."""
    page = reader.page
    page.get_by_role("link", name=str(t("frame.sample_start"))).first.click()
    page.get_by_role("link", name=str(t("start.ask.sale"))).click()
    assert reader.path() == SALE.link
    expect(page.locator(".verdict h2")).to_have_text(str(t("ask.denied")))
    expect(page.locator(".verdict dt a[href='/law/miit24#a10']")).to_have_count(1)

    # a question of one's own, by the form
    page.get_by_role("combobox", name=str(t("ask.by")), exact=True).select_option("billing")
    page.get_by_role("combobox", name=str(t("ask.kind")), exact=True).select_option("use")
    page.get_by_role("combobox", name=str(t("ask.purpose")), exact=True).select_option("service")
    page.get_by_role("button", name=str(t("ask.ask")), exact=True).click()
    expect(page.locator(".verdict h2")).to_have_text(str(t("ask.permitted")))
    page.locator(".verdict dt a").first.click()
    assert reader.path().startswith("/law/")

    # a user agrees, and the next question is answered otherwise
    page = reader.go(RECOMMEND.link)
    expect(page.locator(".verdict h2")).to_have_text(str(t("ask.denied")))
    follow(reader.go("/start"), "consent")
    page = reader.go(RECOMMEND.link)
    expect(page.locator(".verdict h2")).to_have_text(str(t("ask.permitted")))


def changed_rules(reader: Reader, t: Words) -> None:
    """Change the rules as the page says, and see what changed."""
    page = reader.go("/start")
    name, before, after, dated = page.locator(".journey > li").nth(4).locator("p code").all_inner_texts()
    text = re.sub(r"(?m)^effective = .*$", dated, Path(name).read_text("utf-8"), count=1)
    assert before in text
    Path(name).write_text(text.replace(before, after), "utf-8")
    follow(page, "check")
    follow(page, "publish")
    page.reload()
    page.get_by_role("link", name=str(t("start.change.read"))).click()
    assert reader.path() == "/rules/versions/2"
    assert any("10" in each for each in page.locator(".text .new").all_inner_texts())


def both_sides(reader: Reader, t: Words) -> None:
    """Come in as a user and as the privacy officer, as the page says."""
    page = reader.go("/start")
    words = next(each for each in commands(page) if "--user" in each)
    page.get_by_label(str(t("start.portal.token"))).fill(Caller(None)(*words).ok().out.strip())
    page.get_by_role("button", name=str(t("start.portal.enter"))).click()
    assert reader.path() == "/me"
    expect(page.get_by_text(AGREED).first).to_be_visible()

    page = reader.go("/start")
    words = next(each for each in commands(page) if "invite" in each)
    invitation = Caller(None)(*words, "--json").ok().json["invitation"]
    page.get_by_role("link", name=str(t("start.console.accept"))).click()
    page.locator("[name=invitation]").fill(invitation)
    page.locator("[name=password]").fill(secrets.token_urlsafe(18))
    page.locator("main form button").first.click()
    page.wait_for_url(re.compile(r"/console/second-factor\b"))


def published_at_the_console(reader: Reader, t: Words) -> None:
    """Accept an invitation as the page says, and go from the editor over the preview to published rules."""
    page = reader.page
    words = next(each for each in commands(page) if "invite" in each)
    invitation = Caller(None)(*words, "--json").ok().json["invitation"]
    page.get_by_role("link", name=str(t("start.publish.accept"))).click()
    page.locator("[name=invitation]").fill(invitation)
    page.locator("[name=password]").fill(secrets.token_urlsafe(18))
    page.locator("main form button.main").click()
    page.locator("main form button.main").click()  # the second factor, begun
    secret = "".join(page.locator(".secret code").inner_text().split())
    page.locator("[name=code]").fill(pyotp.TOTP(secret).now())
    page.locator("main form button.main").click()
    page.locator("main a.onward").click()
    assert reader.path() == "/console/rules"
    expect(page.locator("#k-found .tag.good")).to_be_visible()
    page.locator("[formaction='/console/rules/preview']").click()
    expect(page.locator(".rules h2").first).to_be_visible()
    page.locator("[formaction='/console/rules/publish']").click()
    assert reader.path() == "/console/rules?published=1"
    expect(page.locator("main [role=status]").first).to_be_visible()
    reader.go("/start")


def test_a_newcomer_comes_from_nothing_to_published_rules_and_a_first_decision(
    reader: Reader, language: Language, journey: Journey
) -> None:
    t = Words(catalog("keshou.web.frame", "keshou.web.public"), language)
    page = reader.go("/")
    page.get_by_role("link", name=str(t("home.begin_go"))).click()
    assert reader.path() == "/start"

    # nothing is published: the page says how, and sees that it is done
    expect(page.locator(".journey .tag.care")).to_have_count(1)
    if journey.console:
        published_at_the_console(reader, t)
    else:
        follow(page, "check")
        follow(page, "publish")
    follow(page, "try")
    page.reload()
    page.get_by_role("link", name=str(t("start.publish.read"))).click()
    assert reader.path() == "/rules"

    first_decision(reader, t)
    changed_rules(reader, t)
    both_sides(reader, t)

    # the log is checked; all that a page can see is done
    page = reader.go("/start")
    follow(page, "verify")
    expect(page.locator(".journey .tag.good")).to_have_count(4)
    expect(page.locator(".story tbody tr")).to_have_count(11)


def test_nobody_is_kept_from_the_first_steps(browser: Browser, tmp_path: Path) -> None:
    home = tmp_path / "site"
    Caller(None)("init", home, "--sample").ok()
    wrong = {}
    with serving(home, application=SERVER) as server:
        url = f"http://127.0.0.1:{server.port}"
        for filled in (False, True):
            if filled:
                Caller(home)("try", "--users", 20).ok()
            for language, scheme, size in (("zh", "light", DESKTOP), ("en", "dark", PHONE), ("zh", "dark", PHONE)):
                with reading(browser, url, language, size=size, scheme=scheme) as reader:  # type: ignore[arg-type]
                    for path in ("/", "/start", "/start/ask", SALE.link):
                        page = reader.go(path)
                        if (found := violations(page)) or too_wide(page):
                            wrong[path, language, scheme, filled] = found, too_wide(page)
    assert wrong == {}


def test_the_form_is_filled_and_sent_by_keyboard_alone(browser: Browser, tmp_path: Path) -> None:
    home = tmp_path / "site"
    Caller(None)("init", home, "--sample").ok()
    Caller(home)("try", "--users", 20).ok()
    with (
        serving(home, application=SERVER) as server,
        reading(browser, f"http://127.0.0.1:{server.port}", "en") as reader,
    ):
        page = reader.go("/start/ask")
        while page.evaluate("document.activeElement.name") != "purpose":
            page.keyboard.press("Tab")
        page.keyboard.type("Customer care")
        while page.evaluate("document.activeElement.value") != "tariff_plan":
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        page.wait_for_url("**purpose=care**item=tariff_plan**")
        expect(page.locator(".verdict h2")).to_have_text("Denied")
