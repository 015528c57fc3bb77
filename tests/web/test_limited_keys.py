# SPDX-License-Identifier: Apache-2.0
"""A key that is limited to some purposes or acts reaches what is of those, and none of what takes an office."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from api_house import Api, size
from office_house import OFFICES, rules_text, serving, with_offices

from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import StaffAppointed
from keshou.law.terms import ActKind
from keshou.wire.caller import Caller, CallerKind, Scope

WHOLE = Caller(id="robot", kind=CallerKind.PROGRAM, scopes=frozenset({Scope.ACT}), credential="k20")
LIMITED = {
    "by_act": msgspec.structs.replace(WHOLE, acts=frozenset({ActKind.USE})),
    "by_purpose": msgspec.structs.replace(WHOLE, purposes=frozenset({"service"})),
}
_MORE = """
[access_review]
every_days = 90
heads_by = ["auditor"]

[emergency]
posts = ["clerk"]
minutes = 60
reasons = ["outage"]
"""
EMERGENCY = {"post": "clerk", "reason": "outage", "case": "t-1"}
GROUND = {
    "cite": "npcsc2012:10.1", "rank": "law", "kinds": ["use"], "purposes": ["marketing"], "items": ["tariff_plan"],
    "until": "2026-09-01T00:00:00+08:00",
}  # fmt: skip
WRITTEN: list[tuple[str, Any]] = [
    ("/staff/novice/appointments", {"post": "clerk"}),
    ("/staff/clerk1/departure", b""),
    ("/suspensions", {"kinds": ["use"]}),
    ("/grounds", GROUND),
    ("/accounts", {"id": "novice", "kind": "staff"}),
    ("/programs", {"id": "another"}),
    ("/backups", {}),
    ("/log/checkpoint", b""),
]
OTHERS = (
    "/me", "/session", "/sign-in", "/invitations", "/visits", "/law", "/permit-keys", "/exports", "/imports", "/links",
    "/reviews", "/openapi.json",
)  # fmt: skip
"""Where what begins so is everybody's, a user's, a person's, or kept to what the key is for."""


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with with_offices(database, tmp_path, more=_MORE) as site:
        posts = ("clerk", *OFFICES)
        site.record_site(*(StaffAppointed(at=site.now(), staff="robot", post=post) for post in posts), by="founder")
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site, robot=WHOLE, **LIMITED) as api:
        yield api


def places(api: Api) -> list[str]:
    """Return every place that is looked at and needs no more than its address."""
    paths = msgspec.json.decode(api.get("/openapi.json", "robot").content)["paths"]
    every = [path.removeprefix("/api/v1") for path, of in paths.items() if path.startswith("/api/v1/") and "get" in of]
    return [each for each in every if "{" not in each]


@pytest.mark.parametrize(("path", "body"), WRITTEN)
def test_what_takes_an_office_takes_a_key_that_is_not_limited(api: Api, site: Site, path: str, body: Any) -> None:
    before = size(site)
    for who in LIMITED:
        refused = api.post(path, body, who)
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-entitled"), who
        assert "limited" in refused.json()["detail"]
    assert size(site) == before
    assert api.post(path, body, "robot").status_code in (200, 202), api.post(path, body, "robot").text


def test_a_limited_key_publishes_no_rules(api: Api, site: Site) -> None:
    later = rules_text().replace("effective = 2026-01-01", "effective = 2026-05-01")
    sent = {"Content-Type": "application/toml", "If-Match": '"1"'}
    for who in LIMITED:
        assert api.post("/rules", later.encode(), who, **sent).status_code == 403, who
    with site.reading() as tx:
        assert site.declarations.numbers(tx) == [1]
    assert api.post("/rules", later.encode(), "robot", **sent).status_code == 200


def test_a_limited_key_sees_nothing_that_an_office_opens(api: Api) -> None:
    looked = [each for each in places(api) if api.get(each, "robot").status_code == 200]
    opened = [each for each in looked if not each.startswith(OTHERS)]
    assert {"/staff", "/accounts", "/programs", "/webhooks", "/backups", "/access", "/emergencies"} <= set(opened)
    for who in LIMITED:
        assert {each: api.get(each, who).status_code for each in opened} == dict.fromkeys(opened, 403)


def test_a_limited_key_sees_what_it_asked_for_itself_and_is_no_auditor(api: Api) -> None:
    asked = {"kind": "export", "purpose": "service", "items": ["tariff_plan"], "count": 3}
    assert api.post("/reviews", asked, "robot").status_code == 200
    assert api.post("/reviews", asked | {"purpose": "marketing"}, "lister").status_code == 200
    assert len(api.get("/reviews", "robot").json()["items"]) == 2
    assert [each["requester"] for each in api.get("/reviews", "by_purpose").json()["items"]] == ["robot"]
    assert api.get("/reviews", "by_act").json()["items"] == []


def test_an_emergency_is_begun_by_a_person(api: Api, site: Site) -> None:
    before = size(site)
    for who in ("robot", *LIMITED):
        refused = api.post("/emergencies", EMERGENCY, who)
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-entitled"), who
    assert size(site) == before
    assert api.post("/emergencies", EMERGENCY, "boss").status_code == 200
