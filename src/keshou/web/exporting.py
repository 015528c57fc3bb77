# SPDX-License-Identifier: Apache-2.0
"""Exports as every face asks for them: begun once, done at once or after a review, found again by who asked."""

from functools import partial
from typing import NamedTuple

import msgspec

from keshou.acts.request import Done
from keshou.app import exports
from keshou.app.exports import Outcome
from keshou.app.site import Site
from keshou.errors import InputError
from keshou.gate.site import SiteState
from keshou.handover.order import Order, State, Wanted
from keshou.law.terms import ActKind
from keshou.web import entitled
from keshou.web.entitled import refuse_beyond_key, require_fresh, require_staff
from keshou.web.errors import NotFoundError
from keshou.web.idempotency import Sent, fresh_id, named, request_id, said
from keshou.web.ranged import File
from keshou.wire.caller import Caller
from keshou.wire.exports import ExportRequest, ExportShape, Stand, export_shape, stand_of


class Begun(NamedTuple):
    """An export that was asked for, and whether it was asked for before in the same words."""

    outcome: Outcome
    repeated: bool


class NotApprovedError(InputError):
    """An export that waits for a review, or whose review was refused."""


def ask(site: Site, caller: Caller, key: str, asked: ExportRequest) -> Begun:
    """Do what is asked, or let it wait for the review that it lacks; sent again, tell how it stands.

    Raises:
        NotEntitledError: it is no caller that may export.
        HandoverError: it could not be sealed to its recipient; nothing was asked and nothing recorded.

    """
    require_staff(caller)
    require_fresh(caller, site)
    refuse_beyond_key(caller, asked.purpose, ActKind.EXPORT)
    users = tuple(dict.fromkeys(asked.users))
    name, wanted = fresh_id("x", caller, key), _wanted(asked, len(users))
    before = exports.find(site, name)
    waits = before is None and exports.waits_for_review(site, caller.id, wanted)
    if waits:
        wanted = msgspec.structs.replace(wanted, review=fresh_id("r", caller, key))
    state = State.WAITING if waits else State.MAKING
    order = Order(id=name, by=caller.id, wanted=wanted, state=state, asked=site.now())
    if waits:
        site.do(named(exports.ask_review(site, order, users), caller, key, asked, "exports"))
    if not _begin(site, Sent(caller, key, asked, ("exports",)), order, users):
        return Begun(Outcome(_known(site, name)), repeated=True)
    return Begun(Outcome(order) if waits else exports.carry_out(site, order, users), repeated=False)


def _wanted(asked: ExportRequest, count: int) -> Wanted:
    return Wanted(
        purpose=asked.purpose, items=tuple(sorted(set(asked.items))), recipient=asked.recipient, count=count,
        format=asked.format, spelling=not asked.keep_spelling, post=asked.post, where=asked.where,
        ground=asked.ground, review=asked.review,
    )  # fmt: skip


def _begin(site: Site, sent: Sent, order: Order, users: tuple[str, ...]) -> bool:
    """Keep the order, once for each key of the caller; say whether this is the first time."""
    request = request_id(sent.caller, sent.key)
    with site.writing() as tx:
        if site.once.begin(tx, request, said(sent.place, sent.asked), site.now()) is not None:
            return False
        site.once.keep(tx, request, order.id.encode())
        site.jobs.orders.add(tx, order, users)
    return True


def go_on(site: Site, caller: Caller, name: str) -> Begun:
    """Do an export that waited, once its review was approved; done before, tell how it stands.

    Raises:
        NotFoundError: the caller asked for no such export.
        NotApprovedError: nobody approved it, or not in time.
        HandoverError: the recipient's key does not serve any more; it waits for another.

    """
    require_staff(caller)
    require_fresh(caller, site)
    order = own(site, caller, name)
    stand = stand_now(site, order)
    if stand in ("waiting", "refused", "lapsed"):
        raise NotApprovedError(_WHY[stand], hint="see its review at /api/v1/reviews")
    if stand == "approved":
        exports.refuse_unsealable(site, caller.id, order.wanted)
    with site.writing() as tx:
        begun = site.jobs.orders.begin(tx, name, site.now())
        users = site.jobs.orders.users(tx, name) if begun else ()
    if not begun:
        return Begun(Outcome(_known(site, name)), repeated=True)
    making = msgspec.structs.replace(order, state=State.MAKING)
    return Begun(exports.carry_out(site, making, users), repeated=False)


_WHY = {
    "waiting": "the export waits for another person's review",
    "refused": "the export's review was refused",
    "lapsed": "the approval of the export is over",
}


def stand_now(site: Site, order: Order, state: SiteState | None = None) -> Stand:
    """Return how an export stands now; `state` is what holds of the operator, where it is at hand."""
    review = exports.review_of(order, state or site.state()) if order.state is State.WAITING else None
    return stand_of(order, review, site.now())


def shape_of(site: Site, order: Order, state: SiteState | None = None, *, repeated: bool = False) -> ExportShape:
    """Return an export as it is told now."""
    return export_shape(order, stand_now(site, order, state), repeated=repeated)


def seen(site: Site, caller: Caller) -> list[Order]:
    """Return the exports that `caller` may see, the newest first; see `entitled.seen`."""
    return entitled.seen(caller, site, exports.every, lambda each: each.wanted.purpose, ActKind.EXPORT)


def own(site: Site, caller: Caller, name: str) -> Order:
    """Return an export that `caller` asked for.

    Raises:
        NotFoundError: there is none.
        NotEntitledError: the caller's key is limited to other purposes or kinds of act.

    """
    found = exports.find(site, name)
    if found is None or found.by != caller.id:
        raise NotFoundError("there is no such export", hint="list them at /api/v1/exports")
    refuse_beyond_key(caller, found.wanted.purpose, ActKind.EXPORT)
    return found


def made(site: Site, caller: Caller, name: str) -> Order:
    """Return an export that `caller` asked for and whose file is there.

    Raises:
        NotFoundError: there is none, or no file of it.

    """
    require_staff(caller)
    found = own(site, caller, name)
    if found.state is not State.MADE:
        raise NotFoundError("the export has no file", hint="see how it stands at /api/v1/exports")
    return found


def file(site: Site, order: Order) -> File:
    """Return the sealed file of an export that was made, to be given out."""
    return File(order.name, order.size, order.sha256, partial(exports.file_of, site, order))


def denied_before(order: Order) -> Done:
    """Return what tells of a denial that was answered before."""
    return Done(order.entry if order.entry is not None else -1, None, repeated=True, verdict="deny")


def _known(site: Site, name: str) -> Order:
    found = exports.find(site, name)
    if found is None:
        raise NotFoundError("the export was removed", hint="it is kept for `export_days`; ask for it anew")
    return found
