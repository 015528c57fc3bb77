# SPDX-License-Identifier: Apache-2.0
"""Over the API answers say which values are stand-ins, and a permit for a system elsewhere lets masked values out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agents_house import rules, seated
from api_house import Api, serving
from house import START, VALUES, Clock, newcomer, open_site

from keshou.app.site import Site
from keshou.db import Database
from keshou.law.terms import ActKind
from keshou.permits.keys import PublicKeys
from keshou.permits.verify import Serving, verify
from keshou.wire.caller import Caller, CallerKind

PLAN = VALUES["tariff_plan"]
RIDER = Caller(id="rider1", kind=CallerKind.STAFF, credential="s7", proven_at=START)


@pytest.fixture
def api(database: Database, tmp_path: Path) -> Iterator[Api]:
    with open_site(database, tmp_path, Clock()) as site:
        site.publish(rules(), by="officer")
        site.record_site(*seated(), by="officer")
        site.do(newcomer(site, "u1"))
        with serving(site, rider=RIDER) as api:
            api.site = site  # type: ignore[attr-defined]
            yield api


def use(*items: str, **more: Any) -> dict[str, Any]:
    return {"kind": "use", "user": "u1", "items": list(items), "purpose": "service"} | more


def test_an_answer_names_the_items_that_are_stand_ins(api: Api) -> None:
    found = api.post("/acts", use("mobile_number", "tariff_plan"), "rider").json()
    assert found["stand_ins"] == ["mobile_number"]
    assert found["values"]["tariff_plan"] == PLAN
    assert found["values"]["mobile_number"].startswith("courier~")
    assert found["decision"]["full"] is False
    assert api.post("/acts", use("mobile_number"), "clerk").json()["stand_ins"] == []


def test_a_decision_tells_that_full_values_are_not_to_be_shown(api: Api) -> None:
    asked = use("mobile_number", "tariff_plan")
    assert api.post("/decisions", asked, "rider").json()["full"] is False
    assert api.post("/decisions", use("tariff_plan"), "rider").json()["full"] is True


def test_a_users_page_and_a_search_name_them_too(api: Api) -> None:
    asked = {"user": "u1", "items": ["mobile_number"], "purpose": "service"}
    shown = api.post("/users/standing", asked, "rider").json()
    assert shown["stand_ins"] == ["mobile_number"]
    text = shown["values"]["mobile_number"]
    search = {"purpose": "service", "item": "mobile_number", "value": text}
    (own,) = api.post("/users/searches", search, "rider").json()["users"]
    assert (own["user"], own["values"], own["stand_ins"]) == ("u1", {"mobile_number": text}, ["mobile_number"])
    (found,) = api.post("/users/searches", search, "clerk").json()["users"]
    assert (found["values"], found["stand_ins"]) == ({"mobile_number": VALUES["mobile_number"]}, [])


def test_a_system_elsewhere_may_show_masked_values_alone_where_a_stand_in_is_due(api: Api) -> None:
    site: Site = api.site  # type: ignore[attr-defined]

    def full(*items: str) -> bool:
        permit = api.post("/acts", use(*items, holding="crm"), "rider").json()["permit"]
        asked = Serving(
            audience="crm", kind=ActKind.USE, users=frozenset({"u1"}), items=frozenset(items), purpose="service",
            caller="", masked=True,
        )  # fmt: skip
        keys = PublicKeys.read(site.settings.log_origin, api.client.get("/api/v1/permit-keys").content)
        return verify(permit, keys, asked, site.now()).full

    assert full("tariff_plan")
    assert not full("mobile_number", "tariff_plan")
