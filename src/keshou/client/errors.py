# SPDX-License-Identifier: Apache-2.0
"""What a client is told when no answer can be used. A denial is an answer; these are failures."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from keshou.errors import InputError, KeshouError, UnreachableError
from keshou.wire.problem import Problem


class ClientError(KeshouError):
    """The server answered with a problem. `problem` is what it said; it names nobody."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail or problem.title, hint=problem.hint)
        self.problem = problem


PASSING = frozenset({"/problems/outdated", "/problems/stale"})
"""Types of problems (409) of which nothing was done, and which pass: the same request may be answered next time."""

T = TypeVar("T")
_WHAT_TO_CHECK = (
    "check the program's id, its secret or key and its algorithm, the address of the token endpoint, and the clock"
)


class ClosedError(InputError):
    """The client was closed before it was used."""

    def __init__(self) -> None:
        super().__init__("the client was closed", hint="close it when the program ends, and not before")


class CredentialError(ClientError):
    """The key or token does not hold (401)."""


class NotEntitledError(ClientError):
    """The program is known and may not ask for this (403)."""


class RequestRefusedError(ClientError, InputError):
    """The server found the request wrong (4xx); asking again the same will not help."""


class TooManyRequestsError(ClientError, UnreachableError):
    """The program asked too often, and went on being told so (429)."""


class NotNowError(ClientError, UnreachableError):
    """Facts went on changing while it was judged, or the log did not come to the revision asked for."""


class ServerFailedError(ClientError, UnreachableError):
    """The server could not answer (5xx); nothing may be assumed permitted."""


class ServerUnreachableError(UnreachableError):
    """No answer came: no connection, or not in time. Nothing may be assumed permitted."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"keshou's server gave no answer ({kind})", hint="check its address and that it runs")
        self.kind = kind


class AnswerLostError(UnreachableError):
    """An act was done, and the answer that showed the values, gave the permit or told who was refused was lost.

    It was told once, to the first of the client's own tries; `entry` is the act's place in the log.
    """

    def __init__(self, entry: int) -> None:
        super().__init__(
            f"the act was done and is entry {entry} of the log, and its answer was lost on the way",
            hint="ask anew for what is still needed: it is judged as another act",
        )
        self.entry = entry


class AnswerError(UnreachableError):
    """What came back is not an answer of a keshou server; nothing may be assumed permitted."""

    def __init__(self) -> None:
        super().__init__("what answered is not a keshou server", hint="check the address")


class TokenRefused(msgspec.Struct, frozen=True):
    """How a token endpoint refuses. Source: RFC 6749 5.2."""

    error: str
    error_description: str = ""


def problem_of(status: int, body: bytes, headers: Mapping[str, str]) -> Problem:
    """Return the problem in an answer, or what a token endpoint refused; else one that says no more than the status."""
    if (problem := _read(body, Problem)) is not None:
        return msgspec.structs.replace(problem, status=status)
    found = Problem(
        type="about:blank",
        title=f"the server answered {status}",
        status=status,
        request_id=headers.get("x-request-id", ""),
    )
    if (refused := _read(body, TokenRefused)) is None:
        return found
    why = f"{refused.error}: {refused.error_description}" if refused.error_description else refused.error
    return msgspec.structs.replace(found, detail=f"no access token was given: {why}", hint=_WHAT_TO_CHECK)


def _read(body: bytes, shape: type[T]) -> T | None:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def error_of(problem: Problem) -> ClientError:
    """Return the error that stands for a problem."""
    match problem.status:
        case 401:
            return CredentialError(problem)
        case 403:
            return NotEntitledError(problem)
        case 409 if problem.type in PASSING:
            return NotNowError(problem)
        case 429:
            return TooManyRequestsError(problem)
        case status if status >= 500:
            return ServerFailedError(problem)
        case _:
            return RequestRefusedError(problem)
