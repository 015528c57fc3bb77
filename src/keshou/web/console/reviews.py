# SPDX-License-Identifier: Apache-2.0
"""``/console/reviews``: bulk acts that wait for another person's look, asked for and answered here."""

from typing import Annotated

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from keshou.app.site import Site
from keshou.errors import InputError
from keshou.gate.facts import ReviewAsked
from keshou.language import Text
from keshou.law.terms import BULK_KINDS, ActKind
from keshou.web.console.desk import Desk, desk_of, key_of, show, to, typed
from keshou.web.console.names import item_names, named, purpose_names, recipient_names
from keshou.web.entitled import require_fresh, require_staff
from keshou.web.errors import ChangedMeanwhileError, NotEntitledError, NotFoundError
from keshou.web.frame.page import Requested
from keshou.web.idempotency import fresh_id
from keshou.web.recorded import record
from keshou.web.reviewing import asked_review, declared_review, require_reviewer, review_answer, seen_reviews
from keshou.wire.access import ReviewShape, ReviewState, review_version
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
def ask(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[None]:
    """Ask that a bulk act of one's own be reviewed; nothing is permitted by asking."""
    require_staff(caller)
    declared_review(site)
    form = typed(request)
    items = frozenset(name.removeprefix("item.") for name in form if name.startswith("item."))
    kind, count = form.get("kind", ""), form.get("count", "")
    if kind not in BULK_KINDS or not items or not count.isdecimal() or not 0 < int(count) <= _MOST:
        raise InputError("a review names the act, its kinds of information and how many users at most")
    if not site.state().appointments(caller.id):
        raise NotEntitledError("whoever asks holds no post (miit24:13.1.3)", hint="appoint them first")
    name = fresh_id("r", caller, key_of(form))
    asked = (kind, form.get("purpose", ""), sorted(items), count, form.get("recipient", ""))
    fact = ReviewAsked(
        at=site.now(), review=name, requester=caller.id, kind=ActKind(kind), purpose=form.get("purpose", ""),
        items=items, count=int(count), recipient=form.get("recipient", ""),
    )  # fmt: skip
    record(site, caller, key_of(form), asked, ("reviews",), fact)
    return to("/console/reviews")


_MOST = 2**31 - 1


@post("/console/reviews/{name:str}", sync_to_thread=True, status_code=303, include_in_schema=False)
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
