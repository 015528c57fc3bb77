# SPDX-License-Identifier: Apache-2.0
"""The console as it leaves the server, on both databases: who sees what, what is done once, what is refused."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import mail_server
import msgspec
import pytest
from console_client import LARGEST, Browser, client_of, fields, tags
from console_house import PASSWORD, at_home, build, empty
from msgspec.structs import replace
from public_house import HOSTILE, LONG, _spoiled

from keshou.app.site import Site
from keshou.cli.sample.people import subscribers
from keshou.cli.setup import sample_declaration
from keshou.declaration.model import Declaration
from keshou.ledger.entry import decode
from keshou.visits.settings import MailSettings
from keshou.web.headers import PAGE_POLICY
from postgresql import Cluster

USER = next(iter(subscribers(12))).user_id
PAGES = [
    "/console", "/console?show=missing", "/console/me", "/console/acts", "/console/acts?days=365",
    "/console/acts/list", "/console/acts/list?decision=deny", "/console/acts/list?decision=permit&before=30",
    "/console/acts/2", "/console/acts/0", "/console/information", "/console/people", "/console/people/posts",
    "/console/people/agents", "/console/people/access", "/console/reviews", "/console/holds", "/console/retention",
    "/console/exports",
    "/console/exports/links", "/console/media", "/console/media?every=all", "/console/user", "/console/rules",
    "/console/rules?from=file", "/console/log", "/console/emergencies", "/console/consents",
]  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgresql_cluster: Cluster
) -> Iterator[Path]:
    with at_home(request, tmp_path_factory, postgresql_cluster) as home:
        yield home


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    with Site.open(home) as site:
        yield site


@pytest.fixture
def browser(site: Site) -> Iterator[Browser]:
    with client_of(site) as browser:
        yield browser


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_is_in_the_readers_language_small_unkept_and_holds_nothing_inline(
    browser: Browser, language: str
) -> None:
    for path in PAGES:
        answer = browser.get(path, headers={"Accept-Language": language})
        assert answer.status_code == 200, path
        assert f'<html lang="{"zh-CN" if language == "zh" else "en"}">' in answer.text
        assert answer.headers["content-security-policy"] == PAGE_POLICY
        assert answer.headers["cache-control"] == "no-store"
        assert "content-encoding" not in answer.headers
        assert len(answer.content) < LARGEST
        found = tags(answer.text)
        assert "style" not in found
        assert not [each for each in found if each.startswith("on")]


@pytest.mark.parametrize("account", ["officer", "clerk", "network"])
def test_the_first_place_of_the_console_leads_to_its_first_page(site: Site, account: str) -> None:
    browser = client_of(site, account)
    for path in ("/console", "/console/me"):
        assert re.search(r'<a href="/console"[^>]*>How we stand</a>', browser.get(path).text), path


@pytest.mark.parametrize(
    ("account", "open_", "barred"),
    [
        ("clerk", ["/console", "/console/reviews", "/console/user", "/console/rules", "/console/information"],
         ["/console/acts", "/console/acts/list", "/console/acts/1", "/console/log", "/console/people",
          "/console/people/posts", "/console/people/agents", "/console/people/access"]),
        ("auditor", ["/console/acts", "/console/log", "/console/people", "/console/people/agents"], []),
        ("inspector", ["/console", "/console/acts", "/console/log", "/console/rules"],
         ["/console/user", "/console/reviews", "/console/people"]),
        ("network", ["/console/people"], ["/console/people/agents", "/console/log"]),
    ],
)  # fmt: skip
def test_each_sees_what_their_offices_let_them_and_is_led_to_nothing_else(
    site: Site, account: str, open_: list[str], barred: list[str]
) -> None:
    browser = client_of(site, account)
    ways = set(re.findall(r'href="(/console[^"#?]*)"', browser.get("/console").text))
    for path in open_:
        assert browser.get(path).status_code == 200, path
    for path in barred:
        answer = browser.get(path)
        assert answer.status_code == 403, path
        assert "That was not done" in answer.text
        assert path not in ways


def test_each_number_leads_to_a_list_of_just_so_many(browser: Browser, site: Site) -> None:
    page = browser.get("/console/acts?days=90").text
    denied = int(re.search(r'decision=deny">([\d,]+)</a>', page)[1].replace(",", ""))  # type: ignore[index]
    places: list[str] = []
    path = "/console/acts/list?decision=deny"
    while path:
        shown = browser.get(path).text
        places += re.findall(r'<th scope="row"[^>]*><a href="/console/acts/(\d+)">', shown)
        more = re.search(r'rel="next" href="([^"]+)"', shown)
        path = more[1].replace("&amp;", "&") if more else ""
    assert len(places) == len(set(places)) == denied > 10
    for cite, told in re.findall(r'decision=deny&amp;cite=([^"]+)">(\d+) time', page):
        listed = browser.get(f"/console/acts/list?decision=deny&cite={cite}").text
        assert listed.count('<th scope="row"') == min(50, int(told)), cite
    on = re.search(r'decision=permit&amp;day=([\d-]+)">(\d+)</a>', page)
    assert on is not None
    listed = browser.get(f"/console/acts/list?decision=permit&day={on[1]}").text
    assert listed.count('<th scope="row"') == int(on[2])
    with site.reading() as tx:
        for place in places[:3]:
            assert decode(site.ledger.entry(tx, int(place))).decision == "deny"


def test_an_act_says_why_it_was_denied_under_every_article_and_how_to_mend_it(browser: Browser, site: Site) -> None:
    listed = browser.get("/console/acts/list?decision=deny&cite=miit24:10").text
    place = re.findall(r"/console/acts/(\d+)", listed)[0]
    page = browser.get(f"/console/acts/{place}").text
    with site.reading() as tx:
        header = decode(site.ledger.entry(tx, int(place)))
    assert page.count("<h3>") == len(header.cites)
    assert "nothing whatever permits sale" in page
    assert "it may not be sold; there is no exception" in page
    assert f'/api/v1/log/entries/{place}/proof"' in page
    assert browser.get(f"/api/v1/log/entries/{place}/proof").status_code == 200
    assert browser.get("/console/acts/999999").status_code == 404


def test_somebody_is_appointed_once_however_often_the_button_is_pressed(browser: Browser, site: Site) -> None:
    page = browser.get("/console/people").text
    form = fields(page, "/console/people/appoint") | {"staff": "newhand", "post": "care_agent", "branch": ""}
    with site.reading() as tx:
        before = site.ledger.head(tx).size
    for _ in range(3):
        assert browser.post("/console/people/appoint", data=form).status_code == 303
    with site.reading() as tx:
        assert site.ledger.head(tx).size == before + 1
    assert "newhand" in browser.get("/console/people").text
    other = browser.post("/console/people/appoint", data={**form, "post": "auditor"})
    assert other.status_code == 422
    page = browser.get("/console/people").text
    ended = {"key": "end-newhand", "staff": "newhand", "post": "care_agent"}
    assert browser.post("/console/people/end", data=ended).status_code == 303
    assert "newhand" not in browser.get("/console/people").text


def test_refusals_are_told_plainly_in_either_language(browser: Browser) -> None:
    form = {"key": "k1", "staff": "officer", "post": "reviewer"}
    for language, told in (("zh", "没有人可以任命自己"), ("en", "Nobody appoints themselves")):
        answer = browser.post("/console/people/appoint", data=form, headers={"Accept-Language": language})
        assert answer.status_code == 403
        assert told in answer.text
    unknown = {"key": "k2", "staff": "newhand", "post": "king"}
    for language, told in (("zh", "规则里没有这个岗位"), ("en", "The rules declare no such post.")):
        assert told in browser.post("/console/people/appoint", data=unknown, headers={"Accept-Language": language}).text
    nowhere = unknown | {"post": "care_agent", "branch": "atlantis"}
    for language, told in (("zh", "规则没有声明这个网点或部门"), ("en", "The rules declare no such branch")):
        answer = browser.post("/console/people/appoint", data=nowhere, headers={"Accept-Language": language})
        assert (answer.status_code, told in answer.text) == (422, True)
    assert browser.post("/console/people/appoint", data={**form, "key": ""}).status_code == 422
    assert browser.post("/console/people/appoint", data={**form, "staff": "<b>"}).status_code == 422
    assert browser.post("/console/people/appoint", data={**form, "staff": "x", "post": "king"}).status_code == 422


def test_an_agent_is_suspended_and_reinstated_where_its_qualification_is_shown(browser: Browser) -> None:
    for found, tag in (("unfit", "suspended"), ("fit", "fit")):
        sent = browser.post("/console/people/agents/west_shop", data={"key": f"a-{found}", "found": found})
        assert sent.status_code == 303
        assert f">{tag}</span>" in browser.get("/console/people/agents").text
    assert browser.post("/console/people/agents/nobody", data={"key": "k", "found": "fit"}).status_code == 404


def test_a_review_is_answered_by_another_once_and_the_second_is_told(site: Site) -> None:
    asker, reviewer, second = (client_of(site, each) for each in ("analyst", "reviewer", "second"))
    form = {
        "key": "ask-1", "kind": "export", "purpose": "marketing", "count": "300", "recipient": "",
        "item.mobile_number": "1",
    }  # fmt: skip
    assert asker.post("/console/reviews", data=form).status_code == 303
    assert asker.post("/console/reviews", data=form).status_code == 303
    own = asker.get("/console/reviews").text
    name = re.findall(r"<code>(r-[0-9a-f]{16})</code>", own)[0]
    assert own.count(f"<code>{name}</code>") == 1
    assert "somebody else reviews it" in own
    shown = reviewer.get("/console/reviews").text
    answer = fields(shown, f"/console/reviews/{name}") | {"answer": "approve"}
    assert asker.post(f"/console/reviews/{name}", data=answer).status_code == 403
    assert reviewer.post(f"/console/reviews/{name}", data=answer).status_code == 303
    assert reviewer.post(f"/console/reviews/{name}", data=answer).status_code == 303
    late = second.post(f"/console/reviews/{name}", data={**answer, "answer": "refuse", "key": "late"})
    assert late.status_code == 412
    assert "The review was answered before" in late.text
    assert reviewer.post("/console/reviews/r-none", data=answer).status_code == 404
    assert asker.post("/console/reviews", data={**form, "key": "k", "count": "0"}).status_code == 422


def test_the_log_is_checked_at_a_page_and_signed(browser: Browser) -> None:
    page = browser.post("/console/log/check")
    assert page.status_code == 200
    assert "The log is whole" in page.text
    assert "from outside only" in page.text
    assert browser.post("/console/log/checkpoint").status_code == 303
    assert "To be signed" not in browser.get("/console/log").text


def test_a_fresh_proof_is_asked_before_what_has_weight_and_nothing_typed_is_lost(tmp_path: Path) -> None:
    home = build(tmp_path / "site", users=0, fresh_proof_minutes=0)
    with Site.open(home) as site:
        browser = client_of(site)
        form = {"key": "k1", "staff": "newhand", "post": "care_agent", "branch": "", "until": ""}
        asked = browser.post("/console/people/appoint", data=form)
        assert asked.status_code == 403
        assert "Prove again who you are" in asked.text
        carried = fields(asked.text, "/console/proof")
        proven = browser.post("/console/proof", data={**carried, "password": PASSWORD, "code": ""})
        assert proven.status_code == 200
        assert 'value="newhand"' in proven.text
        assert '<option value="care_agent" selected>' in proven.text
        text = "x" * 1000 + "\nschema = 1"
        kept = browser.post("/console/rules/publish", data={"key": "k2", "version": "1", "text": text})
        assert fields(kept.text, "/console/proof")["kept.text"] == text


def test_a_log_that_was_altered_is_told_with_its_first_entry(tmp_path: Path) -> None:
    home = build(tmp_path / "site", users=3)
    with Site.open(home) as site:
        browser = client_of(site)
        with site.writing() as tx:
            tx.connection.exec_driver_sql(
                "UPDATE log_entry SET body = CAST(replace(body, 'clerk', 'cleric') AS BLOB) WHERE idx = 2"
            )
        answer = browser.post("/console/log/check")
        assert answer.status_code == 500
        assert "the first such entry is 2" in answer.text


def test_before_anything_is_published_every_page_says_what_it_is_for(tmp_path: Path) -> None:
    with Site.open(empty(tmp_path / "site")) as site:
        browser = client_of(site)
        for path in (
            "/console",
            "/console/information",
            "/console/reviews",
            "/console/user",
            "/console/rules",
            "/console/me",
        ):
            answer = browser.get(path)
            assert answer.status_code == 200, path
        assert "Write the declaration" in browser.get("/console").text
        assert "keshou publish" in browser.get("/console/rules").text
        inspector = client_of(site, "inspector")
        for path in ("/console/acts", "/console/acts/list", "/console/log"):
            assert inspector.get(path).status_code == 200, path


def test_nothing_that_a_declaration_says_becomes_markup(tmp_path: Path) -> None:
    home = build(tmp_path / "site", users=3)
    given = _spoiled(tomllib.loads(sample_declaration()))
    given["operator"]["name"] = {"zh": LONG, "en": LONG}
    with Site.open(home) as site:
        hostile = msgspec.convert(given, Declaration)
        site.publish(msgspec.structs.replace(hostile, effective=site.now()), by="officer")
        browser = client_of(site)
        pages = [browser.get(path).text for path in PAGES]
        pages.append(browser.post("/console/user", data={"user": HOSTILE, "purpose": "service"}).text)
        pages.append(browser.post("/console/rules/check", data={"text": HOSTILE}).text)
        for page in pages:
            assert "onerror" not in tags(page)
            assert "<script>window" not in page
            assert not re.search(r'href="javascript:', page)
        assert LONG in pages[0]


def test_an_invitation_is_shown_once_and_accounts_are_ended_by_others_alone(site: Site) -> None:
    browser = client_of(site, "network")
    made = browser.post("/console/people/accounts/invite", data={"id": "guest", "kind": "staff", "agent": "west_shop"})
    assert made.status_code == 200
    invitation = re.findall(r'<p class="secret"><code>([^<]+)</code>', made.text)[0]
    page = browser.get("/console/people/accounts").text
    assert "guest" in page
    assert invitation not in page
    guest = client_of(site, "")
    taken = guest.post("/console/invitation", data={"invitation": invitation, "password": PASSWORD})
    assert taken.status_code == 303
    assert guest.get("/console").status_code == 200
    ended = browser.post("/console/people/accounts/end", data={"id": "guest", "what": "sessions"})
    assert ended.status_code == 303
    assert guest.get("/console").status_code == 303
    for what in ("account", "account"):
        ended = browser.post("/console/people/accounts/end", data={"id": "guest", "what": what})
    assert ended.status_code == 422
    for path in ("invite", "end"):
        own = browser.post(
            f"/console/people/accounts/{path}", data={"id": "network", "kind": "staff", "what": "account"}
        )
        assert own.status_code == 403
    clerk = client_of(site, "clerk")
    assert clerk.get("/console/people/accounts").status_code == 403
    assert clerk.post("/console/people/accounts/invite", data={"id": "x", "kind": "staff"}).status_code == 403


def test_an_invitation_in_the_console_is_mailed_and_where_it_is_not_that_is_said(site: Site) -> None:
    browser, here = client_of(site, "network"), "/console/people/accounts/invite"
    asked = {"id": "post1", "kind": "staff", "mail": "post1@people.example"}
    assert "It was not mailed to" in browser.post(here, data=asked).text
    with mail_server.serving() as box:
        mail = MailSettings(host="localhost", port=box.port, sender="codes@operator.example", security="none")
        before = site.settings
        site.settings = replace(before, visits=replace(before.visits, mail=mail))
        page = browser.post(here, data=asked).text
        site.settings = before
    assert "It was mailed to" in page
    assert re.findall(r'<p class="secret"><code>([^<]+)</code>', page)[0] in box.mails[0].get_content()
    assert "mailed to" not in browser.post(here, data={"id": "post2", "kind": "staff", "mail": " "}).text
    assert browser.post(here, data=asked | {"mail": "no address"}).status_code == 422


def test_who_loses_a_post_while_a_page_is_open_is_denied_from_then_on(site: Site) -> None:
    boss, clerk = client_of(site), client_of(site, "care")
    assert clerk.get("/console/user").status_code == 200
    ended = boss.post("/console/people/end", data={"key": "end-care", "staff": "care", "post": "care_agent"})
    assert ended.status_code == 303
    denied = clerk.post("/console/user", data={"user": USER, "purpose": "care"})
    assert denied.status_code == 403
    assert "whoever acts holds no post" in denied.text
    assert clerk.post("/console/reviews", data={"key": "k", "kind": "export"}).status_code in (403, 422)
    back = {"key": "again-care", "staff": "care", "post": "care_agent", "branch": "", "until": ""}
    assert boss.post("/console/people/appoint", data=back).status_code == 303
