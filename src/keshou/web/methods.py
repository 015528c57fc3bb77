# SPDX-License-Identifier: Apache-2.0
"""What OPTIONS tells: every method of a place, also where several faces share it. Source: RFC 9110 9.3.7, 10.2.1."""

from collections.abc import Mapping

from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Message, Receive, Scope, Send


def methods_of(app: Litestar) -> dict[str, bytes]:
    """Return the methods that each place takes, by its template, as `Allow` tells them."""
    found: dict[str, set[str]] = {}
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            found.setdefault(route.path_format, set()).update(route.methods)
    return {path: ", ".join(sorted(each)).encode() for path, each in found.items()}


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
