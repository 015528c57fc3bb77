# SPDX-License-Identifier: Apache-2.0
"""``/me/copy``: a user's own copy, to take away: what is held, agreed, done, and who may receive it.

Source: miit24:9.2.
"""

import json
from typing import Any, Final

import anyio.to_thread
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.app.own_copy import OwnCopy, own_copy
from keshou.app.site import Site
from keshou.gate.act import OWN_HAND
from keshou.web.errors import MalformedError
from keshou.web.frame.form import LOCAL
from keshou.web.frame.page import Requested
from keshou.web.language import language_of
from keshou.web.portal.guest import one, read_form, visitor
from keshou.web.portal.pages import PAGES, names_of, refusals, show
from keshou.web.portal.story import fact

PATH: Final = "/me/copy"
_DENIED: Final = 403


@get("/me/copy", include_in_schema=False)
async def ask(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Offer the copy."""
    return await show(request, site, await visitor(request, site), "copy.html.j2", refused=[])


@post("/me/copy", status_code=200, include_in_schema=False)
async def take(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[Any]:
    """Hand the copy over as a file, for programs (JSON) or for reading (HTML). It needs a fresh proof."""
    form = read_form(request, body)
    caller, kind = await visitor(request, site, form, fresh=True), one(form, "kind")
    if kind not in ("json", "page"):
        raise MalformedError
    copy = await anyio.to_thread.run_sync(_copied, site, caller.user)
    if not copy.purposes:
        refused = refusals(site, list(copy.refused), request)
        return await show(request, site, caller, "copy.html.j2", status=_DENIED, refused=refused)
    name = f"keshou-{copy.made.astimezone(LOCAL):%Y-%m-%d}.{'json' if kind == 'json' else 'html'}"
    response = _json(request, site, copy) if kind == "json" else _readable(request, site, copy)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _copied(site: Site, user: str) -> OwnCopy:
    return own_copy(site, user, by=OWN_HAND)


def _json(request: Requested, site: Site, copy: OwnCopy) -> Response[bytes]:
    text = json.dumps(copy.data(language_of(request), site), ensure_ascii=False, indent=2)
    return Response(f"{text}\n".encode(), media_type="application/json")


def _readable(request: Requested, site: Site, copy: OwnCopy) -> Response[bytes]:
    names = names_of(request, site)
    return PAGES.answer(
        request,
        "copy_file.html.j2",
        made=copy.made,
        user=copy.user,
        information=[(names.items([item]), value) for item, value in sorted(copy.information.items())],
        purposes=[(names.purpose(purpose), names.items(items)) for purpose, items in copy.purposes.items()],
        facts=[(each.at, fact(each, names)) for each in copy.facts],
        recipients=[
            (names.purpose(purpose), [names.recipient(each) for each in to]) for purpose, to in copy.recipients.items()
        ],
    )
