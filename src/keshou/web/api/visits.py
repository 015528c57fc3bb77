# SPDX-License-Identifier: Apache-2.0
"""Users who come: a code to what is registered of them, a visit in one browser, and its end.

Whoever asks for a code is answered alike and at once, whoever is asked for. Source: NIST SP 800-63B 3.1.3.
"""

from typing import Annotated

from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, RawBody

from keshou.app.site import Site
from keshou.visits.errors import UnknownVisitError
from keshou.visits.store import PREFIX
from keshou.web.api.asked import Requested, answer, read
from keshou.web.api.paged import USUAL, Cursor, Limit, Page, page
from keshou.web.caller import count_unproven, session_token
from keshou.web.cookies import binding_of, session_cookie
from keshou.web.described import told
from keshou.web.entitled import require_user
from keshou.web.errors import ContradictionError, NotFoundError, SignInFailedError
from keshou.web.language import language_of
from keshou.web.limits import source_of
from keshou.wire import visits as w
from keshou.wire.caller import Caller

VisitId = Annotated[str, PathParameter(pattern="^[0-9a-f]{1,64}$")]


@post("/visits/codes", status_code=200, sync_to_thread=True, security=[{}], operation_class=told(
    w.CodeAnswer, body=w.CodeRequest, problems=(409,)
))  # fmt: skip
def ask_code(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[bytes]:
    """Ask for a one-time code, sent to the number or mail that is registered of the user, if there is one."""
    count_unproven(request)
    asked = read(request, body, w.CodeRequest)
    if bool(asked.user) == bool(asked.address):
        raise ContradictionError(
            "a code is asked for a user or for an address, and not for both", "$.user", "$.address"
        )
    ask = site.codes.ask if asked.user else site.codes.ask_by
    ticket = ask(asked.user or asked.address, asked.channel, language_of(request), source_of(request.scope))
    return answer(w.CodeAnswer(ticket=ticket, minutes=site.settings.visits.code_minutes))


@post("/visits", status_code=200, sync_to_thread=True, security=[{}], operation_class=told(
    w.VisitBegun, body=w.RedeemRequest, headers=("Set-Cookie",)
))  # fmt: skip
def begin(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[bytes]:
    """Give a code back: a visit of its user begins in this browser. A code serves once."""
    count_unproven(request)
    asked = read(request, body, w.RedeemRequest)
    with site.writing() as tx:
        token = site.visits.redeem(tx, asked.ticket, asked.code, binding_of(request), site.now())
    if token is None:
        raise SignInFailedError
    settings = site.settings.visits
    response = answer(w.VisitBegun(hours=settings.visit_hours, idle_minutes=settings.idle_minutes))
    response.set_cookie(session_cookie(site.settings, token))
    return response


@get("/me/visits", sync_to_thread=True, operation_class=told(Page[w.VisitShape]))
def visits(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return my visits that hold now."""
    user = require_user(caller)
    with site.reading() as tx:
        found = [w.visit_shape(each, caller.credential) for each in site.visits.list(tx, user, site.now())]
    return answer(page(found, lambda each: each.id, cursor, limit))


@delete("/me/visits/{visit:str}", status_code=200, sync_to_thread=True, operation_class=told(
    w.VisitsEnded, problems=(404,)
))  # fmt: skip
def end(
    request: Requested, visit: VisitId, caller: NamedDependency[Caller], site: NamedDependency[Site]
) -> Response[bytes]:
    """End one of my visits, in whatever browser it is."""
    user = require_user(caller)
    with site.writing() as tx:
        try:
            site.visits.end(tx, user, visit)
        except UnknownVisitError as error:
            raise NotFoundError(str(error), hint=error.hint) from None
    return _over(request, site, 1, own=visit == caller.credential)


@post("/me/visits/end-all", status_code=200, sync_to_thread=True, operation_class=told(w.VisitsEnded))
def end_all(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """End all my visits, this one among them, and every code on its way."""
    user = require_user(caller)
    with site.writing() as tx:
        ended = site.visits.end_all(tx, user, site.now())
    return _over(request, site, ended, own=True)


def _over(request: Requested, site: Site, ended: int, *, own: bool) -> Response[bytes]:
    """Return how many ended; of one's own the cookie goes too."""
    response = answer(w.VisitsEnded(ended=ended))
    held = session_token(request)
    if own and held.startswith(PREFIX):
        response.set_cookie(session_cookie(site.settings, ""))
    return response


FACE = Router("/api/v1", route_handlers=[ask_code, begin, visits, end, end_all], tags=["visits"])
"""The router of users' visits."""
