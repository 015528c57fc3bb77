# SPDX-License-Identifier: Apache-2.0
"""People sign in by the operator's own provider, a real one, in the browser that began it and in no other."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from callers import TestClient
from house import Clock, ready
from litestar import Litestar
from provider_process import CLIENT_ID, CLIENT_SECRET, ProviderProcess

from keshou.accounts.account import AccountKind, What
from keshou.accounts.openid.flow import Identity
from keshou.accounts.openid.settings import Match, OpenIdSettings
from keshou.accounts.settings import AccountSettings
from keshou.app.settings import ServerSettings
from keshou.app.site import Site
from keshou.db import Database
from keshou.web.find_caller import Finder
from keshou.web.server import application

URL = "https://keshou.example"
PASSWORD = "teapot under the willow"
BROWSER = {"Sec-Fetch-Site": "same-origin", "User-Agent": "Browser/1.0", "Accept-Language": "en"}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProviderProcess]:
    with ProviderProcess(tmp_path_factory.mktemp("provider")) as provider:
        yield provider


def opened(database: Database, folder: Path, provider: ProviderProcess, **more: Any) -> Site:
    """Return a site at the provider's hour, where two people are invited and nobody is linked."""
    file = folder / "client.secret"
    file.write_text(CLIENT_SECRET, "utf-8")
    file.chmod(0o600)
    openid = OpenIdSettings(issuer=provider.issuer, client_id=CLIENT_ID, client_secret_file=file.name, **more)
    accounts = AccountSettings(argon2_memory_kib=8, argon2_passes=1, openid=openid)
    site: Site = ready(
        database, folder, Clock(dt.datetime.now(dt.UTC)), server=ServerSettings(url=URL), accounts=accounts
    )
    with site.writing() as tx:
        for who in ("clerk", "officer"):
            site.accounts.invite(tx, who, AccountKind.STAFF, by="keeper", now=site.now())
    return site


@pytest.fixture
def site(database: Database, tmp_path: Path, provider: ProviderProcess) -> Iterator[Site]:
    with opened(database, tmp_path, provider) as site:
        yield site


@contextmanager
def browsing(site: Site) -> Iterator[TestClient[Litestar]]:
    with TestClient(application(site, Finder(site)), base_url=URL) as client:
        client.headers.update(BROWSER)
        yield client


@pytest.fixture
def browser(site: Site) -> Iterator[TestClient[Litestar]]:
    with browsing(site) as client:
        yield client


def post(client: TestClient[Litestar], path: str, body: Any = None) -> Any:
    content = b"" if body is None else msgspec.json.encode(body)
    return client.post(f"/api/v1{path}", content=content, headers={"Content-Type": "application/json"})


def linked(site: Site, account: str, subject: str) -> None:
    with site.writing() as tx:
        site.openid.link(tx, account, site.settings.accounts.openid.issuer, subject, site.now())


def went(
    client: TestClient[Litestar], provider: ProviderProcess, who: str = "clerk", path: str = "/sign-in/openid"
) -> Any:
    """Go to the provider, sign in there, and come back; return where the browser came back with."""
    begun = post(client, path)
    assert begun.status_code == 200, begun.text
    return provider.sign_in(begun.json()["address"], who)


def came_back(client: TestClient[Litestar], given: Any) -> Any:
    return client.get("/sign-in/openid", params=given, follow_redirects=False)


SUBJECTS = {"clerk": "1", "officer": "2"}
"""What the provider calls them: it numbers its people."""


def test_whom_the_provider_proves_is_signed_in_as_whose_account_it_is_linked_to(
    site: Site, browser: TestClient[Litestar], provider: ProviderProcess
) -> None:
    refused = came_back(browser, went(browser, provider))
    assert (refused.status_code, refused.headers.get("location")) == (401, None), refused.text
    linked(site, "clerk", SUBJECTS["clerk"])
    back = came_back(browser, went(browser, provider))
    assert (back.status_code, back.headers["location"]) == (303, "/")
    whoami = browser.get("/api/v1/session").json()
    assert (whoami["account"], whoami["session"]["factors"], whoami["session"]["limited"]) == (
        "clerk", ["openid"], False,
    )  # fmt: skip
    with site.reading() as tx:
        assert site.accounts.events.of(tx, "clerk")[0].what is What.SIGNED_IN


def test_what_comes_back_serves_once_and_in_the_browser_that_began_alone(
    site: Site, browser: TestClient[Litestar], provider: ProviderProcess
) -> None:
    linked(site, "clerk", SUBJECTS["clerk"])
    given = went(browser, provider)
    with browsing(site) as other:
        assert came_back(other, given).status_code == 401
        assert other.get("/api/v1/session").status_code == 401
    assert came_back(browser, given | {"state": "made-up"}).status_code == 401
    assert came_back(browser, given | {"iss": "https://other.example"}).status_code == 401
    assert came_back(browser, given).status_code == 401
    again = went(browser, provider)
    assert came_back(browser, again).status_code == 303
    assert came_back(browser, again).status_code == 401
    assert came_back(browser, went(browser, provider) | {"code": "forged"}).status_code == 401
    assert came_back(browser, {}).status_code == 401


def test_a_fresh_proof_is_of_the_same_person_and_renews_the_session(
    site: Site, browser: TestClient[Litestar], provider: ProviderProcess
) -> None:
    linked(site, "clerk", SUBJECTS["clerk"])
    linked(site, "officer", SUBJECTS["officer"])
    assert post(browser, "/session/proof/openid").status_code == 401
    assert came_back(browser, went(browser, provider)).status_code == 303
    before = browser.get("/api/v1/session").json()["session"]
    another = came_back(browser, went(browser, provider, "officer", "/session/proof/openid"))
    assert another.status_code == 401
    assert browser.get("/api/v1/session").json()["account"] == "clerk"
    assert came_back(browser, went(browser, provider, "clerk", "/session/proof/openid")).status_code == 303
    after = browser.get("/api/v1/session").json()["session"]
    assert after["id"] == before["id"]
    times = [dt.datetime.fromisoformat(each["proven_at"]) for each in (before, after)]
    assert times[0] < times[1]


@pytest.mark.parametrize("said", [True, False])
def test_who_was_signed_in_at_the_provider_for_long_has_proven_nothing_just_now(
    site: Site, browser: TestClient[Litestar], provider: ProviderProcess, monkeypatch: pytest.MonkeyPatch, *, said: bool
) -> None:
    """The provider lets a browser through that signed in there hours ago; here that is no proof of the last minutes."""
    linked(site, "clerk", SUBJECTS["clerk"])
    assert site.provider is not None
    redeem, then = site.provider.redeem, site.now() - dt.timedelta(hours=3)

    def long_ago(*given: Any) -> Identity:
        return msgspec.structs.replace(redeem(*given), authenticated=then if said else None)

    monkeypatch.setattr(site.provider, "redeem", long_ago)
    assert came_back(browser, went(browser, provider)).status_code == 303
    stale = post(browser, "/session/recovery-codes")
    assert (stale.status_code, stale.json()["type"]) == (403, "/problems/proof-too-old"), stale.text
    assert came_back(browser, went(browser, provider, "clerk", "/session/proof/openid")).status_code == 303
    assert post(browser, "/session/recovery-codes").status_code == 200


def test_what_another_host_of_the_domain_puts_into_a_browser_lets_it_into_no_session(
    site: Site, browser: TestClient[Litestar], provider: ProviderProcess
) -> None:
    linked(site, "officer", SUBJECTS["officer"])
    given = went(browser, provider, "officer")
    with browsing(site) as victim:
        victim.cookies.set("keshou-openid", browser.cookies["__Host-keshou-openid"])
        assert came_back(victim, given).status_code == 401
    assert came_back(browser, given).status_code == 303


def test_a_closed_account_and_an_ended_link_let_nobody_in(
    site: Site, browser: TestClient[Litestar], provider: ProviderProcess
) -> None:
    linked(site, "clerk", SUBJECTS["clerk"])
    with site.writing() as tx:
        site.accounts.close(tx, "clerk", "keeper", site.now())
    assert came_back(browser, went(browser, provider)).status_code == 401
    linked(site, "officer", SUBJECTS["officer"])
    assert came_back(browser, went(browser, provider, "officer")).status_code == 303
    with site.writing() as tx:
        site.openid.unlink(tx, "officer", site.settings.accounts.openid.issuer, SUBJECTS["officer"])
    assert came_back(browser, went(browser, provider, "officer")).status_code == 401


def test_where_two_factors_are_asked_for_one_is_not_enough(
    database: Database, tmp_path: Path, provider: ProviderProcess
) -> None:
    more = {"strong_amr": ("mfa",), "match": Match.NAME, "own_directory": True}
    with opened(database, tmp_path, provider, **more) as site, browsing(site) as browser:
        weak = came_back(browser, went(browser, provider, "clerk"))
        assert (weak.status_code, browser.get("/api/v1/session").status_code) == (403, 401)
        assert came_back(browser, went(browser, provider, "officer")).status_code == 303
        assert browser.get("/api/v1/session").json()["account"] == "officer"


def given_password(site: Site, account: str) -> None:
    with site.writing() as tx:
        text = site.accounts.invite(tx, account, AccountKind.STAFF, by="keeper", now=site.now())
        found = site.accounts.invited(tx, text, site.now())
        assert found is not None
        site.accounts.accept(tx, text, site.accounts.hash(found, PASSWORD), "elsewhere", site.now())


def may_enrol(site: Site, account: str) -> bool:
    """Say whether somebody with the account's password alone may enrol a second factor, or prove the owner anew."""
    with browsing(site) as thief:
        assert post(thief, "/sign-in", {"account": account, "password": PASSWORD}).json()["session"]["limited"]
        tried = [post(thief, path) for path in ("/session/totp", "/session/passkeys/options")]
        proven = post(thief, "/session/proof", {"password": PASSWORD})
    assert {each.status_code for each in tried} in ({200}, {403})
    assert all(each.json()["type"] == "/problems/second-factor-needed" for each in tried if each.status_code == 403)
    assert (tried[0].status_code, proven.status_code) in ((200, 200), (403, 401))
    return bool(tried[0].status_code == 200)


def test_a_password_alone_enrols_nothing_where_the_provider_answers_for_the_account(
    site: Site, browser: TestClient[Litestar], provider: ProviderProcess
) -> None:
    for account in ("clerk", "officer"):
        given_password(site, account)
    linked(site, "clerk", SUBJECTS["clerk"])
    assert (may_enrol(site, "clerk"), may_enrol(site, "officer")) == (False, True)
    assert came_back(browser, went(browser, provider)).status_code == 303
    assert post(browser, "/session/totp").status_code == 200, "the owner comes by the provider, and may"
    with site.writing() as tx:
        site.openid.unlink(tx, "clerk", site.settings.accounts.openid.issuer, SUBJECTS["clerk"])
    assert may_enrol(site, "clerk")


def test_matched_by_name_an_account_has_the_provider_since_it_was_signed_in_by_it(
    database: Database, tmp_path: Path, provider: ProviderProcess
) -> None:
    with opened(database, tmp_path, provider, match=Match.NAME, own_directory=True) as site, browsing(site) as browser:
        given_password(site, "clerk")
        assert may_enrol(site, "clerk")
        for _ in range(2):
            assert came_back(browser, went(browser, provider)).status_code == 303
        assert not may_enrol(site, "clerk")


def test_without_a_provider_there_is_nowhere_to_go(database: Database, tmp_path: Path) -> None:
    with (
        ready(database, tmp_path) as site,
        TestClient(application(site, Finder(site)), base_url="http://127.0.0.1") as client,
    ):
        client.headers.update(BROWSER)
        assert post(client, "/sign-in/openid").status_code == 404
        assert came_back(client, {"state": "a", "code": "b"}).status_code == 404
