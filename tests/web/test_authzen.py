# SPDX-License-Identifier: Apache-2.0
"""The protocol's questions are answered by the gate, in the protocol's form, on facts as new as the question."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from callers import CLERK, CRM, bearer, served
from house import act
from litestar import Litestar
from litestar.testing import TestClient

from keshou.app.site import Site
from keshou.gate.facts import ConsentWithdrawn
from keshou.law.terms import ActKind
from keshou.wire.caller import Caller, CallerKind, Scope

NARROW = Caller(
    id="biller", kind=CallerKind.PROGRAM, scopes=frozenset({Scope.EVALUATE}), purposes=frozenset({"billing"}),
    acts=frozenset({ActKind.USE}),
)  # fmt: skip
ACTOR = Caller(id="biller", kind=CallerKind.PROGRAM, scopes=frozenset({Scope.ACT}))
USER = Caller(id="user", kind=CallerKind.USER, user="u1")
CALLERS = {"crm": CRM, "clerk": CLERK, "narrow": NARROW, "actor": ACTOR, "user": USER}
PLAN = ("tariff_plan",)
EVALUATION, EVALUATIONS = "/access/v1/evaluation", "/access/v1/evaluations"


@pytest.fixture
def client(site: Site) -> Iterator[TestClient[Litestar]]:
    with TestClient(served(site, CALLERS), base_url="http://127.0.0.1") as client:
        yield client


def question(
    by: str = "clerk1", kind: str = "use", user: str = "u1", items: Any = ("tariff_plan",), **context: Any
) -> Any:
    return {
        "subject": {"type": "staff", "id": by},
        "action": {"name": kind},
        "resource": {"type": "personal_information", "id": user, "properties": {"items": list(items)}},
        "context": {"purpose": "service", **context},
    }


def ask(client: TestClient[Litestar], body: Any, path: str = EVALUATION, token: str = "crm", **headers: str) -> Any:  # noqa: S107
    answer = client.post(path, json=body, headers=bearer(token) | headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_permission_says_on_what_it_stands_and_on_which_state(client: TestClient[Litestar], site: Site) -> None:
    answer = ask(client, question(), **{"Accept-Language": "en"})
    context = answer["context"]
    assert answer["decision"] is True
    assert "miit24:9.1" in [each["cite"] for each in context["grounds"]]
    assert context["basis"] == {"rules": 1, "revision": site.ask(act(ActKind.USE, "u1", "tariff_plan")).revision}
    assert {each["id"] for each in context["obligations"]} == {"record"}
    masked = ask(client, question(by="biller"))["context"]
    assert {each["id"] for each in masked["obligations"]} == {"record", "mask"}
    assert masked["full"] is False


def test_a_denial_names_every_article_it_met(client: TestClient[Litestar]) -> None:
    answer = ask(client, question(by="nobody", user="stranger", items=["bill"]))
    assert answer["decision"] is False
    cites = {each["cite"] for each in answer["context"]["reasons"]}
    assert {"miit24:13.1.3", "miit24:9.1", "miit24:9.3"} <= cites
    assert all(each["articles"] == [each["cite"]] for each in answer["context"]["reasons"])


@pytest.mark.parametrize("change", [
    {"subject": {"type": "robot", "id": "x"}}, {"action": {"name": "teleport"}},
    {"resource": {"type": "account", "id": "u1"}}, {"resource": {"type": "personal_information", "id": "u1"}},
    {"context": {}}, {"context": {"purpose": "none"}}, {"subject": {"type": "staff", "id": "user"}},
])  # fmt: skip
def test_what_is_unknown_is_denied_with_a_reason_and_is_no_error(client: TestClient[Litestar], change: Any) -> None:
    answer = ask(client, question() | change)
    assert answer["decision"] is False
    assert answer["context"]["reasons"]


def test_members_that_nobody_knows_change_nothing(client: TestClient[Litestar]) -> None:
    plain = question()
    more = {**plain, "extra": 1, "subject": {**plain["subject"], "role": "admin", "properties": {"consented": True}}}
    assert ask(client, more) == ask(client, plain)


def test_no_property_talks_the_gate_into_a_permission(client: TestClient[Litestar]) -> None:
    asked = question(user="stranger")
    asked["resource"]["properties"] |= {"consent": True, "user_known": True, "consented": True}
    asked["subject"]["properties"] = {"granted": True, "role": "admin"}
    assert ask(client, asked)["decision"] is False


def test_the_same_question_is_answered_by_the_same_bytes(client: TestClient[Litestar]) -> None:
    answers = {client.post(EVALUATION, json=question(), headers=bearer("crm")).content for _ in range(3)}
    assert len(answers) == 1


def test_without_reasons_there_is_the_decision_and_nothing_else(client: TestClient[Litestar]) -> None:
    assert ask(client, question(), Prefer="return=minimal") == {"decision": True}
    batch = {"evaluations": [question(), question(by="nobody")]}
    assert ask(client, batch, EVALUATIONS, Prefer="return=minimal") == {
        "evaluations": [{"decision": True}, {"decision": False}]
    }


BROKEN = [
    b"", b"[]", b"7", b"null", b'"x"', b"{", b'{"subject":', b"\xff\xfe", b'{"subject":"alice"}', b"[" * 100_000,
    json.dumps(question() | {"subject": {"type": "staff"}}).encode(),
    json.dumps(question() | {"subject": "secretvalue"}).encode(),
    json.dumps(question() | {"action": {"name": 7}}).encode(),
    json.dumps(question() | {"action": {}}).encode(),
    json.dumps(question() | {"resource": {"type": "personal_information", "id": None}}).encode(),
    json.dumps(question() | {"context": "secretvalue"}).encode(),
    json.dumps({key: value for key, value in question().items() if key != "resource"}).encode(),
    json.dumps(question(items=[["secretvalue"]])).encode(),
    json.dumps(question(items=[7])).encode(),
    json.dumps(question(review=["secretvalue"])).encode(),
    json.dumps(question(purpose=7)).encode(),
]  # fmt: skip


@pytest.mark.parametrize("body", BROKEN)
@pytest.mark.parametrize("path", [EVALUATION, EVALUATIONS])
def test_what_is_not_the_protocol_s_form_is_a_bad_request_that_quotes_nothing(
    client: TestClient[Litestar], path: str, body: bytes
) -> None:
    headers = {"content-type": "application/json", "x-request-id": "r-7"}
    answer = client.post(path, content=body, headers=bearer("crm") | headers)
    assert answer.status_code == 400
    assert answer.headers["x-request-id"] == "r-7"
    assert "secretvalue" not in answer.text
    assert answer.json()["type"] == "/problems/malformed"
    assert all(each.startswith("$") for each in answer.json().get("pointers", [])), answer.text


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_question_that_is_not_called_json_is_malformed(client: TestClient[Litestar], kind: str) -> None:
    content = json.dumps(question())
    answer = client.post(EVALUATION, content=content, headers=bearer("crm") | {"content-type": kind})
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")


def test_json_may_name_its_encoding(client: TestClient[Litestar]) -> None:
    headers = bearer("crm") | {"content-type": "application/json; charset=utf-8"}
    assert client.post(EVALUATION, content=json.dumps(question()), headers=headers).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", [EVALUATION, EVALUATIONS])
def test_only_posts_are_answered(client: TestClient[Litestar], method: str, path: str) -> None:
    answer = client.request(method, path, headers=bearer("crm"))
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]


def test_nobody_asks_without_proving_who_they_are(client: TestClient[Litestar]) -> None:
    answer = client.post(EVALUATION, json=question())
    assert (answer.status_code, answer.headers["www-authenticate"][:6]) == (401, "Bearer")


@pytest.mark.parametrize(
    ("token", "by", "subject", "kind", "status"),
    [
        ("clerk", "clerk1", "staff", "use", 200), ("clerk", "self", "staff", "use", 200),
        ("clerk", "biller", "staff", "use", 403), ("narrow", "clerk1", "staff", "use", 403),
        ("actor", "biller", "service", "use", 200), ("actor", "clerk1", "staff", "use", 403),
        ("user", "u1", "user", "query", 200), ("user", "clerk1", "staff", "use", 403),
        ("crm", "anybody", "staff", "use", 200),
    ],
)  # fmt: skip
def test_everybody_asks_about_themselves_and_only_programs_meant_for_it_about_others(
    client: TestClient[Litestar], *, token: str, by: str, subject: str, kind: str, status: int
) -> None:
    asked = question(by=by, kind=kind) | {"subject": {"type": subject, "id": by}}
    assert client.post(EVALUATION, json=asked, headers=bearer(token)).status_code == status


def test_a_user_does_not_ask_about_another_user(client: TestClient[Litestar]) -> None:
    asked = question(user="u2", kind="query") | {"subject": {"type": "user", "id": "u2"}}
    assert client.post(EVALUATION, json=asked, headers=bearer("user")).status_code == 403


def test_a_batch_is_answered_in_order_by_what_each_alone_would_be(client: TestClient[Litestar]) -> None:
    asked = [
        question(),
        question(by="nobody"),
        question(kind="teleport"),
        question(user="u2"),
        question(items=["bill"]),
    ]
    found = ask(client, {"evaluations": asked}, EVALUATIONS)
    assert found == {"evaluations": [ask(client, each) for each in asked]}


def test_a_batch_without_an_array_is_a_single_question(client: TestClient[Litestar]) -> None:
    single = ask(client, question())
    assert ask(client, question(), EVALUATIONS) == single
    assert ask(client, question() | {"evaluations": []}, EVALUATIONS) == single


def test_defaults_stand_in_whole_and_are_never_merged(client: TestClient[Litestar]) -> None:
    whole = question()
    bare = {"type": "personal_information", "id": "u1"}
    found = ask(client, {**whole, "evaluations": [{}, {"resource": bare}, {"context": {}}]}, EVALUATIONS)["evaluations"]
    assert found == [ask(client, each) for each in (whole, whole | {"resource": bare}, whole | {"context": {}})]
    assert [each["decision"] for each in found] == [True, False, False]


def test_an_unused_default_may_be_incomplete(client: TestClient[Litestar]) -> None:
    assert ask(client, {"resource": {}, "evaluations": [question()]}, EVALUATIONS)["evaluations"][0]["decision"]


def test_a_faulty_element_is_denied_alone(client: TestClient[Litestar]) -> None:
    broken = [{}, {"subject": "x"}, question(items=[7]), {"subject": {"type": "staff"}}, 7]
    found = ask(client, {"evaluations": [question(), *broken]}, EVALUATIONS)["evaluations"]
    assert [each["decision"] for each in found] == [True] + [False] * 5
    assert all(each["context"]["error"]["status"] == 400 for each in found[1:])


def test_an_element_that_the_caller_may_not_ask_is_denied_alone(client: TestClient[Litestar]) -> None:
    found = ask(client, {"evaluations": [question(), question(by="biller")]}, EVALUATIONS, "clerk")["evaluations"]
    assert found[0]["decision"] is True
    assert found[1] == {
        "decision": False,
        "context": {"error": {"status": 403, "message": "staff ask about their own acts only"}},
    }


@pytest.mark.parametrize(
    ("semantic", "pattern", "expected"),
    [
        ("execute_all", "ydyd", "ydyd"), ("deny_on_first_deny", "yydy", "yyd"), ("deny_on_first_deny", "yyy", "yyy"),
        ("permit_on_first_permit", "ddyd", "ddy"), ("permit_on_first_permit", "ddd", "ddd"),
        ("deny_on_first_deny", "yfy", "yf"), ("permit_on_first_permit", "fy", "fy"),
    ],
)  # fmt: skip
def test_a_batch_stops_where_its_semantic_says(
    client: TestClient[Litestar], semantic: str, pattern: str, expected: str
) -> None:
    made = {"y": question(), "d": question(by="nobody"), "f": {}}
    body = {"options": {"evaluations_semantic": semantic}, "evaluations": [made[each] for each in pattern]}
    found = ask(client, body, EVALUATIONS)["evaluations"]
    assert [each["decision"] for each in found] == [each == "y" for each in expected]


@pytest.mark.parametrize("semantic", ["first", "", 7, None])
def test_a_semantic_that_nobody_knows_is_a_bad_request(client: TestClient[Litestar], semantic: Any) -> None:
    body = {"options": {"evaluations_semantic": semantic}, "evaluations": [question()]}
    assert client.post(EVALUATIONS, json=body, headers=bearer("crm")).status_code == 400


def test_too_many_questions_at_once_are_too_large(client: TestClient[Litestar]) -> None:
    body = msgspec.json.encode({**question(), "evaluations": [{}] * 10_001})
    headers = bearer("crm") | {"content-type": "application/json"}
    assert client.post(EVALUATIONS, content=body, headers=headers).status_code == 413


def test_a_withdrawal_counts_from_the_next_question_on(client: TestClient[Litestar], site: Site) -> None:
    assert ask(client, question())["decision"] is True
    site.record("u1", ConsentWithdrawn(at=site.now(), purpose="service"))
    assert ask(client, question())["decision"] is False
    assert [
        each["decision"]
        for each in ask(client, {"evaluations": [question(), question(user="u2")]}, EVALUATIONS)["evaluations"]
    ] == [False, True]
