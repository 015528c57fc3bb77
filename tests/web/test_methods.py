# SPDX-License-Identifier: Apache-2.0
"""OPTIONS names every method of a place, and a whole number is one however it is written."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_house import Api
from office_house import serving, with_offices

from keshou.db import Database


@pytest.fixture
def api(database: Database, tmp_path: Path) -> Iterator[Api]:
    with with_offices(database, tmp_path) as site, serving(site) as api:
        yield api


def test_options_names_every_method_that_the_document_does(api: Api) -> None:
    paths = api.client.get("/api/v1/openapi.json").json()["paths"]
    assert len(paths) > 50
    for path, operations in paths.items():
        place = re.sub(r"[{}]", "", re.sub(r"{(place|version|number)}", "1", path))
        allowed = api.client.options(place).headers["allow"].split(", ")
        assert set(allowed) == {"OPTIONS", *map(str.upper, operations)}, path


@pytest.mark.parametrize(
    ("count", "status"), [("1.0", 200), ("10e-1", 200), ("1.5", 400), ("1e400", 400), ('"1"', 400)]
)
def test_a_number_without_a_fraction_is_whole_however_it_is_written(api: Api, count: str, status: int) -> None:
    asked = {"kind": "use", "user": "u1", "items": ["tariff_plan"], "purpose": "service", "count": 7}
    body = json.dumps(asked).replace("7", count).encode()
    assert api.post("/decisions", body).status_code == status
