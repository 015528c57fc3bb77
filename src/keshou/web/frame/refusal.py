# SPDX-License-Identifier: Apache-2.0
"""What went wrong, told to people as a page and to programs as a problem; both from the one table of kinds."""

from typing import Any, Final

from litestar import Request, Response

from keshou.web import problem
from keshou.web.frame.page import FRAME, Pages

_PROGRAMS: Final = ("/api/", "/access/", "/oauth", "/.well-known/", "/healthz", "/readyz", "/metrics", "/static/")
"""What programs ask for, whatever they say they accept."""
_PAGES: Final = Pages(FRAME)
_TOLD: Final = {400, 401, 403, 404, 405, 413, 429, 500, 503}
"""Statuses that have words of their own."""


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer a request that failed: a browser with a page, anybody else with a problem."""
    if not wants_page(request):
        return problem.answer(request, error)
    told = problem.of_request(request, error)
    kind = told.status if told.status in _TOLD else (500 if told.status >= 500 else 400)
    page = _PAGES.answer(request, "refusal.html.j2", status=told.status, told=told, kind=kind)
    page.headers.update(problem.headers_of(error, told))
    return page


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Say whether a person's browser asks: not for what programs ask for, and naming HTML."""
    path = request.scope["path"]
    if any(path.startswith(each) for each in _PROGRAMS):
        return False
    return "text/html" in request.headers.get("accept", "")
