# SPDX-License-Identifier: Apache-2.0
"""``/me/held``: what is held of a user, why and for how long; values are shown on asking, which is an act on record.

Until then no value leaves the vault, not even shortened. Source: miit24:9.2, miit24:13.1.6.
"""

from collections.abc import Mapping

import anyio.to_thread
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.acts.request import Perform
from keshou.app.own_acts import own_acts
from keshou.app.site import Site
from keshou.gate.decision import Decision, Deny
from keshou.law.terms import ActKind
from keshou.web.frame.page import Requested
from keshou.web.language import language_of
from keshou.web.portal.guest import one, read_form, visitor
from keshou.web.portal.holding import holdings
from keshou.web.portal.pages import Refusal, refusals, show
from keshou.wire.caller import Caller


@get("/me/held", include_in_schema=False)
async def held(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Show what is held, without a value."""
    return await _page(request, site, await visitor(request, site))


@post("/me/held", status_code=200, include_in_schema=False)
async def reveal(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[bytes]:
    """Show one value, or all of them: an act of query for each purpose that it takes, recorded each time it is shown.

    What is sent twice is shown twice, and stands in the log twice: it left the vault twice.
    """
    form = read_form(request, body)
    caller, item = await visitor(request, site, form), one(form, "item")
    found = await anyio.to_thread.run_sync(holdings, site, caller.user, language_of(request))
    wanted = [each.item for each in found if item in ("", each.item)]
    acts = await anyio.to_thread.run_sync(own_acts, site, caller.user, ActKind.QUERY, wanted)
    values: dict[str, str] = {}
    denied: list[Decision] = []
    entries: list[int] = []
    for each in acts:
        done = await site.perform_async(Perform(act=each))
        values |= done.values
        entries.append(done.entry)
        denied += [done.decision] if isinstance(done.decision, Deny) else []
    return await _page(request, site, caller, values=values, entries=entries, refused=refusals(site, denied, request))


async def _page(
    request: Requested,
    site: Site,
    caller: Caller,
    *,
    values: Mapping[str, str] | None = None,
    entries: list[int] | None = None,
    refused: list[Refusal] | None = None,
) -> Response[bytes]:
    found = await anyio.to_thread.run_sync(holdings, site, caller.user, language_of(request))
    return await show(
        request, site, caller, "held.html.j2", found=found, values=values or {}, entries=entries or [],
        refused=refused or [],
    )  # fmt: skip
