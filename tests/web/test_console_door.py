# SPDX-License-Identifier: Apache-2.0
"""The door of the console: who comes in and how, what is told to whom, and nothing typed is lost on the way."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pyotp
import pytest
from console_client import Browser, client_of, fields, sign_in
from console_house import PASSWORD, build

from keshou import web
from keshou.accounts.account import AccountKind
from keshou.app.new_account import invite
from keshou.app.site import Site
from keshou.web.console.carried import WHOSE


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("door") / "site", users=0)


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    with Site.open(home) as site:
        yield site


@pytest.fixture
def browser(site: Site) -> Iterator[Browser]:
    with client_of(site, "") as client:
        yield client


def test_who_is_not_signed_in_is_led_to_the_door_and_then_where_they_were_going(browser: Browser) -> None:
    asked = browser.get("/console/me?a=1")
    assert (asked.status_code, asked.headers["location"]) == (303, "/console/sign-in?to=/console/me%3Fa%3D1")
    page = browser.get(asked.headers["location"])
    assert page.status_code == 200
    assert fields(page.text, "/console/sign-in")["to"] == "/console/me?a=1"
    entered = sign_in(browser, to="/console/me?a=1")
    assert (entered.status_code, entered.headers["location"]) == (303, "/console/me?a=1")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "officer" in browser.get("/console/me").text


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/rules", "/console\\evil", "/consolex", ""])
def test_the_door_leads_to_the_console_alone(browser: Browser, to: str) -> None:
    assert sign_in(browser, to=to).headers["location"] == "/console"


def test_a_form_without_a_page_of_its_own_leads_to_the_page_it_stood_on(browser: Browser) -> None:
    asked = browser.post("/console/log/checkpoint")
    carried = fields(asked.text, "/console/sign-in")
    entered = sign_in(browser, "auditor", **carried)
    assert (entered.status_code, entered.headers["location"]) == (303, "/console/log")
    assert browser.get("/console/log").status_code == 200


@pytest.mark.parametrize("to", ["/console/rules?from=file", "https://evil.example/"])
def test_an_invitation_leads_where_its_reader_was_sent_and_to_the_console_alone(
    browser: Browser, site: Site, to: str
) -> None:
    with site.writing() as tx:
        text = invite(site, tx, "led", AccountKind.STAFF, by="network")
    page = browser.get("/console/invitation", params={"to": to}).text
    carried = fields(page, "/console/invitation")
    weak = browser.post("/console/invitation", data={"invitation": text, "password": "a" * 14, **carried})
    assert fields(weak.text, "/console/invitation") == carried
    done = browser.post("/console/invitation", data={"invitation": text, "password": PASSWORD, **carried})
    assert done.headers["location"] == (to if to.startswith("/console") else "/console")


def test_a_wrong_password_and_an_unknown_account_are_told_alike_and_the_account_stays_typed(browser: Browser) -> None:
    wrong = browser.post("/console/sign-in", data={"account": "clerk", "password": "not this one"})
    unknown = browser.post("/console/sign-in", data={"account": "nobody", "password": "not this one"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text.replace("clerk", "nobody") == unknown.text
    assert 'value="clerk"' in wrong.text
    assert "set-cookie" not in wrong.headers
    hostile = browser.post("/console/sign-in", data={"account": '"><script>x</script>', "password": "x"})
    assert "<script>x" not in hostile.text


def test_an_account_names_its_browsers_in_words_and_shows_what_they_said_as_text(browser: Browser) -> None:
    chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36"
    hostile = "<script>x</script> " + "y" * 10_000
    for said in (chrome, hostile, ""):
        browser.headers["user-agent"] = said
        sign_in(browser, "network")
    page = browser.get("/console/me").text
    assert ">Chrome on Windows<" in page
    assert ">an unknown browser or app<" in page
    assert "a browser that does not say which" in page
    assert f"<bdi>{chrome}</bdi>" in page
    assert "<script>x" not in page
    assert len(page) < 30_000


def test_what_was_typed_survives_a_session_that_ended(browser: Browser, site: Site) -> None:
    sign_in(browser)
    with site.writing() as tx:
        site.accounts.sessions.end_all(tx, "officer")
    written = 'a < b & "c" 𠮷\nsecond line'
    lost = browser.post("/console/me/end-others", data={"note": written, "key": "k1"})
    assert lost.status_code == 401
    assert "Your session is over" in lost.text
    carried = fields(lost.text, "/console/sign-in")
    assert carried.keys() == {"to", "kept.note", "kept.key", f"kept.{WHOSE}"}
    assert (carried["to"], carried["kept.note"]) == ("/console/me/end-others", written)
    again = browser.post("/console/sign-in", data={"account": "officer", "password": "wrong", **carried})
    assert fields(again.text, "/console/sign-in") == carried
    shown = sign_in(browser, **carried)
    assert shown.status_code == 200
    assert fields(shown.text, "/console/me/end-others") == {"note": written, "key": "k1"}


SAID = {"account": "officer", "password": "a slip of the tongue", "code": "135790", "ticket": "never-to-be-shown-again"}
"""What proves somebody, as a form may hold it."""


def shows_no_proof(page: str) -> bool:
    return not any(SAID[each] in page for each in ("password", "code"))


def forms(browser: Browser) -> list[str]:
    """Return where the forms of the console are sent, each id in an address being one that nothing has."""
    methods = browser.app.state["methods"]
    sent = [each for each, taken in methods.items() if each.startswith("/console/") and b"POST" in taken]
    assert len(sent) > 20
    return sorted(re.sub(r"\{[^}]*\}", "1", each) for each in sent)


def test_no_page_gives_back_a_password_or_code_that_came_when_the_session_was_over(
    browser: Browser, site: Site
) -> None:
    sign_in(browser)
    for path in forms(browser):
        with site.writing() as tx:
            site.accounts.sessions.end_all(tx, "officer")
        page = browser.post(path, data=SAID | {"note": "typed"})
        assert page.status_code in (401, 404, 422), path
        assert shows_no_proof(page.text), path


def test_no_page_gives_back_a_password_or_code_where_a_fresh_proof_is_asked_for(tmp_path: Path) -> None:
    with Site.open(build(tmp_path / "site", users=0, fresh_proof_minutes=0)) as site:
        browser = client_of(site)
        for path in forms(browser):
            page = browser.post(path, data=SAID | {"note": "typed"})
            assert page.status_code not in (429, 500), path
            assert shows_no_proof(page.text), path
            if path == "/console/sign-out":
                sign_in(browser)


def lost(browser: Browser, site: Site) -> dict[str, str]:
    """Type something as the officer whose session is over; return what the door carries."""
    sign_in(browser)
    with site.writing() as tx:
        site.accounts.sessions.end_all(tx, "officer")
    return fields(browser.post("/console/me/end-others", data={"note": "of the officer"}).text, "/console/sign-in")


def test_a_proof_that_came_too_late_loses_nothing_that_was_typed_before_it(browser: Browser, site: Site) -> None:
    carried = lost(browser, site)
    late = browser.post("/console/proof", data={**carried, **SAID})
    assert late.status_code == 401
    assert fields(late.text, "/console/sign-in") == carried
    assert fields(sign_in(browser, **carried).text, "/console/me/end-others") == {"note": "of the officer"}


def test_what_one_person_typed_is_shown_to_nobody_else_who_signs_in_there(browser: Browser, site: Site) -> None:
    carried = lost(browser, site)
    for _ in range(2):
        entered = sign_in(browser, "clerk", **carried)
        assert (entered.status_code, entered.headers["location"]) == (303, "/console/me")
    assert browser.post("/console/go-on", data=carried).status_code == 303
    assert browser.post("/console/proof", data={**carried, "password": PASSWORD}).status_code == 303
    forged = {**carried, f"kept.{WHOSE}": "AAAA"}
    assert sign_in(browser, "officer", **forged).status_code == 303
    assert sign_in(browser, "officer", **carried).status_code == 200


def test_the_second_step_is_asked_of_who_has_an_authenticator_and_recovery_codes_serve_once(
    tmp_path: Path,
) -> None:
    home = build(tmp_path / "site", users=0, second=True)
    with Site.open(home) as site, client_of(site, "") as browser:
        limited = sign_in(browser, "clerk", to="/console/me")
        there = "/console/second-factor?to=/console/me"
        assert limited.headers["location"] == there
        assert browser.get("/console/me").headers["location"] == there
        carried = fields(browser.get(there).text, "/console/second-factor")
        assert carried == {"to": "/console/me"}
        offered = browser.post("/console/second-factor", data=carried).text
        given = fields(offered, "/console/second-factor/code")
        refused = browser.post("/console/second-factor/code", data={**given, "code": "000000"})
        assert refused.status_code == 422
        assert fields(refused.text, "/console/second-factor/code") == given
        code = pyotp.TOTP(given["secret"]).now()
        codes = browser.post("/console/second-factor/code", data={**given, "code": code}).text
        recovery = re.findall(r"<li><code>([A-Z0-9-]+)</code>", codes)
        assert len(recovery) == 10
        assert '<a class="onward" href="/console/me">' in codes
        assert browser.get("/console/me").status_code == 200
        browser.post("/console/sign-out")
        assert browser.get("/console/me").status_code == 303
        asked = sign_in(browser, "clerk", to="/console/me")
        step = fields(asked.text, "/console/sign-in/code")
        assert browser.post("/console/sign-in/code", data={**step, "code": "123456"}).status_code == 401
        entered = browser.post("/console/sign-in/code", data={**step, "code": recovery[0]})
        assert (entered.status_code, entered.headers["location"]) == (303, "/console/me")
        again = fields(sign_in(browser, "clerk").text, "/console/sign-in/code")
        assert browser.post("/console/sign-in/code", data={**again, "code": recovery[0]}).status_code == 401


def test_an_invitation_is_accepted_with_a_password_of_ones_own_once(browser: Browser, site: Site) -> None:
    with site.writing() as tx:
        text = invite(site, tx, "newcomer", AccountKind.STAFF, by="network")
    weak = browser.post("/console/invitation", data={"invitation": text, "password": "aaaaaaaaaaaaaa"})
    assert weak.status_code == 422
    assert "too easily guessed" in weak.text
    assert text in weak.text
    wrong = browser.post("/console/invitation", data={"invitation": "x" * 43, "password": PASSWORD})
    assert (wrong.status_code, "There is no such invitation" in wrong.text) == (422, True)
    assert browser.get("/console/invitation").status_code == 200
    done = browser.post("/console/invitation", data={"invitation": f" {text} ", "password": PASSWORD})
    assert (done.status_code, done.headers["location"]) == (303, "/console")
    assert browser.post("/console/invitation", data={"invitation": text, "password": PASSWORD}).status_code == 422


def test_a_users_visit_or_a_programs_key_opens_no_console(browser: Browser) -> None:
    browser.headers["Authorization"] = "Bearer ks_nothing"
    assert browser.get("/console").headers["location"].startswith("/console/sign-in")


def test_no_other_sites_page_signs_anybody_in_or_out(browser: Browser) -> None:
    sign_in(browser)
    foreign = {"Sec-Fetch-Site": "cross-site"}
    for path in ("/console/sign-in", "/console/sign-out", "/console/me/end-others", "/console/invitation"):
        assert browser.post(path, headers=foreign, data={"account": "officer"}).status_code == 403, path
    assert browser.get("/console/me").status_code == 200


def test_the_door_is_in_both_languages_and_nothing_of_it_is_kept(browser: Browser) -> None:
    for language, title in (("zh", "登录工作台"), ("en", "Sign in to the console")):
        answer = browser.get("/console/sign-in", headers={"Accept-Language": language})
        assert title in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert "content-encoding" not in answer.headers


def test_a_fresh_proof_renews_the_session_and_a_wrong_one_proves_nobody(browser: Browser) -> None:
    sign_in(browser)
    assert browser.get("/console/proof?to=/console/me").status_code == 200
    wrong = browser.post("/console/proof", data={"password": "wrong", "to": "/console/me"})
    assert (wrong.status_code, "That proved nobody" in wrong.text) == (403, True)
    right = browser.post("/console/proof", data={"password": PASSWORD, "to": "/console/me"})
    assert (right.status_code, right.headers["location"]) == (303, "/console/me")
    nobodys = browser.post("/console/proof", data={"password": PASSWORD, "to": "/console/me", "kept.a": "b"})
    assert (nobodys.status_code, nobodys.headers["location"]) == (303, "/console/me"), "shown though nobody typed it"


def test_a_form_with_too_many_fields_or_odd_bytes_is_refused(browser: Browser) -> None:
    many = "&".join(f"a{number}=1" for number in range(300))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.post("/console/sign-in", content=many, headers=headers).status_code == 400
    assert browser.post("/console/sign-in", content=b"account=%ff", headers=headers).status_code == 400


class _Fields(HTMLParser):
    """Every field that is shown, by its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "input" and dict(attrs).get("type") != "hidden":
            self.found.append(dict(attrs))


def test_a_password_is_hidden_while_it_is_typed_and_may_be_pasted_and_kept_by_a_manager(site: Site) -> None:
    nobody, officer = client_of(site, ""), client_of(site)
    pages = [nobody.get("/console/sign-in"), nobody.get("/console/invitation"), officer.get("/console/proof")]
    weak = nobody.post("/console/invitation", data={"invitation": "x" * 43, "password": "short"})
    wrong = nobody.post("/console/sign-in", data={"account": "officer", "password": "not this one"})
    kept = []
    for page in (*pages, weak, wrong):
        fields_of = _Fields(page.text).found
        secret = [each for each in fields_of if each["name"] == "password"]
        assert [each["type"] for each in secret] == ["password"]
        assert [each for each in secret if "value" in each] == []
        assert "onpaste" not in page.text.lower()
        assert all(each.get("autocomplete") for each in fields_of), fields_of
        kept.append(secret[0]["autocomplete"])
    assert kept == ["current-password", "new-password", "current-password", "new-password", "current-password"]
    assert [each["autocomplete"] for each in _Fields(pages[0].text).found if each["name"] == "account"] == ["username"]
    assert [each["autocomplete"] for each in _Fields(pages[2].text).found if each["name"] == "code"] == [
        "one-time-code"
    ]
    scripts = (Path(web.__file__).parent / "frame" / "static").glob("*.js")
    assert [
        each.name
        for each in scripts
        if re.search(r"[\"']paste[\"']", each.read_text("utf-8")) and "htmx" not in each.name
    ] == []
