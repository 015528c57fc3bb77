# SPDX-License-Identifier: Apache-2.0
"""Where the settings say that no reasons are given, nobody is told any, by whichever of the ways they ask."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from callers import CRM, bearer, served
from house import Clock, newcomer, ready
from litestar import Litestar
from litestar.testing import TestClient

from keshou.app.settings import ServerSettings
from keshou.db import Database
from keshou.wire.authzen_arrow import MEDIA_TYPE

EVALUATION, EVALUATIONS, STREAM = "/access/v1/evaluation", "/access/v1/evaluations", "/api/v1/evaluations"
USERS = ("u1", "stranger")
"""Of whom a use is permitted, and is not."""


@pytest.fixture(params=[False, True], ids=["without", "with"])
def reasons(request: pytest.FixtureRequest) -> bool:
    """Whether the settings have reasons given."""
    return bool(request.param)


@pytest.fixture
def client(database: Database, tmp_path: Path, clock: Clock, reasons: bool) -> Iterator[TestClient[Litestar]]:
    with ready(database, tmp_path, clock, server=ServerSettings(reasons=reasons)) as site:
        site.do(newcomer(site, "u1"))
        with TestClient(served(site, {"crm": CRM}), base_url="http://127.0.0.1") as client:
            yield client


def question(user: str) -> dict[str, Any]:
    return {
        "subject": {"type": "staff", "id": "clerk1"},
        "action": {"name": "use"},
        "resource": {"type": "personal_information", "id": user, "properties": {"items": ["tariff_plan"]}},
        "context": {"purpose": "service"},
    }


def answered(client: TestClient[Litestar], path: str, body: Any, **headers: str) -> Any:
    found = client.post(path, json=body, headers=bearer("crm") | headers)
    assert found.status_code == 200, found.text
    return found.json()


def bare(permitted: bool) -> dict[str, bool]:
    return {"decision": permitted}


def test_one_question(client: TestClient[Litestar], reasons: bool) -> None:
    for _ in range(2):  # the first goes the whole way, later ones the short way
        for user, permitted in zip(USERS, (True, False), strict=True):
            found = answered(client, EVALUATION, question(user))
            assert found["decision"] is permitted
            assert (found == bare(permitted)) is not reasons
    asked = answered(client, EVALUATION, question(USERS[1]), Prefer="return=representation")
    assert ("context" in asked) is reasons, "a request may ask for less, and not for more"


@pytest.mark.parametrize("semantic", ["execute_all", "deny_on_first_deny"])
def test_many_questions(client: TestClient[Litestar], reasons: bool, semantic: str) -> None:
    body = {"options": {"evaluations_semantic": semantic}, "evaluations": [question(user) for user in USERS]}
    found = answered(client, EVALUATIONS, body)["evaluations"]
    assert [each["decision"] for each in found] == [True, False]
    assert (found == [bare(True), bare(False)]) is not reasons


def test_a_stream_of_questions(client: TestClient[Litestar], reasons: bool) -> None:
    columns = {
        "user": list(USERS), "kind": ["use"] * 2, "by": ["clerk1"] * 2, "purpose": ["service"] * 2,
        "items": [["tariff_plan"]] * 2,
    }  # fmt: skip
    table, sink = pa.table(columns), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    headers = {"Content-Type": MEDIA_TYPE} | bearer("crm")
    found = client.post(STREAM, content=sink.getvalue().to_pybytes(), headers=headers)
    assert found.status_code == 200, found.text
    answers = pa.ipc.open_stream(found.content).read_all()
    assert answers.column("decision").to_pylist() == [True, False]
    assert ("reason_code" in answers.column_names) is reasons
    assert bool(answers.schema.metadata) is reasons
