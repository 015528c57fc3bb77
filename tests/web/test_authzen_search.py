# SPDX-License-Identifier: Apache-2.0
"""Searches name staff and kinds of act, each permitted when asked about alone; users are never named."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from callers import CLERK, CRM, bearer, served
from house import START, declared, newcomer, open_site
from litestar import Litestar
from litestar.testing import TestClient

from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import ConsentWithdrawn, StaffAppointed, StaffLeft
from keshou.law.terms import ActKind
from keshou.wire.caller import Caller, CallerKind, Scope

NARROW = Caller(
    id="biller", kind=CallerKind.PROGRAM, scopes=frozenset({Scope.EVALUATE}), purposes=frozenset({"service"}),
    acts=frozenset({ActKind.USE}),
)  # fmt: skip
ACTOR = Caller(id="biller", kind=CallerKind.PROGRAM, scopes=frozenset({Scope.ACT, Scope.READ}))
USER = Caller(id="user", kind=CallerKind.USER, user="u1")
INSPECTOR = Caller(id="inspector1", kind=CallerKind.INSPECTOR)
CALLERS = {"crm": CRM, "clerk": CLERK, "narrow": NARROW, "actor": ACTOR, "user": USER, "inspector": INSPECTOR}
SUBJECT, ACTION, EVALUATION = "/access/v1/search/subject", "/access/v1/search/action", "/access/v1/evaluation"
RESOURCE = {"type": "personal_information", "id": "u1", "properties": {"items": ["tariff_plan"]}}
APPOINTED = [("clerk1", "clerk"), ("clerk2", "clerk"), ("biller", "program"), ("lister", "analyst"),
             ("twice", "clerk"), ("twice", "officer"), ("judge", "reviewer")]  # fmt: skip


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    site = open_site(database, tmp_path)
    site.publish(declared(), by="officer")
    site.record_site(*(StaffAppointed(at=START, staff=staff, post=post) for staff, post in APPOINTED), by="officer")
    site.do_all([newcomer(site, "u1")])
    with site.writing() as tx:
        site.programs.add(tx, "biller", site.now())
    yield site
    site.close()


@pytest.fixture
def client(site: Site) -> Iterator[TestClient[Litestar]]:
    with TestClient(served(site, CALLERS), base_url="http://127.0.0.1") as client:
        yield client


def subjects(kind: str = "staff", act: str = "use", purpose: str = "service", **more: Any) -> dict[str, Any]:
    return {
        "subject": {"type": kind},
        "action": {"name": act},
        "resource": RESOURCE,
        "context": {"purpose": purpose},
    } | more


def actions(by: str = "clerk1", purpose: str = "service", **more: Any) -> dict[str, Any]:
    return {"subject": {"type": "staff", "id": by}, "resource": RESOURCE, "context": {"purpose": purpose}} | more


def search(client: TestClient[Litestar], path: str, body: Any, token: str = "crm") -> Any:  # noqa: S107
    answer = client.post(path, json=body, headers=bearer(token))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert next(iter(answer.json())) == "page"
    return answer.json()


def ids(found: Any) -> list[str]:
    return [each["id"] for each in found["results"]]


def names(found: Any) -> list[str]:
    return [each["name"] for each in found["results"]]


def test_a_search_for_staff_names_whoever_may_and_nobody_else(client: TestClient[Litestar]) -> None:
    found = search(client, SUBJECT, subjects())
    assert ids(found) == ["clerk1", "clerk2", "lister", "twice"]
    assert found["page"] == {"next_token": "", "count": 4, "total": 4}
    assert ids(search(client, SUBJECT, subjects(act="query"))) == ["clerk1", "clerk2", "twice"]


def test_programs_are_found_as_services_and_not_among_the_staff(client: TestClient[Litestar]) -> None:
    assert search(client, SUBJECT, subjects("service"))["results"] == [{"type": "service", "id": "biller"}]
    assert search(client, SUBJECT, subjects("agent"))["results"] == []


def test_every_result_is_permitted_when_it_is_asked_about_alone(client: TestClient[Litestar]) -> None:
    for each in search(client, SUBJECT, subjects())["results"]:
        asked = subjects() | {"subject": each}
        assert client.post(EVALUATION, json=asked, headers=bearer("crm")).json()["decision"] is True
    for each in search(client, ACTION, actions())["results"]:
        asked = actions() | {"action": each}
        assert client.post(EVALUATION, json=asked, headers=bearer("crm")).json()["decision"] is True


def test_whoever_holds_two_posts_is_found_in_the_post_that_may(client: TestClient[Litestar]) -> None:
    found = search(client, SUBJECT, subjects())["results"]
    assert found[-1] == {"type": "staff", "id": "twice", "properties": {"post": "clerk"}}
    in_post = subjects(subject={"type": "staff", "properties": {"post": "officer"}})
    assert search(client, SUBJECT, in_post)["results"] == []


def test_a_search_for_acts_names_the_kinds_that_are_permitted(client: TestClient[Litestar]) -> None:
    assert names(search(client, ACTION, actions())) == ["collect", "correct", "delete", "destroy", "query", "use"]
    assert names(search(client, ACTION, actions("biller"))) == ["use"]
    assert names(search(client, ACTION, actions("nobody"))) == []


def test_an_action_sent_to_a_search_for_acts_and_an_id_sent_to_one_for_subjects_change_nothing(
    client: TestClient[Litestar],
) -> None:
    assert search(client, ACTION, actions(action={"name": "delete"})) == search(client, ACTION, actions())
    named = subjects(subject={"type": "staff", "id": "clerk1"})
    assert search(client, SUBJECT, named) == search(client, SUBJECT, subjects())


@pytest.mark.parametrize("change", [
    {"subject": {"type": "robot"}}, {"subject": {"type": "user"}}, {"action": {"name": "teleport"}},
    {"resource": {"type": "account", "id": "u1"}}, {"resource": RESOURCE | {"id": "stranger"}}, {"context": {}},
    {"resource": {"type": "personal_information", "id": "u1"}}, {"context": {"purpose": "none"}},
])  # fmt: skip
def test_what_is_unknown_finds_nobody_and_is_no_error(client: TestClient[Litestar], change: Any) -> None:
    found = search(client, SUBJECT, subjects() | change)
    assert found == {"page": {"next_token": "", "count": 0, "total": 0}, "results": []}


def test_no_user_is_ever_named(client: TestClient[Litestar]) -> None:
    asked = subjects("user", "query")
    assert search(client, SUBJECT, asked)["results"] == []
    answer = client.post("/access/v1/search/resource", json=actions(), headers=bearer("crm"))
    assert answer.status_code == 404


def test_a_withdrawal_and_a_leaving_count_from_the_next_search_on(client: TestClient[Litestar], site: Site) -> None:
    site.record_site(StaffLeft(at=site.now(), staff="clerk2"), by="officer")
    assert ids(search(client, SUBJECT, subjects())) == ["clerk1", "lister", "twice"]
    site.record("u1", ConsentWithdrawn(at=site.now(), purpose="service"))
    assert search(client, SUBJECT, subjects())["results"] == []
    assert "use" not in names(search(client, ACTION, actions()))


def test_nothing_is_recorded_of_a_search(client: TestClient[Litestar], site: Site) -> None:
    with site.reading() as tx:
        before = site.ledger.head(tx).size
    search(client, SUBJECT, subjects())
    search(client, ACTION, actions())
    with site.reading() as tx:
        assert site.ledger.head(tx).size == before


@pytest.mark.parametrize("token", ["clerk", "actor", "user", "inspector"])
@pytest.mark.parametrize(("path", "body"), [(SUBJECT, subjects()), (ACTION, actions())])
def test_searches_are_for_programs_that_are_meant_for_asking(
    client: TestClient[Litestar], token: str, path: str, body: Any
) -> None:
    assert client.post(path, json=body, headers=bearer(token)).status_code == 403
    assert client.post(path, json=body).status_code == 401


def test_a_key_finds_no_more_than_it_may_ask_about(client: TestClient[Litestar]) -> None:
    assert names(search(client, ACTION, actions(), "narrow")) == ["use"]
    for path, body in [
        (SUBJECT, subjects(act="query")), (SUBJECT, subjects(purpose="marketing")),
        (ACTION, actions(purpose="marketing")),
    ]:  # fmt: skip
        assert client.post(path, json=body, headers=bearer("narrow")).status_code == 403


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("repeated", [True, False])
def test_pages_together_have_every_result_once(client: TestClient[Litestar], limit: int, *, repeated: bool) -> None:
    found: list[str] = []
    token = ""
    while True:
        page = {"limit": limit} if not token or repeated else {}
        answer = search(client, SUBJECT, subjects(page=page | ({"token": token} if token else {})))
        found += ids(answer)
        assert (answer["page"]["count"], answer["page"]["total"]) == (len(answer["results"]), 4)
        assert len(answer["results"]) <= limit
        token = answer["page"]["next_token"]
        if not token:
            break
        assert len(found) < 4
    assert found == ["clerk1", "clerk2", "lister", "twice"]


def test_a_limit_of_nothing_gives_nothing_and_where_to_go_on(client: TestClient[Litestar]) -> None:
    answer = search(client, SUBJECT, subjects(page={"limit": 0}))
    assert (answer["results"], answer["page"]["count"]) == ([], 0)
    assert answer["page"]["next_token"]
    again = search(client, SUBJECT, subjects(page={"token": answer["page"]["next_token"]}))
    assert again == answer


def test_who_leaves_between_two_pages_moves_nobody(client: TestClient[Litestar], site: Site) -> None:
    first = search(client, SUBJECT, subjects(page={"limit": 2}))
    site.record_site(StaffLeft(at=site.now(), staff="clerk2"), by="officer")
    rest = search(client, SUBJECT, subjects(page={"token": first["page"]["next_token"]}))
    assert ids(rest) == ["lister", "twice"]


def test_a_token_is_good_for_its_own_search_only(client: TestClient[Litestar]) -> None:
    token = search(client, SUBJECT, subjects(page={"limit": 1}))["page"]["next_token"]
    changed = [
        (SUBJECT, subjects("service", page={"token": token})), (SUBJECT, subjects(act="query", page={"token": token})),
        (SUBJECT, subjects(page={"token": token, "limit": 2})), (SUBJECT, subjects(context={}, page={"token": token})),
        (SUBJECT, subjects(resource=RESOURCE | {"id": "u2"}, page={"token": token})),
        (ACTION, actions(page={"token": token})), (SUBJECT, subjects(page={"token": token + "A"})),
        (SUBJECT, subjects(page={"token": "x"})), (SUBJECT, subjects(page={"token": "\u00e9"})),
        (SUBJECT, subjects(page={"limit": -1})), (SUBJECT, subjects(page={"limit": "2"})), (SUBJECT, subjects(page=7)),
    ]  # fmt: skip
    answers = [client.post(path, json=body, headers=bearer("crm")) for path, body in changed]
    assert [each.status_code for each in answers] == [400] * len(changed)
    assert all(each.json()["type"] == "/problems/malformed" for each in answers)


BROKEN = [
    (SUBJECT, {}), (SUBJECT, {"subject": {"type": "staff"}, "resource": RESOURCE}), (SUBJECT, subjects(subject={})),
    (SUBJECT, subjects(subject="secretvalue")), (SUBJECT, subjects(resource={"type": "personal_information"})),
    (SUBJECT, subjects(action={"name": 7})), (SUBJECT, subjects(context="secretvalue")),
    (SUBJECT, subjects(resource=RESOURCE | {"properties": {"items": [7]}})), (SUBJECT, []),
    (ACTION, {"subject": {"type": "staff", "id": "clerk1"}}), (ACTION, actions(subject={"type": "staff"})),
    (ACTION, actions(resource={"type": "personal_information"})), (ACTION, actions(context={"purpose": 7})),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body"), BROKEN)
def test_what_is_not_the_protocol_s_form_is_a_bad_request_that_quotes_nothing(
    client: TestClient[Litestar], path: str, body: Any
) -> None:
    answer = client.post(path, json=body, headers=bearer("crm") | {"x-request-id": "r-9"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (400, "r-9")
    assert "secretvalue" not in answer.text


@pytest.mark.parametrize("path", [SUBJECT, ACTION])
def test_only_posts_of_json_are_answered(client: TestClient[Litestar], path: str) -> None:
    assert client.get(path, headers=bearer("crm")).status_code == 405
    headers = bearer("crm") | {"content-type": "text/plain"}
    assert client.post(path, content="{}", headers=headers).status_code == 400
