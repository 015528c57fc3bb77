# SPDX-License-Identifier: Apache-2.0
"""Whoever is asked who they are lands where they were going: over the provider, a fresh proof, a second factor."""

import base64
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from console_client import fields
from litestar import Litestar
from litestar.testing import TestClient
from provider_process import ProviderProcess
from test_api_openid import SUBJECTS, browsing, came_back, linked, opened, post, provider, went

from keshou.app.site import Site
from keshou.db import Database

__all__ = ["provider"]


@pytest.fixture
def site(database: Database, tmp_path: Path, provider: ProviderProcess) -> Iterator[Site]:
    with opened(database, tmp_path, provider) as site:
        for account, subject in SUBJECTS.items():
            linked(site, account, subject)
        yield site


@pytest.fixture
def browser(site: Site) -> Iterator[TestClient[Litestar]]:
    with browsing(site) as client:
        client.headers["Accept"] = "text/html"
        client.follow_redirects = False
        yield client


def over(browser: TestClient[Litestar], provider: ProviderProcess, to: str, path: str = "sign-in", **kept: str) -> Any:
    """Go over the provider from the door on the way to a page; return where that led."""
    page = browser.post(f"/console/{path}/provider", data={"to": to, **{f"kept.{name}": kept[name] for name in kept}})
    assert page.status_code == 200
    address = html.unescape(re.findall(r'<a class="onward"[^>]*href="([^"]+)"', page.text)[0])
    return came_back(browser, provider.sign_in(address, "clerk"))


@pytest.mark.parametrize(
    ("to", "lands"),
    [
        ("/console/me?a=1&b=%20", "/console/me?a=1&b=%20"),
        ("/console/information?days=90", "/console/information?days=90"),
        ("/console/acts/7", "/console/acts/7"),
        ("/console/me/end-others", "/console/me"),  # where a form is sent to is no page
        ("/console/rules/publish?x=1", "/console/rules"),
        ("/console/nowhere/at/all", "/console"),
        ("https://evil.example/", "/console"),
        ("//evil.example/console", "/console"),
        ("/console\\@evil.example", "/console"),
        ("/console/../rules", "/console"),
        ("/console/me\r\nSet-Cookie: a=b", "/console"),
    ],
)
def test_over_the_provider_one_lands_where_one_was_going_and_on_no_other_host(
    browser: TestClient[Litestar], provider: ProviderProcess, to: str, lands: str
) -> None:
    back = over(browser, provider, to)
    assert (back.status_code, back.headers["location"]) == (303, lands)
    again = came_back(browser, went(browser, provider))
    assert again.headers["location"] == "/"  # what was kept served once


def test_what_somebody_else_put_into_the_cookie_leads_to_no_other_host(
    browser: TestClient[Litestar], provider: ProviderProcess
) -> None:
    begun = post(browser, "/sign-in/openid").json()["address"]
    kept = [base64.urlsafe_b64encode(each).decode() for each in (b"https://evil.example/", b"//evil.example", b"\xff")]
    for written in (*kept, "%", "a", "/console/me", "." * 3000):
        browser.cookies.set("__Host-keshou-going", written)
        given = provider.sign_in(begun, "clerk")
        back = came_back(browser, given)
        assert (back.status_code, back.headers["location"]) == (303, "/console")
        begun = post(browser, "/sign-in/openid").json()["address"]


def test_a_fresh_proof_over_the_provider_leads_on_and_what_was_typed_waits_in_its_page(
    browser: TestClient[Litestar], provider: ProviderProcess
) -> None:
    over(browser, provider, "/console")
    back = over(browser, provider, "/console/people/appoint", path="proof", staff="x", key="k")
    assert back.headers["location"] == "/console/people"
    page = browser.post("/console/proof/provider", data={"to": "/console/people/appoint", "kept.staff": "x"})
    assert 'target="_blank"' in page.text
    assert fields(page.text, "/console/go-on") == {"to": "/console/people/appoint", "kept.staff": "x"}
    plain = browser.post("/console/proof/provider", data={"to": "/console/me"})
    assert "target=" not in plain.text
