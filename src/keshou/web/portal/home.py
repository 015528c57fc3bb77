# SPDX-License-Identifier: Apache-2.0
"""``/me``: what a user finds here, in numbers, and what happened last."""

import anyio.to_thread
from litestar import Response, get
from litestar.di import NamedDependency

from keshou.app.own_consents import OwnConsents, own_consents
from keshou.app.site import Site
from keshou.app.user_history import history
from keshou.app.user_view import user_view
from keshou.web.frame.page import Requested
from keshou.web.portal.guest import visitor
from keshou.web.portal.pages import names_of, show
from keshou.web.portal.story import Story, story

_LAST = 3


@get("/me", include_in_schema=False)
async def home(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Show a user what there is."""
    caller = await visitor(request, site)
    held, consents, last = await anyio.to_thread.run_sync(_found, request, site, caller.user)
    asked = [each for each in consents.agreed if not each.purpose.ground] if consents else []
    return await show(
        request, site, caller, "home.html.j2", user=caller.user, held=held, asked=len(asked),
        agreed=sum(each.whole for each in asked), last=last,
    )  # fmt: skip


def _found(request: Requested, site: Site, user: str) -> tuple[int, OwnConsents | None, list[Story]]:
    view = user_view(site, user)
    names, last = names_of(request, site), history(site, user, most=_LAST).happenings
    return len(view.held) if view else 0, own_consents(site, user), [story(each, names) for each in last]
