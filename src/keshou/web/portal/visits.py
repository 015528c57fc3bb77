# SPDX-License-Identifier: Apache-2.0
"""``/me/visits``: in which browsers a user is signed in, to end one or all; and to sign out here."""

from typing import Any

import anyio.to_thread
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.app.site import Site
from keshou.visits.errors import UnknownVisitError
from keshou.visits.visitor import Visit
from keshou.web.cookies import session_cookie
from keshou.web.frame.page import Requested
from keshou.web.portal.guest import TooLateError, one, read_form, visitor
from keshou.web.portal.pages import go, show

_NOTHING = {"Clear-Site-Data": '"cache", "storage"'}


@get("/me/visits", include_in_schema=False)
async def listed(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Show where the user is signed in."""
    caller = await visitor(request, site)
    found = await anyio.to_thread.run_sync(_visits, site, caller.user)
    return await show(
        request, site, caller, "visits.html.j2", visits=found, own=caller.credential,
        ended="ended" in request.query_params,
    )  # fmt: skip


@post("/me/visits", status_code=200, include_in_schema=False)
async def end(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[Any]:
    """End one visit, or all; one that is over already stays over."""
    form = read_form(request, body)
    caller, visit = await visitor(request, site, form), one(form, "visit")
    await anyio.to_thread.run_sync(_end, site, caller.user, visit)
    return _out(site, "out") if visit in ("", caller.credential) else go("/me/visits?ended=1")


@post("/me/sign-out", status_code=200, include_in_schema=False)
async def sign_out(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[Any]:
    """End the visit in this browser; one that is over already stays over."""
    try:
        caller = await visitor(request, site, read_form(request, body))
    except TooLateError as error:
        if error.why == "other":
            raise
        return _out(site, "gone")
    await anyio.to_thread.run_sync(_end, site, caller.user, caller.credential)
    return _out(site, "out")


@get("/me/sign-out", sync_to_thread=False, include_in_schema=False)
def back() -> Response[None]:
    """Lead whoever asks for it as a page to the first one."""
    return go("/me")


def _visits(site: Site, user: str) -> list[Visit]:
    with site.reading() as tx:
        return site.visits.list(tx, user, site.now())


def _end(site: Site, user: str, visit: str) -> None:
    with site.writing() as tx:
        if not visit:
            site.visits.end_all(tx, user, site.now())
            return
        try:
            site.visits.end(tx, user, visit)
        except UnknownVisitError:
            return


def _out(site: Site, why: str) -> Response[None]:
    response = go(f"/me/sign-in?{why}=1")
    response.headers.update(_NOTHING)
    response.set_cookie(session_cookie(site.settings, ""))
    return response
