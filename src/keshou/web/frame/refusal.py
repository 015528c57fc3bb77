# SPDX-License-Identifier: Apache-2.0
"""What went wrong, told to people as a page and to programs as a problem; both from the one table of kinds."""

import contextlib
from typing import Any, Final

from litestar import Request, Response
from litestar.types import Receive, Scope, Send

from keshou.web import problem
from keshou.web.frame.page import FRAME, Pages
from keshou.wire.problem import Problem

_PROGRAMS: Final = ("/api/", "/access/", "/oauth/", "/.well-known/", "/healthz/", "/readyz/", "/metrics/", "/static/")
"""What programs ask for, whatever they say they accept."""
_PAGES: Final = Pages(FRAME)
_TOLD: Final = {400, 401, 403, 404, 405, 413, 421, 429, 431, 500, 503}
"""Statuses that have words of their own."""
_AROUND: Final = "/problems/tls-needed"
"""A refusal that has words of its own within its status."""


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer a request that failed: a browser with a page, anybody else with a problem."""
    if not wants_page(request):
        return problem.answer(request, error)
    told = problem.of_request(request, error)
    page = _page(request, told)
    page.headers.update(problem.headers_of(error, told, request))
    return page


async def refuse(scope: Scope, receive: Receive, send: Send, told: Problem) -> None:
    """Answer a request that no face has seen, or whose face failed utterly: as above, and if that fails, plainly."""
    request: Request[Any, Any, Any] = Request(scope, receive, send)
    response = problem.response(told)
    with contextlib.suppress(Exception):  # what is odd about the request, or broken here, may break the page too
        if wants_page(request):
            response = _page(request, told)
    await response.to_asgi_response(None, request)(scope, receive, send)


def _page(request: Request[Any, Any, Any], told: Problem) -> Response[bytes]:
    kind: int | str = told.status if told.status in _TOLD else (500 if told.status >= 500 else 400)
    kind = told.type if told.type == _AROUND else kind
    return _PAGES.answer(request, "refusal.html.j2", status=told.status, told=told, kind=kind)


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Say whether a person's browser asks: not for what programs ask for, and naming HTML."""
    path = request.scope["path"].rstrip("/") + "/"
    if path.startswith(_PROGRAMS):
        return False
    return "text/html" in request.headers.get("accept", "")
