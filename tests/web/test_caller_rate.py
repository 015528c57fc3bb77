# SPDX-License-Identifier: Apache-2.0
"""Each caller has a rate of its own, and whoever proves nothing is counted by where it comes from."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from callers import CLERK, CRM, TestClient, bearer, served
from house import ready
from litestar import Litestar

from keshou.accounts.account import AccountKind
from keshou.app.new_account import invite
from keshou.app.site import Site
from keshou.db import Database, touch_access
from keshou.programs.grant import KeyGrant
from keshou.programs.scope import Scope
from keshou.web import caller
from keshou.web.find_caller import Finder
from keshou.web.server import application
from keshou.wire.caller import Caller

QUESTION = {"subject": {"type": "x", "id": "x"}}


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    site = ready(database, tmp_path)
    narrow = msgspec.structs.replace(site.settings.server, rate="3/hour", rate_unknown="2/hour")
    site.settings = msgspec.structs.replace(site.settings, server=narrow)
    yield site
    site.close()


@pytest.fixture
def known() -> dict[str, Caller]:
    return {"crm": CRM, "clerk": CLERK}


@pytest.fixture
def client(site: Site, known: dict[str, Caller]) -> Iterator[TestClient[Litestar]]:
    with TestClient(served(site, known), base_url="http://127.0.0.1") as client:
        yield client


def ask(client: TestClient[Litestar], token: str) -> int:
    return client.post("/access/v1/evaluation", json=QUESTION, headers=bearer(token)).status_code


def change_access(site: Site) -> None:
    with site.writing() as tx:
        touch_access(tx)


def test_a_caller_that_asks_too_often_is_told_when_to_come_again_and_others_go_on(client: TestClient[Litestar]) -> None:
    assert {ask(client, "crm") for _ in range(3)} == {400}
    refused = client.post("/access/v1/evaluation", json=QUESTION, headers=bearer("crm"))
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert refused.json()["type"] == "/problems/too-many-requests"
    assert ask(client, "clerk") != 429


def test_a_source_that_guesses_keys_is_refused_before_the_next_is_looked_at(client: TestClient[Litestar]) -> None:
    assert [ask(client, f"guess{n}") for n in range(3)] == [401, 401, 429]


def test_guesses_do_not_spend_what_a_known_caller_has(client: TestClient[Litestar], site: Site) -> None:
    assert ask(client, "crm") == 400
    assert [ask(client, f"guess{n}") for n in range(3)] == [401, 401, 429]
    assert ask(client, "crm") == 400
    change_access(site)
    assert ask(client, "crm") == 400


def test_a_key_that_was_revoked_is_refused_at_once_and_is_a_guess_from_then_on(
    client: TestClient[Litestar], site: Site, known: dict[str, Caller]
) -> None:
    assert ask(client, "crm") == 400
    assert [ask(client, "guess"), ask(client, "guess")] == [401, 401]
    del known["crm"]
    change_access(site)
    assert ask(client, "crm") == 429
    known["crm"] = CRM
    assert ask(client, "crm") == 429, "it was looked up though it held no longer"


def test_no_more_tokens_are_known_than_there_is_room_for(
    client: TestClient[Litestar], known: dict[str, Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "_MOST_HELD", 2)
    for name in ("a", "b", "c"):
        known[name] = msgspec.structs.replace(CRM, credential=name)
        assert ask(client, name) == 400
    assert len(client.app.state.callers._held) == 2


def test_a_token_that_serves_once_is_not_kept(client: TestClient[Litestar], known: dict[str, Caller]) -> None:
    known["once"] = msgspec.structs.replace(CRM, once=True)
    assert ask(client, "once") == 400
    assert len(client.app.state.callers._held) == 0


def test_a_proof_that_breaks_what_reads_it_is_counted_as_one_that_does_not_hold(
    client: TestClient[Litestar],
) -> None:
    def find(*_: object) -> None:
        raise TypeError

    client.app.state.callers._find = find
    broken = TestClient(client.app, base_url="http://127.0.0.1", raise_server_exceptions=False)
    assert [ask(broken, f"guess{n}") for n in range(3)] == [500, 500, 429]


def token_of(client: TestClient[Litestar], secret: str) -> int:
    form = {"grant_type": "client_credentials", "client_id": "biller", "client_secret": secret}
    answer = client.post("/oauth/token", data=form)
    if answer.status_code == 200:
        assert client.get("/api/v1/rules", headers=bearer(answer.json()["access_token"])).status_code == 200
    return answer.status_code


def test_guesses_keep_no_program_from_its_next_token_until_its_secret_is_revoked(site: Site) -> None:
    grant = KeyGrant(scopes=frozenset({Scope.READ}), until=site.now() + dt.timedelta(days=1))
    with site.writing() as tx:
        site.programs.add(tx, "biller", site.now())
        made, secret = site.programs.new_secret(tx, "biller", grant, site.now())
    with TestClient(application(site, Finder(site)), base_url="http://127.0.0.1") as client:
        assert token_of(client, secret) == 200
        assert [ask(client, f"guess{n}") for n in range(3)] == [401, 401, 429]
        assert token_of(client, secret) == 200
        assert token_of(client, secret[::-1]) == 429
        with site.writing() as tx:
            site.programs.revoke(tx, made.id, site.now())
        assert [token_of(client, secret) for _ in range(2)] == [429, 429]


def test_guesses_keep_nobody_from_going_on_after_a_fresh_proof(site: Site) -> None:
    with site.writing() as tx:
        text = invite(site, tx, "clerk1", AccountKind.STAFF, by="officer")
    said = {"password": "teapot under the willow"}
    with TestClient(application(site, Finder(site)), base_url="http://127.0.0.1") as client:
        client.headers["Sec-Fetch-Site"] = "same-origin"
        assert client.post("/api/v1/invitations/accept", json={"invitation": text, **said}).status_code == 200
        assert [ask(client, f"guess{n}") for n in range(2)] == [401, 429]
        assert client.post("/api/v1/session/proof", json=said).status_code == 200
        assert client.get("/api/v1/session").status_code == 200
