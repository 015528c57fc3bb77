# SPDX-License-Identifier: Apache-2.0
"""OPTIONS names every method of a place, HEAD is GET without its body, and a whole number is one however written."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_house import Api
from office_house import serving, with_offices

from keshou.db import Database
from keshou.web.api.openid import BACK


@pytest.fixture
def api(database: Database, tmp_path: Path) -> Iterator[Api]:
    with with_offices(database, tmp_path) as site, serving(site) as api:
        yield api


def test_options_names_every_method_that_the_document_does(api: Api) -> None:
    paths = api.client.get("/api/v1/openapi.json").json()["paths"]
    assert len(paths) > 50
    for path, operations in paths.items():
        place = re.sub(r"[{}]", "", re.sub(r"{(place|version|number|old|entry)}", "1", path))
        allowed = api.client.options(place).headers["allow"].split(", ")
        named = {"OPTIONS", *map(str.upper, operations)}
        assert set(allowed) == named | ({"HEAD"} if "GET" in named else set()), path


def test_head_is_answered_as_get_is_without_the_body(api: Api) -> None:
    ours = {"Authorization": "Bearer inspector", "Accept-Language": "en"}
    for path in ("/api/v1/rules", "/api/v1/law", "/api/v1/log", "/healthz", "/rules", "/", "/law/miit24", "/nowhere"):
        for accept in ("text/html", "application/json"):
            asked = ours | {"Accept": accept, "X-Request-ID": "same"}
            read, looked = api.client.get(path, headers=asked), api.client.head(path, headers=asked)
            told = [
                {name: value for name, value in each.headers.items() if "ratelimit" not in name}
                for each in (read, looked)
            ]
            assert (looked.status_code, looked.content) == (read.status_code, b""), path
            assert told[1] == told[0], path
            assert int(looked.headers["content-length"]) == len(read.content) or "content-encoding" in looked.headers


def test_a_method_that_a_place_does_not_take_is_refused_with_those_that_it_does(api: Api) -> None:
    for path, allowed in (
        ("/api/v1/law", "GET, HEAD, OPTIONS"),
        ("/api/v1/law/miit24", "GET, HEAD, OPTIONS"),
        ("/api/v1/decisions", "OPTIONS, POST"),
        ("/rules", "GET, HEAD, OPTIONS"),
    ):
        answer = api.client.delete(path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed), path
    assert api.client.head("/api/v1/decisions").status_code == 405


def test_what_is_done_once_only_is_not_done_by_looking(api: Api) -> None:
    answer = api.client.head(BACK, params={"state": "x", "code": "y"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, OPTIONS")
    assert api.client.options(BACK).headers["allow"] == "GET, OPTIONS"
    assert api.client.put(BACK).headers["allow"] == "GET, OPTIONS"


def test_programs_are_answered_as_programs_wherever_under_the_api_they_go_astray(api: Api) -> None:
    for path in ("/api", "/api/v1/nowhere", "/api/v1/law/x/y/z", "/api/v1/scalar", "/oauth", "/access"):
        for method in ("GET", "POST"):
            answer = api.client.request(method, path, headers={"Accept": "text/html"})
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
    document = api.client.get("/api/v1", headers={"Accept": "text/html"})
    assert document.json() == api.client.get("/api/v1/openapi.json").json()


@pytest.mark.parametrize(
    ("count", "status"), [("1.0", 200), ("10e-1", 200), ("1.5", 400), ("1e400", 400), ('"1"', 400)]
)
def test_a_number_without_a_fraction_is_whole_however_it_is_written(api: Api, count: str, status: int) -> None:
    asked = {"kind": "use", "user": "u1", "items": ["tariff_plan"], "purpose": "service", "count": 7}
    body = json.dumps(asked).replace("7", count).encode()
    assert api.post("/decisions", body).status_code == status
