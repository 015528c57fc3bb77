# SPDX-License-Identifier: Apache-2.0
"""``/console/reviews``: bulk acts that wait for another person's look, asked for and answered here."""

from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from keshou.app.review_preview import Looked
from keshou.app.site import Site
from keshou.app.value_words import worded
from keshou.errors import InputError
from keshou.gate.decision import Deny
from keshou.language import Text
from keshou.law.terms import BULK_KINDS, ActKind
from keshou.web import reviewing
from keshou.web.console.again import stands_on
from keshou.web.console.desk import Desk, desk_of, key_of, show, to, typed
from keshou.web.console.listed import listed
from keshou.web.console.names import item_names, named, purpose_names, recipient_names
from keshou.web.console.why import why_denied
from keshou.web.entitled import require_fresh, require_staff
from keshou.web.errors import ChangedMeanwhileError, NotEntitledError, NotFoundError
from keshou.web.frame.page import Requested
from keshou.web.recorded import record
from keshou.web.reviewing import asked_review, require_reviewer, review_answer, seen_reviews
from keshou.wire.access import ReviewRequest, ReviewShape, ReviewState, review_version
from keshou.wire.caller import Caller
from keshou.wire.law_words import KIND

A_PAGE = 50
STATES = {
    ReviewState.ASKED: Text("等待审查", "waits"),
    ReviewState.APPROVED: Text("已批准", "approved"),
    ReviewState.REFUSED: Text("不批准", "refused"),
    ReviewState.USED: Text("已用掉", "used"),
    ReviewState.OVER: Text("批准已过期", "approval is over"),
}
LOOKS = {ReviewState.ASKED: "care", ReviewState.APPROVED: "good", ReviewState.REFUSED: "bad"}
Name = Annotated[str, PathParameter(pattern="^[A-Za-z0-9._-]{1,64}$")]
Start = Annotated[int, QueryParameter(name="start", ge=0, le=10**9)]


@get("/console/reviews", sync_to_thread=True, include_in_schema=False)
def reviews(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], start: Start = 0
) -> Response[bytes]:
    """List reviews: what waits first, then the latest first."""
    require_staff(caller)
    desk = desk_of(request, site, caller)
    found = seen_reviews(caller, site) if desk.declaration else []
    ordered = sorted(found, key=lambda each: (each.state is not ReviewState.ASKED, -each.asked.timestamp()))
    review = desk.declaration.review if desk.declaration else None
    return show(
        request, desk, "reviews.html.j2", reviews=[_named(desk, each) for each in ordered[start : start + A_PAGE]],
        start=start, more=len(ordered) > start + A_PAGE, size=A_PAGE, declared=review, may=_may(caller, site),
        purposes=purpose_names(desk), items=_declared_items(desk), recipients=recipient_names(desk),
        kinds=[(each.value, KIND[each].in_(desk.language)) for each in ActKind if each in BULK_KINDS],
    )  # fmt: skip


def _declared_items(desk: Desk) -> dict[str, str]:
    names = item_names(desk)
    declared = desk.declaration.purposes if desk.declaration else ()
    return {item: names.get(item, item) for item in dict.fromkeys(need.item for one in declared for need in one.needs)}


def _named(desk: Desk, each: ReviewShape) -> dict[str, object]:
    return {
        "review": each,
        "state": STATES[each.state].in_(desk.language),
        "look": LOOKS.get(each.state, ""),
        "kind": KIND[each.kind].in_(desk.language),
        "purpose": purpose_names(desk).get(each.purpose, each.purpose),
        "items": named(each.items, item_names(desk)),
        "recipient": recipient_names(desk).get(each.recipient, each.recipient),
        "waits": each.state is ReviewState.ASKED,
        "own": each.requester == desk.caller.id,
        "version": review_version(desk.state, each.id),
    }


def _may(caller: Caller, site: Site) -> bool:
    """Say whether the page offers to answer; whether an answer counts is asked when it is given."""
    try:
        require_reviewer(caller, site)
    except (NotEntitledError, NotFoundError, InputError):
        return False
    return True


@post("/console/reviews", sync_to_thread=True, status_code=303, include_in_schema=False)
@stands_on(reviews)
def ask(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[None]:
    """Ask that a bulk act of one's own be reviewed; nothing is permitted by asking."""
    require_staff(caller)
    form = typed(request)
    items = [name.removeprefix("item.") for name in form if name.startswith("item.")]
    users = listed(form)
    told: dict[str, object] = {each: form[each] for each in ("kind", "purpose", "recipient") if form.get(each)}
    if form.get("count"):
        told["count"] = int(form["count"]) if form["count"].isdecimal() and len(form["count"]) <= _DIGITS else 0
    try:
        asked = msgspec.convert(told | {"items": items, "users": users}, ReviewRequest)
    except msgspec.ValidationError:
        raise InputError("a review names the act, its kinds of information and how many users at most") from None
    reviewing.ask(site, caller, key_of(form), asked)
    return to("/console/reviews")


_DIGITS = 15


@post("/console/reviews/{name:str}/preview", sync_to_thread=True, status_code=200, include_in_schema=False)
@stands_on(reviews)
def preview(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], name: Name
) -> Response[bytes]:
    """Look at a few of those whom a bulk act would be about, masked and on record; then answer, or do not."""
    found = reviewing.look(site, caller, name)
    desk = desk_of(request, site, caller)
    review = next((each for each in seen_reviews(caller, site) if each.id == name), None)
    if review is None:
        raise NotFoundError("there is no such review", hint="list them at /api/v1/reviews")
    denied = found.denied.decision if found.denied else None
    return show(
        request, desk, "review_preview.html.j2", each=_named(desk, review), may=True,
        looks=[_seen(desk, each) for each in found.looks], names=[(each, _item(desk, each)) for each in review.items],
        denied=found.denied, reasons=why_denied(desk, denied) if isinstance(denied, Deny) else [],
    )  # fmt: skip


def _item(desk: Desk, item: str) -> str:
    return item_names(desk).get(item, item)


def _seen(desk: Desk, each: Looked) -> dict[str, object]:
    denied = each.decision if isinstance(each.decision, Deny) else None
    return {
        "look": each,
        "values": worded(each.values, desk.language),
        "reasons": why_denied(desk, denied) if denied else [],
    }


@post("/console/reviews/{name:str}", sync_to_thread=True, status_code=303, include_in_schema=False)
@stands_on(reviews)
def answer(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], name: Name
) -> Response[None]:
    """Approve or refuse just what was read; of two who answer at once the second is told so."""
    declared = require_reviewer(caller, site)
    require_fresh(caller, site)
    form = typed(request)
    found = asked_review(site, name)
    if form.get("version") != "1":
        raise ChangedMeanwhileError
    approved = form.get("answer") == "approve"
    fact = review_answer(caller, site, declared, found, approved=approved)
    record(site, caller, key_of(form), approved, ("reviews", name, "answer"), fact)
    return to("/console/reviews")
