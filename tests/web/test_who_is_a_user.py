# SPDX-License-Identifier: Apache-2.0
"""Whoever may do something to nobody learns from no answer who is a user; whatever tells it is an entry."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from api_house import Api, but_ids, serving, size
from callers import bearer
from house import START, Clock, newcomer, ready

from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import ConsentWithdrawn
from keshou.ledger.entry import decode
from keshou.wire.caller import Caller, CallerKind

USERS = ("u1", "u2", "nobody")
"""One who agreed, one who took everything back, and one who is not on record."""
JUDGE = Caller(id="judge", kind=CallerKind.STAFF, credential="s40", proven_at=START)
"""Holds a post that is granted nothing."""
SERVICE = {"items": ["tariff_plan"], "purpose": "service"}
ACTS: list[tuple[str, dict[str, Any]]] = [
    ("/acts", {"kind": "use", **SERVICE}),
    ("/acts", {"kind": "query", **SERVICE}),
    ("/acts", {"kind": "delete", **SERVICE}),
    ("/acts", {"kind": "collect", "values": {"tariff_plan": "P-1"}, **SERVICE}),
    ("/users/standing", {"purpose": "service"}),
    ("/users/corrections", {"purpose": "service", "values": {"tariff_plan": "P-1"}, "evidence": "e-1"}),
    ("/users/cancellations", {"services": ["mobile"]}),
    ("/users", {"purpose": "service", "values": {"tariff_plan": "P-1"}, "consents": [{"purpose": "service"}],
                "services": ["mobile"]}),
]  # fmt: skip


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with ready(database, tmp_path, clock) as site:
        site.do_all([newcomer(site, "u1"), newcomer(site, "u2")])
        site.record("u2", ConsentWithdrawn(at=site.now(), purpose="service"))
        site.cancel("u2")
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site, judge=JUDGE) as api:
        yield api


@pytest.mark.parametrize("who", ["stranger", "judge"])
@pytest.mark.parametrize(("path", "body"), ACTS)
def test_a_stranger_and_a_user_are_told_of_alike_by_whoever_may_do_it_to_nobody(
    api: Api, site: Site, path: str, body: dict[str, Any], who: str
) -> None:
    for user in ("u1", "nobody"):
        before = size(site)
        answer = api.post(path, body | {"user": user}, who)
        assert answer.status_code == 403, answer.text
        heard = answer.json()["type"] == "/problems/denied"  # else nobody looked up whom it is about
        assert (answer.json().get("entry"), size(site)) == ((before, before + 1) if heard else (None, before))
    known, unknown = (api.post(path, body | {"user": user}, who) for user in ("u1", "nobody"))
    assert (known.status_code, but_ids(known)) == (unknown.status_code, but_ids(unknown))
    assert "user" not in {each["missing"] for each in unknown.json().get("reasons", ())}


@pytest.mark.parametrize("kind", ["use", "query", "delete", "export", "collect"])
@pytest.mark.parametrize("who", ["stranger", "judge"])
def test_a_question_about_what_one_may_do_to_nobody_is_answered_the_same_of_everybody(
    api: Api, site: Site, kind: str, who: str
) -> None:
    before = size(site)
    asked = {"kind": kind, "items": ["resident_id_number"], "purpose": "service"}
    told = [api.post("/decisions", asked | {"user": user}, who) for user in USERS]
    subject = {"type": "staff", "id": who}
    questions = [
        {
            "subject": subject, "action": {"name": kind}, "context": {"purpose": "service"},
            "resource": {"type": "personal_information", "id": user, "properties": {"items": ["resident_id_number"]}},
        }
        for user in USERS
    ]  # fmt: skip
    one = [ask(api, "evaluation", each, who) for each in questions]
    many = ask(api, "evaluations", {"evaluations": questions}, who)["evaluations"]
    assert [each.status_code for each in told] == [200] * len(USERS)
    assert told[0].json()["permitted"] is one[0]["decision"] is many[0]["decision"] is False
    for answers in ([each.json() for each in told], one, many):
        assert answers == [answers[0]] * len(USERS)
    assert size(site) == before


def ask(api: Api, path: str, body: Any, who: str) -> Any:
    sent = bearer(who) | {"Content-Type": "application/json", "Accept-Language": "en"}
    answer = api.client.post(f"/access/v1/{path}", content=msgspec.json.encode(body), headers=sent)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_whoever_may_do_it_learns_that_nobody_is_on_record_and_it_is_an_entry(api: Api, site: Site) -> None:
    before = size(site)
    answer = api.post("/acts", {"kind": "query", "user": "nobody", **SERVICE}, "clerk")
    assert "user" in {each["missing"] for each in answer.json()["reasons"]}
    with site.reading() as tx:
        assert (decode(site.ledger.entry(tx, before)).who, size(site)) == ("clerk1", before + 1)


def test_a_program_that_asks_for_others_learns_what_is_missing_of_each_user(api: Api) -> None:
    asked = {"kind": "use", "items": ["tariff_plan"], "purpose": "service", "by": "clerk1"}
    missing = [
        {each["missing"] for each in api.post("/decisions", asked | {"user": user}, "crm").json()["reasons"]}
        for user in USERS
    ]
    assert "user" not in missing[0]
    assert "consent" in missing[1]
    assert "user" in missing[2]
