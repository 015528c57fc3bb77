# SPDX-License-Identifier: Apache-2.0
"""Every answer tells browsers to load nothing, frame nothing and keep nothing."""

from pathlib import Path

import pytest
from litestar import Litestar, Response, get
from litestar.testing import TestClient
from places import begin, client_of

from keshou.web.headers import PAGE_POLICY, Headers

PATHS = ["/empty", "/nowhere", "/users/u1/fail", "/whoami", "/users/a%2Fb", "/healthz"]


@pytest.mark.parametrize("path", PATHS)
def test_answers_and_refusals_alike_carry_them(tmp_path: Path, path: str) -> None:
    with begin(tmp_path / "site") as site, client_of(site) as client:
        headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "geolocation=()" in headers["permissions-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["server"] == "keshou"
    assert "strict-transport-security" not in headers


@pytest.mark.parametrize("server", [{"url": "https://keshou.example"}, {"trusted_proxy": "192.0.2.7"}])
def test_where_callers_come_by_tls_they_are_told_to_stay_with_it(tmp_path: Path, server: dict[str, str]) -> None:
    with begin(tmp_path / "site", **server) as site, client_of(site) as client:
        assert client.get("/empty").headers["strict-transport-security"].startswith("max-age=63072000")


def test_nothing_inline_and_no_other_host_is_allowed_to_pages() -> None:
    assert "unsafe" not in PAGE_POLICY
    assert "*" not in PAGE_POLICY
    assert "http" not in PAGE_POLICY


def test_what_a_handler_says_itself_stands_once() -> None:
    @get("/page", sync_to_thread=False)
    def page() -> Response[str]:
        return Response("", headers={"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "max-age=60"})

    app = Litestar([page], openapi_config=None, logging_config=None)
    app.asgi_handler = Headers(app.asgi_handler, tls=True)
    with TestClient(app) as client:
        headers = client.get("/page").headers
    assert headers.get_list("content-security-policy") == [PAGE_POLICY]
    assert headers.get_list("cache-control") == ["max-age=60"]
