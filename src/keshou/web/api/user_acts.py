# SPDX-License-Identifier: Apache-2.0
"""Acts on one user's information by name: take in, show, correct, copy, erase. The gate judges each."""

import anyio.to_thread
from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.acts.request import Erase, Perform
from keshou.app.own_facts import agreement, wish
from keshou.app.site import Site
from keshou.app.user_view import user_view
from keshou.errors import InputError
from keshou.gate.decision import Permit
from keshou.gate.facts import CapacityLimited, ServiceStarted, UserFact
from keshou.gate.standing import UNKNOWN
from keshou.law.terms import ActKind
from keshou.web.api.asked import Requested, answer, read
from keshou.web.api.copies import MEDIA_TYPES, copied
from keshou.web.api.decided import denied, perform
from keshou.web.api.telling import notice
from keshou.web.described import told
from keshou.web.entitled import actor, require_fresh, require_staff, through
from keshou.web.errors import NotEntitledError
from keshou.web.idempotency import IdempotencyKey, named
from keshou.web.language import language_of
from keshou.web.looking import look, user_act
from keshou.wire import users as w
from keshou.wire.acts import ActAnswer
from keshou.wire.caller import Caller
from keshou.wire.decision import decision_shape
from keshou.wire.standing import CopyAnswer, UserAnswer, standing_shape


@post("/", status_code=200, operation_class=told(ActAnswer, body=w.Registration))
async def register(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Take a new user in: collect what the purpose needs, with notice, consents and services, in one act.

    The gate judges it as if what comes with it were true already. Denied: nothing of it is.
    """
    asked = read(request, body, w.Registration)
    act = user_act(asked, ActKind.COLLECT, frozenset(asked.values), caller, site)
    if not asked.user.isprintable():
        raise InputError("a user's id that cannot be printed", hint="take one of letters, digits and signs")
    job = Perform(act=act, values=asked.values, facts=await _facts(site, asked), admit=True)
    return await perform(site, named(job, caller, key, asked, "users"), language_of(request))


async def _facts(site: Site, asked: w.Registration) -> tuple[UserFact, ...]:
    """Return what comes true with the user's first act."""
    shown, now = await notice(site), site.now()
    facts: list[UserFact] = [shown] if asked.noticed else []
    for each in asked.consents:
        facts += agreement(shown, each.purpose, each.items, each.strength, messages=False)[1:]
    facts += [ServiceStarted(at=now, service=each) for each in dict.fromkeys(asked.services)]
    facts += [CapacityLimited(at=now)] if asked.limited_capacity else []
    return (*facts, *([wish(site, wanted=True)] if asked.messages else []))


@post("/corrections", status_code=200, operation_class=told(ActAnswer, body=w.Correcting))
async def correct(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Correct what is held of a user (Order 24 Art. 9(2)), and say what shows that it is right."""
    asked = read(request, body, w.Correcting)
    act = user_act(asked, ActKind.CORRECT, frozenset(asked.values), caller, site)
    job = Perform(act=act, values=asked.values, evidence=asked.evidence)
    return await perform(site, named(job, caller, key, asked, "users/corrections"), language_of(request))


@post("/erasures", status_code=200, operation_class=told(ActAnswer, body=w.Erasing))
async def erase(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Destroy every key of a user, when destroying all that is held is permitted (Decision item 8).

    People need a fresh proof of who they are.
    """
    asked = read(request, body, w.Erasing)
    act = user_act(asked, ActKind(asked.kind), frozenset(asked.items), caller, site)
    require_fresh(caller, site)
    return await perform(site, named(Erase(act=act), caller, key, asked, "users/erasures"), language_of(request))


@post("/standing", status_code=200, operation_class=told(UserAnswer, body=w.Viewing))
async def show(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody
) -> Response[bytes]:
    """Show a user: values as far as the gate lets them be seen, and what was shown, agreed and begun.

    It is an act of query or use each time, and recorded so.
    """
    asked = read(request, body, w.Viewing)
    done = await look(site, caller, asked)
    language = language_of(request)
    if not isinstance(done.decision, Permit):
        return denied(site, done, language)
    view = await anyio.to_thread.run_sync(user_view, site, asked.user)
    found = UserAnswer(
        decision=decision_shape(done.decision, site.law, language),
        entry=done.entry,
        revision=done.entry + 1,
        values=dict(done.values),
        stand_ins=sorted(done.stand_ins),
        standing=standing_shape(view.standing if view else UNKNOWN),
    )
    return answer(found)


@post("/copies", status_code=200, operation_class=told(CopyAnswer, body=w.Copying, media_types=MEDIA_TYPES))
async def copy(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody
) -> Response[bytes]:
    """Make a user's own copy: what is held, agreed, used and given to whom; each query in it is recorded.

    People need a fresh proof of who they are.
    """
    asked = read(request, body, w.Copying)
    require_staff(caller)
    by = actor(caller, asked.by)
    if caller.purposes is not None or (caller.acts is not None and ActKind.QUERY not in caller.acts):
        raise NotEntitledError("the key is limited to less than a whole copy", hint="ask with a key that is not")
    require_fresh(caller, site)
    return await copied(
        site, asked.user, by, language_of(request), via=through(caller, by), post=asked.post, where=asked.where,
        format_=asked.format,
    )  # fmt: skip


FACE = Router("/api/v1/users", route_handlers=[register, correct, erase, show, copy], tags=["users"])
"""The router of acts on one user's information."""
