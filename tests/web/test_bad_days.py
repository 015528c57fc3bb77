# SPDX-License-Identifier: Apache-2.0
"""Bad days at the console and on users' own pages: odd names, script in every field, long lists, a form cut off."""

import datetime as dt
import html
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_client import client_of, fields, tags
from console_house import Days, build
from house import VALUES
from markupsafe import escape
from places import SERVER, serving
from public_house import HOSTILE

from keshou.acts.request import Perform
from keshou.app import clock
from keshou.app.site import Site
from keshou.app.user_history import history
from keshou.cli.sample.people import subscribers
from keshou.gate.act import Act
from keshou.gate.facts import ConsentGiven, NoticeShown, ServiceStarted, StaffAppointed
from keshou.law.terms import ActKind, ConsentStrength

USER = next(iter(subscribers(3))).user_id
ODD = {
    "long": "示" * 60, "short": "示", "rare": "𠮷䶮", "right to left": "שלום עולם abc",
    "script": "<script>window.hit=1</script><img src=x onerror=hit()>\"'&amp;{{7*7}}",
}  # fmt: skip
"""Users' names that no page may trip over."""
MANY = 10_000
FORMS = [
    "/console/people", "/console/people/agents", "/console/people/accounts", "/console/reviews",
    "/console/emergencies", "/console/user", "/console/consents", "/console/rules",
    "/console/sign-in", "/console/invitation", "/console/proof",
]  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("bad") / "site", users=3)


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    with Site.open(home) as site:
        yield site


def take_in(site: Site, user: str, name: str) -> None:
    """Take a user of that name in."""
    rules, at = site.rules(), site.now()
    assert rules is not None
    facts = (
        NoticeShown(at=at, version=rules.version, digest=rules.digest),
        *(
            ConsentGiven(at=at, purpose=each, version=rules.version, strength=ConsentStrength.EXPRESS)
            for each in ("registration", "service")
        ),
        ServiceStarted(at=at, service="mobile"),
    )
    values = {"user_name": name, "mobile_number": VALUES["mobile_number"], "tariff_plan": "P"}
    act = Act(
        kind=ActKind.COLLECT, user=user, items=frozenset(values), purpose="service", by="clerk", when=at,
        where="east_branch",
    )  # fmt: skip
    done = site.do(Perform(act=act, values=values, facts=facts, admit=True))
    assert done.decision is not None
    assert done.decision.permitted, done.decision


@pytest.mark.parametrize("odd", ODD)
def test_a_users_file_shows_any_name_and_any_id_as_text(site: Site, odd: str) -> None:
    user = f"{odd}-{ODD[odd]}"[:200].replace("\u202e", "")
    take_in(site, user, ODD[odd])
    browser = client_of(site)
    asked = {"user": user, "purpose": "service", "kind": "query", "post": "privacy_officer"}
    page = browser.post("/console/user", data=asked)
    assert page.status_code == 200
    assert f"<bdi>{escape(user)}</bdi>" in page.text
    assert "onerror" not in tags(page.text)
    assert "<script>window" not in page.text
    told = browser.post("/console/consents/of", data={"user": user, "purpose": "marketing"})
    assert told.status_code == 200
    assert "onerror" not in tags(told.text)


@pytest.mark.parametrize("path", FORMS)
def test_script_in_every_field_of_every_form_is_text_and_breaks_nothing(site: Site, path: str) -> None:
    browser = client_of(site, "network" if "accounts" in path else "officer")
    page = browser.get(path)
    assert page.status_code == 200
    sent = 0
    for form in re.findall(r"<form\b.*?</form>", page.text, re.S):
        action = html.unescape(re.findall(r'action="([^"]*)"', form)[0])
        if action in ("/console/sign-out", "/language"):
            continue
        names = re.findall(r'<(?:input|select|textarea)\b[^>]*\bname="([^"]+)"', form)
        for field in names:
            given = dict.fromkeys(names, "x") | fields(page.text, action) | {field: HOSTILE}
            answer = browser.post(action, data=given)
            assert answer.status_code < 500, (action, field)
            assert "onerror" not in tags(answer.text), (action, field)
            assert "<script>window" not in answer.text
            sent += 1
    assert sent


def test_a_list_of_ten_thousand_is_shown_a_page_at_a_time_and_none_is_missed(tmp_path: Path) -> None:
    with Site.open(build(tmp_path / "site", users=1)) as site:
        now = site.now()
        for start in range(0, MANY, 250):
            facts = [
                StaffAppointed(at=now, staff=f"s{number:05}", post="care_agent") for number in range(start, start + 250)
            ]
            site.record_site(*facts, by="officer")
        browser, seen, path = client_of(site), list[str](), "/console/people"
        first = browser.get(path)
        assert len(first.content) < 150_000
        for _ in range(5):
            page = browser.get(path).text
            seen += re.findall(r"<bdi>(s\d{5})</bdi></th>", page)
            path = html.unescape(re.findall(r'rel="next" href="([^"]+)"', page)[0])
        assert len(seen) == len(set(seen)) > 200
        last = browser.get("/console/people?after=s09998").text
        assert "s09999" in last
        assert 'rel="next"' not in last
        reach = browser.get("/console/people/access?start=10000")
        assert (reach.status_code, len(reach.content) < 150_000) == (200, True)


def test_a_history_of_ten_thousand_is_read_to_its_end(tmp_path: Path) -> None:
    with Site.open(build(tmp_path / "site", users=1)) as site:
        user = next(iter(subscribers(1))).user_id
        act = Act(
            kind=ActKind.USE, user=user, items=frozenset({"tariff_plan"}), purpose="service", by="billing",
            when=site.now(),
        )  # fmt: skip
        for _ in range(MANY // 500):
            site.do_all([Perform(act=act) for _ in range(500)])
        seen, before = 0, 0
        while True:
            found = history(site, user, most=1000, before=before)
            seen, before = seen + len(found.happenings), found.older
            if not before:
                break
        assert seen > MANY
        page = client_of(site).get("/console/acts/list")
        assert page.text.count('<th scope="row"') == 50
        assert len(page.content) < 150_000


def test_a_grant_that_ends_by_itself_while_a_page_is_open_is_gone_and_what_was_typed_is_not(tmp_path: Path) -> None:
    home, time = build(tmp_path / "site", users=1), Days(clock.now() + dt.timedelta(seconds=1))
    with Site.open(home, now=time) as site:
        browser = client_of(site, "analyst")
        lent = {"key": "e", "post": "care_agent", "reason": "network_outage", "case": "t-1", "minutes": "5"}
        assert browser.post("/console/emergencies", data=lent).status_code == 303
        asked = {"user": next(iter(subscribers(1))).user_id, "purpose": "care", "post": "care_agent"}
        assert browser.post("/console/user", data=asked).status_code == 200
        time.moment += dt.timedelta(minutes=6)
        denied = browser.post("/console/user", data=asked)
        assert denied.status_code == 403
        assert asked["user"] in denied.text
        assert "An emergency is running" not in browser.get("/console").text


def cut(port: int, path: str, body: bytes, more: int) -> bytes:
    """Send a form that breaks off `more` bytes before the end that it named; return what was answered, if anything."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nSec-Fetch-Site: same-origin\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body) + more}\r\n\r\n"
        )
        connection.sendall(head.encode() + body)
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(65536)


def test_a_form_that_is_cut_off_does_nothing_and_the_server_goes_on(home: Path) -> None:
    paths = (
        "/console/sign-in",
        "/console/rules/publish",
        "/me/sign-in/code",
        "/me/correct/tariff_plan",
        "/me/consents",
    )
    with Site.open(home) as site, site.reading() as tx:
        before = site.ledger.head(tx).size
    with serving(home, application=SERVER) as server:
        for path in paths:
            answer = cut(server.port, path, b"account=officer&password=x&value=y&purpose=service", 100)
            assert not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 3", b"HTTP/1.1 5")), path
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
                connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
                assert connection.recv(200).startswith(b"HTTP/1.1 200")
    with Site.open(home) as site, site.reading() as tx:
        assert site.ledger.head(tx).size == before
