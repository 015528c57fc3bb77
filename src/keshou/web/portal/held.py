# SPDX-License-Identifier: Apache-2.0
"""``/me/held``: what is held of a user, why and for how long; values are masked, and shown in full on asking.

Either is an act of query on record, which says how values were shown. Source: miit24:9.2, miit24:13.1.6.
"""

from collections.abc import Collection
from typing import NamedTuple

import anyio.to_thread
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.acts.request import Perform
from keshou.app.own_acts import own_acts
from keshou.app.site import Site
from keshou.app.value_words import worded
from keshou.gate.decision import Decision, Deny
from keshou.law.terms import ActKind
from keshou.web.caller import part_of
from keshou.web.frame.page import Requested
from keshou.web.language import language_of
from keshou.web.methods import never_by_head
from keshou.web.portal.guest import one, read_form, visitor
from keshou.web.portal.holding import holdings
from keshou.web.portal.kept import Kept, kept_now
from keshou.web.portal.pages import names_of, refusals, show
from keshou.wire.caller import Caller


class _Seen(NamedTuple):
    """What a user was shown of the own information."""

    values: dict[str, str]
    entries: list[int]
    denied: list[Decision]


@get("/me/held", include_in_schema=False, guards=[never_by_head])
async def held(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Show what is held, masked."""
    return await _page(request, site, await visitor(request, site), _Seen({}, [], []))


@post("/me/held", status_code=200, include_in_schema=False)
async def reveal(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[bytes]:
    """Show one value in full, or all of them: an act of query for each purpose that it takes, recorded each time.

    What is sent twice is shown twice, and stands in the log twice: it left the vault twice.
    """
    form = read_form(request, body)
    caller, item = await visitor(request, site, form), one(form, "item")
    part = part_of(caller)
    found = await anyio.to_thread.run_sync(holdings, site, caller.user, language_of(request), part)
    seen = await _look(site, caller, [each.item for each in found if item in ("", each.item)], masked=False)
    return await _page(request, site, caller, seen)


async def _look(site: Site, caller: Caller, items: Collection[str], *, masked: bool) -> _Seen:
    part = part_of(caller)
    acts = await anyio.to_thread.run_sync(own_acts, site, caller.user, ActKind.QUERY, items, part) if items else []
    seen = _Seen({}, [], [])
    for each in acts:
        done = await site.perform_async(Perform(act=each, masked=masked))
        seen.values.update(done.values)
        seen.entries.append(done.entry)
        if isinstance(done.decision, Deny):
            seen.denied.append(done.decision)
    return seen


async def _page(request: Requested, site: Site, caller: Caller, seen: _Seen) -> Response[bytes]:
    """Show the page: what was seen in full, and the rest masked as far as the user may see it at all."""
    language = language_of(request)
    found = await anyio.to_thread.run_sync(holdings, site, caller.user, language, part_of(caller))
    rest = [each.item for each in found if each.may_query and each.item not in seen.values]
    masked = await _look(site, caller, rest, masked=True)
    kept = await anyio.to_thread.run_sync(_kept, request, site, caller)
    return await show(
        request, site, caller, "held.html.j2", found=found, values=worded(seen.values, language),
        masked=worded(masked.values, language), entries=seen.entries, refused=refusals(site, seen.denied, request),
        kept=kept,
    )  # fmt: skip


def _kept(request: Requested, site: Site, caller: Caller) -> list[Kept]:
    """Return what is kept beyond its time; to a visit for some services only, nothing: it may be of the others."""
    if part_of(caller) is not None:
        return []
    return kept_now(site, caller.user, names_of(request, site), language_of(request))
