# SPDX-License-Identifier: Apache-2.0
"""``/console/people/ways-in``: who gave which way in, and what waits there for a second person."""

from typing import Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency

from keshou.accounts.account import WAYS_IN
from keshou.app.second_hand import confirm, waiting
from keshou.app.site import Site
from keshou.declaration.model import Office
from keshou.errors import InputError
from keshou.web.account_keeping import require_second
from keshou.web.console.again import stands_on
from keshou.web.console.desk import desk_of, show, to, typed
from keshou.web.entitled import require
from keshou.web.frame.page import Requested
from keshou.wire import second_hand as w
from keshou.wire.account_words import EVENTS, WAYS
from keshou.wire.caller import Caller

HERE: Final = "/console/people/ways-in"
_MOST: Final = 100
_SEEN: Final = ("way", "id", "of", "since")


@get(HERE, sync_to_thread=True, include_in_schema=False)
def ways_in(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """List what waits for a second person, and who gave or took which way in, the latest first."""
    require(caller, site, Office.ACCOUNTS, Office.AUDIT)
    desk = desk_of(request, site, caller)
    with site.reading() as tx:
        waits, events = waiting(site, tx), site.accounts.events.of(tx, "", _MOST, only=WAYS_IN)
    return show(
        request, desk, "ways_in.html.j2",
        waits=[(each, WAYS[each.way].in_(desk.language), caller.id in {each.by, each.of}) for each in waits],
        events=[(each, EVENTS[each.what].in_(desk.language)) for each in events],
    )  # fmt: skip


@post(f"{HERE}/confirm", status_code=303, sync_to_thread=True, include_in_schema=False)
@stands_on(ways_in)
def confirm_one(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[None]:
    """Let what another gave count from now on."""
    require_second(caller, site)
    form = typed(request)
    try:
        seen = w.seen(msgspec.convert({name: form.get(name, "") for name in _SEEN}, w.Confirmation))
    except msgspec.ValidationError:
        raise InputError("one of the choices has to be made") from None
    with site.writing() as tx:
        confirm(site, tx, seen, caller.id)
    return to(HERE)
