# SPDX-License-Identifier: Apache-2.0
"""Over the API access is confirmed by who answers for it, emergencies and bulk acts are reviewed by another, once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from api_house import Api, size
from house import START, newcomer
from office_house import serving, with_offices

from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import StaffAppointed
from keshou.law.terms import ActKind
from keshou.wire.caller import Caller, CallerKind, Scope

_MORE = """
[access_review]
every_days = 90
heads_by = ["auditor"]

[emergency]
posts = ["clerk"]
minutes = 60
reasons = ["outage"]
"""
EMERGENCY = {"post": "clerk", "reason": "outage", "case": "t-1"}
REVIEW = {"kind": "export", "purpose": "marketing", "items": ["tariff_plan"], "count": 3}
FIRST = {"If-Match": '"1"'}


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with with_offices(database, tmp_path, more=_MORE) as site:
        site.do_all([newcomer(site, user) for user in ("u1", "u2", "u3")])
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def asked(api: Api, who: str = "lister") -> str:
    answer = api.post("/reviews", REVIEW, who)
    assert answer.status_code == 200, answer.text
    name: str = answer.json()["id"]
    return name


def reply(api: Api, name: str, who: str = "judge", *, approved: bool = True, key: str = "", **headers: str) -> Any:
    return api.post(f"/reviews/{name}/answer", {"approved": approved}, who, key=key, **(headers or FIRST))


def test_who_can_reach_what_is_listed_line_by_line(api: Api) -> None:
    first = api.get("/access?limit=2", "boss").json()
    second = api.get(f"/access?cursor={first['next']}", "boss").json()
    lines = first["items"] + second["items"]
    assert [each["number"] for each in lines] == list(range(len(lines)))
    assert {("clerk1", "clerk", "service"), ("lister", "analyst", "marketing")} <= {
        (each["staff"], each["post"], each["purpose"]) for each in lines
    }
    for who in ("clerk1", "judge", "inspector", "user", "reader"):
        assert api.get("/access", who).status_code == 403, who


def test_access_is_confirmed_by_who_answers_for_it_and_then_not_due(api: Api) -> None:
    due = api.get("/access/due", "auditor1").json()["appointments"]
    assert {"staff": "clerk1", "post": "clerk", "posts": ["officer"]}.items() <= {each["staff"]: each for each in due}[
        "clerk1"
    ].items()
    body = {"staff": "clerk1", "post": "clerk"}
    assert api.post("/access/confirmations", body, "clerk1").status_code == 403
    assert api.post("/access/confirmations", body, "lister").json()["type"] == "/problems/not-entitled"
    assert api.post("/access/confirmations", body, "stale_boss").json()["type"] == "/problems/proof-too-old"
    assert api.post("/access/confirmations", {"staff": "boss", "post": "officer"}, "boss").status_code == 403
    first, again = (api.post("/access/confirmations", body, "boss", key="c") for _ in range(2))
    assert (first.status_code, again.json()) == (200, first.json() | {"repeated": True})
    lines = api.get("/access", "boss").json()["items"]
    assert {each["confirmed_by"] for each in lines if each["staff"] == "clerk1"} == {"boss"}


def test_an_emergency_is_opened_for_oneself_and_reviewed_by_another_once(api: Api, site: Site) -> None:
    made, again = (api.post("/emergencies", EMERGENCY, "lister", key="e") for _ in range(2))
    assert again.json() == made.json() | {"repeated": True}
    path = f"/emergencies/{made.json()['id']}/review"
    assert api.post(path, {"found": "justified"}, "lister").status_code == 403
    assert api.post(path, {"found": "perhaps"}, "boss").status_code == 400
    assert api.post(path, {"found": "unjustified"}, "boss").status_code == 200
    before = size(site)
    assert api.post(path, {"found": "justified"}, "judge").status_code == 422
    (told,) = api.get("/emergencies", "clerk1").json()["items"]
    assert (told["staff"], told["found"], told["reviewed_by"]) == ("lister", "unjustified", "boss")
    assert size(site) == before


def test_an_emergency_is_reviewed_and_access_confirmed_by_a_person_proven_just_now(api: Api, site: Site) -> None:
    site.record_site(StaffAppointed(at=START, staff="steward", post="officer"), by="founder")
    name = api.post("/emergencies", EMERGENCY, "lister").json()["id"]
    sent: tuple[tuple[str, dict[str, str]], ...] = (
        (f"/emergencies/{name}/review", {"found": "justified"}),
        ("/access/confirmations", {"staff": "clerk1", "post": "clerk"}),
    )
    before = size(site)
    for path, body in sent:
        for who, kind in (("steward", "not-entitled"), ("stale_boss", "proof-too-old")):
            refused = api.post(path, body, who)
            assert (refused.status_code, refused.json()["type"]) == (403, f"/problems/{kind}"), (path, who)
    assert size(site) == before
    assert [api.post(path, body, "boss").status_code for path, body in sent] == [200, 200]


@pytest.mark.parametrize(
    ("body", "who", "status"),
    [
        (EMERGENCY | {"reason": "boredom"}, "lister", 422),
        (EMERGENCY | {"post": "officer"}, "lister", 422),
        (EMERGENCY | {"minutes": 61}, "lister", 422),
        (EMERGENCY | {"minutes": 0}, "lister", 400),
        (EMERGENCY, "stranger", 403),
        (EMERGENCY, "stale_boss", 403),
        (EMERGENCY, "user", 403),
    ],
)
def test_nothing_is_lent_that_the_rules_do_not_lend(api: Api, site: Site, body: Any, who: str, status: int) -> None:
    before = size(site)
    answer = api.post("/emergencies", body, who)
    assert (answer.status_code, size(site)) == (status, before), answer.text


def test_a_bulk_act_is_asked_for_approved_by_another_and_done_once(api: Api) -> None:
    name = asked(api)
    bulk = {"kind": "export", "users": ["u1", "u2", "u3"], "items": ["tariff_plan"], "purpose": "service"}
    name = api.post("/reviews", REVIEW | {"purpose": "service"}, "lister").json()["id"]
    assert api.post("/acts", bulk | {"count": 3, "review": name}, "lister").status_code == 403
    found = api.client.get(f"/api/v1/reviews/{name}", headers={"Authorization": "Bearer judge"})
    assert (found.headers["etag"], found.json()["state"]) == ('"1"', "asked")
    answered = reply(api, name, **{"If-Match": found.headers["etag"]})
    assert answered.status_code == 200, answered.text
    assert api.get(f"/reviews/{name}", "lister").json()["state"] == "approved"
    assert api.post("/acts", bulk | {"count": 3, "review": name}, "lister").status_code == 200
    assert api.get(f"/reviews/{name}", "lister").json()["state"] == "used"


def test_a_refused_review_permits_nothing(api: Api) -> None:
    name = asked(api)
    assert reply(api, name, approved=False).status_code == 200
    told = api.get(f"/reviews/{name}", "lister").json()
    assert (told["state"], told["reviewer"], told["until"]) == ("refused", "judge", None)
    assert reply(api, name, "deputy").status_code == 412


def test_of_two_who_answer_at_once_one_is_refused(api: Api) -> None:
    name = asked(api)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda who: reply(api, name, who, approved=who == "judge"), ("judge", "deputy")))
    assert sorted(each.status_code for each in answers) == [200, 412]
    (won,) = (each for each in answers if each.status_code == 200)
    told = api.get(f"/reviews/{name}", "judge").json()
    assert (told["reviewer"] == "judge") == (told["state"] == "approved")
    assert won.json()["id"] == name


def test_an_answer_sent_again_is_the_same_answer(api: Api) -> None:
    name = asked(api)
    first, again = (reply(api, name, key="a") for _ in range(2))
    assert again.json() == first.json() | {"repeated": True}
    assert reply(api, name, key="a", approved=False).json()["type"] == "/problems/request-repeated"


@pytest.mark.parametrize(
    ("who", "headers", "status"),
    [
        ("lister", FIRST, 403), ("clerk1", FIRST, 403), ("crm", FIRST, 403), ("user", FIRST, 403),
        ("judge", {"If-Match": '"2"'}, 412), ("judge", {"If-Match": ""}, 428),
    ],
)  # fmt: skip
def test_only_a_reviewer_answers_and_says_what_was_read(
    api: Api, site: Site, who: str, headers: dict[str, str], status: int
) -> None:
    name = asked(api)
    before = size(site)
    assert reply(api, name, who, **headers).status_code == status
    assert size(site) == before


def test_nobody_reviews_what_they_asked_for_though_they_are_a_reviewer(api: Api, site: Site) -> None:
    name = asked(api, "judge")
    assert reply(api, name, "judge").json()["type"] == "/problems/not-entitled"
    assert reply(api, name, "deputy").status_code == 200


@pytest.mark.parametrize("change", [{"kind": "use"}, {"items": []}, {"count": 0}, {"count": 2**53}, {"more": 1}])
def test_what_is_no_request_for_a_review_is_refused(api: Api, change: dict[str, Any]) -> None:
    assert api.post("/reviews", REVIEW | change, "lister").json()["type"] == "/problems/malformed"


def test_others_see_only_the_reviews_that_they_asked_for(api: Api) -> None:
    name = asked(api)
    for who, seen in (("judge", [name]), ("auditor1", [name]), ("lister", [name]), ("clerk1", [])):
        assert [each["id"] for each in api.get("/reviews", who).json()["items"]] == seen, who
    assert api.get(f"/reviews/{name}", "clerk1").status_code == 404
    assert api.get("/reviews", "user").status_code == 403


def test_a_key_sees_only_reviews_of_what_it_is_for(api: Api, site: Site) -> None:
    name = asked(api)
    whole = Caller(id="lister", kind=CallerKind.PROGRAM, scopes=frozenset({Scope.ACT}), credential="k8")
    keys = {
        "whole": whole,
        "other": msgspec.structs.replace(whole, purposes=frozenset({"another"})),
        "judging": msgspec.structs.replace(whole, id="judge", acts=frozenset({ActKind.QUERY})),
    }
    with serving(site, **keys) as later:
        for who, status in (("whole", 200), ("other", 404), ("judging", 404)):
            assert later.get(f"/reviews/{name}", who).status_code == status, who
            assert [each["id"] for each in later.get("/reviews", who).json()["items"]] == [name] * (status == 200)
