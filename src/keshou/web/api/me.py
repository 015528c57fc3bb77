# SPDX-License-Identifier: Apache-2.0
"""Users about themselves: see, agree, take back, correct, copy, cancel, delete. Who asks is proven and never named."""

from typing import Annotated, Any

import anyio.to_thread
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, RawBody

from keshou.acts.request import Erase, Perform
from keshou.app.own_facts import agreement, wish, withdrawal
from keshou.app.own_part import OwnPart, may_message
from keshou.app.own_proof import OwnProof, own_proof
from keshou.app.site import Site
from keshou.app.user_history import is_whole
from keshou.app.user_view import own_view, user_view
from keshou.gate.act import OWN_HAND, Act
from keshou.gate.standing import UserStanding
from keshou.law.terms import ActKind, ConsentStrength
from keshou.web.api.asked import Requested, answer, read
from keshou.web.api.copies import MEDIA_TYPES, copied
from keshou.web.api.decided import perform
from keshou.web.api.telling import by_user, notice
from keshou.web.caller import part_of
from keshou.web.described import JSON, told
from keshou.web.entitled import require_fresh, require_user
from keshou.web.errors import NotEntitledError, NotFoundError
from keshou.web.idempotency import IdempotencyKey, named
from keshou.web.language import language_of
from keshou.wire import me as w
from keshou.wire.acts import ActAnswer
from keshou.wire.caller import Caller
from keshou.wire.standing import CopyAnswer, HeldShape, KeptShape, MeAnswer, StandingShape, Told, standing_shape

_TEXT = "text/plain"
Place = Annotated[int, PathParameter(ge=0, le=2**53 - 1)]


@get("/", operation_class=told(MeAnswer, problems=(404,)))
async def me(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Tell which items are held of me and for what, and what I was shown, agreed to and began. Values: see my copy."""
    user, language = require_user(caller), language_of(request)
    part = part_of(caller)
    found = await anyio.to_thread.run_sync(own_view, site, user, part)
    if found is None:
        raise NotFoundError("nothing is on record of this user any more")
    view, held = found
    names = {each.item: site.law.items[each.item].label.in_(language) for each in held if each.item in site.law.items}
    shapes = [
        HeldShape(
            item=each.item,
            name=names.get(each.item, each.item),
            class_=each.class_,
            purposes=list(each.purposes),
            may_query=each.may_query,
            full=each.full,
        )
        for each in held
    ]
    kept = await anyio.to_thread.run_sync(site.holds.of_user, user, {each.item for each in held})
    told = [KeptShape(**each._asdict() | {"items": list(each.items)}) for each in kept]
    return answer(
        MeAnswer(
            revision=view.revision, held=shapes, kept=told, standing=_standing(view.standing, part),
            log_key=str(site.ledger.key),
        )
    )  # fmt: skip


@get("/entries/{place:int}", operation_class=told(dict[str, Any], problems=(404,)))
async def entry(place: Place, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Give me the bytes of an entry about me, which are what was hashed: who did what, when, under which articles."""
    return Response((await _proof(caller, site, place)).entry, media_type=JSON)


@get("/entries/{place:int}/proof", operation_class=told(str, media_types=(_TEXT,), problems=(404,)))
async def proof(place: Place, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Give me the proof that an entry about me is in the signed log (C2SP tlog-proof), for `keshou verify`."""
    return Response((await _proof(caller, site, place)).proof, media_type=_TEXT)


async def _proof(caller: Caller, site: Site, place: int) -> OwnProof:
    found = await anyio.to_thread.run_sync(own_proof, site, require_user(caller), place, part_of(caller))
    if found is None:
        raise NotFoundError("no entry there is given to the user", hint="the copy lists the entries about the user")
    return found


@post("/copy", status_code=200, operation_class=told(CopyAnswer, body=w.OwnCopying, media_types=MEDIA_TYPES))
async def copy(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody
) -> Response[bytes]:
    """Give me my own copy: what is held, agreed, used and given to whom. I need a fresh proof of who I am."""
    asked = read(request, body, w.OwnCopying)
    user = require_user(caller)
    require_fresh(caller, site)
    return await copied(site, user, OWN_HAND, language_of(request), part=part_of(caller), format_=asked.format)


@post("/consents", status_code=200, operation_class=told(Told, body=w.OwnConsent))
async def consent(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """I was shown the rules and agree to a purpose (Order 24 Art. 9(1), 9(2))."""
    asked = read(request, body, w.OwnConsent)
    telling = by_user(site, caller, key, asked, "me/consents")
    _refuse_beyond_app(caller, asked.purpose)
    await _refuse_messages(caller, site, wanted=asked.messages)
    shown = await notice(site, asked.version)
    facts = agreement(shown, asked.purpose, asked.items, ConsentStrength.EXPRESS, messages=asked.messages)
    return await telling.write_down(language_of(request), *facts)


@post("/withdrawals", status_code=200, operation_class=told(Told, body=w.OwnWithdrawal))
async def withdraw(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """I take a consent back; from then on the gate denies what stood on it."""
    asked = read(request, body, w.OwnWithdrawal)
    telling = by_user(site, caller, key, asked, "me/withdrawals")
    _refuse_beyond_app(caller, asked.purpose)
    facts = withdrawal(site, asked.purpose, asked.items, messages=asked.messages)
    return await telling.write_down(language_of(request), *facts)


@post("/notices", status_code=200, operation_class=told(Told, body=w.OwnNotice))
async def show_notice(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """I was shown the published rules (Order 24 Art. 9(2))."""
    asked = read(request, body, w.OwnNotice)
    telling = by_user(site, caller, key, asked, "me/notices")
    return await telling.write_down(language_of(request), await notice(site, asked.version))


@post("/messages", status_code=200, operation_class=told(Told, body=w.OwnWish))
async def messages(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """I ask for commercial messages, or refuse them (Decision item 7)."""
    asked = read(request, body, w.OwnWish)
    telling = by_user(site, caller, key, asked, "me/messages")
    await _refuse_messages(caller, site, wanted=asked.wanted)
    return await telling.write_down(language_of(request), wish(site, wanted=asked.wanted))


@post("/cancellation", status_code=200, operation_class=told(Told, body=w.OwnCancellation))
async def cancel(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """I stop using services (Order 24 Art. 9(4)); with the last, what they held is destroyed.

    Of an app's users those end that the app serves. I need a fresh proof of who I am.
    """
    asked = read(request, body, w.OwnCancellation)
    telling = by_user(site, caller, key, asked, "me/cancellation")
    require_fresh(caller, site)
    return await telling.end(language_of(request), await _ending(caller, site, asked.services))


@post("/corrections", status_code=200, operation_class=told(ActAnswer, body=w.OwnCorrection))
async def correct(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Correct what is held of me (Order 24 Art. 9(2)), as far as the gate permits."""
    asked = read(request, body, w.OwnCorrection)
    act = _own(caller, site, ActKind.CORRECT, asked.purpose, *asked.values)
    job = Perform(act=act, values=asked.values, evidence=asked.evidence)
    return await perform(site, named(job, caller, key, asked, "me/corrections"), language_of(request))


@post("/erasure", status_code=200, operation_class=told(ActAnswer, body=w.OwnErasure))
async def erase(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Delete all that is held of me (Decision item 8), when nothing of it must be kept.

    I need a fresh proof of who I am.
    """
    asked = read(request, body, w.OwnErasure)
    act = _own(caller, site, ActKind.DELETE, asked.purpose)
    require_fresh(caller, site)
    part = part_of(caller)
    if part is not None and not await anyio.to_thread.run_sync(is_whole, site, part):
        raise NotEntitledError("the app is not for all that is held", hint="come by a one-time code, or with no app")
    return await perform(site, named(Erase(act=act), caller, key, asked, "me/erasure"), language_of(request))


def _own(caller: Caller, site: Site, kind: ActKind, purpose: str, *items: str) -> Act:
    user = require_user(caller)
    _refuse_beyond_app(caller, purpose)
    return Act(kind=kind, user=user, items=frozenset(items), purpose=purpose, by=OWN_HAND, when=site.now())


def _standing(standing: UserStanding, part: OwnPart | None) -> StandingShape:
    return standing_shape(standing) if part is None else standing_shape(standing, part.purposes, part.services)


def _refuse_beyond_app(caller: Caller, purpose: str) -> None:
    """Refuse what is of no service that the app serves which vouches for the user.

    Raises:
        NotEntitledError: it is of another.

    """
    if caller.purposes is not None and purpose not in caller.purposes:
        raise NotEntitledError("the app is not for this purpose", hint="come by an app that is, or by a one-time code")


async def _refuse_messages(caller: Caller, site: Site, *, wanted: bool) -> None:
    """Refuse to ask for commercial messages by an app with no purpose of sending any; refusing them is free to all.

    Raises:
        NotEntitledError: none of the app's purposes is of commercial messages.

    """
    part = part_of(caller)
    if wanted and part is not None and not await anyio.to_thread.run_sync(may_message, site, part):
        raise NotEntitledError("the app is not for commercial messages", hint="come by an app that is, or by a code")


async def _ending(caller: Caller, site: Site, asked: list[str]) -> list[str]:
    """Return which services end: those asked for, all that the app serves when it asks for none.

    Raises:
        NotEntitledError: the app does not serve one of them.

    """
    part = part_of(caller)
    if part is None:
        return asked
    if not part.services.issuperset(asked):
        raise NotEntitledError("the app does not serve this service", hint="end it in an app that does")
    view = await anyio.to_thread.run_sync(user_view, site, caller.user)
    in_use = view.standing.profile.in_use if view else frozenset()
    return asked or sorted(part.services & in_use) or sorted(part.services)


FACE = Router(
    "/api/v1/me",
    route_handlers=[me, entry, proof, copy, consent, withdraw, show_notice, messages, cancel, correct, erase],
    tags=["me"],
)
"""The router of users about themselves."""
