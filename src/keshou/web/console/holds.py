# SPDX-License-Identifier: Apache-2.0
"""``/console/holds``: what is kept from erasure and why; set here, and lifted by somebody else."""

from collections.abc import Mapping
from typing import Annotated, cast, get_args

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from keshou.app.site import Site
from keshou.declaration.model import Office
from keshou.errors import InputError
from keshou.gate.calendar import day_of, end_of, read_day
from keshou.gate.holds import CLASSES, Asked, Ending, Ground, HoldLifted
from keshou.law.terms import RetentionClass
from keshou.web.console.again import stands_on
from keshou.web.console.desk import Desk, desk_of, key_of, show, to, typed
from keshou.web.console.names import item_names, named, purpose_names
from keshou.web.console.people import id_of
from keshou.web.entitled import require
from keshou.web.frame.page import Requested
from keshou.web.idempotency import fresh_id
from keshou.web.recorded import record
from keshou.wire.caller import Caller
from keshou.wire.hold_words import ENDING, GROUND, STATE
from keshou.wire.holds import HoldShape, hold_shapes
from keshou.wire.retention import CLASS

A_PAGE = 50
LOOKS = {"stands": "care", "over": "", "lifted": ""}
Name = Annotated[str, PathParameter(pattern="^[A-Za-z0-9._-]{1,64}$")]
Start = Annotated[int, QueryParameter(name="start", ge=0, le=10**9)]
_MOST_USERS = 1000


@get("/console/holds", sync_to_thread=True, include_in_schema=False)
def holds(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], start: Start = 0
) -> Response[bytes]:
    """List holds: those that stand first, then the latest first."""
    require(caller, site, Office.GROUNDS, Office.AUDIT)
    desk = desk_of(request, site, caller)
    ordered = sorted(hold_shapes(desk.state), key=lambda each: (each.state != "stands", -each.since.timestamp()))
    language = desk.language
    return show(
        request, desk, "holds.html.j2", holds=[_named(desk, each) for each in ordered[start : start + A_PAGE]],
        start=start, more=len(ordered) > start + A_PAGE, size=A_PAGE, sets=Office.GROUNDS in desk.offices,
        grounds={each: GROUND[each].in_(language) for each in get_args(Ground)}, purposes=purpose_names(desk),
        endings={each: ENDING[each].in_(language) for each in get_args(Ending)}, today=day_of(site.now()).isoformat(),
        classes={each.value: CLASS[each].in_(language) for each in CLASSES},
    )  # fmt: skip


def _named(desk: Desk, each: HoldShape) -> dict[str, object]:
    language = desk.language
    return {
        "hold": each,
        "ground": GROUND[each.ground].in_(language),
        "state": STATE[each.state].in_(language),
        "look": LOOKS[each.state],
        "classes": [CLASS[one].in_(language) for one in each.classes],
        "purposes": named(each.purposes, purpose_names(desk)),
        "items": named(each.items, item_names(desk)),
        "reason": ENDING[each.reason].in_(language) if each.reason else "",
        "stands": each.state == "stands",
        "own": each.set_by == desk.caller.id,
    }


@post("/console/holds", sync_to_thread=True, status_code=303, include_in_schema=False)
@stands_on(holds)
def set_(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[None]:
    """Keep information from erasure."""
    require(caller, site, Office.GROUNDS, fresh=True)
    form = typed(request)
    name = fresh_id("h", caller, key_of(form))
    fact = site.holds.fact(name, _asked(form), caller.id)
    said = sorted((name, value) for name, value in form.items() if name != "key")
    record(site, caller, key_of(form), said, ("holds",), fact)
    return to("/console/holds")


def _asked(form: Mapping[str, str]) -> Asked:
    """Return what the form asks for.

    Raises:
        InputError: it asks for no ground that there is, for too many users, or until no day of the calendar.

    """
    ground, class_ = form.get("ground", ""), form.get("class", "")
    users = frozenset(form.get("users", "").split())
    if ground not in get_args(Ground) or class_ not in {"", *(each.value for each in CLASSES)}:
        raise InputError("a hold names its ground and what it keeps")
    if len(users) > _MOST_USERS:
        raise InputError("a hold names too many users", hint=f"at most {_MOST_USERS}; name the others in another")
    try:
        until = end_of(read_day(form["until"])) if form.get("until") else None
    except ValueError:
        raise InputError("the last day is no day of the calendar") from None
    purposes = frozenset(name.removeprefix("purpose.") for name in form if name.startswith("purpose."))
    classes = frozenset({RetentionClass(class_)} if class_ else ())
    document, cite = id_of(form.get("document", "")), form.get("cite", "").strip()
    return Asked(cast("Ground", ground), document, cite, until, users, classes, purposes, bool(form.get("silent")))


@post("/console/holds/{name:str}/lift", sync_to_thread=True, status_code=303, include_in_schema=False)
@stands_on(holds)
def lift(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], name: Name
) -> Response[None]:
    """End a hold that somebody else set."""
    require(caller, site, Office.GROUNDS, fresh=True)
    form = typed(request)
    reason = form.get("reason", "")
    if reason not in get_args(Ending):
        raise InputError("a hold is lifted for a reason")
    fact = HoldLifted(at=site.now(), hold=name, by=caller.id, reason=reason)  # type: ignore[arg-type]
    record(site, caller, key_of(form), reason, ("holds", name, "lift"), fact)
    return to("/console/holds")
