# SPDX-License-Identifier: Apache-2.0
"""``/me/history``: who looked at, used or received a user's information and when, in words, newest first.

Each entry can be taken away with what proves it (``/me/history/ENTRY/proof``). Source: miit24:13.1.6.
"""

from typing import Annotated, Final

import anyio.to_thread
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from keshou.app.own_proof import own_proof
from keshou.app.site import Site
from keshou.app.user_history import history
from keshou.web.caller import part_of
from keshou.web.errors import NotFoundError
from keshou.web.frame.page import Requested
from keshou.web.portal.guest import visitor
from keshou.web.portal.pages import names_of, show
from keshou.web.portal.story import Story, story
from keshou.wire.caller import Caller

_PAGE: Final = 20
Before = Annotated[int, QueryParameter(ge=0, le=2**53 - 1)]
Place = Annotated[int, PathParameter(ge=0, le=2**53 - 1)]


@get("/me/history", include_in_schema=False)
async def happened(request: Requested, site: NamedDependency[Site], before: Before = 0) -> Response[bytes]:
    """Show what happened, twenty entries a page; `before` is the entry before which a page begins."""
    caller = await visitor(request, site)
    told, older = await anyio.to_thread.run_sync(_told, request, site, caller, before)
    return await show(request, site, caller, "history.html.j2", told=told, older=older, before=before)


@get("/me/history/{place:int}/proof", include_in_schema=False)
async def proof(request: Requested, site: NamedDependency[Site], place: Place) -> Response[bytes]:
    """Hand over one entry about the user and its proof, as a ZIP archive for `keshou verify` and other tools."""
    caller = await visitor(request, site)
    found = await anyio.to_thread.run_sync(own_proof, site, caller.user, place, part_of(caller))
    if found is None:
        raise NotFoundError("no entry there is given to the user", hint="take one of those that /me/history lists")
    named = {"Content-Disposition": f'attachment; filename="keshou-entry-{place}.zip"', "Cache-Control": "no-store"}
    return Response(found.zipped(), media_type="application/zip", headers=named)


def _told(request: Requested, site: Site, caller: Caller, before: int) -> tuple[list[Story], int]:
    names = names_of(request, site)
    found = history(site, caller.user, most=_PAGE, before=before, part=part_of(caller))
    return [story(each, names) for each in found.happenings], found.older
