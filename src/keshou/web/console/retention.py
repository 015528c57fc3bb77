# SPDX-License-Identifier: Apache-2.0
"""``/console/retention``: what no purpose needs any more, what goes on which day, and what a hold keeps; no names."""

import datetime as dt
from typing import Annotated

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from keshou.app.expiry import Gone
from keshou.app.retention import Due, HeldBack
from keshou.app.site import Site
from keshou.declaration.model import Office
from keshou.gate.calendar import day_of
from keshou.web.cited import cited
from keshou.web.console.desk import Desk, desk_of, show
from keshou.web.console.names import item_names, purpose_names
from keshou.web.entitled import require
from keshou.web.frame.page import Requested
from keshou.wire.caller import Caller
from keshou.wire.hold_words import GROUND
from keshou.wire.retention import CLASS

_MONTH = dt.timedelta(days=31)
Until = Annotated[dt.date | None, QueryParameter(name="until")]


@get("/console/retention", sync_to_thread=True, include_in_schema=False)
def retention(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], until: Until = None
) -> Response[bytes]:
    """Show what goes from today until a day, by purpose and class; a month ahead where no day is given."""
    require(caller, site, Office.GROUNDS, Office.AUDIT)
    desk = desk_of(request, site, caller)
    today = day_of(site.now())
    if desk.declaration is None:
        return show(request, desk, "retention.html.j2", found=None)
    found = site.retention.preview(today, max(until or today + _MONTH, today))
    return show(
        request, desk, "retention.html.j2", found=found, today=today.isoformat(),
        over=[_over(desk, each, by_itself=each.class_ in found.by_itself) for each in found.over],
        days=[_named(desk, each) for each in found.days], held=[_held(desk, each) for each in found.held],
        under=cited(site.law, found.under, desk.language) if found.under else None,
    )  # fmt: skip


def _over(desk: Desk, each: Gone, *, by_itself: bool) -> dict[str, object]:
    purpose, class_ = purpose_names(desk).get(each.purpose, each.purpose), CLASS[each.class_].in_(desk.language)
    return {**_named(desk, each), "purpose": purpose, "class_": class_, "by_itself": by_itself}


def _held(desk: Desk, each: HeldBack) -> dict[str, object]:
    return {**_named(desk, each), "hold": each, "ground": GROUND[each.ground].in_(desk.language)}


def _named(desk: Desk, each: Gone | Due | HeldBack) -> dict[str, object]:
    """Return how many users, and of how many of them each kind of information."""
    names = item_names(desk)
    counts = [(names.get(item, item), count) for item, count in each.items.items()]
    return {"day": getattr(each, "day", None), "users": each.users, "counts": counts}
