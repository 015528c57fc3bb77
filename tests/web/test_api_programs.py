# SPDX-License-Identifier: Apache-2.0
"""Programs are given keys over the API by whoever holds the office, freshly proven, and never by themselves."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_house import Api
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from house import START
from joserfc.jwk import OKPKey
from office_house import serving, with_offices

from keshou.accounts.account import AccountKind
from keshou.app.site import Site
from keshou.db import Database

UNTIL = (START + dt.timedelta(days=30)).isoformat()
KEY = {"kind": "key", "scopes": ["act", "read"], "until": UNTIL}


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with with_offices(database, tmp_path) as site:
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def made(api: Api, body: Any = KEY, program: str = "crm") -> Any:
    assert api.post("/programs", {"id": program}, "keeper1").status_code == 200
    answer = api.post(f"/programs/{program}/credentials", body, "keeper1")
    assert answer.status_code == 200, answer.text
    return answer.json()


def proves(site: Site, text: str) -> bool:
    with site.writing() as tx:
        return site.programs.find_key(tx, text, site.now()) is not None


def test_a_key_is_told_once_and_never_listed(api: Api, site: Site) -> None:
    found = made(api, KEY | {"purposes": ["service"], "acts": ["use"]})
    assert found["credential"]["purposes"] == ["service"]
    assert found["credential"]["acts"] == ["use"]
    listed = api.get("/programs/crm/credentials", "auditor1")
    assert [each["id"] for each in listed.json()["items"]] == [found["credential"]["id"]]
    assert found["secret"] not in listed.text
    assert listed.headers["cache-control"] == "no-store"
    assert [each["id"] for each in api.get("/programs", "auditor1").json()["items"]] == ["crm"]
    assert api.get("/programs/crm", "auditor1").json()["closed"] is None
    assert proves(site, found["secret"])


def test_rotating_overlaps_revoking_and_closing_end_at_once(api: Api, site: Site) -> None:
    first = made(api)
    place = "/programs/crm/credentials/"
    rotated = api.post(
        f"{place}{first['credential']['id']}/rotate", {"until": UNTIL, "overlap_minutes": 60}, "keeper1"
    ).json()
    assert proves(site, first["secret"])
    assert api.post(f"{place}{first['credential']['id']}/revoke", b"", "keeper1").json()["revoked"]
    assert (proves(site, first["secret"]), proves(site, rotated["secret"])) == (False, True)
    assert api.post("/programs/crm/close", b"", "keeper1").json()["closed"]
    assert not proves(site, rotated["secret"])
    assert api.post("/programs/crm/credentials", KEY, "keeper1").status_code == 422


def test_a_public_key_is_registered_and_a_private_one_refused_unrepeated(api: Api) -> None:
    pair = OKPKey.import_key(Ed25519PrivateKey.generate())
    found = made(api, KEY | {"kind": "jwk", "jwk": pair.as_dict(private=False)})
    assert (found["secret"], found["credential"]["id"]) == ("", pair.thumbprint())
    private = pair.as_dict(private=True)
    refused = api.post("/programs/crm/credentials", KEY | {"kind": "jwk", "jwk": private}, "keeper1")
    assert refused.status_code == 422
    assert str(private["d"]) not in refused.text


def test_what_all_programs_prove_themselves_by_comes_by_pages_without_secrets(api: Api) -> None:
    secrets = {made(api)["secret"]}
    assert api.post("/programs", {"id": "billing"}, "keeper1").status_code == 200
    secrets.add(api.post("/programs/billing/credentials", KEY, "keeper1").json()["secret"])
    first = api.get("/credentials?limit=1", "auditor1")
    rest = api.get(f"/credentials?limit=1&cursor={first.json()['next']}", "auditor1")
    found = first.json()["items"] + rest.json()["items"]
    assert ({each["program"] for each in found}, rest.json()["next"]) == ({"crm", "billing"}, "")
    assert not [secret for secret in secrets if secret in first.text + rest.text]


@pytest.mark.parametrize("who", ["clerk", "boss", "user", "inspector", "biller", "reader"])
def test_without_the_office_nobody_looks_after_programs(api: Api, who: str) -> None:
    made(api)
    for answer in (
        api.get("/programs", who), api.get("/programs/crm", who), api.post("/programs", {"id": "x"}, who),
        api.post("/programs/crm/close", b"", who), api.post("/programs/crm/credentials", KEY, who),
        api.get("/programs/crm/credentials", who), api.get("/credentials", who),
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-entitled")


def test_the_auditor_looks_and_changes_nothing(api: Api) -> None:
    made(api)
    assert api.post("/programs/crm/credentials", KEY, "auditor1").status_code == 403
    assert api.post("/programs/crm/close", b"", "auditor1").status_code == 403


def test_giving_needs_a_fresh_proof_and_revoking_does_not(api: Api) -> None:
    found = made(api)
    stale = api.post("/programs/crm/credentials", KEY, "stale")
    assert (stale.status_code, stale.json()["type"]) == (403, "/problems/proof-too-old")
    assert api.post("/programs", {"id": "other"}, "stale").status_code == 403
    place = f"/programs/crm/credentials/{found['credential']['id']}"
    assert api.post(f"{place}/rotate", {"until": UNTIL, "overlap_minutes": 1}, "stale").status_code == 403
    assert api.post(f"{place}/revoke", b"", "stale").status_code == 200


def test_nobody_gives_themselves_keys(api: Api, site: Site) -> None:
    with site.writing() as tx:
        site.programs.add(tx, "steward", site.now())
    made(api, program="steward")
    for path, body in (("/programs/steward/credentials", KEY), ("/programs", {"id": "steward"})):
        answer = api.post(path, body, "steward")
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-entitled")


def test_no_program_is_given_the_name_of_a_person(api: Api, site: Site) -> None:
    with site.writing() as tx:
        site.accounts.invite(tx, "clara", AccountKind.STAFF, by="boss", now=site.now())
    for name in ("clara", "user"):
        answer = api.post("/programs", {"id": name}, "keeper1")
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/input")


def test_a_key_of_another_program_is_not_found(api: Api) -> None:
    found = made(api)
    api.post("/programs", {"id": "other"}, "keeper1")
    place = f"/programs/other/credentials/{found['credential']['id']}"
    assert api.post(f"{place}/revoke", b"", "keeper1").status_code == 404
    assert api.post(f"{place}/rotate", {"until": UNTIL, "overlap_minutes": 1}, "keeper1").status_code == 404
    assert api.post("/programs/nobody/credentials", KEY, "keeper1").status_code == 404
    assert api.get("/programs/nobody/credentials", "keeper1").status_code == 404
    assert api.post("/programs/nobody/close", b"", "keeper1").status_code == 404


@pytest.mark.parametrize(("body", "status"), [
    (KEY | {"scopes": []}, 400), (KEY | {"scopes": ["everything"]}, 400), (KEY | {"kind": "password"}, 400),
    (KEY | {"until": "2026-04-01T00:00:00"}, 400), (KEY | {"extra": 1}, 400), (b"{", 400),
    (KEY | {"jwk": {}}, 422), (KEY | {"kind": "jwk"}, 422), (KEY | {"kind": "jwk", "jwk": {"kty": "oct"}}, 422),
    (KEY | {"until": "2020-01-01T00:00:00Z"}, 422), (KEY | {"until": "2031-01-01T00:00:00Z"}, 422),
])  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_made(api: Api, body: Any, status: int) -> None:
    api.post("/programs", {"id": "crm"}, "keeper1")
    answer = api.post("/programs/crm/credentials", body, "keeper1")
    assert answer.status_code == status, answer.text
    assert api.get("/programs/crm/credentials", "keeper1").json()["items"] == []
