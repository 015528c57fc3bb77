# SPDX-License-Identifier: Apache-2.0
"""``/console/me``: who I am here, what I may do, where I am signed in."""

from litestar import Response, get, post
from litestar.di import NamedDependency

from keshou.app.site import Site
from keshou.web import signing_in
from keshou.web.console.browser_names import called
from keshou.web.console.desk import desk_of, show, to
from keshou.web.console.names import OFFICE, post_names
from keshou.web.frame.page import Requested
from keshou.wire.caller import Caller


@get("/console/me", sync_to_thread=True, include_in_schema=False)
def me(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Show one's own account."""
    desk = desk_of(request, site, caller)
    with site.reading() as tx:
        account, session = signing_in.own(tx, site.accounts, caller, site)
        left = site.accounts.recovery.left(tx, caller.id)
        sessions = site.accounts.sessions.of(tx, caller.id, site.now())
    names = post_names(desk)
    held = dict.fromkeys(each.post for each in desk.state.appointments(caller.id))
    return show(
        request,
        desk,
        "me.html.j2",
        account=account,
        own=session.id,
        sessions=[(each, called(each.browser).in_(desk.language)) for each in sessions],
        codes_left=left,
        posts=[names.get(each, each) for each in held],
        offices=[OFFICE[each].in_(desk.language) for each in sorted(desk.offices)],
    )


@post("/console/me/end-others", sync_to_thread=True, status_code=303, include_in_schema=False)
def end_others(caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[None]:
    """End every session of one's own but this one."""
    with site.writing() as tx:
        site.accounts.sessions.end_all(tx, caller.id, but=caller.credential)
    return to("/console/me")
