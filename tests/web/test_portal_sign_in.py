# SPDX-License-Identifier: Apache-2.0
"""Users sign in by a code or by the operator's app, learn nothing of others, and lose nothing when a visit is over."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import signing_app
from callers import CLERK, TestClient, served
from house import VALUES, Clock, ready
from joserfc.jwk import OKPKey
from own_house import BROWSER, Browser, browsing, en, house
from receivers import Receiver, receiving

from keshou.acts.mask import masked
from keshou.app.new_app_key import register_app_key
from keshou.app.site import Site
from keshou.app.user_view import user_view
from keshou.db import Database, metadata
from keshou.gate.facts import SuspensionLifted, SuspensionOrdered
from keshou.law.terms import ActKind
from keshou.web.caller import PLAIN_COOKIE
from keshou.web.frame.catalog import Words, catalog
from keshou.web.headers import PAGE_POLICY

PAGES = [
    "/me", "/me/held", "/me/consents", "/me/history", "/me/copy", "/me/end", "/me/visits", "/me/correct/tariff_plan",
]  # fmt: skip
FORMS = ["/me/held", "/me/consents", "/me/messages", "/me/correct/tariff_plan", "/me/copy", "/me/end", "/me/erase",
         "/me/visits", "/me/sign-out"]  # fmt: skip


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock, gateway: Receiver) -> Iterator[Site]:
    with house(database, tmp_path, clock, gateway) as site:
        yield site


@pytest.fixture
def browser(site: Site, gateway: Receiver) -> Iterator[Browser]:
    with browsing(site, gateway) as browser:
        yield browser


def size(site: Site) -> int:
    with site.reading() as tx:
        return site.ledger.head(tx).size


def told(page: Any, text: object) -> bool:
    return str(text) in page.text


# Codes ---------------------------------------------------------------------------------------------------------------


def test_who_asks_for_a_code_is_told_the_same_whoever_is_asked_for(browser: Browser, site: Site) -> None:
    first = browser.open("/me/sign-in")
    known = browser.send("/me/sign-in/code", at=first, user="u1", channel="sms")
    unknown = browser.send("/me/sign-in/code", at=first, user="no1", channel="sms")
    browser.code(1)
    site.codes.close()
    assert len(browser.gateway.told) == 1
    plain = [re.sub(r'name="(ticket|user)" value="[^"]*"|<p>[^<]*</p>', "", page.text) for page in (known, unknown)]
    assert (known.status_code, plain[0]) == (unknown.status_code, plain[1])
    for page in (known, unknown):
        assert browser.send("/me/sign-in", at=page, code="0" * 6).status_code == 401


def test_a_code_leads_to_the_page_that_was_asked_for_and_to_no_other_host(browser: Browser) -> None:
    assert browser.open("/me/history").url.path == "/me/sign-in"
    assert browser.sign_in().url.path == "/me/history"
    browser.client.cookies.clear()
    browser.open("/me/history?before=5")
    assert (browser.sign_in().url.path, browser.page.url.query) == ("/me/history", b"before=5")
    for to in (
        "https://evil.example",
        "/me/history?before=x//evil",
        "//evil.example",
        "/me/../law",
        "/language",
        "/me/sign-out",
    ):
        browser.open(f"/me/sign-in?to={to}")
        assert browser.sign_in().url.path == "/me"


@pytest.mark.parametrize("given", ["", "12", "abcdef", "1" * 30, "<script>"])
def test_a_wrong_code_signs_nobody_in_and_may_be_tried_again(browser: Browser, given: str) -> None:
    browser.open("/me/sign-in")
    browser.send("/me/sign-in/code", user="u1", channel="sms")
    code = browser.code(1)
    page = browser.send("/me/sign-in", code=given)
    assert page.status_code == 401
    assert told(page, en("code.wrong", n=3))
    assert "<script>" not in page.text
    wide = "".join(chr(ord(each) + 0xFEE0) for each in code[3:])
    assert browser.send("/me/sign-in", code=f" {code[:3]} {wide} ").url.path == "/me"


@pytest.mark.parametrize(("user", "channel"), [("", "sms"), ("u1", "mail"), ("u1", "pigeon"), ("x" * 256, "sms")])
def test_a_request_for_a_code_that_cannot_be_is_asked_again(browser: Browser, user: str, channel: str) -> None:
    browser.open("/me/sign-in")
    page = browser.send("/me/sign-in/code", user=user, channel=channel)
    assert page.status_code == 400
    assert told(page, en("in.who"))


def test_a_site_that_sends_no_codes_says_where_else_to_come_in(database: Database, tmp_path: Path) -> None:
    with ready(database, tmp_path, Clock()) as site, receiving() as gateway, browsing(site, gateway) as browser:
        page = browser.open("/me/sign-in")
        assert told(page, en("in.no_codes"))
        assert 'name="user"' not in page.text


# A visit, and its end ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_while_the_authority_has_codes_stopped_nobody_is_told_that_one_is_on_its_way(
    browser: Browser, site: Site, gateway: Receiver, language: str
) -> None:
    words = Words(catalog("keshou.web.frame", "keshou.web.portal"), "zh" if language == "zh" else "en")
    browser.client.headers["Accept-Language"] = language
    before = browser.open("/me/sign-in")
    stop = SuspensionOrdered(at=site.now(), suspension="s1", purposes=frozenset({site.settings.visits.purpose}))
    site.record_site(stop, by="officer")
    page = browser.open("/me/sign-in")
    assert page.status_code == 200
    assert str(words("in.stopped")) in page.text
    assert 'href="/contact"' in page.text
    assert "/me/sign-in/code" not in page.text
    by_user = {"user": "u1", "channel": "sms"}
    for asked in (by_user, by_user | {"user": "nobody"}, {"address": VALUES["mobile_number"]}):
        late = browser.send("/me/sign-in/code", at=before, **asked)
        assert (late.status_code, str(words("in.stopped")) in late.text) == (409, True)
    told = browser.client.post("/api/v1/visits/codes", json=by_user)
    assert (told.status_code, told.json()["type"]) == (409, "/problems/suspended")
    site.record_site(SuspensionLifted(at=site.now(), suspension="s1"), by="officer")
    assert str(words("in.stopped")) not in browser.open("/me/sign-in").text
    browser.sign_in("u1")
    assert len(gateway.told) == 1


def test_while_looking_for_users_is_stopped_codes_are_asked_for_by_number_with_the_operator_alone(
    browser: Browser, site: Site
) -> None:
    stop = SuspensionOrdered(at=site.now(), suspension="s1", kinds=frozenset({ActKind.QUERY}))
    before = browser.open("/me/sign-in")
    site.record_site(stop, by="officer")
    page = browser.open("/me/sign-in")
    assert str(en("in.stopped_finding")) in page.text
    assert 'name="address"' not in page.text
    assert browser.send("/me/sign-in/code", at=before, address=VALUES["mobile_number"]).status_code == 409
    browser.open("/me/sign-in")
    browser.send("/me/sign-in/code", user="u1", channel="sms")
    assert browser.send("/me/sign-in", code=browser.code(1)).url.path == "/me"


@pytest.mark.parametrize("path", PAGES)
def test_a_users_page_is_kept_nowhere_and_shown_to_nobody_else(browser: Browser, path: str) -> None:
    assert browser.open(path).url.path == "/me/sign-in"
    browser.sign_in()
    page = browser.open(path)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["content-security-policy"] == PAGE_POLICY
    assert "content-encoding" not in page.headers
    assert "style=" not in page.text
    assert len(page.content) < 150_000
    assert not any(value in page.text for item, value in VALUES.items() if masked(item, value) != value)
    with browsing(browser_site(browser), browser.gateway, **{"User-Agent": "Browser/2.0"}) as thief:
        thief.client.cookies.update(dict(browser.client.cookies))
        assert thief.open(path).url.path == "/me/sign-in"


def browser_site(browser: Browser) -> Site:
    site: Site = browser.client.app.state.site
    return site


def test_after_signing_out_the_back_button_shows_nothing(browser: Browser) -> None:
    browser.sign_in()
    browser.open("/me/held")
    page = browser.send("/me/sign-out")
    assert page.url.path == "/me/sign-in"
    assert told(page, en("in.out"))
    assert "keshou" not in browser.client.cookies
    assert page.history[0].headers["clear-site-data"] == '"cache", "storage"'
    for path in PAGES:
        assert browser.open(path).url.path == "/me/sign-in"


def test_to_sign_out_of_a_visit_that_is_over_is_no_error(browser: Browser, clock: Clock) -> None:
    browser.sign_in()
    browser.open("/me/held")
    clock.moment += dt.timedelta(hours=1)
    page = browser.send("/me/sign-out")
    assert (page.status_code, page.url.path) == (200, "/me/sign-in")
    assert told(page, en("in.gone"))


def test_visits_are_listed_and_ended_one_by_one_or_all(browser: Browser, site: Site) -> None:
    browser.sign_in()
    with browsing(site, browser.gateway, **{"User-Agent": "Browser/2.0"}) as other:
        other.sign_in()
        page = browser.open("/me/visits")
        cards = page.text.split('<li class="card">')[1:]
        theirs = next(nth for nth, card in enumerate(cards) if str(en("visits.here")) not in card)
        assert len(cards) == 2
        page = browser.send("/me/visits", nth=theirs)
        assert told(page, en("visits.ended"))
        assert other.open("/me").url.path == "/me/sign-in"
        assert browser.send("/me/visits", nth=1).url.path == "/me/sign-in"


def test_signing_in_anew_ends_the_visit_that_the_browser_had(browser: Browser, site: Site) -> None:
    browser.sign_in()
    browser.open("/me/sign-in")
    browser.sign_in()
    with site.reading() as tx:
        assert len(site.visits.list(tx, "u1", site.now())) == 1


def test_staff_are_not_taken_for_users(site: Site) -> None:
    with TestClient(served(site, {"clerk": CLERK}), base_url="http://127.0.0.1") as client:
        client.headers.update(BROWSER)
        client.cookies.set(PLAIN_COOKIE, "clerk")
        assert client.get("/me").url.path == "/me/sign-in"
        answer = client.post("/me/consents", data={"key": "k", "purpose": "service", "choice": "withdraw"})
        assert answer.status_code == 401
        assert told(answer, en("in.other"))


@pytest.mark.parametrize("path", FORMS)
def test_another_sites_page_does_nothing_in_a_users_name(browser: Browser, site: Site, path: str) -> None:
    browser.sign_in()
    before, standing = size(site), user_view(site, "u1")
    fields = {"key": "k", "item": "", "purpose": "service", "choice": "withdraw", "wanted": "no", "value": "x",
              "kind": "json", "service": "mobile", "meant": "yes", "visit": ""}  # fmt: skip
    answer = browser.client.post(path, data=fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert (size(site), user_view(site, "u1")) == (before, standing)
    assert browser.open("/me").status_code == 200
    assert browser.open("/me").url.path == "/me"


@pytest.mark.parametrize("path", FORMS)
def test_a_form_that_is_none_is_refused(browser: Browser, site: Site, path: str) -> None:
    browser.sign_in()
    before = size(site)
    for body in (b"\xff", b"key=%ff", b"a=1&" * 200):
        answer = browser.client.post(path, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status_code == 400
    assert browser.client.post(path, json={}).status_code == 400
    assert size(site) == before
    with site.reading() as tx:
        assert len(site.visits.list(tx, "u1", site.now())) == 1


# A form that came too late -------------------------------------------------------------------------------------------

TYPED = "𠮷䶮 שלום \"'<b>"


def test_what_was_typed_when_the_visit_was_over_is_shown_again_after_signing_in(
    browser: Browser, site: Site, clock: Clock
) -> None:
    browser.sign_in()
    browser.open("/me/correct/user_name")
    clock.moment += dt.timedelta(minutes=25)
    before = size(site)
    page = browser.send("/me/correct/user_name", value=TYPED)
    assert (page.status_code, size(site)) == (401, before)
    assert page.headers["www-authenticate"].startswith("Bearer")
    assert told(page, en("in.kept"))
    assert TYPED not in page.text
    assert "𠮷" not in page.text
    page = browser.sign_in()
    assert told(page, en("own.late"))
    assert "𠮷䶮 שלום &#34;&#39;&lt;b&gt;" in page.text
    assert "𠮷" not in str(page.url)
    assert browser.send("/me/correct/user_name").status_code == 200
    browser.open("/me/held")
    assert "𠮷䶮 שלום" in browser.send("/me/held").text


def test_what_was_typed_stands_nowhere_in_the_database(browser: Browser, site: Site, clock: Clock) -> None:
    browser.sign_in()
    browser.open("/me/correct/user_name")
    clock.moment += dt.timedelta(minutes=25)
    browser.send("/me/correct/user_name", value=TYPED)
    with site.reading() as tx:
        tables = [name for name in sorted(metadata.tables) if name.startswith(("visit", "log", "vault", "account"))]
        stored = repr([tx.connection.exec_driver_sql(f"SELECT * FROM {name}").fetchall() for name in tables])  # noqa: S608
    assert "𠮷" not in stored


def test_what_one_user_typed_is_not_shown_to_the_next(browser: Browser, clock: Clock) -> None:
    browser.sign_in()
    browser.open("/me/correct/user_name")
    clock.moment += dt.timedelta(minutes=25)
    browser.send("/me/correct/user_name", value=TYPED)
    page = browser.sign_in("u2")
    assert "𠮷" not in page.text
    assert page.url.path == "/me/correct/user_name"
    assert 'name="value" value=""' in page.text


@pytest.mark.parametrize("path", ["/me/consents", "/me/held", "/me/copy"])
def test_other_forms_that_come_too_late_lead_back_to_their_page(browser: Browser, clock: Clock, path: str) -> None:
    browser.sign_in()
    page = browser.open(path)
    clock.moment += dt.timedelta(minutes=25)
    late = browser.send(path, at=page, choice="agree", kind="json")
    assert late.status_code == 401
    page = browser.sign_in()
    assert page.url.path == path
    assert told(page, en("own.late"))


# The operator's app --------------------------------------------------------------------------------------------------


@pytest.fixture
def key(site: Site) -> OKPKey:
    key = OKPKey.generate_key("Ed25519")
    with site.writing() as tx:
        register_app_key(site, tx, "mobile", key.as_dict(private=False), None, by="keeper", also=["broadband"])
    return key


def token(site: Site, key: OKPKey, user: str = "u1", **more: Any) -> str:
    moment = int(site.now().timestamp())
    said = {"iss": "mobile", "aud": site.settings.url, "sub": user, "iat": moment, "exp": moment + 300, "jti": "t1"}
    return signing_app.signed(key, "Ed25519", {**said, **more})


def test_the_apps_token_begins_a_visit(browser: Browser, site: Site, key: OKPKey) -> None:
    page = browser.client.post("/me/enter", data={"token": token(site, key), "to": "/me/history"})
    assert (page.status_code, page.url.path) == (200, "/me/history")
    assert "ey" not in str(page.url.query)


def test_who_comes_from_another_page_is_asked_first(browser: Browser, site: Site, key: OKPKey) -> None:
    given = {"token": token(site, key)}
    page = browser.client.post("/me/enter", data=given, headers={"Sec-Fetch-Site": "cross-site"})
    assert page.status_code == 200
    assert told(page, en("enter.title"))
    assert "keshou" not in browser.client.cookies
    assert browser.send("/me/enter", at=page).url.path == "/me"


def test_what_takes_everything_needs_the_apps_word_that_the_user_was_proven_just_now(
    browser: Browser, site: Site, key: OKPKey
) -> None:
    browser.client.post("/me/enter", data={"token": token(site, key)})
    page = browser.open("/me/copy")
    assert browser.send("/me/copy", at=page, kind="json").status_code == 401
    fresh = token(site, key, auth_time=int(site.now().timestamp()), jti="t2")
    browser.client.post("/me/enter", data={"token": fresh})
    page = browser.open("/me/copy")
    assert browser.send("/me/copy", at=page, kind="json").status_code == 200


@pytest.mark.parametrize("given", ["", "a.b.c", "x" * 9000])
def test_a_token_that_proves_nobody_leads_to_signing_in(browser: Browser, given: str) -> None:
    page = browser.client.post("/me/enter", data={"token": given})
    assert page.status_code == 401
    assert told(page, en("in.app_wrong"))
