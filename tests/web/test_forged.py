# SPDX-License-Identifier: Apache-2.0
"""What is forged, over, or said twice reaches nothing over HTTP: refused in a stable form, nothing done, no entry."""

import base64
import datetime as dt
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from api_house import size
from callers import TestClient, bearer
from house import Clock, newcomer, ready
from litestar import Litestar

from keshou.app.site import Site
from keshou.db import Database
from keshou.programs import key
from keshou.programs.grant import KeyGrant
from keshou.programs.scope import Scope
from keshou.web.find_caller import Finder
from keshou.web.server import application

ACT = {"kind": "use", "user": "u1", "items": ["tariff_plan"], "purpose": "service"}


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with ready(database, tmp_path, clock) as site:
        site.do(newcomer(site, "u1"))
        yield site


@pytest.fixture
def client(site: Site) -> Iterator[TestClient[Litestar]]:
    with TestClient(application(site, Finder(site)), base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
def token(site: Site, client: TestClient[Litestar]) -> str:
    grant = KeyGrant(scopes=frozenset({Scope.ACT}), until=site.now() + dt.timedelta(days=1))
    with site.writing() as tx:
        site.programs.add(tx, "biller", site.now())
        secret = site.programs.new_secret(tx, "biller", grant, site.now())[1]
    form = {"grant_type": "client_credentials", "client_id": "biller", "client_secret": secret}
    return str(client.post("/oauth/token", data=form).json()["access_token"])


def part(said: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()


def header(token: str) -> dict[str, Any]:
    text = token.partition(".")[0]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


FORGERIES: dict[str, Callable[[str], str]] = {
    "no algorithm, no signature": lambda token: f"{part(header(token) | {'alg': 'none'})}.{token.split('.')[1]}.",
    "no algorithm, the true signature": lambda token: ".".join(
        [part(header(token) | {"alg": "none"}), *token.split(".")[1:]]
    ),
    "a shared secret's algorithm": lambda token: ".".join(
        [part(header(token) | {"alg": "HS256"}), *token.split(".")[1:]]
    ),
    "another's name": lambda token: ".".join(
        [token.split(".")[0], part({"sub": "officer", "scope": "act"}), token.split(".")[2]]
    ),
    "no signature": lambda token: token.rpartition(".")[0] + ".",
    "two dots": lambda _: "..",
}


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_token_does_nothing_and_leaves_nothing(
    site: Site, client: TestClient[Litestar], token: str, forged: Callable[[str], str]
) -> None:
    before = size(site)
    headers = {"Idempotency-Key": "k1"}
    for path, body in (("/api/v1/acts", ACT), ("/api/v1/decisions", ACT), ("/access/v1/evaluation", {})):
        refused = client.post(path, json=body, headers=bearer(forged(token)) | headers)
        assert (refused.status_code, refused.json()["type"]) == (401, "/problems/not-signed-in"), path
        assert forged(token) not in refused.text
    assert size(site) == before
    assert client.post("/api/v1/acts", json=ACT, headers=bearer(token) | headers).status_code == 200


@pytest.mark.parametrize("made_up", [
    key.make(key.KEY).text, f"ss_{'x' * 43}", f"vs_{'x' * 43}", "a.b.c",
    f"{part({'alg': 'Ed25519', 'kid': 'k'})}.e30.x",
], ids=["key", "session", "visit", "no token", "token"])  # fmt: skip
def test_a_made_up_token_waits_for_nobody_s_turn_to_write(
    site: Site, client: TestClient[Litestar], made_up: str
) -> None:
    with ThreadPoolExecutor(1) as pool, site.writing():
        refused = pool.submit(client.get, "/api/v1/session", headers=bearer(made_up)).result(timeout=20)
    assert refused.status_code == 401


def test_a_token_that_is_over_does_nothing_and_leaves_nothing(
    site: Site, client: TestClient[Litestar], token: str, clock: Clock
) -> None:
    before = size(site)
    clock.moment += dt.timedelta(minutes=11)
    refused = client.post("/api/v1/acts", json=ACT, headers=bearer(token) | {"Idempotency-Key": "k1"})
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/not-signed-in")
    assert size(site) == before
