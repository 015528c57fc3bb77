# SPDX-License-Identifier: Apache-2.0
"""The same request at once, many times over: it is done once, and what it shows is told once."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from api_house import Api, serving, size
from house import VALUES

from keshou.app.site import Site

TIMES = 24
GATHER = 0.5
"""Seconds in which the requests come to the door while it is held shut, so that they are let in together."""


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def at_once(api: Api, site: Site, asked: Any, who: str) -> list[Any]:
    """Send the same request many times at once, behind another one that is waiting for its turn."""
    with ThreadPoolExecutor(TIMES + 1) as pool:
        with site.writing():
            pool.submit(api.post, "/acts", {**asked, "items": ["user_name"]} | {"holding": ""}, "clerk")
            time.sleep(GATHER)
            came = [pool.submit(api.post, "/acts", asked, who, key="once") for _ in range(TIMES)]
            time.sleep(GATHER)
        return [each.result().json() for each in came]


@pytest.mark.parametrize("holding", ["ledger_room", "crm"])
def test_one_request_gets_one_permit_however_often_it_comes_at_once(api: Api, site: Site, holding: str) -> None:
    before = size(site)
    asked = {"kind": "use", "user": "u1", "items": ["tariff_plan"], "purpose": "service", "holding": holding}
    came = at_once(api, site, asked | {"by": "clerk1"}, "crm")
    assert len({each["entry"] for each in came}) == 1
    assert len([each for each in came if each["permit"]]) == 1
    assert len([each for each in came if each["repeated"]]) == TIMES - 1
    assert all(each["decision"]["permitted"] for each in came)
    assert size(site) == before + 2


@pytest.mark.parametrize("users", [False, True], ids=["of one user", "of many"])
def test_values_are_told_to_one_of_the_same_requests_at_once(api: Api, site: Site, users: bool) -> None:
    asked: dict[str, Any] = {"kind": "use", "user": "u1", "items": ["tariff_plan"], "purpose": "service"}
    if users:
        asked |= {"kind": "export", "user": "", "users": ["u1", "u2"]}
    came = at_once(api, site, asked, "lister" if users else "clerk")
    assert [VALUES["tariff_plan"] in str(each) for each in came].count(True) == 1
    assert len({each["entry"] for each in came}) == 1
