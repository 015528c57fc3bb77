# SPDX-License-Identifier: Apache-2.0
"""``/console/exports``: files for recipients; what waits for another person, what was made, whose keys are known."""

from collections.abc import Mapping
from typing import Literal

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Stream

from keshou.app import exports
from keshou.app.handing_over import declared_recipients
from keshou.app.site import Site
from keshou.errors import InputError
from keshou.gate.decision import Deny
from keshou.gate.facts import RecipientKeyEnded, RecipientKeyVerified
from keshou.handover.order import Order, State
from keshou.handover.sealed_file import key_in
from keshou.language import Text
from keshou.web import exporting
from keshou.web.cited import cited
from keshou.web.console.again import denied_again, stands_on
from keshou.web.console.desk import PAGES, Desk, desk_of, key_of, show, to, typed
from keshou.web.console.links import choices
from keshou.web.console.listed import listed
from keshou.web.console.names import item_names, named, purpose_names, recipient_names
from keshou.web.console.reviews import A_PAGE, Name, Start
from keshou.web.console.why import why_denied
from keshou.web.entitled import audits, require_fresh, require_staff
from keshou.web.errors import NotEntitledError, NotFoundError
from keshou.web.exporting import Begun
from keshou.web.frame.page import Requested
from keshou.web.ranged import given_out
from keshou.web.recorded import record, require_own_post
from keshou.wire.caller import Caller
from keshou.wire.exports import ExportRequest, Stand

HERE = "/console/exports"
STATE: Mapping[Stand, Text] = {
    "waiting": Text("等待审查", "waits for a review"),
    "approved": Text("已批准，可以制作", "approved: can be made"),
    "refused": Text("审查不批准", "review refused"),
    "lapsed": Text("批准已过期", "approval is over"),
    "making": Text("正在制作", "is being made"),
    "made": Text("已制作", "made"),
    "denied": Text("法律不允许", "denied"),
    "nobody": Text("没有可提供的用户", "nobody’s may be handed over"),
    "broken": Text("中途失败", "broke off"),
}
LOOKS: Mapping[Stand, str] = {
    "waiting": "care", "approved": "good", "making": "care", "made": "good", "refused": "bad", "denied": "bad",
    "broken": "bad",
}  # fmt: skip
HOW: Mapping[str, Text] = {
    "in_person": Text("当面", "in person"),
    "called_back": Text("回拨已知的号码", "by calling a number known before"),
    "signed_document": Text("签名的文件", "by a signed document"),
}
_FIRST: tuple[Stand, ...] = ("approved", "waiting", "making")


@get(HERE, sync_to_thread=True, include_in_schema=False)
def page(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], start: Start = 0
) -> Response[bytes]:
    """List exports, what is to be done first: all to auditors, to others their own."""
    require_staff(caller)
    return _page(request, desk_of(request, site, caller), {}, start=start)


def _page(
    request: Requested, desk: Desk, given: Mapping[str, str], *, start: int = 0, wrong: bool = False, status: int = 200
) -> Response[bytes]:
    site, every = desk.site, audits(desk.caller, desk.site)
    found = [_named(desk, each) for each in exporting.seen(site, desk.caller)]
    found.sort(key=lambda each: each["stand"] not in _FIRST)
    return show(
        request, desk, "exports.html.j2", status=status, exports=found[start : start + A_PAGE], start=start,
        total=len(found), size=A_PAGE, given=given, wrong=wrong, every=every, days=site.settings.server.export_days,
        handovers=_handovers(desk) if every else [], keys=_keys(desk), own=_has_own_post(desk.caller, site),
        how=[(key, text.in_(desk.language)) for key, text in HOW.items()], declared=bool(desk.declaration),
        from_=desk.declaration.review.bulk_users if desk.declaration and desk.declaration.review else 0,
        **choices(desk),
    )  # fmt: skip


def _named(desk: Desk, each: Order) -> dict[str, object]:
    stand, wanted = exporting.stand_now(desk.site, each, desk.state), each.wanted
    return {
        "order": each,
        "stand": stand,
        "state": STATE[stand].in_(desk.language),
        "look": LOOKS.get(stand, ""),
        "purpose": purpose_names(desk).get(wanted.purpose, wanted.purpose),
        "recipient": recipient_names(desk).get(wanted.recipient, wanted.recipient),
        "items": named(wanted.items, item_names(desk)),
        "mine": each.by == desk.caller.id,
        "refused": [
            (cited(desk.site.law, cite, desk.language), users)
            for cite, users in sorted(each.refused.items(), key=lambda one: (-one[1], one[0]))
        ],
    }


_HANDOVERS = 50


def _handovers(desk: Desk) -> list[dict[str, object]]:
    purposes, recipients = purpose_names(desk), recipient_names(desk)
    return [
        {
            "fact": each, "purpose": purposes.get(each.purpose, each.purpose),
            "recipient": recipients.get(each.recipient, each.recipient),
        }
        for each in exports.handovers(desk.site)[:_HANDOVERS]
    ]  # fmt: skip


def _keys(desk: Desk) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for name, text in recipient_names(desk).items():
        key = desk.state.keys.get(name)
        how = HOW[key.how].in_(desk.language) if key else ""
        found.append({"id": name, "name": text, "key": key, "how": how})
    return found


def _has_own_post(caller: Caller, site: Site) -> bool:
    try:
        require_own_post(caller, site)
    except (NotEntitledError, NotFoundError):
        return False
    return True


@post(HERE, sync_to_thread=True, status_code=200, include_in_schema=False)
@stands_on(page)
def ask(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]
) -> Response[bytes] | Response[None]:
    """Ask for an export; where it lacks a review it waits for one. Denied: why."""
    require_staff(caller)
    require_fresh(caller, site)
    form = typed(request)
    try:
        asked = msgspec.convert(_asked(form), ExportRequest)
    except msgspec.ValidationError:
        return _page(request, desk_of(request, site, caller), form, wrong=True, status=422)
    return _done(request, site, caller, exporting.ask(site, caller, key_of(form), asked), asks=True)


def _asked(form: Mapping[str, str]) -> dict[str, object]:
    given = {each: form[each] for each in ("purpose", "recipient", "format", "post", "where") if form.get(each)}
    items = [name.removeprefix("item.") for name in form if name.startswith("item.")]
    return given | {"items": items, "users": listed(form), "keep_spelling": bool(form.get("keep_spelling"))}


def _done(
    request: Requested, site: Site, caller: Caller, begun: Begun, *, asks: bool = False
) -> Response[bytes] | Response[None]:  # fmt: skip
    order, decision = begun.outcome
    if order.state is State.DENIED and isinstance(decision, Deny):
        desk = desk_of(request, site, caller)
        why = {"reasons": why_denied(desk, decision), "entry": order.entry}
        note = PAGES.bit(request, "denied_note.html.j2", reads_log=desk.reads_log, **why)
        again = denied_again(request, site, caller, page, note) if asks else None
        return again or show(request, desk, "handing_denied.html.j2", status=403, back=HERE, **why)
    return to(HERE)


@post(f"{HERE}/{{name:str}}/making", sync_to_thread=True, status_code=200, include_in_schema=False)
@stands_on(page)
def make(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], name: Name
) -> Response[bytes] | Response[None]:
    """Make an export that was approved; pressed twice it is made once."""
    return _done(request, site, caller, exporting.go_on(site, caller, name))


@get(f"{HERE}/{{name:str}}/{{part:str}}", sync_to_thread=True, include_in_schema=False)
def part(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], name: Name, part: Name
) -> Response[bytes] | Stream:
    """Take the sealed file, its manifest, or the signature over that."""
    order = exporting.made(site, caller, name)
    if part == "file":
        return given_out(request, exporting.file(site, order), "application/octet-stream")
    known = {"manifest": (order.manifest, ".manifest.json"), "signature": (order.signature, ".manifest.sig")}
    if part not in known:
        raise NotFoundError("there is no such page")
    body, suffix = known[part]
    return Response(body, media_type="application/octet-stream", headers=_saved_as(order.name + suffix))


def _saved_as(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}


@post(f"{HERE}/keys/{{recipient:str}}", sync_to_thread=True, status_code=303, include_in_schema=False)
@stands_on(page)
def keys(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], recipient: Name
) -> Response[None]:
    """Write down that a key was verified by oneself, or that it serves no longer."""
    require_own_post(caller, site)
    require_fresh(caller, site)
    form, now = typed(request), site.now()
    if recipient not in declared_recipients(site):
        raise NotFoundError("the rules declare no such recipient")
    if form.get("end"):
        fact: RecipientKeyEnded | RecipientKeyVerified = RecipientKeyEnded(at=now, recipient=recipient)
    else:
        how: Literal["in_person", "called_back", "signed_document"] = form.get("how", "")  # type: ignore[assignment]
        if how not in HOW:
            raise InputError("one of the choices has to be made")
        key = key_in(form.get("public", ""))
        fact = RecipientKeyVerified(at=now, recipient=recipient, key=key, verified_by=caller.id, how=how)
    asked = sorted((name, value) for name, value in form.items() if name != "key")
    record(site, caller, key_of(form), asked, ("console", "recipients", recipient), fact)
    return to(HERE)
