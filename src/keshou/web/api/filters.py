# SPDX-License-Identifier: Apache-2.0
"""For information in the operator's own systems: filters of its tables, and the keys by which permits are checked."""

import anyio.to_thread
import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.app.row_filter import filter_rows
from keshou.app.site import Site
from keshou.gate.act import Act
from keshou.permits.filter import Table
from keshou.web.api.asked import Requested, answer, read
from keshou.web.described import told
from keshou.web.entitled import actor, refuse_beyond_key, require_fresh_for, require_staff, through
from keshou.wire.caller import Caller
from keshou.wire.filters import FilterAct, FilterRequest, FilterShape, PermitKeys

_KEPT = "public, max-age=3600"
"""Far shorter than the epoch for which a key is published before it signs."""


@post("/filters", status_code=200, operation_class=told(FilterShape, body=FilterRequest, problems=(409,)))
async def make_filter(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody
) -> Response[bytes]:
    """Ask which rows and columns of a table in a system of the operator's own an act may use now.

    Every filter is judged anew and recorded, however often the same is asked: what users said meanwhile counts. One
    that lets nobody through is an answer, not a denial.
    """
    asked = read(request, body, FilterRequest)
    act = _act(asked.act, caller, site)
    require_fresh_for(act.kind, caller, site)
    table = Table(**msgspec.structs.asdict(asked.table))
    found = await anyio.to_thread.run_sync(filter_rows, site, act, table, asked.users, site.permits.life)
    return answer(found)


def _act(asked: FilterAct, caller: Caller, site: Site) -> Act:
    require_staff(caller)
    by = actor(caller, asked.by)
    refuse_beyond_key(caller, asked.purpose, asked.kind)
    return Act(
        kind=asked.kind, user="", items=frozenset(), purpose=asked.purpose, by=by, when=site.now(), where=asked.where,
        via=through(caller, by), post=asked.post, recipient=asked.recipient, review=asked.review, ground=asked.ground,
    )  # fmt: skip


@get("/permit-keys", operation_class=told(PermitKeys, headers=("Cache-Control",)), security=[{}])
async def permit_keys(site: NamedDependency[Site]) -> Response[bytes]:
    """Publish the keys by which anybody checks permits, without asking who it is."""
    return answer(site.permits.keys.jwk_set(site.now()), headers={"Cache-Control": _KEPT})


FACE = Router("/api/v1", route_handlers=[make_filter, permit_keys], tags=["own systems"])
"""The router of filters and permits' keys."""
