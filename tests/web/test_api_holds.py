# SPDX-License-Identifier: Apache-2.0
"""Legal holds over HTTP: set once, told by number only, lifted by another; erasing under one is denied."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_house import Api, size
from house import START, newcomer
from office_house import serving, with_offices

from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import StaffAppointed
from keshou.ledger.entry import decode

HOLD = {"ground": "authority", "document": "d-1", "cite": "law:1", "users": ["u1"]}
ERASE = {"user": "u1", "items": ["tariff_plan"], "purpose": "service", "kind": "destroy", "by": "clerk1"}


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with with_offices(database, tmp_path) as site:
        site.record_site(StaffAppointed(at=START, staff="deputy", post="officer"), by="founder")
        site.do_all([newcomer(site, each) for each in ("u1", "u2")])
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def put(api: Api, who: str = "boss", **changes: Any) -> str:
    answer = api.post("/holds", HOLD | changes, who)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def standing(api: Api, every: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/holds{every}", "auditor1").json()["items"]
    return found


def test_a_hold_is_set_once_told_without_names_and_lifted_by_another(api: Api, site: Site) -> None:
    first, again = (api.post("/holds", HOLD, "boss", key="k") for _ in range(2))
    assert again.json() == first.json() | {"repeated": True}
    name = first.json()["id"]
    (told,) = standing(api)
    assert (told["id"], told["users"], told["set_by"], told["state"]) == (name, 1, "boss", "stands")
    assert "u1" not in str(told)
    assert api.post(f"/holds/{name}/lift", {"reason": "closed"}, "boss").status_code == 403
    lifted = api.post(f"/holds/{name}/lift", {"reason": "closed"}, "deputy")
    assert lifted.status_code == 200, lifted.text
    with site.reading() as tx:
        assert decode(site.ledger.entry(tx, lifted.json()["entry"])).who == "deputy"
    assert api.post(f"/holds/{name}/lift", {"reason": "closed"}, "deputy").status_code == 404
    assert standing(api) == []
    (told,) = standing(api, "?all=true")
    assert (told["state"], told["lifted_by"], told["reason"]) == ("lifted", "deputy", "closed")


def test_what_is_held_is_not_erased_over_http_and_the_denial_cites_why(api: Api) -> None:
    put(api)
    denied = api.post("/users/erasures", ERASE, "clerk1")
    assert denied.status_code == 403
    assert ("miit24:10", "hold") in {(each["cite"], each["missing"]) for each in denied.json()["reasons"]}
    mine = api.post("/me/erasure", {"purpose": "service"}, "user")
    assert mine.status_code == 403
    ended = api.post("/users/cancellations", {"user": "u1"}, "fresh")
    assert (ended.status_code, ended.json()["shredded"]) == (200, [])


def test_users_see_under_which_ground_something_is_kept_unless_the_hold_is_silent(api: Api) -> None:
    put(api, silent=True)
    assert api.get("/me", "user").json()["kept"] == []
    put(api, ground="dispute", document="d-2", cite="")
    (told,) = api.get("/me", "user").json()["kept"]
    assert told["ground"] == "dispute"
    assert {"document", "set_by", "hold"}.isdisjoint(told)
    assert set(told["items"]) >= {"tariff_plan"}


@pytest.mark.parametrize("who", ["clerk1", "judge", "keeper1", "auditor1", "inspector", "user", "reader", "crm"])
def test_nobody_without_the_office_sets_or_lifts(api: Api, site: Site, who: str) -> None:
    name, before = put(api), size(site)
    sent = [api.post("/holds", HOLD, who), api.post(f"/holds/{name}/lift", {"reason": "closed"}, who)]
    assert {each.json()["type"] for each in sent} == {"/problems/not-entitled"}
    assert size(site) == before


def test_a_program_in_the_office_sets_a_hold_and_lifts_none(api: Api, site: Site) -> None:
    site.record_site(StaffAppointed(at=START, staff="steward", post="officer"), by="founder")
    assert api.post("/holds", HOLD, "steward").status_code == 200
    refused = api.post(f"/holds/{put(api)}/lift", {"reason": "closed"}, "steward")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-entitled")


def test_a_stale_proof_is_not_enough(api: Api, site: Site) -> None:
    before = size(site)
    assert api.post("/holds", HOLD, "stale_boss").json()["type"] == "/problems/proof-too-old"
    assert size(site) == before


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"ground": "whim"}, 400), ({"users": [""]}, 400), ({"document": "Mr X"}, 400), ({"classes": ["record"]}, 400),
        ({"surprise": 1}, 400), ({"until": "tomorrow"}, 400), ({"users": []}, 422), ({"cite": ""}, 422),
        ({"users": ["nobody"]}, 422), ({"purposes": ["nothing"]}, 422), ({"until": "2001-01-01T00:00:00Z"}, 422),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_written(
    api: Api, site: Site, changes: dict[str, Any], status: int
) -> None:
    before = size(site)
    answer = api.post("/holds", HOLD | changes, "boss")
    assert answer.status_code == status, answer.text
    assert "u1" not in answer.text
    assert size(site) == before


def test_the_preview_tells_what_is_held_back(api: Api) -> None:
    put(api)
    api.post("/users/cancellations", {"user": "u1"}, "fresh")
    found = api.get("/retention?until=2099-01-01", "auditor1").json()
    assert [(each["ground"], each["users"], each["until"]) for each in found["held"]] == [("authority", 1, None)]
    assert found["days"] == []
