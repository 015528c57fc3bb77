# SPDX-License-Identifier: Apache-2.0
"""Over the API an act is asked, done and recorded in one, in its caller's name, once."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from api_house import CALLERS, Api, serving, size
from house import START, VALUES, Clock, newcomer, ready

from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import ConsentWithdrawn
from keshou.law.terms import ActKind
from keshou.ledger.entry import decode
from keshou.permits.errors import PermitBeyondError
from keshou.permits.keys import PublicKeys
from keshou.permits.verify import Serving, verify

PLAN = VALUES["tariff_plan"]
LONG_AGO = START - dt.timedelta(days=1)


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def use(user: Any = "u1", *items: str, **more: Any) -> dict[str, Any]:
    return {"kind": "use", "user": user, "items": list(items or ("tariff_plan",)), "purpose": "service"} | more


def test_a_permitted_act_is_answered_with_values_grounds_and_the_place_of_its_entry(api: Api, site: Site) -> None:
    before = size(site)
    answer = api.post("/acts", use())
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["values"] == {"tariff_plan": PLAN}
    assert (found["entry"], found["revision"], size(site)) == (before, before + 1, before + 1)
    assert "miit24:9.1" in {each["cite"] for each in found["decision"]["grounds"]}
    with site.reading() as tx:
        assert decode(site.ledger.entry(tx, before)).who == "clerk1"


def test_a_program_in_its_own_name_sees_as_much_as_its_own_post_may(api: Api) -> None:
    found = api.post("/acts", use("u1", "mobile_number"), "biller").json()
    assert found["decision"]["full"] is False
    assert found["values"]["mobile_number"] not in ("", VALUES["mobile_number"])
    for _ in range(2):
        again = api.post("/acts", use("u1", "mobile_number"), "biller", key="masked").json()
        assert again["decision"]["full"] is False


def test_a_denial_names_every_article_met_and_its_entry_and_shows_nothing(api: Api, site: Site) -> None:
    before = size(site)
    answer = api.post("/acts", use("u1", "bill"), "stranger")
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    found = answer.json()
    assert (found["type"], found["entry"], size(site)) == ("/problems/denied", before, before + 1)
    assert {"miit24:13.1.3", "miit24:9.1", "miit24:9.3"} <= {each["cite"] for each in found["reasons"]}
    assert all(each["says"] for each in found["reasons"])
    assert PLAN not in answer.text


def test_the_same_request_sent_again_is_answered_and_not_done_again(api: Api, site: Site) -> None:
    first = api.post("/acts", use(), key="once").json()
    before = size(site)
    again = api.post("/acts", use(), key="once").json()
    assert (again["entry"], again["repeated"], again["values"]) == (first["entry"], True, {})
    assert (again["decision"]["permitted"], again["decision"]["full"]) == (True, True)
    assert size(site) == before


def test_a_denial_sent_again_is_the_same_denial(api: Api, site: Site) -> None:
    first = api.post("/acts", use(), "stranger", key="once")
    before = size(site)
    again = api.post("/acts", use(), "stranger", key="once")
    assert again.status_code == first.status_code == 403
    assert again.json()["entry"] == first.json()["entry"]
    assert {each["cite"] for each in again.json()["reasons"]} == {each["cite"] for each in first.json()["reasons"]}
    assert size(site) == before


@pytest.mark.parametrize("change", [{"items": ["mobile_number"]}, {"user": "u2"}, {"kind": "query"}, {"post": "clerk"}])
def test_a_key_that_comes_with_another_body_is_refused(api: Api, site: Site, change: Any) -> None:
    api.post("/acts", use(), key="once")
    before = size(site)
    answer = api.post("/acts", use() | change, key="once")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/request-repeated")
    assert size(site) == before


def test_another_caller_s_same_key_is_another_request(api: Api, site: Site) -> None:
    first = api.post("/acts", use(), "clerk", key="once").json()
    other = api.post("/acts", use(), "biller", key="once").json()
    assert other["entry"] == first["entry"] + 1
    assert "repeated" not in other or other["repeated"] is False


@pytest.mark.parametrize("key", [None, "", " ", "x" * 256, "schlüssel", "a b"])
def test_an_act_without_a_proper_idempotency_key_is_refused(api: Api, site: Site, key: str | None) -> None:
    before = size(site)
    headers = {"authorization": "Bearer clerk"} | ({} if key is None else {"idempotency-key": key.encode()})
    answer = api.client.post("/api/v1/acts", json=use(), headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 400
    assert size(site) == before


def test_a_correction_writes_what_is_given_and_is_seen_afterwards(api: Api) -> None:
    change = use(kind="correct", values={"tariff_plan": "P-20"})
    assert api.post("/acts", change).status_code == 200
    assert api.post("/acts", use()).json()["values"] == {"tariff_plan": "P-20"}


@pytest.mark.parametrize("body", [
    use(values={"tariff_plan": "secretvalue"}), use(kind="correct"), use(users=["u2"]), use(count=2), use(""),
    use(kind="correct", values={"mobile_number": "secretvalue"}), use("", kind="export"),
    use("", kind="export", users=["u1", "u2"], count=3), use("", users=["u1"]),
    use("", kind="export", users=["u1"], values={"tariff_plan": "secretvalue"}),
])  # fmt: skip
def test_parts_that_do_not_go_together_are_refused_and_never_quoted(api: Api, site: Site, body: Any) -> None:
    before = size(site)
    answer = api.post("/acts", body, "fresh")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/input"), answer.text
    assert "secretvalue" not in answer.text
    assert size(site) == before


@pytest.mark.parametrize("body", [
    use(kind="teleport"), use(items=[]), use(items=["tariff_plan"] * 257), use(items="tariff_plan"), use(items=[7]),
    use(user=7), use(user="u\n"), use(user="u\u0000"), use(user="x" * 256), use(purpose=""), use(purpose="service\n"),
    use(purpose="a b"), use(secretvalue=1), use(at="2026-03-02T10:00:00+08:00"), use(count=0), use(count=-1),
    use(count="1"), use(at_least=-1), use(at_least=1.5), use(by=None),
    *(use(kind="correct", values={"tariff_plan": value}) for value in ("", "secretvalue\u001b[2J")),
    {key: value for key, value in use().items() if key != "purpose"},
])  # fmt: skip
def test_what_is_not_of_the_documented_form_is_refused_by_place_and_never_quoted(
    api: Api, site: Site, body: Any
) -> None:
    before = size(site)
    answer = api.post("/acts", body, "fresh")
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed"), answer.text
    assert "secretvalue" not in answer.text
    assert size(site) == before


DOUBLE = b'{"kind":"use","user":"u1","user":"u2","items":["tariff_plan"],"purpose":"service"}'
BROKEN = [
    b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b"NaN", DOUBLE,
    DOUBLE.replace(b'"user":"u2"', b'"\\u0075ser":"u2"'), json.dumps(use(user="\ud800")).encode(),
    json.dumps(use()).encode() + b"{}", b"\xef\xbb\xbf" + json.dumps(use()).encode(),
    json.dumps(use()).encode("utf-16"),
]  # fmt: skip


@pytest.mark.parametrize("body", BROKEN)
def test_what_is_no_json_or_names_a_member_twice_is_refused(api: Api, site: Site, body: bytes) -> None:
    before = size(site)
    answer = api.post("/acts", body)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")
    assert size(site) == before


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_that_is_not_called_json_is_refused(api: Api, kind: str) -> None:
    assert api.post("/acts", use(), **{"Content-Type": kind}).status_code == 415


def test_a_huge_body_is_refused(api: Api, site: Site) -> None:
    body = json.dumps(use(where="x" * (site.settings.server.body_bytes + 1))).encode()
    answer = api.post("/acts", body)
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")


@pytest.mark.parametrize(
    ("who", "change"),
    [
        ("clerk", {"by": "biller"}), ("biller", {"by": "clerk1"}), ("crm", {"by": "user"}), ("reader", {}),
        ("inspector", {}), ("narrow", {"purpose": "marketing"}), ("narrow", {"kind": "query"}),
        ("user", {"user": "u2", "kind": "query"}), ("user", {}), ("user", {"by": "clerk1", "kind": "query"}),
    ],
)  # fmt: skip
def test_nobody_acts_in_another_s_name_or_beyond_their_key(api: Api, site: Site, who: str, change: Any) -> None:
    before = size(site)
    answer = api.post("/acts", use() | change, who)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-entitled")
    assert size(site) == before


def test_a_program_trusted_with_it_acts_in_the_name_of_the_staff_it_has_signed_in(api: Api, site: Site) -> None:
    found = api.post("/acts", use(by="clerk1"), "crm").json()
    assert found["decision"]["full"] is True
    own = api.post("/acts", use(), "clerk").json()
    with site.reading() as tx:
        told, proven = (decode(site.ledger.entry(tx, each["entry"])) for each in (found, own))
    assert (told.who, told.via) == ("clerk1", "crm")
    assert (proven.who, proven.via) == ("clerk1", "")


def test_users_see_their_own_information_without_naming_themselves(api: Api) -> None:
    asked = use(kind="query")
    del asked["user"]
    assert api.post("/acts", asked, "user").json()["values"] == {"tariff_plan": PLAN}


def test_nobody_acts_without_proving_who_they_are(api: Api, site: Site) -> None:
    before = size(site)
    assert api.post("/acts", use(), "nobody").status_code == 401
    assert size(site) == before


def test_a_revision_that_is_not_reached_yet_is_a_conflict_and_nothing_is_done(api: Api, site: Site) -> None:
    before = size(site)
    for path in ("/decisions", "/acts"):
        answer = api.post(path, use(at_least=before + 1))
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/stale")
        assert size(site) == before
        assert api.post(path, use(at_least=before)).status_code == 200


def test_a_withdrawal_counts_from_the_next_act_on(api: Api, site: Site) -> None:
    assert api.post("/acts", use()).status_code == 200
    site.record("u1", ConsentWithdrawn(at=site.now(), purpose="service"))
    assert api.post("/acts", use()).status_code == 403


def bulk(*users: str, **more: Any) -> dict[str, Any]:
    asked = {"kind": "export", "users": list(users), "items": ["tariff_plan"], "purpose": "service"}
    return asked | {"count": len(users)} | more


def test_many_users_are_one_act_judged_user_by_user(api: Api, site: Site) -> None:
    before = size(site)
    found = api.post("/acts", bulk("u1", "nobody"), "lister").json()
    assert found["by_user"] == {"u1": {"tariff_plan": PLAN}}
    assert [each["permitted"] for each in found["refused"].values()] == [False]
    assert list(found["refused"]) == ["nobody"]
    assert size(site) == before + 1


def test_many_users_asked_about_again_are_told_how_many_were_refused_and_why(api: Api) -> None:
    first = api.post("/acts", bulk("u1", "nobody"), "lister", key="once").json()
    again = api.post("/acts", bulk("u1", "nobody"), "lister", key="once").json()
    why = {each["cite"] for each in first["refused"]["nobody"]["reasons"]}
    assert again["repeated"] is True
    assert again["refusals"] == dict.fromkeys(why, 1)
    assert (again["by_user"], again["refused"]) == ({}, {})


def test_where_each_of_many_was_refused_it_is_told_again_by_what_they_met(api: Api) -> None:
    first = api.post("/acts", bulk("nobody"), "lister", key="once").json()
    again = api.post("/acts", bulk("nobody"), "lister", key="once")
    assert again.status_code == 403
    why = {each["cite"] for each in first["refused"]["nobody"]["reasons"]}
    assert {each["cite"] for each in again.json()["reasons"]} == why


def test_a_bulk_act_needs_a_fresh_proof(database: Database, tmp_path: Path) -> None:
    clock = Clock()
    with ready(database, tmp_path, clock) as site, serving(site) as api:
        site.do(newcomer(site, "u1"))
        assert api.post("/acts", bulk("u1"), "lister").status_code == 200
        clock.moment = clock.moment.replace(hour=12)
        before = size(site)
        answer = api.post("/acts", bulk("u1"), "lister")
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/proof-too-old")
        assert api.post("/acts", bulk("u1"), "clerk").json()["type"] == "/problems/proof-too-old"
        assert size(site) == before


ALONE = {
    "export": ("lister", {}), "copy": ("clerk", {}), "destroy": ("clerk", {}), "delete": ("clerk", {}),
    "a user's own": ("user", {"kind": "delete", "user": ""}),
}  # fmt: skip


@pytest.mark.parametrize("kind", ALONE)
def test_what_leaves_or_is_gone_for_good_needs_a_fresh_proof_be_it_of_one_user(site: Site, kind: str) -> None:
    who, more = ALONE[kind]
    stale, fresh = (msgspec.structs.replace(CALLERS[who], proven_at=each) for each in (LONG_AGO, site.now()))
    asked = use(**({"kind": kind} | more))
    before = size(site)
    with serving(site, stale=stale, anew=fresh) as api:
        for holding in ({}, {"where": "nowhere", "count": 1}):  # the plainest requests go a shorter way
            answer = api.post("/acts", asked | holding, "stale")
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/proof-too-old")
        assert size(site) == before
        assert api.post("/acts", asked, "anew").json().get("type") != "/problems/proof-too-old"
        assert size(site) == before + 1


def test_a_user_cannot_go_round_the_fresh_proof_of_erasure_item_by_item(api: Api, site: Site) -> None:
    asked = {"kind": "delete", "items": ["tariff_plan"], "purpose": "service"}
    before = size(site)
    assert api.post("/acts", asked, "user").json()["type"] == "/problems/proof-too-old"
    assert size(site) == before
    assert api.post("/acts", use(kind="query", user=""), "user").json()["values"] == {"tariff_plan": PLAN}


def test_a_program_proves_itself_with_each_request_whatever_it_does(api: Api, site: Site) -> None:
    before = size(site)
    for kind in ("export", "delete", "destroy"):
        assert api.post("/acts", use(kind=kind, by="clerk1"), "crm").json().get("type") != "/problems/proof-too-old"
    assert size(site) == before + 3


def test_a_pure_question_is_answered_alike_and_leaves_nothing(api: Api, site: Site) -> None:
    before = size(site)
    found = api.post("/decisions", use()).json()
    assert found["permitted"] is True
    denied = api.post("/decisions", use("stranger")).json()
    assert denied["permitted"] is False
    assert denied["reasons"]
    assert size(site) == before
    assert "values" not in found


def test_a_question_may_be_of_another_moment(api: Api) -> None:
    assert api.post("/decisions", use(at="2031-01-01T00:00:00Z")).status_code == 200
    assert api.post("/decisions", use(at="1990-01-01T00:00:00Z")).status_code == 422
    assert api.post("/decisions", use(at="2031-01-01T00:00:00")).status_code == 400
    assert api.post("/decisions", use(at="0001-01-01T00:00:00+14:00")).status_code in (400, 422)
    assert api.post("/decisions", use(at="9999-12-31T23:59:59-12:00")).status_code < 500


def test_a_program_that_may_only_evaluate_asks_of_anybody_and_does_nothing(api: Api) -> None:
    assert api.post("/decisions", use(by="clerk1"), "crm").json()["permitted"] is True
    assert api.post("/decisions", use(by="clerk1"), "biller").status_code == 403


def permitted(api: Api, site: Site, asked: Any, who: str, **served: Any) -> Any:
    """Ask, fetch the published keys, and check the permit as a system of the operator's own would."""
    found = api.post("/acts", asked, who).json()
    return found, checked(api, site, found["permit"], **served)


def checked(api: Api, site: Site, permit: str, **served: Any) -> Any:
    keys = PublicKeys.read(site.settings.log_origin, api.client.get("/api/v1/permit-keys").content)
    serving_it = Serving(
        audience="crm", kind=ActKind.USE, users=frozenset({"u1"}), items=frozenset({"tariff_plan"}), purpose="service",
        caller="crm",
    )  # fmt: skip
    return verify(permit, keys, msgspec.structs.replace(serving_it, **served), site.now())


def test_an_act_on_another_system_s_information_is_answered_with_a_permit_that_holds_offline(
    api: Api, site: Site
) -> None:
    found, permit = permitted(api, site, use(by="clerk1", holding="crm"), "crm")
    assert (permit.entry, permit.by, permit.full, permit.once) == (found["entry"], "clerk1", True, False)


def test_a_permit_is_for_one_use_where_the_rules_say_so(api: Api, site: Site) -> None:
    asked = use(by="clerk1", holding="ledger_room")
    assert permitted(api, site, asked, "crm", audience="ledger_room")[1].once is True


def test_a_permit_of_staff_names_no_program(api: Api, site: Site) -> None:
    assert permitted(api, site, use(holding="crm"), "clerk", caller="")[1].by == "clerk1"


def test_a_permit_for_many_covers_those_not_refused(api: Api, site: Site) -> None:
    asked, rest = bulk("u1", "nobody", holding="crm"), {"kind": ActKind.EXPORT, "caller": ""}
    found, _ = permitted(api, site, asked, "lister", users=frozenset({"u1"}), **rest)
    with pytest.raises(PermitBeyondError):
        checked(api, site, found["permit"], users=frozenset({"nobody"}), **rest)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"holding": "other"}, "declare no such system"),
        ({"items": ["user_name"]}, "mobile_number, tariff_plan"),
        ({"items": ["tariff_plan", "user_name"]}, "does not keep every item"),
    ],
)
def test_a_system_that_the_rules_do_not_declare_so_gets_no_permit(api: Api, site: Site, change: Any, told: str) -> None:
    before = size(site)
    answer = api.post("/acts", use(holding="crm") | change)
    found = answer.json()
    assert (answer.status_code, found["type"]) == (404, "/problems/not-found")
    assert told in f"{found['detail']} {found['hint']}"
    assert size(site) == before


def test_a_denied_or_repeated_act_has_no_permit(api: Api) -> None:
    assert "permit" not in api.post("/acts", use(holding="crm"), "stranger").json()
    assert api.post("/acts", use(holding="crm"), key="once").json()["permit"]
    assert api.post("/acts", use(holding="crm"), key="once").json()["permit"] == ""
