# SPDX-License-Identifier: Apache-2.0
"""``/console/emergencies``: a post lent to oneself for minutes, loudly on record, and looked at by somebody else.

Source: miit24:13.1.3.
"""

import datetime as dt
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from keshou.app.site import Site
from keshou.db import to_micros
from keshou.errors import InputError
from keshou.gate.facts import EmergencyReviewed
from keshou.gate.tenure import Opened
from keshou.web.console.again import stands_on
from keshou.web.console.desk import Desk, desk_of, key_of, show, to, typed
from keshou.web.console.entries import by_hand, row_of
from keshou.web.console.names import post_names
from keshou.web.entitled import require_fresh
from keshou.web.errors import ChangedMeanwhileError, NotFoundError
from keshou.web.frame.page import Requested
from keshou.web.idempotency import fresh_id
from keshou.web.lending import emergency, require_lender
from keshou.web.recorded import record, require_own_post
from keshou.wire import access as w
from keshou.wire.caller import Caller

HERE: Final = "/console/emergencies"
A_PAGE: Final = 20
_LARGEST: Final = 2**53 - 1
Name = Annotated[str, PathParameter(pattern="^[A-Za-z0-9._-]{1,64}$")]
Start = Annotated[int, QueryParameter(name="start", ge=0, le=10**9)]
Before = Annotated[int, QueryParameter(name="before", ge=0, le=_LARGEST)]


@get(HERE, sync_to_thread=True, include_in_schema=False)
def emergencies(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], start: Start = 0
) -> Response[bytes]:
    """Say what an emergency is, offer to begin one, and list every one: what waits for a look first."""
    require_own_post(caller, site)
    return _page(request, desk_of(request, site, caller), start=start)


def _page(
    request: Requested, desk: Desk, *, start: int = 0, given: Any = None, wrong: bool = False, status: int = 200
) -> Response[bytes]:
    every = sorted(desk.state.emergencies(), key=lambda each: (each.review is not None, -each.fact.at.timestamp()))
    declared, posts = desk.declaration.emergency if desk.declaration else None, post_names(desk)
    return show(
        request, desk, "emergencies.html.j2", status=status, wrong=wrong, given=given or {}, declared=declared,
        posts={each: posts.get(each, each) for each in declared.posts} if declared else {},
        emergencies=[_told(desk, each) for each in every[start : start + A_PAGE]],
        start=start, size=A_PAGE, total=len(every),
    )  # fmt: skip


def _told(desk: Desk, each: Opened) -> dict[str, Any]:
    """Return one emergency in words: `state` is ``open``, ``waits``, ``justified`` or ``unjustified``."""
    now = desk.site.now()
    ran = each.review is None and now < each.until
    return {
        "shape": w.emergency_shape(each),
        "post": post_names(desk).get(each.fact.post, each.fact.post),
        "state": each.review.found if each.review else ("open" if ran else "waits"),
        "own": each.fact.staff == desk.caller.id,
        "ended": min(each.until, each.review.at) if each.review else each.until,
        "minutes": max(1, round((each.until - now) / dt.timedelta(minutes=1))) if ran else 0,
    }


@post(HERE, status_code=200, sync_to_thread=True, include_in_schema=False)
@stands_on(emergencies)
def begin(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[Any]:
    """Lend oneself a post's grants. It needs a fresh proof, a declared reason, and the id of what happened."""
    require_lender(caller, site)
    form = typed(request)
    minutes = form.get("minutes", "")
    asked = {each: form.get(each, "").strip() for each in ("post", "reason", "case")}
    try:
        length = int(minutes) if minutes.isascii() and minutes.isdecimal() else None
        lent = msgspec.convert(asked | {"minutes": length}, w.EmergencyRequest)
    except (ValueError, msgspec.ValidationError):
        return _page(request, desk_of(request, site, caller), given=form, wrong=True, status=422)
    name = fresh_id("e", caller, key_of(form))
    record(site, caller, key_of(form), lent, ("emergencies",), emergency(caller, site, name, lent))
    return to(f"{HERE}/{name}")


@get(f"{HERE}/{{name:str}}", sync_to_thread=True, include_in_schema=False)
def one(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], name: Name,
    before: Before = _LARGEST,
) -> Response[bytes]:  # fmt: skip
    """Show one emergency, and every act that whoever opened it asked for while it ran; and take the review."""
    require_own_post(caller, site)
    desk = desk_of(request, site, caller)
    found = _opened(desk, name)
    told = _told(desk, found)
    with site.reading() as tx:
        since = site.ledger.first_since(tx, to_micros(found.fact.at))
        until = site.ledger.first_since(tx, to_micros(told["ended"]) + 1)
    acts, older = by_hand(site, found.fact.staff, since, min(before, until))
    return show(
        request, desk, "emergency.html.j2", each=told, rows=[row_of(desk, place, header) for place, header in acts],
        older=older, newest=before == _LARGEST,
    )  # fmt: skip


@post(f"{HERE}/{{name:str}}", status_code=303, sync_to_thread=True, include_in_schema=False)
@stands_on(one)
def review(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], name: Name
) -> Response[None]:
    """Write down what the review of another's emergency came to; one that still runs ends with it."""
    require_own_post(caller, site)
    require_fresh(caller, site)
    form = typed(request)
    found = _opened(desk_of(request, site, caller), name)
    if found.review is not None and found.review.by != caller.id:
        raise ChangedMeanwhileError
    match form.get("found"):
        case "justified":
            fact = EmergencyReviewed(at=site.now(), emergency=name, by=caller.id, found="justified")
        case "unjustified":
            fact = EmergencyReviewed(at=site.now(), emergency=name, by=caller.id, found="unjustified")
        case _:
            raise InputError("a review finds an emergency justified or not")
    record(site, caller, key_of(form), fact.found, ("emergencies", name, "review"), fact)
    return to(f"{HERE}/{name}")


def _opened(desk: Desk, name: str) -> Opened:
    for each in desk.state.emergencies():
        if each.fact.emergency == name:
            return each
    raise NotFoundError("there is no such emergency", hint="list them at /console/emergencies")
