# SPDX-License-Identifier: Apache-2.0
"""What the authority asks to stop, and where higher law provides otherwise: written down, listed, ended."""

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.app.site import Site
from keshou.declaration.model import Office
from keshou.gate.facts import GroundEnded, GroundRecorded, SuspensionLifted, SuspensionOrdered
from keshou.web.api.asked import InPath, Requested, answer, read
from keshou.web.api.paged import USUAL, Cursor, Limit, Page, page
from keshou.web.api.written import write_down
from keshou.web.described import told
from keshou.web.entitled import require
from keshou.web.idempotency import IdempotencyKey, fresh_id
from keshou.wire import office as w
from keshou.wire.caller import Caller


@get("/suspensions", sync_to_thread=True, operation_class=told(Page[w.SuspensionShape]))
def suspensions(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return the suspensions that stand, by id."""
    require(caller, site, Office.ORDERS, Office.AUDIT)
    found = [w.suspension_shape(each) for each in site.state().suspensions()]
    return answer(page(found, lambda each: each.id, cursor, limit))


@post("/suspensions", status_code=200, sync_to_thread=True, operation_class=told(w.Recorded, body=w.SuspensionRequest))
def order(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Write down that the authority asked that acts stop; the gate denies them until it is lifted."""
    require(caller, site, Office.ORDERS)
    asked, name = read(request, body, w.SuspensionRequest), fresh_id("s", caller, key)
    fact = SuspensionOrdered(
        at=site.now(), suspension=name, kinds=frozenset(asked.kinds), purposes=frozenset(asked.purposes)
    )
    return write_down(site, caller, key, asked, ("suspensions",), fact, id_=name)


@post(
    "/suspensions/{name:str}/lift",
    status_code=200,
    sync_to_thread=True,
    operation_class=told(w.Recorded, problems=(404,)),
)
def lift(
    name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site], key: IdempotencyKey
) -> Response[bytes]:
    """Write down that the authority lifted a suspension.

    People need a fresh proof of who they are.
    """
    require(caller, site, Office.ORDERS, fresh=True)
    fact = SuspensionLifted(at=site.now(), suspension=name)
    return write_down(site, caller, key, None, ("suspensions", name, "lift"), fact)


@get("/grounds", sync_to_thread=True, operation_class=told(Page[w.GroundShape]))
def grounds(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return the recorded grounds that hold, by id."""
    require(caller, site, Office.GROUNDS, Office.AUDIT)
    found = [w.ground_shape(each) for each in site.state().grounds()]
    return answer(page(found, lambda each: each.id, cursor, limit))


@post("/grounds", status_code=200, sync_to_thread=True, operation_class=told(w.Recorded, body=w.GroundRequest))
def record(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Write down that a law or administrative regulation provides otherwise, for just these acts (Order 24 Art. 9(5)).

    People need a fresh proof of who they are.
    """
    require(caller, site, Office.GROUNDS, fresh=True)
    asked, name = read(request, body, w.GroundRequest), fresh_id("g", caller, key)
    fact = GroundRecorded(
        at=site.now(), ground=name, cite=asked.cite, rank=asked.rank, recorded_by=caller.id,
        kinds=frozenset(asked.kinds), purposes=frozenset(asked.purposes), items=frozenset(asked.items),
        until=asked.until, users=frozenset(asked.users), recipient=asked.recipient,
    )  # fmt: skip
    return write_down(site, caller, key, asked, ("grounds",), fact, id_=name)


@post(
    "/grounds/{name:str}/end", status_code=200, sync_to_thread=True, operation_class=told(w.Recorded, problems=(404,))
)
def end(
    name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site], key: IdempotencyKey
) -> Response[bytes]:
    """Write down that a recorded ground holds no longer."""
    require(caller, site, Office.GROUNDS)
    fact = GroundEnded(at=site.now(), ground=name)
    return write_down(site, caller, key, None, ("grounds", name, "end"), fact)


FACE = Router(
    "/api/v1", route_handlers=[suspensions, order, lift, grounds, record, end], tags=["suspensions and grounds"]
)
"""The router of suspensions and grounds."""
