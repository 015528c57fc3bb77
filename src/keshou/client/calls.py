# SPDX-License-Identifier: Apache-2.0
"""Questions -> requests, and answers back: the one place that knows addresses and bodies.

Source: AuthZEN Authorization API 1.0 for evaluations; ``/api/v1/openapi.json`` for the rest.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from keshou.client.errors import AnswerError
from keshou.client.exchange import Call, Got
from keshou.client.question import Answer, Question, Recorded
from keshou.errors import InputError
from keshou.law.terms import SILENT_KINDS
from keshou.permits.filter import RowFilter, Table
from keshou.permits.keys import PublicKeys
from keshou.wire.decision import GroundShape, ReasonShape
from keshou.wire.problem import Problem

EVALUATION = "/access/v1/evaluation"
EVALUATIONS = "/access/v1/evaluations"
ACTS = "/api/v1/acts"
FILTERS = "/api/v1/filters"
PERMIT_KEYS = "/api/v1/permit-keys"
MOST_AT_ONCE = 1000
"""Questions in one request; more are asked in several."""

_LONGEST_KEY = 255

T = TypeVar("T")


SELF = "self"
"""Stands for the program that asks, which need not know its own id."""


def ask(question: Question) -> Call[Answer]:
    """Return the call that asks `question`; nothing is done and nothing recorded."""
    return Call("POST", EVALUATION, _reading(_Decision, _answer), _body(_evaluation(question)))


def ask_many(questions: Sequence[Question]) -> Iterator[Call[list[Answer]]]:
    """Yield the calls that ask all of `questions`, in order.

    Raises:
        AnswerError: by reading an answer: it does not answer as many questions as were asked.

    """
    for start in range(0, len(questions), MOST_AT_ONCE):
        some = questions[start : start + MOST_AT_ONCE]
        body = _body({"evaluations": [_evaluation(each) for each in some]})

        def read(got: Got, expected: int = len(some)) -> list[Answer]:
            found = _reading(_Decisions, lambda answers: [_answer(each) for each in answers.evaluations])(got)
            if len(found) != expected:
                raise AnswerError
            return found

        yield Call("POST", EVALUATIONS, read, body)


def perform(question: Question, *, holding: str, users: Sequence[str] = (), key: str = "") -> Call[Recorded]:
    """Return the call that asks `question` and has it recorded; asked again with the same `key`, it is done once."""
    body = _act(question) | ({"holding": holding} if holding else {}) | ({"users": list(users)} if users else {})
    headers = {"idempotency-key": _named(key)}

    def lost(found: Recorded) -> int | None:
        told_once = bool(found.refusals or holding) or question.kind not in SILENT_KINDS
        return found.entry if found.repeated and found.permitted and told_once else None

    return Call("POST", ACTS, _reading(Recorded, lambda found: found), _body(body), headers, _denial, lost)


def filter_rows(question: Question, table: Table, users: Sequence[str]) -> Call[RowFilter]:
    """Return the call that fetches what `question` may use of `table`, out of the rows of `users`."""
    told = msgspec.to_builtins(table)
    if not table.schema:  # as it was told before there was one to tell
        del told["schema"]
    body = {"act": _act(question), "table": told, "users": list(users)}
    headers = {"idempotency-key": secrets.token_urlsafe(24)}
    return Call("POST", FILTERS, _reading(RowFilter, lambda found: found), _body(body), headers)


def permit_keys(issuer: str) -> Call[PublicKeys]:
    """Return the call that fetches the published keys of the site whose log is called `issuer`."""
    return Call("GET", PERMIT_KEYS, lambda got: PublicKeys.read(issuer, got.body))


def _named(key: str) -> str:
    if len(key) > _LONGEST_KEY or not all("!" <= each <= "~" for each in key):
        raise InputError(
            "the name of a request is not of 1 to 255 visible ASCII characters",
            hint="give a `key` that is, or none",
        )
    return key or secrets.token_urlsafe(24)


def _evaluation(question: Question) -> dict[str, Any]:
    """Return a question in the protocol's words."""
    action = {"recipient": question.recipient} if question.recipient else {}
    context = _some(purpose=question.purpose, review=question.review, ground=question.ground)
    subject = _some(post=question.post, where=question.where)
    return {
        "subject": {"type": "staff", "id": question.by or SELF} | ({"properties": subject} if subject else {}),
        "action": {"name": str(question.kind)} | ({"properties": action} if action else {}),
        "resource": {
            "type": "personal_information",
            "id": question.user,
            "properties": {"items": sorted(question.items), "count": question.count},
        },
        "context": context,
    }


def _act(question: Question) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(question)
    return found | {"items": sorted(question.items)}


def _some(**texts: str) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}


def _body(value: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:  # told without the text, which may be a user's id
        raise InputError("a question holds what is no text", hint="see where its ids come from") from None


class _Basis(msgspec.Struct, frozen=True):
    rules: int = 0
    revision: int = 0


class _Fault(msgspec.Struct, frozen=True):
    message: str = ""


class _Context(msgspec.Struct, frozen=True):
    reasons: tuple[ReasonShape, ...] = ()
    grounds: tuple[GroundShape, ...] = ()
    basis: _Basis = _Basis()
    full: bool = False
    error: _Fault = _Fault()


class _Decision(msgspec.Struct, frozen=True):
    decision: bool
    context: _Context = _Context()


class _Decisions(msgspec.Struct, frozen=True):
    evaluations: list[_Decision]


def _answer(found: _Decision) -> Answer:
    context = found.context
    return Answer(
        permitted=found.decision,
        reasons=context.reasons,
        grounds=context.grounds,
        rules=context.basis.rules,
        revision=context.basis.revision,
        full=context.full,
        fault=context.error.message,
    )


def _denial(problem: Problem) -> Recorded:
    if problem.entry is None:
        raise AnswerError
    return Recorded(decision=Answer(permitted=False, reasons=problem.reasons), entry=problem.entry)


def _reading(shape: type[Any], made: Callable[[Any], T]) -> Callable[[Got], T]:
    def read(got: Got) -> T:
        try:
            return made(msgspec.json.decode(got.body, type=shape))
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise AnswerError from None

    return read
