# SPDX-License-Identifier: Apache-2.0
"""A form shown again on the page that it stands on, with what was typed: refused, or come back through the door.

Nobody types twice for one thing that was wrong, and nobody sends what they cannot see.
"""

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple, ParamSpec, TypeVar

from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from markupsafe import Markup

from keshou.app.site import Site
from keshou.errors import KeshouError
from keshou.web import problem
from keshou.web.console.desk import PAGES, typed
from keshou.web.console.error_words import in_words
from keshou.web.console.refill import refill
from keshou.web.entitled import refuse_beyond_agent
from keshou.web.errors import NotSignedInError, ProofTooOldError, SecondFactorNeededError
from keshou.web.frame.page import Requested
from keshou.web.going import landing
from keshou.web.language import language_of
from keshou.web.sentences import sentence
from keshou.wire.caller import Caller, CallerKind

P = ParamSpec("P")
R = TypeVar("R")
_DOOR: Final = (NotSignedInError, ProofTooOldError, SecondFactorNeededError)
"""What leads to the door, which carries what was typed."""
_PAGE: Final = "stands_on"
_MOST_WRONG: Final = 20
"""Lines of what was typed that a page names as wrong."""
_DENIED: Final = 403
_HOLE: Final = re.compile(r"\{(\w+)(?::\w+)?\}")


class Stood(NamedTuple):
    """The page that a form stands on, and what stood for the names in its address."""

    page: HTTPRouteHandler
    names: Mapping[str, Any]

    @property
    def path(self) -> str:
        """The address of the page."""
        template = min(self.page.paths)
        return _HOLE.sub(lambda hole: str(self.names[hole[1]]), template)

    def shown(self, request: Requested, caller: Caller, site: Site) -> Response[bytes]:
        """Return the page as `caller` sees it now.

        Side effects: the request stands at the page's address from now on.
        """
        request.scope["state"]["stands_at"] = self.path
        show = _called(self.page)
        taken = inspect.signature(show).parameters
        given = {"request": request, "caller": caller, "site": site, **self.names}
        page: Response[bytes] = show(**{name: value for name, value in given.items() if name in taken})
        return page


def stands_on(page: HTTPRouteHandler) -> Callable[[Callable[P, R]], Callable[P, R | Response[bytes]]]:
    """Name the page that a form stands on: whoever is refused finds it filled in there, and above it why."""

    def decorate(take: Callable[P, R]) -> Callable[P, R | Response[bytes]]:
        @functools.wraps(take)
        def taken(*args: P.args, **kwargs: P.kwargs) -> R | Response[bytes]:
            try:
                return take(*args, **kwargs)
            except _DOOR:
                raise
            except KeshouError as error:
                again = _refused(Stood(page, kwargs), error)
                if again is None:
                    raise
                return again

        setattr(taken, _PAGE, page)
        return taken

    return decorate


def _refused(stood: Stood, error: KeshouError) -> Response[bytes] | None:
    """Return the page with its form as it was typed, and why it was refused; None when the page has no such form."""
    request: Any = stood.names["request"]
    site: Site = request.app.state.site
    told, language = problem.of_request(request, error), language_of(request)
    why, hint = (sentence(each, site.law, language) for each in in_words(error, language))
    note = PAGES.bit(
        request, "refused_note.html.j2", why=why, hint=hint, wrong=error.wrong[:_MOST_WRONG],
        more=len(error.wrong) - _MOST_WRONG,
    )  # fmt: skip
    page = _with_note(stood, note, told.status)
    if page is not None:
        page.headers.update(problem.headers_of(error, told))
    return page


def denied_again(
    request: Requested, site: Site, caller: Caller, page: HTTPRouteHandler, note: Markup
) -> Response[bytes] | None:
    """Return `page` with the form that was just sent as it was typed, and `note`, why the gate denied it, above it."""
    return _with_note(Stood(page, {"request": request, "caller": caller, "site": site}), note, _DENIED)


def _with_note(stood: Stood, note: Markup, status: int) -> Response[bytes] | None:
    """Return the page with the form that was sent filled in; None when the page has no such form."""
    request: Any = stood.names["request"]
    try:
        page = stood.shown(request, stood.names["caller"], stood.names["site"])
    except KeshouError:
        return None
    shown, form = page.content.decode(), typed(request)
    filled = refill(shown, str(request.scope["path"]), form, note)
    if filled is None and "GET" not in stood.page.http_methods:  # what answers a form has that form, whatever it offers
        filled = refill(shown, stood.path, form, note)
    if filled is None:
        return None
    page.content, page.status_code = filled.page.encode(), status
    return page


def look_over(request: Requested, site: Site, caller: Caller, where: str, fields: Mapping[str, str]) -> Response[bytes]:
    """Return the page whose form is sent to `where`, filled in with `fields`, to be looked over and then sent.

    Where no page shows every one of them, they are listed, and sent from there.
    """
    where = where.partition("?")[0]
    try:
        page = _filled(request, site, caller, where, fields)
    except KeshouError:
        page = None
    if page is not None:
        return page
    here = landing(request, where)
    request.scope["state"].pop("stands_at", None)
    return PAGES.answer(request, "again.html.j2", to=where, kept=dict(fields), here=here)


def _filled(
    request: Requested, site: Site, caller: Caller, where: str, fields: Mapping[str, str]
) -> Response[bytes] | None:
    if caller.kind is CallerKind.AGENT_STAFF:
        refuse_beyond_agent(caller, site)
    stood = page_of(request, where)
    if stood is None:
        return None
    request.scope["state"]["typed"] = fields  # a page that itself answers a form reads it as it was typed
    page = stood.shown(request, caller, site)
    filled = refill(page.content.decode(), where, fields, PAGES.bit(request, "again_note.html.j2"))
    if filled is None or filled.left:
        return None
    page.content, page.status_code = filled.page.encode(), 200
    return page


def page_of(request: Requested, where: str) -> Stood | None:
    """Return the page that the form which is sent to `where` stands on; None when that is no form of the console."""
    form, names = _route(request.app, where, "POST")
    page = getattr(_called(form), _PAGE, None) if form else None
    if page is not None:
        return Stood(page, names)
    page, names = _route(request.app, landing(request, where), "GET")
    return Stood(page, names) if form and page else None


def _called(handler: HTTPRouteHandler) -> Callable[..., Any]:
    """Return the function that answers: the frame wraps it to run in a thread, where we are already."""
    found: Callable[..., Any] = getattr(handler.fn, "func", handler.fn)
    return found


def _route(
    app: Litestar, path: str, method: Literal["GET", "POST"]
) -> tuple[HTTPRouteHandler | None, Mapping[str, Any]]:
    for route in sorted(app.routes, key=lambda each: each.path_format.count("{")):
        if isinstance(route, HTTPRoute) and (found := _pattern(route.path_format).fullmatch(path)):
            handler = route.route_handler_map.get(method)
            if handler is not None:
                return handler[0], found.groupdict()
    return None, {}


@functools.cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(_HOLE.sub(lambda hole: f"(?P<{hole[1]}>[^/]+)", template.replace(".", r"\.")))
