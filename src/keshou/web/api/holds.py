# SPDX-License-Identifier: Apache-2.0
"""Legal holds: set, listed, lifted by somebody else; what was due meanwhile goes at once."""

from typing import Annotated

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter, RawBody

from keshou.app.site import Site
from keshou.declaration.model import Office
from keshou.gate.holds import HoldLifted
from keshou.web.api.asked import InPath, Requested, answer, read
from keshou.web.api.paged import USUAL, Cursor, Limit, Page, page
from keshou.web.api.written import write_down
from keshou.web.described import told
from keshou.web.entitled import refuse_program, require
from keshou.web.idempotency import IdempotencyKey, fresh_id
from keshou.wire import holds as w
from keshou.wire.caller import Caller
from keshou.wire.office import Recorded

Every = Annotated[bool, QueryParameter(name="all", description="Those that are over too.")]


@get("/", sync_to_thread=True, operation_class=told(Page[w.HoldShape]))
def holds(
    caller: NamedDependency[Caller],
    site: NamedDependency[Site],
    every: Every = False,  # noqa: FBT002 - as the query has it
    cursor: Cursor = "",
    limit: Limit = USUAL,
) -> Response[bytes]:
    """Return the holds that stand, by id; with `all`, those that are over too."""
    require(caller, site, Office.GROUNDS, Office.AUDIT)
    found = [each for each in w.hold_shapes(site.state()) if every or each.state == "stands"]
    return answer(page(found, lambda each: each.id, cursor, limit))


@post("/", status_code=200, sync_to_thread=True, operation_class=told(Recorded, body=w.HoldRequest))
def set_(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Keep information from erasure while a dispute, a case or a demand is open, or as another law asks.

    It permits nothing. People need a fresh proof of who they are.
    """
    require(caller, site, Office.GROUNDS, fresh=True)
    asked, name = read(request, body, w.HoldRequest), fresh_id("h", caller, key)
    fact = site.holds.fact(name, w.asked_of(asked), caller.id)
    return write_down(site, caller, key, asked, ("holds",), fact, id_=name)


@post(
    "/{name:str}/lift", status_code=200, sync_to_thread=True,
    operation_class=told(Recorded, body=w.LiftRequest, problems=(404,)),
)  # fmt: skip
def lift(  # noqa: PLR0917 - what Litestar gives by name
    name: InPath,
    request: Requested,
    caller: NamedDependency[Caller],
    site: NamedDependency[Site],
    body: RawBody,
    key: IdempotencyKey,
) -> Response[bytes]:
    """End a hold that somebody else set; what was due meanwhile goes at once.

    Only a person does, with a fresh proof of who they are.
    """
    refuse_program(caller)
    require(caller, site, Office.GROUNDS, fresh=True)
    asked = read(request, body, w.LiftRequest)
    fact = HoldLifted(at=site.now(), hold=name, by=caller.id, reason=asked.reason)
    return write_down(site, caller, key, asked, ("holds", name, "lift"), fact)


FACE = Router("/api/v1/holds", route_handlers=[holds, set_, lift], tags=["legal holds"])
"""The router of legal holds."""
