# SPDX-License-Identifier: Apache-2.0
"""People sign in over HTTP with keys of their own devices, each in the browser that asked, and nobody else does."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from authenticators import Device
from house import Clock, ready
from litestar import Litestar
from litestar.testing import TestClient
from test_sign_in import PASSWORD, QUESTION, SAME, browsing, enrolled, invited, post

from keshou.accounts.account import What
from keshou.accounts.settings import AccountSettings
from keshou.accounts.store import Accounts
from keshou.app.site import Site
from keshou.db import Database
from keshou.web.find_caller import Finder
from keshou.web.server import application

ORIGIN = "http://127.0.0.1:8400"


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
    with browsing(app, SAME) as client:
        yield client


@contextmanager
def elsewhere(client: TestClient[Litestar], cookies: Any = None) -> Iterator[TestClient[Litestar]]:
    """Be another browser for a while, which holds `cookies`, else none."""
    mine = client.cookies
    client.cookies = cookies or {}
    try:
        yield client
    finally:
        client.cookies = mine


def joined(site: Site, client: TestClient[Litestar], who: str = "clerk1") -> None:
    done = post(client, "/invitations/accept", {"invitation": invited(site, who), "password": PASSWORD})
    assert done.status_code == 200, done.text


def made(client: TestClient[Litestar], device: Device | None = None) -> tuple[Device, str]:
    """Let whoever is signed in register a device; return it, and the passkey's id."""
    device = device or Device()
    options = post(client, "/session/passkeys/options").json()["options"]
    done = post(client, "/session/passkeys", {"answer": device.register(options, ORIGIN), "label": "my key"})
    assert done.status_code == 200, done.text
    return device, done.json()["passkey"]["id"]


def answered(client: TestClient[Litestar], device: Device, path: str = "/sign-in/passkey") -> dict[str, Any]:
    options = post(client, f"{path}/options").json()["options"]
    return {"answer": device.sign_in(options, ORIGIN)}


def test_a_passkey_is_two_factors_in_one_and_signs_its_owner_in_by_name(
    site: Site, browser: TestClient[Litestar]
) -> None:
    joined(site, browser)
    assert post(browser, "/decisions", QUESTION).json()["type"] == "/problems/second-factor-needed"
    device, name = made(browser)
    assert post(browser, "/decisions", QUESTION).status_code == 200
    assert [each["id"] for each in browser.get("/api/v1/session/passkeys").json()] == [name]
    with elsewhere(browser) as other:
        done = post(other, "/sign-in/passkey", answered(other, device))
        assert (done.status_code, done.json()["account"]) == (200, "clerk1")
        assert done.json()["session"]["factors"] == ["passkey"]
        assert post(other, "/decisions", QUESTION).status_code == 200
    with site.reading() as tx:
        assert What.ENROLLED in {each.what for each in site.accounts.events.of(tx, "clerk1", 10)}


def test_an_answer_of_a_device_serves_once_and_only_in_the_browser_that_asked(
    site: Site, browser: TestClient[Litestar]
) -> None:
    joined(site, browser)
    device, _ = made(browser)
    with elsewhere(browser) as asking:
        stolen = answered(asking, device)
        with elsewhere(browser) as thief:
            post(thief, "/sign-in/passkey/options")
            assert post(thief, "/sign-in/passkey", stolen).status_code == 401
        assert post(asking, "/sign-in/passkey", stolen).status_code == 200
        assert post(asking, "/sign-in/passkey", stolen).status_code == 401


def test_a_passkey_of_nobody_another_origin_or_too_late_is_answered_alike(
    site: Site, browser: TestClient[Litestar], clock: Clock
) -> None:
    joined(site, browser)
    device, _ = made(browser)
    stranger = Device()
    stranger.register(post(browser, "/session/passkeys/options").json()["options"], ORIGIN)
    with elsewhere(browser) as other:
        options = post(other, "/sign-in/passkey/options").json()["options"]
        assert "allowCredentials" not in options or options["allowCredentials"] == []
        tried = [
            answered(other, stranger),
            {"answer": device.sign_in(options, "https://evil.example")},
            {"answer": {}},
            {"answer": {"id": "x", "response": {"clientDataJSON": "e30"}}},
        ]
        late = answered(other, device)
        said = [post(other, "/sign-in/passkey", each) for each in tried]
        clock.moment += dt.timedelta(minutes=6)
        said.append(post(other, "/sign-in/passkey", late))
    assert {each.status_code for each in said} == {401}
    assert {(each.json()["type"], each.json()["detail"]) for each in said} == {
        ("/problems/sign-in-failed", said[0].json()["detail"])
    }


def test_making_and_removing_a_passkey_needs_a_fresh_proof_which_the_passkey_itself_gives(
    site: Site, browser: TestClient[Litestar], clock: Clock
) -> None:
    joined(site, browser)
    device, name = made(browser)
    clock.moment += dt.timedelta(minutes=11)
    for refused in (
        post(browser, "/session/passkeys/options"),
        browser.delete(f"/api/v1/session/passkeys/{name}"),
    ):
        assert refused.json()["type"] == "/problems/proof-too-old"
    assert (
        post(browser, "/session/proof/passkey", answered(browser, device, "/session/proof/passkey")).status_code == 200
    )
    renamed = browser.patch(f"/api/v1/session/passkeys/{name}", json={"label": "the blue one"})
    assert renamed.json()[0]["label"] == "the blue one"
    assert browser.delete("/api/v1/session/passkeys/AAAA").status_code == 404
    assert browser.delete(f"/api/v1/session/passkeys/{name}").json() == []


def test_a_password_alone_proves_no_owner_of_a_passkey_anew_and_neither_enrols_a_factor_nor_puts_them_out(
    site: Site, browser: TestClient[Litestar]
) -> None:
    joined(site, browser)
    made(browser)
    assert post(browser, "/session/proof", {"password": PASSWORD}).status_code == 401
    own = browser.get("/api/v1/session").json()["session"]["id"]
    with elsewhere(browser) as thief:
        assert post(thief, "/sign-in", {"account": "clerk1", "password": PASSWORD}).json()["session"]["limited"]
        refused = [
            *(post(thief, path) for path in ("/session/totp", "/session/passkeys/options", "/sessions/end-others")),
            post(thief, "/session/password", {"before": PASSWORD, "password": PASSWORD[::-1]}),
            thief.delete(f"/api/v1/sessions/{own}"),
        ]
        assert {each.json()["type"] for each in refused} == {"/problems/second-factor-needed"}
    assert browser.get("/api/v1/session").json()["session"]["id"] == own, "its owner was put out"
    with elsewhere(browser) as again:
        assert post(again, "/sign-in", {"account": "clerk1", "password": PASSWORD}).status_code == 200


def test_another_persons_passkey_proves_nobody_anew(site: Site, browser: TestClient[Litestar], clock: Clock) -> None:
    joined(site, browser)
    made(browser)
    with elsewhere(browser) as other:
        enrolled(site, other, clock, "lister")
        theirs, name = made(other)
    answer = answered(browser, theirs, "/session/proof/passkey")
    assert post(browser, "/session/proof/passkey", answer).status_code == 401
    assert browser.delete(f"/api/v1/session/passkeys/{name}").status_code == 404


def test_an_invitation_accepted_anew_and_an_account_closed_leave_no_passkey(
    site: Site, browser: TestClient[Litestar]
) -> None:
    joined(site, browser)
    before, _ = made(browser)
    joined(site, browser)
    with elsewhere(browser) as other:
        assert post(other, "/sign-in/passkey", answered(other, before)).status_code == 401
    after, _ = made(browser)
    with site.writing() as tx:
        site.accounts.close(tx, "clerk1", "officer", site.now())
    with elsewhere(browser) as other:
        assert post(other, "/sign-in/passkey", answered(other, after)).status_code == 401
