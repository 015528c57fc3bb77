# SPDX-License-Identifier: Apache-2.0
"""However a batch is read, each of its elements gets the answer that it would get alone."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from callers import CLERK, CRM, bearer, served
from house import newcomer
from litestar import Litestar
from litestar.testing import TestClient

from keshou.app.site import Site
from keshou.wire.authzen import read_batch
from keshou.wire.caller import Caller, CallerKind

USER = Caller(id="user", kind=CallerKind.USER, user="u1")
CALLERS = {"crm": CRM, "clerk": CLERK, "user": USER}
EVALUATION, EVALUATIONS = "/access/v1/evaluation", "/access/v1/evaluations"
SLOW: dict[str, Any] = {"subject": None}
"""An element by which a batch is read part by part."""


@pytest.fixture
def client(site: Site) -> Iterator[TestClient[Litestar]]:
    with TestClient(served(site, CALLERS)) as client:
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
