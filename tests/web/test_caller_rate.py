# SPDX-License-Identifier: Apache-2.0
"""Each caller has a rate of its own, and whoever proves nothing is counted by where it comes from."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from callers import CLERK, CRM, TestClient, bearer, served
from house import ready
from litestar import Litestar

from keshou.db import Database

QUESTION = {"subject": {"type": "x", "id": "x"}}


@pytest.fixture
def client(database: Database, tmp_path: Path) -> Iterator[TestClient[Litestar]]:
    site = ready(database, tmp_path)
    narrow = msgspec.structs.replace(site.settings.server, rate="3/hour", rate_unknown="2/hour")
    site.settings = msgspec.structs.replace(site.settings, server=narrow)
    with TestClient(served(site, {"crm": CRM, "clerk": CLERK}), base_url="http://127.0.0.1") as client:
        yield client
    site.close()


def ask(client: TestClient[Litestar], token: str) -> int:
    return client.post("/access/v1/evaluation", json=QUESTION, headers=bearer(token)).status_code


def test_a_caller_that_asks_too_often_is_told_when_to_come_again_and_others_go_on(client: TestClient[Litestar]) -> None:
    assert {ask(client, "crm") for _ in range(3)} == {400}
    refused = client.post("/access/v1/evaluation", json=QUESTION, headers=bearer("crm"))
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert refused.json()["type"] == "/problems/too-many-requests"
    assert ask(client, "clerk") != 429


def test_a_source_that_guesses_keys_is_refused_before_the_next_is_looked_at(client: TestClient[Litestar]) -> None:
    assert [ask(client, f"guess{n}") for n in range(3)] == [401, 401, 429]


def test_guesses_do_not_spend_what_a_known_caller_has(client: TestClient[Litestar]) -> None:
    assert ask(client, "crm") == 400
    assert [ask(client, f"guess{n}") for n in range(3)] == [401, 401, 429]
    assert ask(client, "crm") == 400
