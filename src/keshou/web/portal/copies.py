# SPDX-License-Identifier: Apache-2.0
"""``/me/copy``: a user's own copy, to take away: what is held, agreed, done, and who may receive it.

Source: miit24:9.2.
"""

from typing import Any, Final, cast

import anyio.to_thread
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.app.copy_file import Format, file_of, refuse_unmakeable
from keshou.app.copy_sheet import sheet
from keshou.app.own_copy import OwnCopy, own_copy
from keshou.app.site import Site
from keshou.copies.errors import FontError
from keshou.gate.act import OWN_HAND
from keshou.web.caller import part_of
from keshou.web.errors import MalformedError
from keshou.web.frame.form import LOCAL
from keshou.web.frame.page import Requested
from keshou.web.language import language_of
from keshou.web.portal.guest import one, read_form, visitor
from keshou.web.portal.pages import PAGES, names_of, refusals, show
from keshou.web.portal.story import fact
from keshou.wire.caller import Caller

PATH: Final = "/me/copy"
_DENIED: Final = 403
_UNMADE: Final = 503


@get("/me/copy", include_in_schema=False)
async def ask(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Offer the copy."""
    return await show(request, site, await visitor(request, site), "copy.html.j2", refused=[], unmade=False)


@post("/me/copy", status_code=200, include_in_schema=False)
async def take(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[Any]:
    """Hand the copy over as a file, to read (PDF, HTML) or for programs (CSV, JSON). It needs a fresh proof."""
    form = read_form(request, body)
    caller, kind = await visitor(request, site, form, fresh=True), one(form, "kind")
    if kind not in ("json", "csv", "pdf", "page"):
        raise MalformedError
    try:
        await anyio.to_thread.run_sync(refuse_unmakeable, site, cast("Format", kind))
    except FontError:
        return await show(request, site, caller, "copy.html.j2", status=_UNMADE, refused=[], unmade=True)
    copy = await anyio.to_thread.run_sync(_copied, site, caller)
    if not copy.answered:
        refused = refusals(site, list(copy.refused), request)
        return await show(request, site, caller, "copy.html.j2", status=_DENIED, refused=refused, unmade=False)
    if kind == "page":
        response, suffix = _readable(request, site, copy), "html"
    else:
        made = await anyio.to_thread.run_sync(file_of, site, copy, cast("Format", kind), language_of(request))
        response, suffix = Response(made.data, media_type=made.media_type), made.suffix
    name = f"keshou-{copy.made.astimezone(LOCAL):%Y-%m-%d}.{suffix}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _copied(site: Site, caller: Caller) -> OwnCopy:
    return own_copy(site, caller.user, by=OWN_HAND, part=part_of(caller))


def _readable(request: Requested, site: Site, copy: OwnCopy) -> Response[bytes]:
    names, language = names_of(request, site), language_of(request)
    told = sheet(site, copy, language)
    return PAGES.answer(
        request,
        "copy_file.html.j2",
        more=[each for each in told.tables if each.key in ("given", "acts", "kept")],
        made=copy.made,
        user=copy.user,
        information=told.rows("information"),
        purposes=told.rows("purposes"),
        facts=[(each.at, fact(each, names)) for each in copy.facts],
        recipients=[
            (names.purpose(purpose), [names.recipient(each) for each in to]) for purpose, to in copy.recipients.items()
        ],
    )
