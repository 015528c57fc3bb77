# SPDX-License-Identifier: Apache-2.0
"""However a batch is read, each of its elements gets the answer that it would get alone."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from callers import CLERK, CRM, bearer, served
from house import newcomer
from litestar import Litestar
from litestar.testing import TestClient

from keshou.app.site import Site
from keshou.gate.act import Act
from keshou.gate.decide import Gate
from keshou.wire.authzen import read_batch
from keshou.wire.caller import Caller, CallerKind

USER = Caller(id="user", kind=CallerKind.USER, user="u1")
CALLERS = {"crm": CRM, "clerk": CLERK, "user": USER}
EVALUATION, EVALUATIONS = "/access/v1/evaluation", "/access/v1/evaluations"
SLOW: dict[str, Any] = {"subject": None}
"""An element by which a batch is read part by part."""


@pytest.fixture
def client(site: Site) -> Iterator[TestClient[Litestar]]:
    with TestClient(served(site, CALLERS), base_url="http://127.0.0.1") as client:
        yield client


def question(subject: Any = None, user: str = "u1", properties: Any = None, kind: str = "use", **more: Any) -> Any:
    return {
        "subject": subject or {"type": "staff", "id": "clerk1"},
        "action": {"name": kind},
        "resource": {
            "type": "personal_information",
            "id": user,
            "properties": properties or {"items": ["tariff_plan"]},
        },
        "context": {"purpose": "service"},
    } | more


ME = {"type": "user", "id": "u1"}
ELEMENTS = [
    question(), question(user="u2"), question(user="stranger"), question(), question(properties={"items": ["bill"]}),
    question(properties={"items": [7]}), question(properties={"items": ["tariff_plan"], "count": "2"}),
    question({"type": "staff", "id": "nobody"}, "u2"), question(kind="teleport"), question(user=""),
    question(ME, kind="query"), question(ME, "u2", kind="query"),
    question({"type": "user", "id": "u2"}, "u2", kind="query"),
    question({"type": "service", "id": "biller"}), question({"type": "staff", "id": "self"}), question(context={}),
    question(context={"purpose": "service", "ground": "none"}), question(resource={"type": "account", "id": "u1"}),
]  # fmt: skip


def elements(client: TestClient[Litestar], body: Any, token: str) -> Any:
    answer = client.post(EVALUATIONS, json=body, headers=bearer(token))
    assert answer.status_code == 200, answer.text
    return answer.json()["evaluations"]


@pytest.mark.parametrize("token", ["crm", "clerk", "user"])
def test_elements_read_together_part_by_part_and_alone_get_the_same_answers(
    client: TestClient[Litestar], token: str
) -> None:
    quick = elements(client, {"evaluations": ELEMENTS}, token)
    slow = elements(client, {"evaluations": [*ELEMENTS, SLOW]}, token)
    assert quick == slow[:-1]
    for asked, found in zip(ELEMENTS, quick, strict=True):
        alone = client.post(EVALUATION, json=asked, headers=bearer(token))
        if alone.status_code == 200:
            assert found == alone.json()
        else:
            assert found["context"]["error"]["status"] == alone.status_code
    assert len({json.dumps(each) for each in quick}) > 3


@pytest.mark.parametrize("more", [{}, {"more": 1}])
def test_defaults_stand_in_whole_however_the_batch_is_read(client: TestClient[Litestar], more: Any) -> None:
    top = question()
    own = [{}, {"resource": question(user="u2")["resource"]}, {"context": {}}, {"action": {"name": "query"}}, more]
    quick = elements(client, {**top, "evaluations": own}, "crm")
    assert quick == elements(client, {**top, "evaluations": [*own, SLOW]}, "crm")[:-1]
    assert quick == elements(client, {"evaluations": [top | each for each in own]}, "crm")


def test_members_in_another_order_or_spaced_otherwise_ask_the_same(client: TestClient[Litestar]) -> None:
    asked = question()
    other = json.dumps({name: asked[name] for name in reversed(asked)}, indent=2)
    body = f'{{"evaluations":[{json.dumps(asked)},{other}]}}'
    headers = bearer("crm") | {"content-type": "application/json"}
    found = client.post(EVALUATIONS, content=body, headers=headers).json()["evaluations"]
    assert found[0] == found[1]
    assert found[0]["decision"] is True


def test_questions_that_differ_by_nothing_but_their_user_are_read_once() -> None:
    body = json.dumps({"evaluations": [question(user=user) for user in ("a", "b", "c")]}).encode()
    batch = read_batch(body, 10)
    assert batch is not None
    assert [each.resource for each in batch.elements] == ["a", "b", "c"]
    assert len({id(each.question) for each in batch.elements}) == 1


ALL, UNTIL_NO, UNTIL_YES = "execute_all", "deny_on_first_deny", "permit_on_first_permit"


def export(user: str) -> Any:
    return question({"type": "staff", "id": "lister"}, user, kind="export")


@pytest.mark.parametrize(
    ("semantic", "asked", "answers"),
    [
        (ALL, [export("u1"), export("u2"), export("b1")], "nnn"),
        (UNTIL_NO, [export("u1"), export("u2"), export("b1")], "n"),
        (UNTIL_NO, [export("u1"), export("u1"), export("u2")], "yyy"),
        (UNTIL_NO, [question(), export("u1"), export("u2"), export("b1"), question()], "yn"),
        (UNTIL_YES, [export("u1"), export("u2"), export("b1")], "nnn"),
        (UNTIL_YES, [export("u1"), export("u2"), {"subject": 7}, export("b1"), question(), question()], "nnnny"),
        (UNTIL_YES, [export("stranger"), export("u1"), question()], "ny"),
        (UNTIL_NO, [export("u1"), {"subject": 7}, export("u2")], "yn"),
    ],
)  # fmt: skip
def test_a_list_is_judged_as_the_list_that_it_is_whatever_ends_the_answer(
    client: TestClient[Litestar], site: Site, semantic: str, asked: Any, answers: str
) -> None:
    site.do(newcomer(site, "b1"))
    body = {"options": {"evaluations_semantic": semantic}, "evaluations": asked}
    found = elements(client, body, "crm")
    assert "".join("ny"[each["decision"]] for each in found) == answers


def doubled(text: str) -> Iterator[str]:
    """Yield `text` with each member of each object named once more, before and after, plainly and by an escape."""
    for found in re.finditer(r'"(\w+)": ', text):
        name = found[1]
        for again in (f'"{name}": "other"', f'"\\u{ord(name[0]):04x}{name[1:]}": 1', f'"{name}": {{"a": ["b"]}}'):
            yield text[: found.start()] + again + ", " + text[found.start() :]
        yield text[: found.start()] + '"x": 1, "x": ":", ' + text[found.start() :]


ASKED = [
    json.dumps(question()), json.dumps(question({"type": "user", "id": "u1"}, kind="query")),
    json.dumps(question(user="urn:user:1")), json.dumps(question()).replace('"u1"', '"u\\u003a\\u003a\\u003a\\u003a1"'),
    json.dumps(question(properties={"items": ["tariff_plan"], "more": [{"deep": {"deeper": "at 09:00:00"}}]})),
]  # fmt: skip


@pytest.mark.parametrize("asked", ASKED)
def test_a_question_that_names_a_member_twice_is_refused_wherever_it_does(
    client: TestClient[Litestar], asked: str
) -> None:
    headers = bearer("crm") | {"content-type": "application/json"}
    for _ in range(2):  # the second time, what was read before is known
        assert client.post(EVALUATION, content=asked, headers=headers).status_code == 200
        for twice in doubled(asked):
            assert client.post(EVALUATION, content=twice, headers=headers).status_code == 400, twice


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("more", ["", '"options": {}, ', '"context": {"purpose": "service"}, "subject": {}, '])
def test_an_element_that_names_a_member_twice_is_a_fault_in_its_place_alone(
    client: TestClient[Litestar], asked: str, more: str
) -> None:
    headers = bearer("crm") | {"content-type": "application/json"}
    (alone,) = elements(client, {"evaluations": [json.loads(asked)]}, "crm")
    every = [asked, *(each for twice in doubled(asked) for each in (twice, asked))]
    for given in (every, [*every, "{}"]):  # the last has it read part by part
        body = f'{{{more}"evaluations": [{", ".join(given)}]}}'
        answer = client.post(EVALUATIONS, content=body, headers=headers)
        assert answer.status_code == 200, answer.text
        found = answer.json()["evaluations"][: len(every)]
        assert found[::2] == [alone] * len(found[::2])
        assert [each["decision"] for each in found[1::2]] == [False] * len(found[1::2])
        assert {each["context"]["error"]["status"] for each in found[1::2]} == {400}


def test_a_batch_that_names_a_member_twice_at_its_top_is_refused_whole(client: TestClient[Litestar]) -> None:
    headers = bearer("crm") | {"content-type": "application/json"}
    whole = {"options": {"evaluations_semantic": "execute_all"}, "context": {"a": {"b": 1}}, "evaluations": "HERE"}
    text = json.dumps(whole)
    told = [
        client.post(EVALUATIONS, content=each.replace('"HERE"', f"[{ASKED[0]}]"), headers=headers).status_code
        for each in (text, *doubled(text))
    ]
    assert told == [200] + [400] * (len(told) - 1)


@pytest.mark.parametrize(
    "more", [b'"x": ' + b"[" * 900 + b"]" * 900, b'"x": "\xff:"', b'"x": ' + b"9" * 5000 + b', "y": ":"']
)
def test_what_is_too_deep_or_odd_beside_a_question_harms_nobody(client: TestClient[Litestar], more: bytes) -> None:
    headers = bearer("crm") | {"content-type": "application/json"}
    for path, inner in ((EVALUATION, ASKED[0]), (EVALUATIONS, f'{{"evaluations": [{ASKED[0]}]}}')):
        answer = client.post(path, content=inner.encode()[:-1] + b", " + more + b"}", headers=headers)
        assert answer.status_code in (200, 400)


@pytest.mark.parametrize(
    ("semantic", "asked", "decided"),
    [
        (ALL, [question(), question(user="stranger"), question(user="u2")], ["u1", "stranger", "u2"]),
        (UNTIL_NO, [question(), question(user="stranger"), question(user="u2")], ["u1", "stranger"]),
        (UNTIL_NO, [question(user="stranger"), question(), question(user="u2")], ["stranger"]),
        (UNTIL_NO, [question(), {"subject": 7}, question(user="u2")], ["u1"]),
        (UNTIL_YES, [question(user="stranger"), question(), question(user="u2")], ["stranger", "u1"]),
    ],
)  # fmt: skip
def test_after_the_answer_that_ends_it_nothing_more_is_decided(
    client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch, semantic: str, asked: Any, decided: Any
) -> None:
    seen: list[str] = []
    decide, decided_in_memory = Gate.decide, Gate._word

    def noted(self: Gate, act: Act, *given: Any, **more: Any) -> Any:
        seen.append(act.user)
        return decide(self, act, *given, **more)

    def noted_in_memory(self: Gate, act: Act, *given: Any) -> Any:
        seen.append(act.user)
        return decided_in_memory(self, act, *given)

    monkeypatch.setattr(Gate, "decide", noted)
    monkeypatch.setattr(Gate, "_word", noted_in_memory)
    elements(client, {"options": {"evaluations_semantic": semantic}, "evaluations": asked}, "crm")
    assert list(dict.fromkeys(seen)) == decided
