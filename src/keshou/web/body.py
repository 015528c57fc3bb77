# SPDX-License-Identifier: Apache-2.0
"""Bodies that come too slowly are given up, so that nobody holds a place in the server by saying little.

Size is held by the application itself (`request_max_body_size`), depth by the parser, heads by the server below.
Source: OWASP ASVS 15.2.2 (slow clients); RFC 9110 15.5.9.
"""

import asyncio
from typing import Any

from litestar.types import ASGIApp, Receive, Scope, Send

from keshou.web.errors import MalformedError, TooSlowError

_ROUND = 1.0
"""Seconds between two looks at who waits."""
PACE = 65_536
"""Bytes for which a caller is given a second more: what is large may take its time."""


class Overseer:
    """Gives up on tasks that wait for a message for too long: one timer for all, where one each costs more.

    Nobody is given up early, and everybody at most a `_ROUND` late.
    """

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Task[Any], float] = {}
        self._given_up: set[asyncio.Task[Any]] = set()
        self._running = False

    async def wait(self, receive: Receive, until: float) -> Any:
        """Return the next message, if it comes until a moment of the loop's clock, in seconds.

        Raises:
            TooSlowError: it did not come in time.

        """
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - it runs in an event loop
        self._waiting[task] = until
        if not self._running:
            self._running = True
            loop = task.get_loop()
            loop.call_later(_ROUND, self._look, loop)
        try:
            return await receive()
        except asyncio.CancelledError:
            if task not in self._given_up:
                raise
            task.uncancel()
            raise TooSlowError from None
        finally:
            self._given_up.discard(task)
            self._waiting.pop(task, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for task in [task for task, until in self._waiting.items() if until <= now and task not in self._given_up]:
            self._given_up.add(task)
            task.cancel()
        self._running = bool(self._waiting)
        if self._running:
            loop.call_later(_ROUND, self._look, loop)


class Patience:
    """ASGI middleware: gives a caller `seconds` to send a body, and more for what keeps coming."""

    def __init__(self, app: ASGIApp, overseer: Overseer, seconds: float) -> None:
        self._app, self._overseer, self._seconds = app, overseer, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not _has_body(scope):
            await self._app(scope, receive, send)
            return
        until = asyncio.get_running_loop().time() + self._seconds
        more = True

        async def patiently() -> Any:
            nonlocal until, more
            if not more:
                return await receive()
            message: Any = await self._overseer.wait(receive, until)
            if message["type"] == "http.disconnect":
                raise MalformedError("the body broke off")
            more = message.get("more_body", False)
            until += len(message.get("body", b"")) / PACE
            return message

        await self._app(scope, patiently, send)


def _has_body(scope: Scope) -> bool:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return value != b"0"
        if name == b"transfer-encoding":
            return True
    # HTTP/2 needs to announce neither
    return scope.get("http_version") not in ("1.0", "1.1")
