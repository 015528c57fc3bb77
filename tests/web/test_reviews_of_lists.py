# SPDX-License-Identifier: Apache-2.0
"""Over the API and at the console a review is of a list, and its reviewer looks at a few of those on it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from api_house import Api, size
from handing_house import PLAN, USERS, handing
from handing_house import asked as wanted
from office_house import serving

from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.model import Grant
from keshou.gate.facts import ConsentWithdrawn
from keshou.law.terms import ActKind
from keshou.reviews.store import MOST

REVIEW = {"kind": "export", "purpose": "service", "items": [PLAN, "mobile_number"], "recipient": "bank"}
LIST = USERS[:8]
FIRST = {"If-Match": '"1"'}


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with handing(database, tmp_path) as site:
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def let_reviewers_query(site: Site, *purposes: str) -> None:
    rules = site.rules()
    assert rules is not None
    grant = Grant(post="reviewer", purposes=purposes, acts=(ActKind.QUERY,), full=True)
    site.publish(msgspec.structs.replace(rules.declaration, grants=(*rules.declaration.grants, grant)), by="boss")


def ask(api: Api, users: tuple[str, ...] = LIST, **more: Any) -> str:
    answer = api.post("/reviews", REVIEW | {"users": list(users)} | more, "lister")
    assert answer.status_code == 200, answer.text
    name: str = answer.json()["id"]
    return name


def act(api: Api, name: str, users: tuple[str, ...]) -> Any:
    body = REVIEW | {"users": list(users), "count": len(users), "review": name}
    return api.post("/acts", body, "lister")


def test_an_approval_of_a_list_lets_no_other_list_go(api: Api) -> None:
    name = ask(api)
    told = api.get(f"/reviews/{name}", "judge").json()
    assert (told["listed"], told["count"]) == (True, len(LIST))
    assert api.post(f"/reviews/{name}/answer", {"approved": True}, "deputy", **FIRST).status_code == 200
    assert act(api, name, USERS[8:16]).json()["reasons"][0]["cite"] == "miit24:13.1.3"
    done = act(api, name, LIST)
    assert done.status_code == 200, done.text
    assert set(done.json()["by_user"]) == set(LIST)


@pytest.mark.parametrize("body", [{}, {"users": []}, {"users": ["b0", "b1"], "count": 3}])
def test_a_review_is_of_a_list_or_of_a_number(api: Api, body: dict[str, Any]) -> None:
    refused = api.post("/reviews", REVIEW | body, "lister")
    assert (refused.status_code, refused.json()["detail"]) == (
        422, "a review is of a list, or says of how many users at most",
    )  # fmt: skip
    assert api.post("/reviews", REVIEW | {"count": 3}, "lister").status_code == 200


def test_a_reviewer_looks_at_a_few_masked_once_however_often_it_is_sent(api: Api, site: Site) -> None:
    let_reviewers_query(site, "service")
    name, before = ask(api), size(site)
    seen = api.post(f"/reviews/{name}/preview", {}, "deputy", key="k1").json()["looks"]
    assert len(seen) == MOST
    assert size(site) == before + MOST
    assert {frozenset(each["values"]) for each in seen} == {frozenset({PLAN, "mobile_number"})}
    assert not [each for each in seen if each["values"]["mobile_number"].startswith("1549999")], (
        "though the grant is full"
    )
    again = api.post(f"/reviews/{name}/preview", {}, "deputy", key="k1").json()["looks"]
    assert {(each["repeated"], len(each["values"])) for each in again} == {(True, 0)}
    assert size(site) == before + MOST
    for who in ("lister", "clerk1", "auditor1", "user", "inspector", "biller"):
        assert api.post(f"/reviews/{name}/preview", {}, who).status_code in (401, 403), who
    assert api.post("/reviews/r-none/preview", {}, "deputy").status_code == 404
    assert api.post(f"/reviews/{name}/answer", {"approved": False}, "deputy", **FIRST).status_code == 200
    assert api.post(f"/reviews/{name}/preview", {}, "deputy").status_code == 412


def test_where_no_post_of_the_reviewer_may_query_it_is_told_why_and_answered_all_the_same(api: Api, site: Site) -> None:
    name, before = ask(api), size(site)
    denied = api.post(f"/reviews/{name}/preview", {}, "deputy", key="k1")
    assert (denied.status_code, denied.json()["type"]) == (403, "/problems/denied")
    assert {each["prohibition"] for each in denied.json()["reasons"]} == {"act_without_grant"}
    assert size(site) == before + 1
    assert api.post(f"/reviews/{name}/preview", {}, "deputy", key="k1").status_code == 403
    assert size(site) == before + 1
    assert api.post(f"/reviews/{name}/answer", {"approved": True}, "deputy", **FIRST).status_code == 200


def test_an_order_for_an_export_is_reviewed_as_the_list_that_waits(api: Api, site: Site) -> None:
    let_reviewers_query(site, "service")
    order = api.post("/exports", wanted(*USERS[:3]), "lister").json()
    name = order["review"]
    assert api.get(f"/reviews/{name}", "deputy").json()["listed"]
    assert len(api.post(f"/reviews/{name}/preview", {}, "deputy").json()["looks"]) == 3
    assert api.post(f"/reviews/{name}/answer", {"approved": True}, "deputy", **FIRST).status_code == 200
    other = REVIEW | {"items": [PLAN], "users": list(USERS[3:6]), "count": 3, "review": name}
    assert api.post("/acts", other, "lister").status_code == 403
    site.record(USERS[0], ConsentWithdrawn(at=site.now(), purpose="service"))
    assert api.post(f"/exports/{order['id']}/making", {}, "lister").json()["made"] == 2


def test_no_list_shows_nobody(api: Api, site: Site) -> None:
    let_reviewers_query(site, "service")
    name = api.post("/reviews", REVIEW | {"count": 5}, "lister").json()["id"]
    assert api.get(f"/reviews/{name}", "deputy").json()["listed"] is False
    assert api.post(f"/reviews/{name}/preview", {}, "deputy").json() == {"looks": []}


def test_no_id_of_a_list_is_in_an_answer_to_the_reviewer(api: Api, site: Site) -> None:
    let_reviewers_query(site, "service")
    name = ask(api)
    told = [api.get("/reviews", "deputy").text, api.post(f"/reviews/{name}/preview", {}, "deputy").text]
    assert not [each for each in told if re.search(r'"b[0-9]+"', each)]
