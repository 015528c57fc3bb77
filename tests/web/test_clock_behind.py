# SPDX-License-Identifier: Apache-2.0
"""Every face of a server whose clock is a little behind denies what was taken back by another before it was asked."""

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from callers import CRM, bearer, served
from house import SITE, Clock, newcomer, ready
from litestar import Litestar
from litestar.testing import TestClient

from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import ConsentWithdrawn
from keshou.vault.keys import FileKeys
from keshou.wire.authzen_arrow import MEDIA_TYPE

QUESTION = {
    "subject": {"type": "staff", "id": "clerk1"},
    "action": {"name": "use"},
    "resource": {"type": "personal_information", "id": "u1", "properties": {"items": ["tariff_plan"]}},
    "context": {"purpose": "service"},
}
OURS = {"kind": "use", "user": "u1", "items": ["tariff_plan"], "purpose": "service", "by": "clerk1"}
ROW = {"user": ["u1"], "kind": ["use"], "by": ["clerk1"], "purpose": ["service"], "items": [["tariff_plan"]]}


class Servers:
    """One server whose clock can be put ahead, and one that is asked over HTTP."""

    def __init__(self, one: Site, early: Clock, client: TestClient[Litestar]) -> None:
        self.one, self.client, self._early = one, client, early
        self.keys = itertools.count()

    def withdraw(self, ahead: dt.timedelta) -> None:
        """Have the first take a consent back at a time that is still to come by the other's clock."""
        self._early.moment += ahead
        self.one.record("u1", ConsentWithdrawn(at=self.one.now(), purpose="service"))

    def post(self, path: str, **sent: Any) -> Any:
        """Ask the other."""
        headers = bearer("crm") | sent.pop("headers", {})
        return self.client.post(path, headers=headers, **sent)


@pytest.fixture
def servers(database: Database, tmp_path: Path) -> Iterator[Servers]:
    early, late = Clock(), Clock()
    url = database.url.render_as_string(hide_password=False)
    with ready(database, tmp_path, early) as one:
        keys = FileKeys.open(tmp_path / "keys", SITE)
        with Site(tmp_path, Settings(site=SITE), Database(url), keys, late) as two:
            one.do(newcomer(one, "u1"))
            for clock in (early, late):
                clock.moment += dt.timedelta(minutes=1)
            with TestClient(served(two, {"crm": CRM}), base_url="http://127.0.0.1") as client:
                yield Servers(one, early, client)


def single(servers: Servers) -> Any:
    return servers.post("/access/v1/evaluation", json=QUESTION)


def batch(servers: Servers) -> Any:
    return servers.post("/access/v1/evaluations", json={"evaluations": [QUESTION, QUESTION]})


def searched(servers: Servers) -> Any:
    asked = QUESTION | {"subject": {"type": "staff"}}
    return servers.post("/access/v1/search/subject", json=asked)


def decision(servers: Servers) -> Any:
    return servers.post("/api/v1/decisions", json=OURS)


def stream(servers: Servers) -> Any:
    table, sink = pa.table(ROW), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    body = sink.getvalue().to_pybytes()
    return servers.post("/api/v1/evaluations", content=body, headers={"Content-Type": MEDIA_TYPE})


def filtered(servers: Servers) -> Any:
    table = {"name": "customers", "user_column": "id", "columns": {"plan": "tariff_plan"}}
    sent = {"act": {"kind": "use", "purpose": "service", "by": "clerk1"}, "table": table, "users": ["u1"]}
    return servers.post("/api/v1/filters", json=sent, headers={"Idempotency-Key": f"k-{next(servers.keys)}"})


def columns_of(answer: Any) -> bool:
    rows = pa.ipc.open_stream(answer.content).read_all().to_pylist()
    return bool(rows[0]["decision"])


FACES: list[tuple[Callable[[Servers], Any], Callable[[Any], bool]]] = [
    (single, lambda answer: answer.json()["decision"]),
    (batch, lambda answer: any(each["decision"] for each in answer.json()["evaluations"])),
    (searched, lambda answer: "clerk1" in [each["id"] for each in answer.json()["results"]]),
    (decision, lambda answer: answer.json()["permitted"]),
    (stream, columns_of),
    (filtered, lambda answer: "u1" in answer.json()["users"]),
]


@pytest.mark.parametrize(("face", "permits"), FACES, ids=[face.__name__ for face, _ in FACES])
def test_no_face_permits_what_was_taken_back_where_the_clock_is_ahead(
    servers: Servers, face: Callable[[Servers], Any], permits: Callable[[Any], bool]
) -> None:
    for _ in range(2):
        answer = face(servers)
        assert answer.is_success, answer.text
        assert permits(answer)
    servers.withdraw(dt.timedelta(seconds=1.5))
    for _ in range(2):
        answer = face(servers)
        assert answer.is_success, answer.text
        assert not permits(answer)


@pytest.mark.parametrize("face", [face for face, _ in FACES], ids=[face.__name__ for face, _ in FACES])
def test_a_server_that_is_far_behind_answers_that_it_cannot(servers: Servers, face: Callable[[Servers], Any]) -> None:
    assert face(servers).is_success
    servers.withdraw(dt.timedelta(minutes=10))
    answer = face(servers)
    assert answer.status_code == 503, answer.text
