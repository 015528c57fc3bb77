# SPDX-License-Identifier: Apache-2.0
"""What staff and programs write down of users: shown, agreed, withdrawn, begun, ended."""

from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.app.own_facts import agreement, wish, withdrawal
from keshou.app.site import Site
from keshou.gate.facts import CapacityFull, CapacityLimited, ConsentVoided, ServiceStarted
from keshou.web.api.asked import Requested, read
from keshou.web.api.telling import by_staff, notice
from keshou.web.described import told
from keshou.web.entitled import require_fresh
from keshou.web.idempotency import IdempotencyKey
from keshou.web.language import language_of
from keshou.wire import users as w
from keshou.wire.caller import Caller
from keshou.wire.standing import Told


@post("/consents", status_code=200, operation_class=told(Told, body=w.Consenting))
async def consent(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Write down that a user was shown the rules and agreed to a purpose (Order 24 Art. 9(1), 9(2))."""
    asked = read(request, body, w.Consenting)
    telling = await by_staff(site, caller, key, asked, "users/consents")
    shown = await notice(site, asked.version)
    facts = agreement(
        shown, asked.purpose, asked.items, asked.strength, messages=asked.messages, evidence=asked.evidence
    )
    return await telling.write_down(language_of(request), *facts)


@post("/withdrawals", status_code=200, operation_class=told(Told, body=w.Withdrawing))
async def withdraw(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Write down that a user took a consent back; from then on the gate denies what stood on it."""
    asked = read(request, body, w.Withdrawing)
    telling = await by_staff(site, caller, key, asked, "users/withdrawals")
    facts = withdrawal(site, asked.purpose, asked.items, messages=asked.messages, evidence=asked.evidence)
    return await telling.write_down(language_of(request), *facts)


@post("/voided-consents", status_code=200, operation_class=told(Told, body=w.Voiding))
async def void(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Write down that a consent was had by deceit, misleading or coercion (Order 24 Art. 9(3)); it counts as none."""
    asked = read(request, body, w.Voiding)
    telling = await by_staff(site, caller, key, asked, "users/voided-consents")
    fact = ConsentVoided(at=site.now(), purpose=asked.purpose, because=asked.because)
    return await telling.write_down(language_of(request), fact)


@post("/notices", status_code=200, operation_class=told(Told, body=w.Noticing))
async def show_notice(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Write down that a user was shown the published rules (Order 24 Art. 9(2))."""
    asked = read(request, body, w.Noticing)
    telling = await by_staff(site, caller, key, asked, "users/notices")
    shown = await notice(site, asked.version)
    return await telling.write_down(language_of(request), shown)


@post("/messages", status_code=200, operation_class=told(Told, body=w.Wishing))
async def messages(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Write down that a user asked for commercial messages, or refused them (Decision item 7)."""
    asked = read(request, body, w.Wishing)
    telling = await by_staff(site, caller, key, asked, "users/messages")
    return await telling.write_down(language_of(request), wish(site, wanted=asked.wanted))


@post("/services", status_code=200, operation_class=told(Told, body=w.Beginning))
async def begin(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Write down that a user began to use services."""
    asked = read(request, body, w.Beginning)
    telling = await by_staff(site, caller, key, asked, "users/services")
    facts = [ServiceStarted(at=site.now(), service=each) for each in dict.fromkeys(asked.services)]
    return await telling.write_down(language_of(request), *facts)


@post("/capacity", status_code=200, operation_class=told(Told, body=w.Capacity))
async def capacity(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Write down that a user is of limited capacity, so that a guardian consents; or is so no longer."""
    asked = read(request, body, w.Capacity)
    telling = await by_staff(site, caller, key, asked, "users/capacity")
    fact = CapacityLimited(at=site.now()) if asked.limited else CapacityFull(at=site.now(), evidence=asked.evidence)
    return await telling.write_down(language_of(request), fact)


@post("/cancellations", status_code=200, operation_class=told(Told, body=w.Cancelling))
async def cancel(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """End a user's services; with the last, the keys of what they held are destroyed (Order 24 Art. 9(4)).

    The gate asks for a grant of collecting, correcting or deleting for a purpose that provides each service. People
    need a fresh proof of who they are.
    """
    asked = read(request, body, w.Cancelling)
    telling = await by_staff(site, caller, key, asked, "users/cancellations")
    require_fresh(caller, site)
    return await telling.end(language_of(request), asked.services, post=asked.post, review=asked.review)


FACE = Router(
    "/api/v1/users",
    route_handlers=[consent, withdraw, void, show_notice, messages, begin, capacity, cancel],
    tags=["users"],
)
"""The router of what is written down of users."""
