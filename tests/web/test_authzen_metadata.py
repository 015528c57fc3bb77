# SPDX-License-Identifier: Apache-2.0
"""The metadata names the decision point as the settings do, what it offers and no more, and is signed."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from callers import served
from house import open_site
from joserfc import jwt
from joserfc.jwk import KeySet
from litestar.testing import TestClient

from keshou.app.settings import ServerSettings
from keshou.app.site import Site
from keshou.db import Database
from keshou.permits import errors
from keshou.permits.jws import opened as check
from keshou.permits.keys import PublicKeys

WELL_KNOWN = "/.well-known/authzen-configuration"
URL = "https://keshou.operator.example"
OFFERED = {
    "access_evaluation_endpoint": "/access/v1/evaluation", "access_evaluations_endpoint": "/access/v1/evaluations",
    "search_subject_endpoint": "/access/v1/search/subject", "search_action_endpoint": "/access/v1/search/action",
}  # fmt: skip

EDDSA = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
"""By RFC 9864 a key's algorithm is named after its curve; the permits' keys are published by the older name."""


@pytest.fixture
def opened(database: Database, tmp_path: Path) -> Iterator[Any]:
    sites: list[Site] = []

    def opened(url: str = URL) -> TestClient[Any]:
        sites.append(open_site(database, tmp_path, server=ServerSettings(url=url)))
        return TestClient(served(sites[-1], {}), base_url=URL)

    yield opened
    for site in sites:
        site.close()


def test_nobody_need_be_known_to_read_what_is_offered(opened: Any) -> None:
    with opened() as client:
        answer = client.get(WELL_KNOWN)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    found = answer.json()
    assert found["policy_decision_point"] == URL
    assert {name: value for name, value in found.items() if name.endswith("_endpoint")} == {
        name: URL + path for name, path in OFFERED.items()
    }
    assert all(found.values())
    assert set(found) == {*OFFERED, "policy_decision_point", "supported_obligations", "jwks_uri", "signed_metadata"}


def test_what_is_offered_is_there_and_what_is_not_named_is_not(opened: Any) -> None:
    with opened() as client:
        for path in OFFERED.values():
            assert client.post(path, json={}).status_code == 401
        assert client.post("/access/v1/search/resource", json={}).status_code == 404


def test_the_name_comes_from_the_settings_and_never_from_the_request(opened: Any) -> None:
    with opened() as client:
        answer = client.get(WELL_KNOWN, headers={"host": "127.0.0.1", "x-forwarded-host": "evil.example"})
    assert answer.json()["policy_decision_point"] == URL
    assert "evil" not in answer.text


@EDDSA
def test_the_signed_metadata_says_the_same_under_a_published_key(opened: Any) -> None:
    with opened() as client:
        found = client.get(WELL_KNOWN).json()
        keys = KeySet.import_key_set(client.get(found["jwks_uri"].removeprefix(URL)).json())
    token = jwt.decode(found.pop("signed_metadata"), keys, algorithms=["EdDSA"])
    claims = dict(token.claims)
    assert token.header["typ"] == "authzen-metadata+jwt"
    assert claims.pop("iss") == URL
    assert claims.pop("iat") == claims.pop("nbf") < claims.pop("exp")
    assert claims == found


def test_signed_metadata_is_no_permit(opened: Any) -> None:
    with opened() as client:
        found = client.get(WELL_KNOWN).json()
        keys = client.get("/api/v1/permit-keys").content
    with pytest.raises(errors.PermitTypeError):
        check(found["signed_metadata"], PublicKeys.read("keshou/00112233445566aa", keys).of)


def test_it_may_be_kept_for_a_while_and_is_not_sent_twice(opened: Any) -> None:
    with opened() as client:
        first, second = client.get(WELL_KNOWN), client.get(WELL_KNOWN)
        again = client.get(WELL_KNOWN, headers={"if-none-match": first.headers["etag"]})
    assert first.headers["cache-control"] == "public, max-age=3600"
    assert first.content == second.content
    assert (again.status_code, again.content) == (304, b"")


def test_an_address_with_a_path_has_it_behind_the_well_known_part(opened: Any) -> None:
    with opened(URL + "/north") as client:
        assert client.get(WELL_KNOWN + "/north").json()["policy_decision_point"] == URL + "/north"
        assert client.get(WELL_KNOWN).status_code == 404
        assert client.get(WELL_KNOWN + "/south").status_code == 404


def test_an_address_without_a_path_has_nothing_behind_the_well_known_part(opened: Any) -> None:
    with opened() as client:
        assert client.get(WELL_KNOWN + "/north").status_code == 404


@EDDSA
def test_a_changed_claim_breaks_the_signature(opened: Any) -> None:
    with opened() as client:
        found = client.get(WELL_KNOWN).json()
        keys = KeySet.import_key_set(client.get("/api/v1/permit-keys").json())
    head, body, signature = found["signed_metadata"].split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    forged = base64.urlsafe_b64encode(json.dumps(claims | {"policy_decision_point": "https://evil.example"}).encode())
    with pytest.raises(Exception, match="bad_signature"):
        jwt.decode(f"{head}.{forged.decode().rstrip('=')}.{signature}", keys, algorithms=["EdDSA"])
