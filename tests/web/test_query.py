# SPDX-License-Identifier: Apache-2.0
"""What stands behind the `?` of a request to the API is read as it is meant, or refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_house import Api, serving, size
from house import newcomer, ready
from litestar.routes import HTTPRoute

from keshou.app.site import Site
from keshou.db import Database
from keshou.web.query import names
from keshou.web.server import document, undressed

JUDGE = "/tables/judgements?purpose=service&user_column=user_id"
ROWS = b"user_id,tariff_plan,mobile_number\nu1,P-19,1\n"


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path) as site:
        site.do(newcomer(site, "u1"))
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def test_the_names_that_are_taken_are_those_of_the_document() -> None:
    paths, seen = document()["paths"], 0
    for route in undressed(1000).routes:
        for method, (handler, *_) in route.route_handler_map.items() if isinstance(route, HTTPRoute) else ():
            told = paths.get(route.path_format, {}).get(method.lower())
            if told is not None:
                asked = {each["name"] for each in told.get("parameters", ()) if each["in"] == "query"}
                assert names(handler) == asked, (method, route.path_format)
                seen += 1
    assert seen > 100


@pytest.mark.parametrize("given", ["items=tariff_plan&items=mobile_number", "post=clerk&post=clerk", "purpose=billing"])
def test_a_parameter_that_is_given_twice_is_refused_and_nothing_judged(api: Api, site: Site, given: str) -> None:
    before = size(site)
    answer = api.post(f"{JUDGE}&{given}", ROWS, "lister", **{"Content-Type": "text/csv"})
    found = answer.json()
    assert (answer.status_code, found["type"]) == (400, "/problems/malformed")
    assert found["pointers"] == [given.partition("=")[0]]
    assert "more than once" in found["detail"]
    assert size(site) == before


@pytest.mark.parametrize("path", ["/staff?limt=1", "/staff?limit=1&LIMIT=1", "/rules?limit=1", "/staff?15499990001"])
def test_a_parameter_that_there_is_not_is_refused_and_not_repeated(api: Api, path: str) -> None:
    answer = api.get(path, "clerk")
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")
    assert "15499990001" not in answer.text
    if path.startswith("/staff"):
        assert "cursor, limit" in answer.json()["hint"]


def test_the_other_places_take_whatever_stands_there(api: Api) -> None:
    for path in ("/api/v1/openapi.json?v=1", "/healthz?x=1&x=2", "/rules?from=mail"):
        assert api.client.get(path).status_code == 200, path
