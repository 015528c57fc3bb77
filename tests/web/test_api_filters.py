# SPDX-License-Identifier: Apache-2.0
"""Filters over the API name the rows and columns that may be used now, in the caller's own name, and are recorded."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from api_house import Api, serving, size
from house import Clock, between, grounded, newcomer, ready, reopened

from keshou.app import row_filter
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import ConsentWithdrawn
from keshou.ledger.entry import decode
from keshou.permits.filter import RowFilter

TABLE = {"name": "customers", "user_column": "id", "columns": {"phone": "mobile_number", "paid": "bill"}}


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def asked(*users: str, table: Any = TABLE, **act: Any) -> dict[str, Any]:
    return {"act": {"kind": "use", "purpose": "service"} | act, "table": table, "users": list(users)}


def test_a_filter_names_the_users_and_columns_that_may_be_used(api: Api, site: Site) -> None:
    before = size(site)
    answer = api.post("/filters", asked("u1", "u2", "nobody"))
    assert answer.status_code == 200, answer.text
    found = msgspec.json.decode(answer.content, type=RowFilter)
    assert found.users == ("u1", "u2")
    assert [(each.name, each.masked) for each in found.columns] == [("phone", False)]
    assert found.left_out == ("paid",)
    assert (found.by, found.entry, size(site)) == ("clerk1", before, before + 1)
    with site.reading() as tx:
        assert decode(site.ledger.entry(tx, before)).count == 3


def test_a_withdrawal_is_out_of_the_next_filter_and_each_is_recorded(api: Api, site: Site) -> None:
    before = size(site)
    assert api.post("/filters", asked("u1", "u2"), key="same").json()["users"] == ["u1", "u2"]
    site.record("u1", ConsentWithdrawn(at=site.now(), purpose="service"))
    assert api.post("/filters", asked("u1", "u2"), key="same").json()["users"] == ["u2"]
    assert size(site) == before + 3


def test_a_filter_for_a_post_without_a_grant_lets_nobody_through(api: Api) -> None:
    found = api.post("/filters", asked("u1"), "stranger").json()
    assert (found["users"], found["columns"]) == ([], [])


@pytest.mark.parametrize(
    ("who", "act"),
    [
        ("clerk", {"by": "biller"}), ("biller", {"by": "clerk1"}), ("user", {}), ("inspector", {}), ("reader", {}),
        ("narrow", {"purpose": "marketing"}), ("narrow", {"kind": "query"}), ("crm", {"by": "user"}),
    ],
)  # fmt: skip
def test_nobody_filters_in_another_s_name_or_beyond_their_key(api: Api, site: Site, who: str, act: Any) -> None:
    before = size(site)
    answer = api.post("/filters", asked("u1", **act), who)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-entitled")
    assert size(site) == before


def test_a_program_trusted_with_it_filters_in_the_name_of_staff(api: Api) -> None:
    assert api.post("/filters", asked("u1", by="clerk1"), "crm").json()["by"] == "clerk1"


def test_a_filter_for_export_needs_a_fresh_proof(database: Database, tmp_path: Path) -> None:
    clock = Clock()
    with ready(database, tmp_path, clock) as site, serving(site) as api:
        site.do(newcomer(site, "u1"))
        assert api.post("/filters", asked("u1", kind="export"), "lister").status_code == 200
        clock.moment = clock.moment.replace(hour=12)
        assert api.post("/filters", asked("u1"), "lister").status_code == 200
        stale = api.post("/filters", asked("u1", kind="export"), "lister")
        assert (stale.status_code, stale.json()["type"]) == (403, "/problems/proof-too-old")


@pytest.mark.parametrize("body", [
    asked(), {**asked("u1"), "extra": 1}, asked("u1", kind="teleport"), asked("u1", user="u2"), asked("u1\n"),
    asked("u1", table=TABLE | {"columns": {}}), asked("u1", table=TABLE | {"name": ""}), asked("u1", at_least=1),
    asked("u1", table=TABLE | {"name": "x" * 64}), asked("u1", table=TABLE | {"user_column": "a\u0000b"}),
    asked("u1", table=TABLE | {"user_type": "uuid"}), asked("u1", table=TABLE | {"columns": {"phone": "a b"}}),
    {key: value for key, value in asked("u1").items() if key != "table"},
])  # fmt: skip
def test_what_is_not_of_the_documented_form_is_refused(api: Api, site: Site, body: Any) -> None:
    before = size(site)
    answer = api.post("/filters", body)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed"), answer.text
    assert size(site) == before


def test_a_table_in_a_schema_is_named_apart_and_comes_back_so(api: Api, site: Site) -> None:
    found = api.post("/filters", asked("u1", table=TABLE | {"schema": "crm"})).json()
    assert (found["schema"], found["table"], found["users"]) == ("crm", "customers", ["u1"])
    before = size(site)
    refused = api.post("/filters", asked("u1", table=TABLE | {"name": "crm.customers"}))
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/input")
    assert "`schema`" in refused.json()["hint"]
    assert size(site) == before


def test_the_keys_of_permits_are_for_everybody_and_hold_no_secret(api: Api) -> None:
    answer = api.client.get("/api/v1/permit-keys")
    assert answer.status_code == 200
    assert len(answer.json()["keys"]) == 3
    assert all(set(each) == {"kty", "crv", "alg", "use", "kid", "x"} for each in answer.json()["keys"])
    assert answer.headers["cache-control"] == "public, max-age=3600"


def test_a_server_that_has_just_begun_filters_as_of_now_whatever_is_said_meanwhile(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    grounded(site, "u2")
    with reopened(site) as other, serving(other) as api:

        def write() -> None:
            site.record("u1", ConsentWithdrawn(at=site.now(), purpose="service"))
            site.record("u2", ConsentWithdrawn(at=site.now(), purpose="service"))

        times = between(monkeypatch, row_filter, "judge", write)
        answer = api.post("/filters", asked("u1", "u2", "nobody", ground="g1"))
    assert answer.status_code == 200, answer.text
    assert answer.json()["users"] == ["u2"]
    assert len(times) == 2
