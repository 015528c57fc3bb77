# SPDX-License-Identifier: Apache-2.0
"""``/me``: what a user finds here, in numbers, and what happened last."""

import anyio.to_thread
from litestar import Response, get
from litestar.di import NamedDependency

from keshou.app.own_consents import Stance, own_consents
from keshou.app.site import Site
from keshou.app.user_history import history
from keshou.app.user_view import own_view
from keshou.web.caller import part_of
from keshou.web.frame.page import Requested
from keshou.web.portal.guest import visitor
from keshou.web.portal.pages import names_of, show
from keshou.web.portal.story import Story, story
from keshou.wire.caller import Caller

_LAST = 3


@get("/me", include_in_schema=False)
async def home(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Show a user what there is."""
    caller = await visitor(request, site)
    held, asked, last = await anyio.to_thread.run_sync(_found, request, site, caller)
    return await show(
        request, site, caller, "home.html.j2", user=caller.user, held=held, asked=len(asked),
        agreed=sum(each.whole for each in asked), last=last,
    )  # fmt: skip


def _found(request: Requested, site: Site, caller: Caller) -> tuple[int, list[Stance], list[Story]]:
    user, part = caller.user, part_of(caller)
    view, consents = own_view(site, user, part), own_consents(site, user)
    names, last = names_of(request, site), history(site, user, most=_LAST, part=part).happenings
    agreed = [each for each in consents.agreed if part is None or each.purpose.id in part.purposes] if consents else []
    asked = [each for each in agreed if each.asked]
    return len(view[1]) if view else 0, asked, [story(each, names) for each in last]
