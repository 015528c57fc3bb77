# SPDX-License-Identifier: Apache-2.0
"""How one question is asked until it is answered: tokens, tries, pauses. It sends nothing itself.

A procedure here yields what to do (send a request, pause) and is given what came of it. The synchronous and the
asynchronous client carry the same procedures out, each in its own way.
"""

from collections.abc import Callable, Generator, Mapping
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from keshou.client.errors import (
    PASSING,
    AnswerLostError,
    NotEntitledError,
    ServerUnreachableError,
    error_of,
    problem_of,
)
from keshou.wire.problem import Problem

DENIED = "/problems/denied"
"""Type of the problem that an act is denied with."""

T = TypeVar("T")


class Send(NamedTuple):
    """Send this request; it is answered with `Got` or `Lost`."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


class Pause(NamedTuple):
    """Wait for so many seconds."""

    seconds: float


class Got(NamedTuple):
    """An answer came."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class Lost(NamedTuple):
    """No answer came; whether the request arrived is not known."""

    kind: str
    """Kind of failure, e.g. ``ConnectTimeout``."""


Step = Send | Pause
Came = Got | Lost | None
Steps = Generator[Step, Came, T]


class Call(NamedTuple, Generic[T]):
    """A request, and how its answer is read. Every call can be sent again: it only asks, or has its own key."""

    method: str
    path: str
    read: Callable[[Got], T]
    body: bytes = b""
    headers: Mapping[str, str] = {}
    denied: Callable[[Problem], T] | None = None
    """For acts: how a denial is read, which is an answer and no failure."""
    lost: Callable[[T], int | None] | None = None
    """For acts: of an answer to a request that was sent again, where the act stands in the log if the answer before
    told what this one does not; else None."""


class Access(Protocol):
    """What proves who asks."""

    def token(self) -> Steps[str]:
        """Return a token, fetched when there is none."""

    def renew(self, token: str) -> bool:
        """Drop a token that did not hold; say whether another can be had."""


class Patience(NamedTuple):
    """How often and how long to try."""

    tries: int = 3
    first_pause: float = 0.1
    """Seconds before the second try; each further one waits twice as long."""
    longest_pause: float = 5.0
    """Seconds; also the most that a server's own ``Retry-After`` is heeded."""

    def before(self, attempt: int, came: Got | Lost) -> float:
        """Return for how many seconds to wait before try number `attempt`, counted from zero."""
        asked = came.headers.get("retry-after", "") if isinstance(came, Got) else ""
        own = self.first_pause * 2 ** (attempt - 1)
        return min(float(asked) if asked.isdecimal() else own, self.longest_pause)


_AGAIN = frozenset({429, 502, 503, 504})
"""Statuses after which the same request may be answered."""
_CONFLICT = 409


def exchange(call: Call[T], access: Access, patience: Patience) -> Steps[T]:
    """Ask `call` until it is answered; return what `call.read` makes of the answer.

    1. a token that does not hold is dropped and fetched anew, once;
    2. no answer, or one that says "not now", is tried again after a pause, `patience.tries` times in all.

    Raises:
        ServerUnreachableError: no answer came.
        ClientError: the answer is a problem.
        AnswerLostError: it was done at an earlier try, whose answer told what is told once.

    """
    attempt, renewed = 0, False
    while True:
        token = yield from access.token()
        came = yield Send(call.method, call.path, _headers(call, token), call.body)
        if isinstance(came, Got) and came.status == 401 and not renewed and access.renew(token):
            renewed = True
            continue
        attempt += 1
        if attempt < patience.tries and _is_worth_another_try(came):
            yield Pause(patience.before(attempt, came))  # type: ignore[arg-type]  # a Send is never answered by None
            continue
        answer = _read(call, came)
        entry = call.lost(answer) if call.lost is not None and attempt > 1 else None
        if entry is not None:
            raise AnswerLostError(entry)
        return answer


def _read(call: Call[T], came: Came) -> T:
    try:
        return call.read(answered(came))
    except NotEntitledError as error:
        if call.denied is None or error.problem.type != DENIED:
            raise
        return call.denied(error.problem)


def answered(came: Came) -> Got:
    """Return the answer when there is one that is no problem.

    Raises:
        ServerUnreachableError: there is none.
        ClientError: it is a problem.

    """
    if not isinstance(came, Got):
        raise ServerUnreachableError(came.kind if came else "nothing")
    if not 200 <= came.status < 300:
        raise error_of(_problem(came))
    return came


def _is_worth_another_try(came: Came) -> bool:
    if not isinstance(came, Got):
        return isinstance(came, Lost)
    return came.status in _AGAIN or (came.status == _CONFLICT and _problem(came).type in PASSING)


def _problem(came: Got) -> Problem:
    return problem_of(came.status, came.body, came.headers)


def _headers(call: Call[Any], token: str) -> dict[str, str]:
    given = {"accept": "application/json", **call.headers}
    if call.body:
        given.setdefault("content-type", "application/json")
    return given | ({"authorization": f"Bearer {token}"} if token else {})
