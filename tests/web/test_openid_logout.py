# SPDX-License-Identifier: Apache-2.0
"""What the provider says of who signed out there counts here, once, and nobody else's word does."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from litestar import Litestar
from litestar.testing import TestClient
from provider_process import CLIENT_ID, ProviderProcess
from test_api_openid import (
    PASSWORD,
    SUBJECTS,
    browsing,
    came_back,
    given_password,
    linked,
    opened,
    post,
    provider,
    went,
)  # fmt: skip

from keshou.accounts.openid.flow import Identity
from keshou.app.site import Site
from keshou.db import Database

__all__ = ["provider"]
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def site(database: Database, tmp_path: Path, provider: ProviderProcess) -> Iterator[Site]:
    with opened(database, tmp_path, provider) as site:
        for account, subject in SUBJECTS.items():
            linked(site, account, subject)
        yield site


@pytest.fixture
def browser(site: Site, provider: ProviderProcess) -> Iterator[TestClient[Litestar]]:
    with browsing(site) as client:
        assert came_back(client, went(client, provider)).status_code == 303
        yield client


def token(site: Site, provider: ProviderProcess, key: Any = None, header: Any = (), **other: Any) -> str:
    """Return a logout token of the provider's, but for `other`; a claim that is ... is left out."""
    now = int(site.now().timestamp())
    said = {
        "iss": provider.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 120, "jti": f"j{time.monotonic_ns()}",
        "events": {EVENT: {}}, "sub": SUBJECTS["clerk"],
    } | other  # fmt: skip
    told = {name: value for name, value in said.items() if value is not ...}
    kid = provider.key.thumbprint()
    return jwt.encode({"alg": "RS256", "typ": "logout+jwt", "kid": kid, **dict(header)}, told, key or provider.key)


def tell(client: TestClient[Litestar], given: str, **more: str) -> Any:
    """Be the provider."""
    client.cookies.clear()
    return client.post("/sign-in/openid/logout", data={"logout_token": given} | more)


def signed_in(client: TestClient[Litestar]) -> bool:
    return client.get("/api/v1/session").status_code == 200


def test_who_signs_out_at_the_provider_is_signed_out_here(
    site: Site, browser: TestClient[Litestar], provider: ProviderProcess
) -> None:
    given_password(site, "officer")
    linked(site, "officer", SUBJECTS["officer"])
    with browsing(site) as other, browsing(site) as theirs, browsing(site) as outside:
        assert came_back(theirs, went(theirs, provider, "officer")).status_code == 303
        assert post(other, "/sign-in", {"account": "officer", "password": PASSWORD}).status_code == 200
        told = tell(outside, token(site, provider))
        assert (told.status_code, told.content, told.headers["cache-control"]) == (200, b"", "no-store")
        assert [signed_in(each) for each in (browser, theirs, other)] == [False, True, True]
        assert tell(outside, token(site, provider, sub=SUBJECTS["officer"])).status_code == 200
        assert [signed_in(each) for each in (theirs, other)] == [False, True], "what began by a password goes on"


def test_of_a_session_that_is_named_that_one_ends_alone(
    site: Site, browser: TestClient[Litestar], provider: ProviderProcess
) -> None:
    with browsing(site) as other, browsing(site) as outside:
        assert came_back(other, went(other, provider)).status_code == 303
        with site.writing() as tx:
            newer, older = site.accounts.sessions.of(tx, "clerk", site.now())
            for session, sid in ((older, "s1"), (newer, "s2")):
                site.openid.begun(tx, session, Identity(issuer=provider.issuer, subject="1", session=sid))
        assert tell(outside, token(site, provider, sid="s1")).status_code == 200
        assert [signed_in(each) for each in (browser, other)] == [False, True]
        assert tell(outside, token(site, provider, sid="s2", sub=...)).status_code == 200
        assert not signed_in(other)
        assert tell(outside, token(site, provider, sid="unknown", sub=...)).status_code == 200


def test_a_logout_counts_once(site: Site, browser: TestClient[Litestar], provider: ProviderProcess) -> None:
    given = token(site, provider)
    with browsing(site) as outside:
        assert tell(outside, given).status_code == 200
        assert came_back(browser, went(browser, provider)).status_code == 303
        assert tell(outside, given).status_code == 400
    assert signed_in(browser)


BAD: dict[str, dict[str, Any]] = {
    "another's key": {"key": RSAKey.generate_key(2048)},
    "another provider": {"iss": "https://login.example"},
    "for another": {"aud": "other"},
    "for others too": {"aud": [CLIENT_ID, "other"]},
    "no event": {"events": ...},
    "another event": {"events": {"http://schemas.openid.net/event/other": {}}},
    "an event that is none": {"events": {EVENT: True}},
    "an id token": {"nonce": "n"},
    "nobody": {"sub": ...},
    "no name": {"jti": ...},
    "no end": {"exp": ...},
    "over": {"exp": 1, "iat": 0},
    "of the future": {"iat": 4_000_000_000, "exp": 4_000_000_100},
    "another kind": {"header": {"typ": "at+jwt"}},
}


@pytest.mark.parametrize("how", BAD)
def test_no_word_counts_but_the_providers_own(
    site: Site, browser: TestClient[Litestar], provider: ProviderProcess, how: str
) -> None:
    with browsing(site) as outside:
        refused = tell(outside, token(site, provider, **BAD[how]))
        assert (refused.status_code, refused.json()["type"]) == (400, "/problems/malformed"), refused.text
    assert signed_in(browser)


def test_what_is_no_logout_is_refused(site: Site, browser: TestClient[Litestar], provider: ProviderProcess) -> None:
    with browsing(site) as outside:
        assert tell(outside, "a.b.c").status_code == 400
        assert tell(outside, "é").status_code == 400
        assert outside.post("/sign-in/openid/logout", json={"logout_token": "x"}).status_code == 415
        assert outside.post("/sign-in/openid/logout", data={"other": "x"}).status_code == 400
        twice = f"logout_token={token(site, provider)}&logout_token={token(site, provider)}"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert outside.post("/sign-in/openid/logout", content=twice, headers=form).status_code == 400
    assert signed_in(browser)
    site.tidy()
