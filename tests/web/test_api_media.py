# SPDX-License-Identifier: Apache-2.0
"""The register of media over HTTP: kept by who has the office, read by auditors too, and each line is an entry."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_house import Api
from office_house import serving, with_offices

from keshou.app.site import Site
from keshou.db import Database
from keshou.ledger.entry import decode

BOX = {"id": "box-1", "form": "paper", "place": "cellar-2", "holder": "clerk1", "sealed": True, "items": ["user_name"]}
MOVE = {"place": "cellar-3", "holder": "deputy", "sealed": True}
LATER: list[tuple[str, dict[str, Any]]] = [
    ("moves", MOVE), ("checks", {"found": "seal_broken"}),
    ("destruction", {"manner": "shredded", "witness": "deputy"}),
]  # fmt: skip


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with with_offices(database, tmp_path) as site:
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def test_a_medium_is_followed_from_its_entry_to_its_end(api: Api, site: Site) -> None:
    first, again = (api.post("/media", BOX, "boss", key="k") for _ in range(2))
    assert first.status_code == 200, first.text
    assert again.json() == first.json() | {"repeated": True}
    states = [api.get("/media/box-1", "boss").json()["state"]]
    for place, body in LATER:
        answered = api.post(f"/media/box-1/{place}", body, "boss")
        assert answered.status_code == 200, answered.text
        with site.reading() as tx:
            assert decode(site.ledger.entry(tx, answered.json()["entry"])).who == "boss"
        states.append(api.get("/media/box-1", "auditor1").json()["state"])
    assert states == ["kept", "kept", "open", "destroyed"]
    (told,) = api.get("/media", "auditor1").json()["items"]
    assert (told["place"], told["holder"], told["items"]) == ("cellar-3", "deputy", ["user_name"])
    assert [each["what"] for each in told["history"]] == ["registered", "moved", "checked", "destroyed"]
    site.audit()


@pytest.mark.parametrize("who", ["clerk1", "keeper1", "auditor1", "inspector", "user", "reader", "crm"])
def test_nobody_without_the_office_writes_in_the_register(api: Api, who: str) -> None:
    api.post("/media", BOX, "boss")
    sent = [api.post("/media", BOX | {"id": "box-2"}, who)]
    sent += [api.post(f"/media/box-1/{place}", body, who) for place, body in LATER]
    assert {each.json()["type"] for each in sent} == {"/problems/not-entitled"}
    assert len(api.get("/media", "boss").json()["items"][0]["history"]) == 1


def test_what_the_register_does_not_know_cannot_be_moved_and_what_is_gone_stays_gone(api: Api) -> None:
    assert api.post("/media/box-9/moves", MOVE, "boss").status_code == 404
    assert api.get("/media/box-9", "boss").status_code == 404
    api.post("/media", BOX, "boss")
    assert api.post("/media", BOX, "boss").status_code == 422, "an id is given once"
    own = {"manner": "shredded", "witness": "boss"}
    assert api.post("/media/box-1/destruction", own, "boss").status_code == 422, "nobody is their own witness"
    assert api.post("/media/box-1/destruction", LATER[2][1], "stale_boss").status_code == 403
    assert api.post("/media/box-1/destruction", LATER[2][1], "boss").status_code == 200
    assert api.post("/media/box-1/moves", MOVE, "boss").status_code == 422


def test_words_that_are_no_ids_do_not_get_into_the_register(api: Api) -> None:
    for changed in ({"place": "the cellar"}, {"holder": "孔丘"}, {"items": ["shoe_size"]}, {"form": "clay"}):
        answered = api.post("/media", BOX | changed, "boss")
        assert answered.status_code in (400, 422), answered.text
    assert api.get("/media", "boss").json()["items"] == []
