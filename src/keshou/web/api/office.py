# SPDX-License-Identifier: Apache-2.0
"""Who holds which post, and whether agents are fit: written down by whoever holds the office."""

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.app.site import Site
from keshou.declaration.model import Office
from keshou.gate.facts import AgentReinstated, AgentSuspended, StaffAppointed, StaffLeft, StaffRemoved
from keshou.web.api.asked import InPath, Requested, answer, read
from keshou.web.api.paged import USUAL, Cursor, Limit, Page, page
from keshou.web.api.written import write_down
from keshou.web.described import told
from keshou.web.entitled import require
from keshou.web.idempotency import IdempotencyKey
from keshou.web.recorded import in_force
from keshou.wire import office as w
from keshou.wire.caller import Caller


@get("/staff", sync_to_thread=True, operation_class=told(Page[w.StaffShape]))
def staff(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return everybody who holds a post, by id."""
    require(caller, site, Office.APPOINT, Office.ACCOUNTS, Office.AUDIT)
    found = [w.staff_shape(each, held) for each, held in site.state().holders().items()]
    return answer(page(found, lambda each: each.id, cursor, limit))


@post("/staff/{member:str}/appointments", status_code=200, sync_to_thread=True, operation_class=told(
    w.Recorded, body=w.AppointmentRequest, problems=(404,)
))  # fmt: skip
def appoint(
    *, request: Requested, member: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site],
    body: RawBody, key: IdempotencyKey,
) -> Response[bytes]:  # fmt: skip
    """Appoint a person or program to a post that the rules declare; nobody appoints themselves.

    People need a fresh proof of who they are.
    """
    _require(caller, site)
    asked = read(request, body, w.AppointmentRequest)
    fact = _appointment(site, member, asked)
    return write_down(site, caller, key, asked, ("staff", member, "appointments"), fact)


@post("/staff/{member:str}/moves", status_code=200, sync_to_thread=True, operation_class=told(
    w.Recorded, body=w.AppointmentRequest, problems=(404,)
))  # fmt: skip
def move(
    *, request: Requested, member: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site],
    body: RawBody, key: IdempotencyKey,
) -> Response[bytes]:  # fmt: skip
    """Move a person or program to another post: every post held ends and the new one begins, in one entry."""
    _require(caller, site)
    asked = read(request, body, w.AppointmentRequest)
    fact = _appointment(site, member, asked)
    facts = (StaffLeft(at=fact.at, staff=member), fact)
    return write_down(site, caller, key, asked, ("staff", member, "moves"), *facts)


@post("/staff/{member:str}/removals", status_code=200, sync_to_thread=True, operation_class=told(
    w.Recorded, body=w.RemovalRequest, problems=(404,)
))  # fmt: skip
def remove(
    *, request: Requested, member: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site],
    body: RawBody, key: IdempotencyKey,
) -> Response[bytes]:  # fmt: skip
    """Take a person or program off a post; whatever the post was granted is denied from then on."""
    _require(caller, site)
    asked = read(request, body, w.RemovalRequest)
    fact = StaffRemoved(at=site.now(), staff=member, post=asked.post)
    return write_down(site, caller, key, asked, ("staff", member, "removals"), fact)


@post(
    "/staff/{member:str}/departure",
    status_code=200,
    sync_to_thread=True,
    operation_class=told(w.Recorded, problems=(404,)),
)
def leave(
    member: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site], key: IdempotencyKey
) -> Response[bytes]:
    """Write down that a person or program left for good: every post ends at once, and whatever was lent."""
    _require(caller, site)
    fact = StaffLeft(at=site.now(), staff=member)
    return write_down(site, caller, key, None, ("staff", member, "departure"), fact)


@get("/agents", sync_to_thread=True, operation_class=told(Page[w.AgentShape]))
def agents(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return the agents that the rules declare, by id."""
    require(caller, site, Office.APPOINT, Office.AUDIT)
    suspended = site.state().suspended_agents
    found = [w.AgentShape(id=each.id, suspended=each.id in suspended) for each in in_force(site).agents]
    return answer(page(found, lambda each: each.id, cursor, limit))


@post("/agents/{agent:str}/suspension", status_code=200, sync_to_thread=True, operation_class=told(
    w.Recorded, problems=(404,)
))  # fmt: skip
def suspend(
    agent: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site], key: IdempotencyKey
) -> Response[bytes]:
    """Write down that an agent was found unfit (Order 24 Art. 11): its staff may do nothing until reinstated."""
    _require(caller, site)
    fact = AgentSuspended(at=site.now(), agent=agent)
    return write_down(site, caller, key, None, ("agents", agent, "suspension"), fact)


@post("/agents/{agent:str}/reinstatement", status_code=200, sync_to_thread=True, operation_class=told(
    w.Recorded, problems=(404,)
))  # fmt: skip
def reinstate(
    agent: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site], key: IdempotencyKey
) -> Response[bytes]:
    """Write down that an agent was found fit again; its own staff do not."""
    _require(caller, site)
    fact = AgentReinstated(at=site.now(), agent=agent)
    return write_down(site, caller, key, None, ("agents", agent, "reinstatement"), fact)


def _require(caller: Caller, site: Site) -> None:
    require(caller, site, Office.APPOINT, fresh=True)


def _appointment(site: Site, member: str, asked: w.AppointmentRequest) -> StaffAppointed:
    return StaffAppointed(at=site.now(), staff=member, post=asked.post, branch=asked.branch, until=asked.until)


FACE = Router(
    "/api/v1",
    route_handlers=[staff, appoint, move, remove, leave, agents, suspend, reinstate],
    tags=["posts and agents"],
)
"""The router of posts and agents."""
