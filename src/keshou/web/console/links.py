# SPDX-License-Identifier: Apache-2.0
"""``/console/exports/links``: links by which a recipient sees one user's record; made, counted, ended here.

The user's id is sent in a form and stands in no address; the link's token is shown once.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency

from keshou.app import sharing
from keshou.app.site import Site
from keshou.gate.decision import Permit
from keshou.language import Text
from keshou.law.terms import ActKind
from keshou.links.link import Link
from keshou.web.console.again import denied_again, stands_on
from keshou.web.console.desk import PAGES, Desk, desk_of, key_of, show, to, typed
from keshou.web.console.names import branches, item_names, named, own_posts, purpose_names, recipient_names
from keshou.web.console.reviews import A_PAGE, Name, Start
from keshou.web.console.why import why_denied
from keshou.web.entitled import audits, refuse_beyond_key, require_fresh, require_staff
from keshou.web.frame.page import Requested
from keshou.web.linking import asked_link, end_link, make_once, newest
from keshou.wire.caller import Caller
from keshou.wire.links import LinkRequest

HERE = "/console/exports/links"
STATE: Mapping[str, Text] = {
    "open": Text("可以打开", "opens"),
    "used_up": Text("次数已用完", "used up"),
    "over": Text("已过期", "over"),
    "revoked": Text("已终止", "ended"),
}


@get(HERE, sync_to_thread=True, include_in_schema=False)
def links(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], start: Start = 0
) -> Response[bytes]:
    """List links, what still opens first: all to auditors, to others those that they made."""
    require_staff(caller)
    return _page(request, desk_of(request, site, caller), {}, start=start)


def _page(
    request: Requested, desk: Desk, given: Mapping[str, str], *, start: int = 0, wrong: bool = False, status: int = 200
) -> Response[bytes]:
    now = desk.site.now()
    found, total = newest(desk.caller, desk.site, start, A_PAGE)
    shown = [_named(desk, each, now) for each in found]
    return show(
        request, desk, "links.html.j2", status=status, links=shown, start=start, total=total, size=A_PAGE,
        given=given, wrong=wrong, every=audits(desk.caller, desk.site), **choices(desk),
    )  # fmt: skip


def choices(desk: Desk) -> dict[str, Any]:
    """Return what can be chosen of the rules in force, for forms that hand over."""
    items = item_names(desk)
    declared = desk.declaration.purposes if desk.declaration else ()
    given = [each for each in declared if each.recipients]
    needs = dict.fromkeys(need.item for each in given for need in each.needs)
    return {
        "purposes": {each.id: purpose_names(desk)[each.id] for each in given},
        "recipients": recipient_names(desk),
        "items": {item: items.get(item, item) for item in needs},
        "posts": own_posts(desk),
        "branches": branches(desk),
    }  # fmt: skip


def state_of(link: Link, now: dt.datetime) -> str:
    """Return how a link stands at `now`."""
    if link.revoked is not None:
        return "revoked"
    if link.opened >= link.most:
        return "used_up"
    return "over" if now >= link.until else "open"


def _named(desk: Desk, each: Link, now: dt.datetime) -> dict[str, object]:
    state, shared = state_of(each, now), each.shared
    return {
        "link": each,
        "state": STATE[state].in_(desk.language),
        "opens": state == "open",
        "purpose": purpose_names(desk).get(shared.purpose, shared.purpose),
        "recipient": recipient_names(desk).get(shared.recipient, shared.recipient),
        "items": named(sorted(shared.items), item_names(desk)),
    }


@post(HERE, sync_to_thread=True, status_code=200, include_in_schema=False)
@stands_on(links)
def make(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Make a link; its token is shown this once. Denied: why, and nothing was made."""
    require_staff(caller)
    require_fresh(caller, site)
    form, desk = typed(request), desk_of(request, site, caller)
    try:
        asked = msgspec.convert(_asked(form), LinkRequest)
    except (msgspec.ValidationError, ValueError):
        return _page(request, desk, form, wrong=True, status=422)
    refuse_beyond_key(caller, asked.purpose, ActKind.PROVIDE)
    wanted = asked_link(caller, asked)
    decision = sharing.may_share(site, wanted)
    if not isinstance(decision, Permit):
        why = {"reasons": why_denied(desk, decision), "entry": None}
        note = PAGES.bit(request, "denied_note.html.j2", reads_log=desk.reads_log, **why)
        again = denied_again(request, site, caller, links, note)
        return again or show(request, desk, "handing_denied.html.j2", status=403, back=HERE, **why)
    made = make_once(site, caller, key_of(form), asked, wanted)
    return show(request, desk, "link_made.html.j2", made=made, address="/api/v1/links/openings")


def _asked(form: Mapping[str, str]) -> dict[str, object]:
    named_ = {each: form[each] for each in ("user", "purpose", "recipient", "post", "where") if form.get(each)}
    items = [name.removeprefix("item.") for name in form if name.startswith("item.")]
    return named_ | {"items": items, "minutes": int(form.get("minutes", "")), "openings": int(form.get("openings", ""))}


@post(f"{HERE}/{{name:str}}", sync_to_thread=True, status_code=303, include_in_schema=False)
@stands_on(links)
def revoke(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], name: Name
) -> Response[None]:
    """End a link at once: who made it, or an auditor."""
    require_staff(caller)
    end_link(site, caller, key_of(typed(request)), name)
    return to(HERE)
