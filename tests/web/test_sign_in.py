# SPDX-License-Identifier: Apache-2.0
"""People sign in over HTTP by what they know and have; the session is a cookie that ends when they say so."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pyotp
import pytest
from house import Clock, newcomer, ready
from litestar import Litestar
from litestar.testing import TestClient

from keshou.accounts.account import AccountKind
from keshou.accounts.settings import AccountSettings
from keshou.accounts.store import Accounts
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.act import Act
from keshou.law.terms import ActKind
from keshou.ledger.entry import decode
from keshou.web.find_caller import Finder
from keshou.web.server import application

PASSWORD = "teapot under the willow"
SAME = {"Sec-Fetch-Site": "same-origin"}
QUESTION = {"kind": "use", "user": "u1", "items": ["tariff_plan"], "purpose": "service"}


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    site = ready(database, tmp_path, clock)
    site.accounts = Accounts(bytes(32), AccountSettings(argon2_memory_kib=8, argon2_passes=1))
    yield site
    site.close()


@pytest.fixture
def app(site: Site) -> Litestar:
    return application(site, Finder(site))


@pytest.fixture
def browser(app: Litestar) -> Iterator[TestClient[Litestar]]:
    with browsing(app, headers=SAME) as client:
        yield client


@contextmanager
def browsing(
    app: Litestar, headers: dict[str, str], base_url: str = "http://127.0.0.1"
) -> Iterator[TestClient[Litestar]]:
    """Give a browser of its own, with its own cookies."""
    with TestClient(app, base_url=base_url) as client:
        client.headers.update(headers)
        yield client


def post(client: TestClient[Litestar], path: str, body: Any = None, **headers: str) -> Any:
    content = b"" if body is None else msgspec.json.encode(body)
    return client.post(f"/api/v1{path}", content=content, headers={"Content-Type": "application/json"} | headers)


def invited(site: Site, who: str = "clerk1") -> str:
    with site.writing() as tx:
        return site.accounts.invite(tx, who, AccountKind.STAFF, by="officer", now=site.now())


def enrolled(site: Site, client: TestClient[Litestar], clock: Clock, who: str = "clerk1") -> str:
    """Let `who` accept an invitation and enrol an authenticator; return its secret."""
    done = post(client, "/invitations/accept", {"invitation": invited(site, who), "password": PASSWORD})
    assert done.status_code == 200, done.text
    secret = str(post(client, "/session/totp").json()["secret"])
    confirmed = post(client, "/session/totp/confirm", {"code": shown(secret, site)})
    assert len(confirmed.json()["codes"]) == 10
    clock.moment += dt.timedelta(minutes=2)
    return secret


def shown(secret: str, site: Site) -> str:
    return pyotp.TOTP(secret).at(site.now())


def test_an_invitation_says_whom_it_is_for_and_makes_a_session_that_only_enrols(
    site: Site, browser: TestClient[Litestar]
) -> None:
    text = invited(site)
    assert post(browser, "/invitations/look", {"invitation": text}).json()["account"] == "clerk1"
    done = post(browser, "/invitations/accept", {"invitation": text, "password": PASSWORD})
    assert done.json()["session"]["limited"] is True
    refused = post(browser, "/decisions", QUESTION)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/second-factor-needed")
    assert browser.get("/api/v1/session").json()["account"] == "clerk1"
    assert post(browser, "/invitations/accept", {"invitation": text, "password": PASSWORD}).status_code == 404


def test_signed_in_with_both_factors_an_act_is_theirs_by_name(
    site: Site, browser: TestClient[Litestar], clock: Clock
) -> None:
    enrolled(site, browser, clock)
    who = browser.get("/api/v1/session").json()
    assert (who["account"], who["has_totp"], who["session"]["limited"]) == ("clerk1", True, False)
    assert who["posts"]
    site.do(newcomer(site, "u1"))
    done = post(browser, "/acts", QUESTION, **{"Idempotency-Key": "mine-1"})
    assert done.status_code == 200, done.text
    by_hand = site.perform(
        Act(
            kind=ActKind.USE, user="u1", items=frozenset({"tariff_plan"}), purpose="service", by="clerk1",
            when=site.now(),
        )
    )  # fmt: skip
    with site.reading() as tx:
        entries = [decode(site.ledger.entry(tx, place)) for place in (done.json()["entry"], by_hand.entry)]
    assert entries[0].who == entries[1].who != ""


def test_the_cookie_is_kept_from_scripts_and_told_in_no_body(site: Site, browser: TestClient[Litestar]) -> None:
    done = post(browser, "/invitations/accept", {"invitation": invited(site), "password": PASSWORD})
    session, device = done.headers.get_list("set-cookie")
    assert session.startswith("keshou=ss_")
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in session.split(";")}
    assert {"HttpOnly", "SameSite=strict"} <= {part.strip() for part in device.split(";")}
    assert "ss_" not in done.text


def test_by_tls_the_cookies_are_this_host_s_alone(database: Database, tmp_path: Path, clock: Clock) -> None:
    site = ready(database, tmp_path, clock)
    server = msgspec.structs.replace(site.settings.server, url="https://keshou.example")
    site.settings = msgspec.structs.replace(site.settings, server=server)
    site.accounts = Accounts(bytes(32), AccountSettings(argon2_memory_kib=8, argon2_passes=1))
    with browsing(application(site, Finder(site)), base_url="https://keshou.example", headers=SAME) as client:
        done = post(client, "/invitations/accept", {"invitation": invited(site), "password": PASSWORD})
        cookies = done.headers.get_list("set-cookie")
        assert [each.partition("=")[0] for each in cookies] == ["__Host-keshou", "__Host-keshou-device"]
        assert all("Secure" in each and "HttpOnly" in each for each in cookies)
        assert client.get("/api/v1/session").status_code == 200
        tossed = {f"keshou{name}": value for name, value in (("", client.cookies["__Host-keshou"]), ("-device", "x"))}
        client.cookies.clear()
        client.cookies.update(tossed)
        assert client.get("/api/v1/session").status_code == 401, "another host of the domain chose whose session it is"
    site.close()


def test_whatever_is_wrong_is_answered_alike(site: Site, browser: TestClient[Litestar], clock: Clock) -> None:
    enrolled(site, browser, clock)
    tried = [("clerk1", "wrong"), ("nobody", PASSWORD), ("clerk2", "x")]
    answers = [post(browser, "/sign-in", {"account": who, "password": word}) for who, word in tried]
    answers.append(post(browser, "/sign-in/second", {"ticket": "x" * 43, "code": "000000"}))
    told = {(each.status_code, each.json()["type"], each.json()["detail"]) for each in answers}
    assert len(told) == 1
    assert answers[0].json()["type"] == "/problems/sign-in-failed"
    assert "set-cookie" not in answers[0].headers


def test_password_and_code_sign_in_and_signing_out_ends_the_session_everywhere(
    site: Site, browser: TestClient[Litestar], clock: Clock
) -> None:
    secret = enrolled(site, browser, clock)
    clock.moment += dt.timedelta(minutes=2)
    with browsing(application(site, Finder(site)), headers=SAME) as other:
        step = post(other, "/sign-in", {"account": "clerk1", "password": PASSWORD}).json()
        assert step["session"] is None
        assert other.get("/api/v1/session").status_code == 401
        done = post(other, "/sign-in/second", {"ticket": step["ticket"], "code": shown(secret, site)})
        assert done.json()["session"]["factors"] == ["password", "totp"]
        stolen = other.cookies["keshou"]
        listed = browser.get("/api/v1/sessions").json()
        assert [each["own"] for each in listed] == [False, True]
        assert other.request("DELETE", "/api/v1/session").status_code == 200
        assert other.get("/api/v1/session", headers={"Authorization": f"Bearer {stolen}"}).status_code == 401
    assert len(browser.get("/api/v1/sessions").json()) == 1


def test_somebody_s_other_session_is_ended_by_them_and_by_nobody_else(
    site: Site, browser: TestClient[Litestar], clock: Clock
) -> None:
    enrolled(site, browser, clock)
    with browsing(application(site, Finder(site)), headers=SAME) as other:
        post(other, "/invitations/accept", {"invitation": invited(site, "other"), "password": PASSWORD})
        mine = browser.get("/api/v1/sessions").json()[0]["id"]
        assert other.request("DELETE", f"/api/v1/sessions/{mine}").status_code == 404
        assert browser.get("/api/v1/session").status_code == 200
    assert browser.request("DELETE", f"/api/v1/sessions/{mine}").status_code == 200
    assert browser.get("/api/v1/session").status_code == 401


def test_a_fresh_proof_takes_both_factors_and_replaces_the_cookie(
    site: Site, browser: TestClient[Litestar], clock: Clock
) -> None:
    secret = enrolled(site, browser, clock)
    before = browser.cookies["keshou"]
    clock.moment += dt.timedelta(minutes=20)
    stale = post(browser, "/session/recovery-codes")
    assert (stale.status_code, stale.json()["type"]) == (403, "/problems/proof-too-old")
    for proof in ({"password": PASSWORD}, {"password": "wrong", "code": shown(secret, site)}):
        assert post(browser, "/session/proof", proof).status_code == 401
    done = post(browser, "/session/proof", {"password": PASSWORD, "code": shown(secret, site)})
    assert done.status_code == 200, done.text
    assert browser.cookies["keshou"] != before
    assert len(post(browser, "/session/recovery-codes").json()["codes"]) == 10


def test_a_new_password_takes_the_one_before(site: Site, browser: TestClient[Litestar], clock: Clock) -> None:
    enrolled(site, browser, clock)
    change = {"before": "wrong", "password": "a bridge of paper boats"}
    assert post(browser, "/session/password", change).status_code == 401
    weak = post(browser, "/session/password", change | {"before": PASSWORD, "password": "clerk1clerk1"})
    assert weak.status_code == 422
    assert "clerk1clerk1" not in weak.text
    assert post(browser, "/session/password", change | {"before": PASSWORD}).status_code == 200
    assert post(browser, "/sign-in", {"account": "clerk1", "password": PASSWORD}).status_code == 401


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}])
def test_another_site_s_page_signs_nobody_in(
    site: Site, browser: TestClient[Litestar], headers: dict[str, str]
) -> None:
    body = {"invitation": invited(site), "password": PASSWORD}
    refused = post(browser, "/invitations/accept", body, **headers)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forged-request")


def test_a_session_does_not_serve_in_another_browser(site: Site, browser: TestClient[Litestar]) -> None:
    post(browser, "/invitations/accept", {"invitation": invited(site), "password": PASSWORD})
    stolen = browser.cookies["keshou"]
    with browsing(application(site, Finder(site)), headers=SAME | {"User-Agent": "another"}) as thief:
        thief.cookies.set("keshou", stolen)
        assert thief.get("/api/v1/session").status_code == 401
    assert browser.get("/api/v1/session").status_code == 200


def test_accounts_are_looked_after_by_who_holds_the_office_only(
    site: Site, browser: TestClient[Litestar], clock: Clock
) -> None:
    enrolled(site, browser, clock)
    assert browser.get("/api/v1/accounts").status_code == 403
    assert post(browser, "/accounts", {"id": "new"}, **{"Idempotency-Key": "k1"}).status_code == 403
    assert post(browser, "/accounts/clerk1/close").status_code == 403
    assert browser.get("/api/v1/accounts/clerk1/events").json()[0]["what"]
    assert browser.get("/api/v1/accounts/other/events").status_code == 403
