# SPDX-License-Identifier: Apache-2.0
"""What OPTIONS tells: every method of a place, also where several faces share it. Source: RFC 9110 9.3.7, 10.2.1."""

from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.types import Message, Scope


def methods_of(app: Litestar) -> dict[str, bytes]:
    """Return the methods that each place takes, by its template, as `Allow` tells them."""
    found: dict[str, set[str]] = {}
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            found.setdefault(route.path_format, set()).update(route.methods)
    return {path: ", ".join(sorted(each)).encode() for path, each in found.items()}


async def tell_methods(message: Message, scope: Scope) -> None:
    """Name every method in the answer to OPTIONS: the frame names those that were known when its answer was made."""
    if message["type"] != "http.response.start" or scope.get("method") != "OPTIONS":
        return
    allowed = scope["litestar_app"].state.methods.get(scope.get("path_template", ""))
    if allowed is not None:
        rest = [each for each in message["headers"] if each[0].lower() != b"allow"]
        message["headers"] = [*rest, (b"allow", allowed)]
