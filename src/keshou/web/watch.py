# SPDX-License-Identifier: Apache-2.0
"""Around every request: its id, how long it took and how it ended, told to whoever keeps count.

Nothing that goes wrong passes: the server below would write its message down, which may quote anybody's values.
"""

import random
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from keshou.app import clock
from keshou.web.frame.refusal import refuse
from keshou.wire.problem import Problem

REQUEST_ID = b"x-request-id"
NO_ROUTE = "(none)"
_GIVEN = re.compile(rb"[\x21-\x7e]{1,128}")
_INTERNAL = 500
_BROKEN = Problem(type="/problems/internal", title="internal error", status=500)


class Watched(NamedTuple):
    """One request, after its answer."""

    request_id: str
    method: str
    route: str
    """The route's template, e.g. ``/api/v1/users/{user:str}``; never the path."""
    status: int
    """0 when the caller went away before the answer."""
    seconds: float
    error: BaseException | None
    """What went wrong on the server's side; None for refusals."""


Listener = Callable[[Scope, Watched], None]


class Watch:
    """ASGI middleware around all that can fail: tells `listeners` of every request."""

    def __init__(self, app: ASGIApp, listeners: Sequence[Listener]) -> None:
        self._app = app
        self._listeners = tuple(listeners)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = clock.stopwatch()
        state = _state(scope)
        name = request_id(scope)
        state["request_id"] = name.decode()
        status, error = 0, None

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (REQUEST_ID, name)]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception as failed:
            error = failed
            if not status:
                await refuse(scope, receive, answer, msgspec.structs.replace(_BROKEN, request_id=name.decode()))
        finally:
            route = scope.get("path_template") or NO_ROUTE
            noted = state.pop("error", None)
            told = error or (noted if status >= _INTERNAL else None)
            method = str(scope.get("method", ""))
            watched = Watched(name.decode(), method, str(route), status, clock.stopwatch() - started, told)
            for listener in self._listeners:
                listener(scope, watched)
            # An error holds its frames and they hold the request: let go, or the connection stays until all is swept.
            del error, noted, told, watched


async def note_error(error: Exception, scope: Scope) -> None:
    """Keep the error that a request failed with, for the log (`after_exception` of the application)."""
    _state(scope)["error"] = error


def request_id(scope: Scope) -> bytes:
    """Return the id that the caller gives its request (printable ASCII, at most 128), else a new one."""
    return given_or_new(next((value for name, value in scope["headers"] if name == REQUEST_ID), None))


def given_or_new(given: bytes | None) -> bytes:
    """Return the id of a request: what the caller gave if it can do no harm, else a new one."""
    if given is not None and _GIVEN.fullmatch(given):
        return given
    return b"%032x" % random.getrandbits(128)


def _state(scope: Scope) -> dict[str, Any]:
    state: dict[str, Any] = scope.setdefault("state", {})
    return state
