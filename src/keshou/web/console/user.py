# SPDX-License-Identifier: Apache-2.0
"""``/console/user``: one user's file. To look is an act: under a purpose and a grant, judged and recorded each time.

The user's id is sent in a form and never stands in an address, which ends in logs.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from anyio.to_thread import run_sync
from litestar import Response, get, post
from litestar.di import NamedDependency

from keshou.acts.request import Done
from keshou.app.site import Site
from keshou.app.user_view import UserView, acts_about, user_view
from keshou.app.value_words import worded
from keshou.gate.decision import Deny
from keshou.language import Text
from keshou.web.console.consents import asked_for
from keshou.web.console.desk import Desk, desk_of, show, typed
from keshou.web.console.entries import row_of
from keshou.web.console.information import CONSENT
from keshou.web.console.names import branches, item_names, named, own_posts, purpose_names
from keshou.web.console.ways import a_stand_in, named_ways
from keshou.web.console.why import why_denied, why_of_user
from keshou.web.entitled import require_staff
from keshou.web.frame.page import Requested
from keshou.web.looking import look
from keshou.wire import users as w
from keshou.wire.caller import Caller
from keshou.wire.retention import CLASS

MOST = 60
"""Acts of a file that are shown, the latest."""
MESSAGES = {
    "requested": Text("要求接收", "asked for"),
    "refused": Text("拒收", "refused"),
    "": Text("没有表示", "nothing said"),
}
_FIELDS = ("user", "purpose", "post", "where", "kind")


@get("/console/user", sync_to_thread=True, include_in_schema=False)
def ask(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Ask for whom, under which purpose, in which post."""
    require_staff(caller)
    return form_of(request, desk_of(request, site, caller), {})


def form_of(
    request: Requested, desk: Desk, given: Mapping[str, str], *, wrong: str = "", status: int = 200
) -> Response[bytes]:
    """Return the page that asks for a user, or for what to find one by; `wrong` names the form with a fault."""
    return show(
        request, desk, "user.html.j2", status=status, wrong=wrong, given=given, purposes=purpose_names(desk),
        ways=named_ways(desk), stand_in=a_stand_in(desk), posts=own_posts(desk), branches=branches(desk),
    )  # fmt: skip


@post("/console/user", status_code=200, include_in_schema=False)
async def file(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Look at a user: what is held, what was shown, agreed and begun, and every act with its reasons.

    Values are masked until the one who looks asks for them in full, which is another look.
    """
    require_staff(caller)
    form = typed(request)
    desk = await run_sync(desk_of, request, site, caller)
    given = {"kind": "query", "masked": form.get("full") != "yes"}
    try:
        asked = msgspec.convert(given | {each: form[each] for each in _FIELDS if form.get(each)}, w.Viewing)
    except msgspec.ValidationError:
        return await run_sync(lambda: form_of(request, desk, form, wrong="user", status=422))
    done = await look(site, caller, asked)
    return await run_sync(_shown, request, desk, asked, done)


def _shown(request: Requested, desk: Desk, asked: w.Viewing, done: Done) -> Response[bytes]:
    """Return the file; of a denial, why, and nothing of the user."""
    purpose = purpose_names(desk).get(asked.purpose, asked.purpose)
    if isinstance(done.decision, Deny):
        return show(
            request, desk, "user_denied.html.j2", status=403, asked=asked, purpose=purpose, entry=done.entry,
            reasons=why_denied(desk, done.decision),
        )  # fmt: skip
    view = user_view(desk.site, asked.user)
    items = item_names(desk)
    shown = [(items.get(item, item), value) for item, value in sorted(worded(done.values, desk.language).items())]
    return show(
        request, desk, "user_file.html.j2", asked=asked, purpose=purpose, entry=done.entry, values=shown,
        again={each: form for each in _FIELDS if (form := getattr(asked, each))} if asked.masked else {},
        full=bool(done.decision and done.decision.full), **_record(desk, view, items), acts=_acts(desk, asked.user),
        most=MOST, purposes={each.id: each.name.in_(desk.language) for each in asked_for(desk)},
    )  # fmt: skip


def _record(desk: Desk, view: UserView | None, items: Mapping[str, str]) -> dict[str, Any]:
    """Return what is on record of a user: what is held, and what was shown, agreed and begun."""
    if view is None:
        return {"held": [], "consents": [], "notices": [], "services": [], "messages": "", "limited": False}
    profile, purposes = view.standing.profile, purpose_names(desk)
    declared = desk.declaration.services if desk.declaration else ()
    services = {each.id: each.name.in_(desk.language) for each in declared}
    return {
        "held": [(items.get(item, item), CLASS[class_].in_(desk.language)) for item, class_ in view.held.items()],
        "consents": [
            (purposes.get(purpose, purpose), each.version, CONSENT[each.strength].in_(desk.language),
             named(sorted(each.items), items), named(sorted(each.less), items))
            for purpose, consents in sorted(profile.consents.items()) for each in consents
        ],
        "notices": sorted({version for version, _ in profile.notices}),
        "services": named(sorted(profile.in_use), services),
        "messages": MESSAGES[profile.messages].in_(desk.language),
        "limited": profile.limited,
    }  # fmt: skip


def _acts(desk: Desk, user: str) -> list[tuple[Any, list[Any]]]:
    found = acts_about(desk.site, user, MOST)
    denied = [header for _, header in found if header.decision == "deny"]
    reasons = iter(why_of_user(desk, denied, user))
    return [
        (row_of(desk, place, header), next(reasons) if header.decision == "deny" else []) for place, header in found
    ]
