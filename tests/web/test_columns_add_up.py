# SPDX-License-Identifier: Apache-2.0
"""Acts of a stream that add up with others: as of the last entry, and without asking the database for each hand."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from callers import CRM, bearer, served
from house import Clock, act, newcomer, ready
from litestar import Litestar
from litestar.testing import TestClient

from keshou.acts.request import Perform
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.decision import Permit
from keshou.gate.facts import ConsentWithdrawn
from keshou.gate.taking.store import Takings
from keshou.law.terms import ActKind
from keshou.wire.authzen_arrow import MEDIA_TYPE


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with ready(database, tmp_path, clock) as site:
        site.do_all([newcomer(site, f"u{number}") for number in range(1, 5)])
        yield site


@pytest.fixture
def client(site: Site) -> Iterator[TestClient[Litestar]]:
    with TestClient(served(site, {"crm": CRM}), base_url="http://127.0.0.1") as client:
        yield client


def asked(client: TestClient[Litestar], rows: list[dict[str, Any]]) -> pa.Table:
    sink, table = pa.BufferOutputStream(), pa.Table.from_pylist(rows)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    headers = {"Content-Type": MEDIA_TYPE} | bearer("crm")
    found = client.post("/api/v1/evaluations", content=sink.getvalue().to_pybytes(), headers=headers)
    assert found.status_code == 200, found.text
    return pa.ipc.open_stream(found.content).read_all()


EXPORTED = {"kind": "export", "by": "lister", "purpose": "service", "items": ["tariff_plan"]}


def exports(client: TestClient[Litestar], *users: str) -> list[bool]:
    found: list[bool] = asked(client, [{**EXPORTED, "user": user} for user in users]).column("decision").to_pylist()
    return found


def test_what_a_hand_took_meanwhile_counts_in_the_next_stream(client: TestClient[Litestar], site: Site) -> None:
    assert exports(client, "u1", "u4") == exports(client, "u1", "u4") == [True, True]
    export = act(ActKind.EXPORT, "u1", "tariff_plan", by="lister")
    assert isinstance(site.do(Perform(act=export)).decision, Permit)
    assert exports(client, "u1", "u4") == [False, False], "with the one before it is three users"
    assert exports(client, "u4") == [True]


def test_while_nothing_is_written_the_next_stream_asks_the_database_nothing_again(
    client: TestClient[Litestar], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {"user": f"u{number % 4 + 1}", "kind": kind, "by": f"hand{number}", "purpose": "service", "items": [item]}
        for number, (kind, item) in enumerate(
            itertools.product(("export", "copy", "delete", "destroy"), ("tariff_plan", "user_name") * 20)
        )
    ]
    before = asked(client, rows)
    opened: list[str] = []
    reading = site.database.reading
    monkeypatch.setattr(site.database, "reading", lambda: opened.append("") or reading())
    assert asked(client, rows).equals(before)
    assert not opened
    monkeypatch.undo()
    site.record("u1", ConsentWithdrawn(at=site.now(), purpose="service"))
    counted: list[str] = []
    spans = Takings.spans
    monkeypatch.setattr(Takings, "spans", lambda *given: counted.append("") or spans(*given))
    asked(client, rows)
    assert len(counted) == 3, "one question a kind, however many hands"
