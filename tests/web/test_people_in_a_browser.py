# SPDX-License-Identifier: Apache-2.0
"""Kinds of people at the console, from door to departure, in a real browser: each language and database, each way."""

import datetime as dt
import re
import secrets
from collections.abc import Callable
from pathlib import Path

import pyotp
import pytest
from browser import Reader
from console_house import AGENT, PASSWORD, build
from playwright.sync_api import Page, expect
from test_console_in_a_browser import USER, enter, words

from keshou.accounts.account import AccountKind
from keshou.app.new_account import invite
from keshou.app.site import Site
from keshou.cli.sample.people import subscribers
from keshou.cli.sample.staff import SETUP
from keshou.gate.facts import StaffAppointed
from keshou.language import Language

PEOPLE = [each.user_id for each in subscribers(12)]


@pytest.fixture(scope="module")
def make_home() -> Callable[[Path, str], Path]:
    """Readers work at the staffed site, where an agent's shop has somebody who signs in."""

    def make(home: Path, database: str) -> Path:
        built = build(home, database)
        with Site.open(built) as site:
            with site.writing() as tx:
                text = invite(site, tx, "shop", AccountKind.AGENT_STAFF, by=SETUP, agent="west_shop")
                site.accounts.accept(tx, text, site.accounts.hashes.make(PASSWORD), AGENT, site.now())
            late = site.now() + dt.timedelta(days=1)
            site.record_site(
                StaffAppointed(at=site.now(), staff="network", post="network_manager", until=late), by=SETUP
            )
        return built

    return make


@pytest.fixture(scope="module")
def forgiven() -> re.Pattern[str]:
    """A page that says what was refused is an answer that the console calls an error."""
    return re.compile("status of 4")


def leave(page: Page, language: Language) -> None:
    """Sign out."""
    page.get_by_role("button", name=str(words(language)("desk.sign_out"))).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(str(words(language)("door.title")))


def test_one_is_invited_proves_a_second_factor_is_appointed_and_leaves(reader: Reader, language: Language) -> None:
    t, name = words(language), f"new-{secrets.token_hex(4)}"
    page = enter(reader, language, "network", "/console/people/accounts")
    page.get_by_label(str(t("people.id")), exact=True).fill(name)
    page.get_by_role("button", name=str(t("accounts.invite")), exact=True).click()
    invitation = page.locator(".secret code").inner_text()
    leave(page, language)

    page = reader.go("/console/invitation")
    page.get_by_label(str(t("invitation.text"))).fill(invitation)
    page.get_by_label(str(t("invitation.password"))).fill(PASSWORD)
    page.get_by_role("button", name=str(t("invitation.accept"))).click()
    expect(page.get_by_role("button", name=str(t("desk.sign_out")))).to_be_visible()
    reader.go("/console/me").get_by_role("link", name=str(t("me.enrol"))).click()
    page.get_by_role("button", name=str(t("factor.begin"))).click()
    codes = pyotp.TOTP(page.locator(".secret code").inner_text().replace(" ", ""))
    page.get_by_label(str(t("factor.code"))).fill(codes.now())
    page.get_by_role("button", name=str(t("factor.confirm"))).click()
    recovery = page.locator(".codes code").first.inner_text()
    page.get_by_role("link", name=str(t("codes.go"))).click()
    expect(page.locator('nav a[href="/console/people"]')).to_have_count(0)
    leave(page, language)

    page = enter(reader, language, "officer", "/console/people")
    form = page.get_by_role("region", name=str(t("people.appoint")))
    form.get_by_label(str(t("people.id"))).fill(name)
    form.get_by_label(str(t("people.post")), exact=True).select_option("care_agent")
    form.get_by_role("button", name=str(t("people.appoint"))).click()
    expect(page.get_by_role("row", name=name)).to_have_count(1)
    leave(page, language)

    page = reader.go("/console/user")
    page.get_by_label(str(t("door.account"))).fill(name)
    page.get_by_label(str(t("door.password"))).fill(PASSWORD)
    page.get_by_role("button", name=str(t("door.enter"))).click()
    page.get_by_label(str(t("door.code"))).fill(recovery)
    page.get_by_role("button", name=str(t("door.enter"))).click()
    assert reader.path() == "/console/user"
    expect(page.get_by_role("form", name=str(t("user.title")))).to_be_visible()
    leave(page, language)

    page = enter(reader, language, "officer", "/console/people")
    form = page.get_by_role("region", name=str(t("people.left")))
    form.get_by_label(str(t("people.id"))).fill(name)
    form.get_by_role("button", name=str(t("people.left_do"))).click()
    expect(page.get_by_role("row", name=name)).to_have_count(0)


def test_an_emergency_is_begun_is_loud_and_is_ended_by_anothers_review(reader: Reader, language: Language) -> None:
    t, case = words(language), f"t-{secrets.token_hex(4)}"
    page = enter(reader, language, "analyst", "/console/emergencies")
    page.locator("summary", has_text=str(t("emergency.begin"))).click()
    page.get_by_label(str(t("emergency.post")), exact=True).select_option("care_agent")
    page.get_by_label(str(t("emergency.reason")), exact=True).select_option("network_outage")
    page.get_by_label(str(t("emergency.case"))).fill(case)
    page.get_by_role("button", name=str(t("emergency.begin_do"))).click()
    expect(page.get_by_text(str(t("emergency.own")))).to_be_visible()
    place = reader.path()
    page = reader.go("/console/user")
    form = page.get_by_role("form", name=str(t("user.title")))
    form.get_by_label(str(t("user.id"))).fill(USER)
    form.get_by_label(str(t("information.purpose")), exact=True).select_option("care")
    form.get_by_label(str(t("user.post"))).select_option("care_agent")
    form.get_by_role("button", name=str(t("user.look"))).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(str(t("user.file")))
    leave(page, language)

    page = enter(reader, language, "reviewer", place)
    expect(page.get_by_text(case)).to_be_visible()
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(2)
    page.get_by_role("button", name=str(t("emergency.find_justified")), exact=True).click()
    expect(page.get_by_text(str(t("emergency.reviewed_by")))).to_be_visible()
    assert all(USER not in each for each in reader.asked)


def test_a_clerk_writes_down_a_consent_at_the_counter_and_takes_it_back(
    reader: Reader, language: Language, request: pytest.FixtureRequest
) -> None:
    t = words(language)
    user = PEOPLE[len(request.node.name) % len(PEOPLE)]
    page = enter(reader, language, "clerk", "/console/consents")
    for way in ("agree", "withdraw"):
        page = reader.go("/console/consents")
        page.get_by_label(str(t("user.id"))).fill(user)
        page.get_by_label(str(t("information.purpose"))).select_option("marketing")
        page.get_by_role("button", name=str(t("consents.go"))).click()
        form = page.get_by_role("region", name=str(t("consents.agrees" if way == "agree" else "consents.withdraws")))
        if way == "agree":
            for box in form.get_by_role("group").get_by_role("checkbox").all():
                box.check()
            form.get_by_label(str(t("consents.strength"))).select_option("express")
            form.get_by_label(str(t("consents.evidence"))).fill("form-17")
        form.get_by_label(str(t("user.where"))).select_option("east_branch")
        form.get_by_role("button", name=str(t(f"consents.{way}_do"))).click()
        expect(page.get_by_role("status")).to_be_visible()
        assert "told=" in reader.path()
    assert all(user not in each for each in reader.asked)


def test_an_agents_clerk_finds_the_ways_of_the_shop_and_no_others(reader: Reader, language: Language) -> None:
    t = words(language)
    page = enter(reader, language, "shop", "/console")
    offered = {each.get_attribute("href") for each in page.locator("nav a").all()}
    assert not offered & {"/console/people", "/console/holds", "/console/reviews", "/console/media"}
    page = reader.go("/console/people")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("table")).to_have_count(0)
    page = reader.go("/console/user")
    form = page.get_by_role("form", name=str(t("user.title")))
    form.get_by_label(str(t("user.id"))).fill(USER)
    form.get_by_label(str(t("information.purpose")), exact=True).select_option("service")
    form.get_by_role("button", name=str(t("user.look"))).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(str(t("user.denied")))
    expect(page.locator('main a[href^="/law/miit24#"]').first).to_be_visible()


def test_an_inspector_reads_how_the_operator_stands_checks_the_log_and_sees_nobody(
    reader: Reader, language: Language
) -> None:
    t = words(language)
    page = enter(reader, language, "inspector")
    expect(page.get_by_role("heading", level=1)).to_have_text(str(t("standing.title")))
    offered = {each.get_attribute("href") for each in page.locator("nav a").all()}
    assert "/console/log" in offered
    assert not offered & {"/console/user", "/console/consents", "/console/exports"}
    page = reader.go("/console/log")
    page.get_by_role("button", name=str(t("log.check"))).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page = reader.go("/console/user")
    expect(page.get_by_role("textbox")).to_have_count(0)
