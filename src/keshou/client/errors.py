# SPDX-License-Identifier: Apache-2.0
"""What a client is told when no answer can be used. A denial is an answer; these are failures."""

from collections.abc import Mapping

import msgspec

from keshou.errors import InputError, KeshouError, UnreachableError
from keshou.wire.problem import Problem


class ClientError(KeshouError):
    """The server answered with a problem. `problem` is what it said; it names nobody."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail or problem.title, hint=problem.hint)
        self.problem = problem


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


def problem_of(status: int, body: bytes, headers: Mapping[str, str]) -> Problem:
    """Return the problem in an answer; where there is none, one that says no more than the status."""
    try:
        found = msgspec.json.decode(body, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Problem(
            type="about:blank",
            title=f"the server answered {status}",
            status=status,
            request_id=headers.get("x-request-id", ""),
        )
    return msgspec.structs.replace(found, status=status)


def error_of(problem: Problem) -> ClientError:
    """Return the error that stands for a problem."""
    match problem.status:
        case 401:
            return CredentialError(problem)
        case 403:
            return NotEntitledError(problem)
        case 429:
            return TooManyRequestsError(problem)
        case status if status >= 500:
            return ServerFailedError(problem)
        case _:
            return RequestRefusedError(problem)
