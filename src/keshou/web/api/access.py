# SPDX-License-Identifier: Apache-2.0
"""Who can reach what, confirmed by who answers for it; what was lent in emergencies (Order 24 Art. 13(3), 13(5))."""

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.app.site import Site
from keshou.declaration.answering import confirmers
from keshou.gate import reach
from keshou.gate.facts import EmergencyReviewed
from keshou.web.access_review import confirmation, require_access_reader, require_confirmer
from keshou.web.api.asked import InPath, Requested, answer, read
from keshou.web.api.paged import USUAL, Cursor, Limit, NumberCursor, Page, page
from keshou.web.api.written import write_down
from keshou.web.described import told
from keshou.web.entitled import refuse_program, require_fresh
from keshou.web.idempotency import IdempotencyKey, fresh_id
from keshou.web.lending import emergency, require_lender
from keshou.web.recorded import require_own_post
from keshou.wire import access as w
from keshou.wire.caller import Caller
from keshou.wire.office import Recorded


@get("/access", sync_to_thread=True, operation_class=told(Page[w.ReachShape], problems=(404,)))
def show(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: NumberCursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return who can reach what under the rules in force: one line for each person, post, place and purpose."""
    declaration = require_access_reader(caller, site)
    lines = reach.reach(declaration, site.state())
    start = int(cursor or 0)
    found = [w.reach_shape(number, line) for number, line in enumerate(lines[start : start + limit], start)]
    return answer(Page(items=found, next=str(start + limit) if start + limit < len(lines) else ""))


@get("/access/due", sync_to_thread=True, operation_class=told(w.DueAnswer, problems=(404,)))
def due(caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return the appointments to be confirmed, and by holders of which posts."""
    declaration, state = require_access_reader(caller, site), site.state()
    by = confirmers(declaration)
    found = [
        w.due_shape(staff, held, by.get(held.appointment.post, frozenset()))
        for staff, held in reach.due(declaration, state, site.now())
    ]
    return answer(w.DueAnswer(appointments=found, unanswered=reach.unanswered(declaration, state)))


@post("/access/confirmations", status_code=200, sync_to_thread=True, operation_class=told(
    Recorded, body=w.ConfirmationRequest, problems=(404,)
))  # fmt: skip
def confirm(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Confirm that somebody still needs a post; only who answers for its department may, and nobody for themselves.

    Only a person does, with a fresh proof of who they are.
    """
    require_confirmer(caller, site)
    asked = read(request, body, w.ConfirmationRequest)
    fact = confirmation(caller, site, asked.staff, asked.post, asked.until)
    return write_down(site, caller, key, asked, ("access", "confirmations"), fact)


@get("/emergencies", sync_to_thread=True, operation_class=told(Page[w.EmergencyShape], problems=(404,)))
def emergencies(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return every emergency and its review, by id."""
    require_own_post(caller, site)
    found = [w.emergency_shape(each) for each in site.state().emergencies()]
    return answer(page(found, lambda each: each.id, cursor, limit))


@post("/emergencies", status_code=200, sync_to_thread=True, operation_class=told(
    Recorded, body=w.EmergencyRequest, problems=(404,)
))  # fmt: skip
def open_emergency(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Lend oneself a post's grants in an emergency, for minutes; somebody else reviews it afterwards.

    Only a person does, with a fresh proof of who they are.
    """
    require_lender(caller, site)
    asked, name = read(request, body, w.EmergencyRequest), fresh_id("e", caller, key)
    fact = emergency(caller, site, name, asked)
    return write_down(site, caller, key, asked, ("emergencies",), fact, id_=name)


@post("/emergencies/{name:str}/review", status_code=200, sync_to_thread=True, operation_class=told(
    Recorded, body=w.EmergencyReview, problems=(404,)
))  # fmt: skip
def review_emergency(
    *, request: Requested, name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody,
    key: IdempotencyKey,
) -> Response[bytes]:  # fmt: skip
    """Write down what the review of another's emergency came to; one that is still open ends with it.

    Only a person does, with a fresh proof of who they are.
    """
    refuse_program(caller)
    require_own_post(caller, site)
    require_fresh(caller, site)
    asked = read(request, body, w.EmergencyReview)
    fact = EmergencyReviewed(at=site.now(), emergency=name, by=caller.id, found=asked.found)
    return write_down(site, caller, key, asked, ("emergencies", name, "review"), fact)


FACE = Router(
    "/api/v1",
    route_handlers=[show, due, confirm, emergencies, open_emergency, review_emergency],
    tags=["review of access"],
)
"""The router of the review of access."""
