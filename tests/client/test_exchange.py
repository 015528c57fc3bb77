# SPDX-License-Identifier: Apache-2.0
"""A call is tried again when that is safe and of use, with a token that holds, and not otherwise."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from keshou.client import calls
from keshou.client import errors as e
from keshou.client.credentials import ApiKey, ClientSecret, PrivateKey
from keshou.client.exchange import Call, Got, Lost, Patience, Pause, Send, Step, exchange
from keshou.client.question import Question
from keshou.errors import InputError, KeshouError, UnreachableError
from keshou.law.terms import ActKind

DONE = Got(200, {}, b"done")
CALL: Call[bytes] = Call("POST", "/x", lambda got: got.body, b"{}")
QUESTION = Question(kind=ActKind.USE, user="A-1", items=frozenset({"mobile_number"}), purpose="service")


PATIENCE = Patience()


def carried_out(
    answers: Sequence[Got | Lost], access: Any = None, patience: Patience = PATIENCE
) -> tuple[Any, list[Step]]:
    """Carry a call out against a list of answers; return its outcome and the steps it took."""
    steps, taken, ahead = exchange(CALL, access or ApiKey("k"), patience), [], list(answers)
    came: Any = None
    while True:
        try:
            step = steps.send(came)
        except StopIteration as end:
            assert not ahead
            return end.value, taken
        except e.KeshouError as error:
            assert not ahead
            return error, taken
        taken.append(step)
        came = ahead.pop(0) if isinstance(step, Send) else None


def problem(status: int, **fields: Any) -> Got:
    body = {"type": "/problems/x", "title": "t", "status": status, **fields}
    return Got(status, {"content-type": "application/problem+json"}, msgspec.json.encode(body))


def token(value: str) -> Got:
    return Got(200, {}, msgspec.json.encode({"access_token": value, "token_type": "Bearer", "expires_in": 60}))


def test_an_answer_is_taken_at_the_first_try() -> None:
    outcome, taken = carried_out([DONE])
    assert outcome == b"done"
    assert [each.headers["authorization"] for each in taken if isinstance(each, Send)] == ["Bearer k"]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_is_not_now_is_tried_again_after_ever_longer_pauses(status: int) -> None:
    outcome, taken = carried_out([problem(status), Lost("ReadTimeout"), DONE])
    assert outcome == b"done"
    assert [each.seconds for each in taken if isinstance(each, Pause)] == [0.1, 0.2]


@pytest.mark.parametrize("kind", ["outdated", "stale"])
def test_what_passes_is_tried_again_and_told_as_no_answer_when_it_does_not(kind: str) -> None:
    passing = problem(409, type=f"/problems/{kind}")
    outcome, taken = carried_out([passing, passing, DONE])
    assert outcome == b"done"
    assert [each.seconds for each in taken if isinstance(each, Pause)] == [0.1, 0.2]
    outcome, _ = carried_out([passing] * 3)
    assert isinstance(outcome, e.NotNowError)
    assert isinstance(outcome, UnreachableError)


def test_another_conflict_is_not_tried_again() -> None:
    for kind in ("busy", "suspended", "request-repeated"):
        outcome, taken = carried_out([problem(409, type=f"/problems/{kind}")])
        assert type(outcome) is e.RequestRefusedError
        assert len(taken) == 1


def test_the_server_says_how_long_to_wait_but_not_for_ever() -> None:
    for said, waited in (("2", 2.0), ("3600", 5.0), ("soon", 0.1), ("-1", 0.1)):
        _, taken = carried_out([Got(503, {"retry-after": said}, b""), DONE])
        assert [each.seconds for each in taken if isinstance(each, Pause)] == [waited]


def test_tries_end() -> None:
    outcome, taken = carried_out([Lost("ConnectError")] * 3)
    assert isinstance(outcome, e.ServerUnreachableError)
    assert outcome.kind == "ConnectError"
    assert sum(isinstance(each, Send) for each in taken) == 3
    outcome, _ = carried_out([problem(503)] * 2, patience=Patience(tries=2))
    assert isinstance(outcome, UnreachableError)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, e.RequestRefusedError),
        (401, e.CredentialError),
        (403, e.NotEntitledError),
        (404, e.RequestRefusedError),
        (422, e.RequestRefusedError),
        (302, e.RequestRefusedError),
    ],
)
def test_what_would_be_answered_the_same_is_asked_once(status: int, error: type[Exception]) -> None:
    outcome, taken = carried_out([problem(status, detail="no", hint="do", request_id="r")])
    assert type(outcome) is error
    assert (str(outcome), outcome.hint, outcome.problem.request_id) == ("no", "do", "r")
    assert len(taken) == 1


def test_a_server_that_failed_is_an_unreachable_one_for_whoever_needs_an_answer() -> None:
    for status in (500, 503):
        outcome, _ = carried_out([problem(status)] * (1 if status == 500 else 3))
        assert isinstance(outcome, UnreachableError)


def test_an_answer_that_is_no_problem_document_is_told_by_its_status() -> None:
    outcome, _ = carried_out([Got(418, {"x-request-id": "r1"}, b"<html>")])
    assert isinstance(outcome, InputError)
    assert outcome.problem.request_id == "r1"


def test_a_token_is_fetched_once_and_kept() -> None:
    access = ClientSecret("app", "s")
    _, first = carried_out([token("t1"), DONE], access)
    _, second = carried_out([DONE], access)
    assert [each.path for each in first if isinstance(each, Send)] == ["/oauth/token", "/x"]
    assert [each.headers["authorization"] for each in second if isinstance(each, Send)] == ["Bearer t1"]


def test_a_token_that_is_over_is_fetched_anew_once() -> None:
    access = ClientSecret("app", "s")
    carried_out([token("t1"), DONE], access)
    outcome, taken = carried_out([problem(401), token("t2"), DONE], access)
    assert outcome == b"done"
    assert taken[-1].headers["authorization"] == "Bearer t2"  # type: ignore[union-attr]
    outcome, taken = carried_out([problem(401), token("t3"), problem(401)], access)
    assert isinstance(outcome, e.CredentialError)
    assert len(taken) == 3


def test_a_token_endpoint_that_answers_nonsense_is_no_token() -> None:
    for body in (b"", b"[]", b'{"access_token":"","token_type":"Bearer"}', b'{"access_token":"x","token_type":"mac"}'):
        outcome, _ = carried_out([Got(200, {}, body)], ClientSecret("app", "s"))
        assert isinstance(outcome, e.AnswerError)


def test_secrets_are_not_shown() -> None:
    assert "hidden" not in repr(ApiKey("hidden")) + repr(ClientSecret("app", "hidden"))


def test_an_act_has_a_key_of_its_own_that_stays_the_same_over_its_tries() -> None:
    first, second = (calls.perform(QUESTION, holding="crm") for _ in range(2))
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]
    steps = exchange(first, ApiKey("k"), Patience())
    sent = next(steps)
    steps.send(Lost("ReadTimeout"))
    again = next(steps)
    assert isinstance(sent, Send)
    assert isinstance(again, Send)
    assert sent.headers["idempotency-key"] == again.headers["idempotency-key"]
    assert calls.perform(QUESTION, holding="", key="mine").headers["idempotency-key"] == "mine"


def outcome_of_act(came: Got) -> Any:
    steps = exchange(calls.perform(QUESTION, holding="crm"), ApiKey("k"), PATIENCE)
    next(steps)
    try:
        steps.send(came)
    except StopIteration as end:
        return end.value
    except KeshouError as error:
        return error
    raise AssertionError("it was tried again")


def test_an_act_that_is_denied_is_answered_and_one_that_may_not_be_asked_is_a_failure() -> None:
    reason = {"prohibition": "p", "cite": "miit24:9.1", "missing": "consent", "missing_name": "", "says": ""}
    denied = outcome_of_act(problem(403, type="/problems/denied", entry=7, reasons=[reason]))
    assert (denied.permitted, denied.entry, denied.permit) == (False, 7, "")
    assert [each.cite for each in denied.decision.reasons] == ["miit24:9.1"]
    assert isinstance(outcome_of_act(problem(403, type="/problems/not-entitled", entry=7)), e.NotEntitledError)
    assert isinstance(outcome_of_act(problem(403, type="/problems/denied")), e.AnswerError)


def test_a_question_alone_has_no_key() -> None:
    assert "idempotency-key" not in calls.ask(QUESTION).headers


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'{"decision":"true"}', b'{"decision":1}', b'{"decision":null}', b"\xff"],
)
def test_only_a_clear_yes_is_a_permission(body: bytes) -> None:
    with pytest.raises(e.AnswerError):
        calls.ask(QUESTION).read(Got(200, {}, body))


def test_an_answer_without_reasons_is_an_answer() -> None:
    assert calls.ask(QUESTION).read(Got(200, {}, b'{"decision":true,"more":[1]}')).permitted
    assert not calls.ask(QUESTION).read(Got(200, {}, b'{"decision":false}')).permitted


def test_a_question_that_could_not_be_asked_so_is_denied_and_says_why() -> None:
    body = b'{"evaluations":[{"decision":false,"context":{"error":{"status":403,"message":"not for this"}}}]}'
    (call,) = calls.ask_many([QUESTION])
    (answer,) = call.read(Got(200, {}, body))
    assert (answer.permitted, answer.fault) == (False, "not for this")


def test_fewer_answers_than_questions_are_none() -> None:
    (call,) = calls.ask_many([QUESTION, QUESTION])
    with pytest.raises(e.AnswerError):
        call.read(Got(200, {}, b'{"evaluations":[{"decision":true}]}'))


def test_very_many_questions_go_in_several_calls() -> None:
    assert len(list(calls.ask_many([QUESTION] * 2001))) == 3
    assert list(calls.ask_many([])) == []


@pytest.mark.parametrize(
    ("alg", "key"),
    [("ES256", ECKey.generate_key("P-256")), ("RS256", RSAKey.generate_key(2048)), ("Ed25519", OKPKey.generate_key())],
    ids=["ES256", "RS256", "Ed25519"],
)
def test_a_private_key_proves_the_program_without_leaving_it(alg: str, key: Any) -> None:
    pem = key.as_pem(private=True).decode()
    access = PrivateKey("app", pem, audience="https://keshou.example/oauth/token", alg=alg)
    sent = next(access.token())
    assert isinstance(sent, Send)
    form = parse_qs(sent.body.decode())
    assert form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    assert "client_secret" not in form
    claims = jwt.decode(form["client_assertion"][0], key, algorithms=[alg]).claims
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("app", "app", "https://keshou.example/oauth/token")
    assert claims["exp"] - claims["iat"] == 60
    again = next(access.token())
    assert isinstance(again, Send)
    assert again.body != sent.body


@pytest.mark.parametrize("pem", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
@pytest.mark.parametrize("alg", ["ES256", "RS256", "none"])
def test_what_is_no_private_key_is_told_at_once_and_not_shown(pem: str, alg: str) -> None:
    with pytest.raises(InputError) as caught:
        PrivateKey("app", pem, audience="https://keshou.example/oauth/token", alg=alg)
    assert "AAAA" not in str(caught.value)


def test_the_end_of_a_key_s_line_is_none_of_it() -> None:
    for access in (ApiKey("k\n"), ApiKey("k\r\n"), ApiKey("k")):
        _, taken = carried_out([DONE], access)
        assert [each.headers["authorization"] for each in taken if isinstance(each, Send)] == ["Bearer k"]
    fetching = next(ClientSecret("app\n", "s\n").token())
    assert isinstance(fetching, Send)
    assert parse_qs(fetching.body.decode())["client_secret"] == ["s"]


WRONG = ["", "\n", "钥匙", "a b", "a\nb", "\ud800", "k\t", b"k"]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_key_is_told_when_it_is_given(wrong: Any) -> None:
    for make in (ApiKey, lambda text: ClientSecret("app", text), lambda text: ClientSecret(text, "s")):
        with pytest.raises(InputError):
            make(wrong)


@pytest.mark.parametrize("name", ["钥匙", "a b", "a\n", "x" * 256, "\ud800"])
def test_what_is_no_name_of_a_request_is_told_before_it_is_sent(name: str) -> None:
    with pytest.raises(InputError):
        calls.perform(QUESTION, holding="crm", key=name)


def test_what_is_no_text_is_told_before_it_is_sent_and_without_it() -> None:
    odd = msgspec.structs.replace(QUESTION, user="A-1\ud800")
    for make in (calls.ask, lambda each: next(calls.ask_many([each])), lambda each: calls.perform(each, holding="")):
        with pytest.raises(InputError) as caught:
            make(odd)
        assert "A-1" not in f"{caught.value} {caught.value.__cause__}"
    with pytest.raises(InputError):
        Question(kind=ActKind.USE, items="bill", purpose="billing")  # type: ignore[arg-type]
