# SPDX-License-Identifier: Apache-2.0
"""Over the API posts, agents, suspensions and grounds are written down by who holds the office, in their own name."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_house import Api, size
from house import newcomer
from office_house import serving, with_offices

from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import AgentSuspended
from keshou.ledger.entry import decode

_AGENT = """
[[agents]]
id = "shop"
name = { zh = "门店", en = "Shop" }
supervised_by = "officer"
purposes = ["service"]
acts = ["use"]
[agents.contact]
phone = "010-00000001"
address = { zh = "示例市二号", en = "2 Sample City" }
[agents.qualification]
number = "Q-1"
checked_on = 2025-01-10
checked_by = "officer"
valid_until = 2034-12-31
[agents.contract]
from = 2025-02-01
until = 2034-12-31
protection_clause = true
"""
GROUND = {
    "cite": "npcsc2012:10.1", "rank": "law", "kinds": ["use"], "purposes": ["marketing"], "items": ["tariff_plan"],
    "until": "2026-09-01T00:00:00+08:00",
}  # fmt: skip
QUESTION = {"kind": "use", "user": "u1", "items": ["tariff_plan"], "purpose": "service"}
ACTIONS: list[tuple[str, Any]] = [
    ("/staff/novice/appointments", {"post": "clerk"}),
    ("/staff/clerk1/moves", {"post": "analyst"}),
    ("/staff/clerk1/removals", {"post": "clerk"}),
    ("/staff/clerk1/departure", None),
    ("/agents/shop/suspension", None),
    ("/agents/shop/reinstatement", None),
    ("/suspensions", {"kinds": ["use"]}),
    ("/grounds", GROUND),
]


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with with_offices(database, tmp_path, more=_AGENT) as site:
        site.do(newcomer(site, "u1"))
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def send(api: Api, path: str, body: Any, who: str = "boss", key: str = "") -> Any:
    return api.post(path, b"" if body is None else body, who, key=key)


def permitted(api: Api) -> bool:
    found: bool = api.post("/decisions", QUESTION, "clerk1").json()["permitted"]
    return found


@pytest.mark.parametrize(("path", "body"), ACTIONS)
def test_it_is_recorded_once_under_the_callers_name(api: Api, site: Site, path: str, body: Any) -> None:
    if path == "/agents/shop/reinstatement":
        site.record_site(AgentSuspended(at=site.now(), agent="shop"), by="boss")
    before = size(site)
    first, again = (send(api, path, body, key="k") for _ in range(2))
    assert first.status_code == 200, first.text
    with site.reading() as tx:
        assert decode(site.ledger.entry(tx, first.json()["entry"])).who == "boss"
    assert again.json() == first.json() | {"repeated": True}
    assert size(site) == before + 1


@pytest.mark.parametrize(("path", "body"), ACTIONS)
@pytest.mark.parametrize("who", ["clerk1", "keeper1", "inspector", "user", "reader", "crm"])
def test_nobody_without_the_office_writes_it_down(api: Api, site: Site, path: str, body: Any, who: str) -> None:
    before = size(site)
    assert send(api, path, body, who).json()["type"] == "/problems/not-entitled"
    assert size(site) == before


@pytest.mark.parametrize(
    "path", ["/staff/novice/appointments", "/staff/clerk1/departure", "/agents/shop/suspension", "/grounds"]
)
def test_a_risky_one_needs_a_fresh_proof(api: Api, path: str) -> None:
    assert send(api, path, dict(ACTIONS)[path], "stale_boss").json()["type"] == "/problems/proof-too-old"


def test_nobody_appoints_themselves(api: Api) -> None:
    answer = send(api, "/staff/boss/appointments", {"post": "clerk"})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-entitled")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/staff/novice/appointments", {"post": "nothing"}, 422),
        ("/staff/clerk1/moves", {"post": "nothing"}, 422),
        ("/staff/novice/appointments", {"post": "clerk", "branch": "nowhere"}, 422),
        ("/staff/novice/appointments", {"post": "clerk", "until": "2026-09-01T00:00:00"}, 400),
        ("/staff/novice/appointments", {"post": "clerk", "more": 1}, 400),
        ("/staff/no%20body/appointments", {"post": "clerk"}, 400),
        ("/staff/nobody/departure", None, 404),
        ("/staff/nobody/moves", {"post": "clerk"}, 404),
        ("/staff/clerk1/removals", {"post": "analyst"}, 404),
        ("/agents/none/suspension", None, 404),
        ("/agents/none/reinstatement", None, 404),
        ("/agents/shop/reinstatement", None, 404),
        ("/suspensions/none/lift", None, 404),
        ("/grounds/none/end", None, 404),
        ("/suspensions", {"kinds": ["steal"]}, 400),
        ("/grounds", GROUND | {"rank": "departmental_rule"}, 422),
        ("/grounds", GROUND | {"items": []}, 400),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_recorded(
    api: Api, site: Site, path: str, body: Any, status: int
) -> None:
    before = size(site)
    answer = send(api, path, body)
    assert answer.status_code == status, answer.text
    assert size(site) == before


def test_who_leaves_may_do_nothing_from_then_on(api: Api) -> None:
    assert permitted(api)
    assert {each["id"] for each in api.get("/staff", "boss").json()["items"]} > {"clerk1"}
    send(api, "/staff/clerk1/departure", None)
    assert not permitted(api)
    assert "clerk1" not in {each["id"] for each in api.get("/staff", "boss").json()["items"]}


def test_a_move_ends_every_post_and_begins_the_new_one(api: Api) -> None:
    send(api, "/staff/clerk1/moves", {"post": "analyst"})
    (found,) = (each for each in api.get("/staff", "auditor1").json()["items"] if each["id"] == "clerk1")
    assert [each["post"] for each in found["posts"]] == ["analyst"]


def test_a_suspension_stops_acts_until_it_is_lifted_once(api: Api) -> None:
    name = send(api, "/suspensions", {"kinds": ["use"]}).json()["id"]
    assert not permitted(api)
    assert [each["id"] for each in api.get("/suspensions", "auditor1").json()["items"]] == [name]
    assert send(api, f"/suspensions/{name}/lift", None, "stale_boss").status_code == 403
    assert send(api, f"/suspensions/{name}/lift", None, key="l").status_code == 200
    assert permitted(api)
    assert send(api, f"/suspensions/{name}/lift", None, key="l").json()["repeated"]
    assert send(api, f"/suspensions/{name}/lift", None).status_code == 404


def test_a_ground_is_listed_without_naming_users_until_it_ends(api: Api) -> None:
    name = send(api, "/grounds", GROUND | {"users": ["u1"]}).json()["id"]
    told = api.get("/grounds", "auditor1")
    assert [(each["id"], each["users"], each["recorded_by"]) for each in told.json()["items"]] == [(name, 1, "boss")]
    assert "u1" not in json.dumps(told.json()["items"][0] | {"id": ""})
    assert send(api, f"/grounds/{name}/end", None).status_code == 200
    assert api.get("/grounds", "auditor1").json()["items"] == []


def test_an_unfit_agent_is_shown_as_such(api: Api) -> None:
    send(api, "/agents/shop/suspension", None)
    assert api.get("/agents", "boss").json()["items"] == [{"id": "shop", "suspended": True}]
    send(api, "/agents/shop/reinstatement", None)
    assert api.get("/agents", "boss").json()["items"] == [{"id": "shop", "suspended": False}]


@pytest.mark.parametrize("path", ["/staff", "/agents", "/suspensions", "/grounds"])
def test_lists_are_for_those_in_office(api: Api, path: str) -> None:
    assert api.get(path, "auditor1").status_code == 200
    for who in ("clerk1", "user", "inspector", "reader"):
        assert api.get(path, who).status_code == 403, who
