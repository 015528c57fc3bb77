# SPDX-License-Identifier: Apache-2.0
"""What every place answers beside its own methods: HEAD like GET without the body, and which methods there are.

Source: RFC 9110 9.3.2, 9.3.7, 10.2.1.
"""

from collections.abc import Mapping
from typing import Any

from litestar import Litestar, Request
from litestar.connection import ASGIConnection
from litestar.exceptions import MethodNotAllowedException
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Message, Receive, Scope, Send

_ASKED_BY_HEAD = "head"


class AnswerHead:
    """ASGI middleware that has HEAD answered as GET is, with the same headers, and sends none of the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope.get("method") != "HEAD":
            await self._app(scope, receive, send)
            return

        async def bare(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        scope["state"][_ASKED_BY_HEAD] = True
        shared: Any = scope  # what stands around reads from the very same scope how it went
        shared["method"] = "GET"
        try:
            await self._app(scope, receive, bare)
        finally:
            shared["method"] = "HEAD"


def asked_by_head(scope: Scope) -> bool:
    """Say whether what is answered as GET was asked by HEAD."""
    return bool(scope["state"].get(_ASKED_BY_HEAD))


async def never_by_head(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Refuse HEAD: a guard of what GET does once only, which whoever merely looks must not use up.

    Raises:
        MethodNotAllowedException: it was HEAD.

    """
    if asked_by_head(connection.scope):
        raise MethodNotAllowedException(headers={"allow": "GET, OPTIONS"})


def methods_of(app: Litestar) -> dict[str, bytes]:
    """Return the methods that each place takes, by its template, as `Allow` tells them."""
    found: dict[str, set[str]] = {}
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            of = found.setdefault(route.path_format, set())
            of.update(route.methods)
            get = route.route_handler_map.get("GET")
            if get is not None and never_by_head not in get[0].resolve_guards():
                of.add("HEAD")
    return {path: _told(each) for path, each in found.items()}


def allowed(request: Request[Any, Any, Any], given: str) -> str:
    """Return the methods of the place that refused one; `given` are those that the frame knows of."""
    methods: Mapping[str, bytes] = request.app.state.get("methods", {})
    known = methods.get(request.scope.get("path_template") or request.scope["path"])
    if known is not None:
        return known.decode()
    names = set(given.split(", "))
    return _told(names | {"HEAD"}).decode() if "GET" in names else given


def _told(methods: set[str]) -> bytes:
    return ", ".join(sorted(methods)).encode()


class TellMethods:
    """ASGI middleware that names every method in the answer to OPTIONS.

    The frame names those that were known when its answer was made.
    """

    def __init__(self, app: ASGIApp, methods: Mapping[str, bytes]) -> None:
        self._app, self._methods = app, methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope.get("method") != "OPTIONS":
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            allowed = self._methods.get(scope.get("path_template", ""))
            if message["type"] == "http.response.start" and allowed is not None:
                rest = [each for each in message["headers"] if each[0].lower() != b"allow"]
                message["headers"] = [*rest, (b"allow", allowed)]
            await send(message)

        await self._app(scope, receive, answer)
