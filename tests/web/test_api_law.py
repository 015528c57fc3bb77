# SPDX-License-Identifier: Apache-2.0
"""Anybody reads the law over the API, without proving who they are, and it says what the library says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_house import Api
from office_house import serving, with_offices

from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.calendar import day_of
from keshou.law.status import status


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with with_offices(database, tmp_path) as site:
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def test_a_citation_gives_a_provision_with_all_its_parts(api: Api, site: Site) -> None:
    found = api.client.get("/api/v1/law/miit24:13.1").json()["provisions"]
    assert [each["cite"] for each in found] == [each.cite for each in site.law.within("miit24:13.1")]
    assert found[0]["says"]["zh"]
    whole = api.client.get("/api/v1/law/miit24").json()["provisions"]
    assert len(whole) == len(site.law.instruments["miit24"].provisions)


def test_instruments_are_listed_by_pages(api: Api, site: Site) -> None:
    first = api.client.get("/api/v1/law?limit=1").json()
    rest = api.client.get(f"/api/v1/law?cursor={first['next']}").json()
    assert [each["id"] for each in first["items"] + rest["items"]] == sorted(site.law.instruments)


def test_coverage_comparison_and_freshness_are_those_of_the_law(api: Api, site: Site) -> None:
    covered = api.client.get("/api/v1/law/coverage").json()
    assert sum(covered["tally"].values()) == len(covered["provisions"])
    assert covered["complete"] == (covered["tally"]["open"] == covered["tally"]["gap"] == 0)
    rows = api.client.get("/api/v1/law/comparison?first=miit24_draft&second=miit24").json()["rows"]
    assert any(row["first"] and row["second"] for row in rows)
    told = api.client.get("/api/v1/law/status").json()["instruments"]
    expected = {each.instrument.id: each.stale for each in status(site.law, day_of(site.now()))}
    assert {each["id"]: each["stale"] for each in told} == expected


@pytest.mark.parametrize(
    ("path", "status_code"),
    [
        ("miit24:99", 404), ("miit24:0", 400), ("nowhere", 404), ("MIIT24", 400), ("miit24:9.1.1.1", 400),
        ("comparison?first=miit24", 400), ("comparison?first=miit24&second=nowhere", 404),
    ],
)  # fmt: skip
def test_what_the_law_does_not_have_is_not_found(api: Api, path: str, status_code: int) -> None:
    assert api.client.get(f"/api/v1/law/{path}").status_code == status_code
