# SPDX-License-Identifier: Apache-2.0
"""What lets one come as somebody else: listed and confirmed by a second person; and who gave which way in."""

from typing import Annotated

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter, RawBody

from keshou.accounts.account import WAYS_IN
from keshou.app.second_hand import NothingWaitsError, confirm, waiting
from keshou.app.site import Site
from keshou.declaration.model import Office
from keshou.web.account_keeping import require_second
from keshou.web.api.asked import Requested, answer, read
from keshou.web.api.paged import USUAL, Limit
from keshou.web.described import told
from keshou.web.entitled import require
from keshou.web.errors import NotFoundError
from keshou.wire import second_hand as w
from keshou.wire.caller import Caller
from keshou.wire.sign_in import EventShape, event_shape

Of = Annotated[
    str,
    QueryParameter(
        name="of", pattern=r"^([A-Za-z0-9._-]{1,64})?$",
        description="Only of this account, this program, or an app's key for this service.",
    ),
]  # fmt: skip


@get("/second-hand", sync_to_thread=True, operation_class=told(list[w.WaitingShape]))
def waits(caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return what waits for a second person, the oldest first: it proves nothing until then."""
    require(caller, site, Office.ACCOUNTS, Office.AUDIT)
    with site.reading() as tx:
        return answer([w.waiting_shape(each) for each in waiting(site, tx)])


@post("/second-hand", status_code=200, sync_to_thread=True, operation_class=told(
    w.WaitingShape, body=w.Confirmation, problems=(404, 412)
))  # fmt: skip
def confirm_one(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody
) -> Response[bytes]:
    """Let what another gave count from now on: an invitation anew, a link, a key that comes as somebody else.

    Staff with the office `accounts` or `audit`, with a fresh proof; never who gave it, nor whose account it is.
    412 when what waits under that id is of another account by now, or was given anew.
    """
    require_second(caller, site)
    asked = read(request, body, w.Confirmation)
    with site.writing() as tx:
        try:
            found = confirm(site, tx, w.seen(asked), caller.id)
        except NothingWaitsError as error:
            raise NotFoundError(str(error), hint="list what waits at /api/v1/second-hand") from None
    return answer(w.waiting_shape(found))


@get("/ways-in", sync_to_thread=True, operation_class=told(list[EventShape]))
def ways_in(
    caller: NamedDependency[Caller], site: NamedDependency[Site], of: Of = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return who gave or took which way in, the latest first: invitations, links, programs, their keys, apps' keys."""
    require(caller, site, Office.ACCOUNTS, Office.AUDIT)
    with site.reading() as tx:
        found = site.accounts.events.of(tx, of, limit, only=WAYS_IN)
    return answer([event_shape(each) for each in found])


FACE = Router("/api/v1", route_handlers=[waits, confirm_one, ways_in], tags=["accounts"])
"""The router of what waits for a second hand."""
