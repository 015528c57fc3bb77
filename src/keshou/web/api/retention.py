# SPDX-License-Identifier: Apache-2.0
"""What may be erased soon, for whoever may look at the log: counts by day, and nobody's name."""

import datetime as dt
from typing import Annotated

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from keshou.app.site import Site
from keshou.gate import calendar
from keshou.web.api.asked import answer
from keshou.web.described import told
from keshou.web.entitled import require_log_reader
from keshou.wire.caller import Caller
from keshou.wire.retention import RetentionShape, retention_shape

_MONTH = dt.timedelta(days=31)

Since = Annotated[dt.date | None, QueryParameter(name="since", description="First day, in China; else today.")]
Until = Annotated[dt.date | None, QueryParameter(name="until", description="Last day; else 31 days after the first.")]


@get("/", sync_to_thread=True, operation_class=told(RetentionShape, problems=(422,)))
def retention(
    caller: NamedDependency[Caller], site: NamedDependency[Site], since: Since = None, until: Until = None
) -> Response[bytes]:
    """Return what may be erased soon: what no purpose needs any more, registration information (Order 25 Art. 11)."""
    require_log_reader(caller, site)
    first = calendar.within_reach(since or calendar.day_of(site.now()))
    return answer(retention_shape(site.retention.preview(first, until or first + _MONTH)))


FACE = Router("/api/v1/retention", route_handlers=[retention], tags=["retention"])
"""The router of terms of retention."""
