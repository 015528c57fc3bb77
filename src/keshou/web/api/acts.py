# SPDX-License-Identifier: Apache-2.0
"""Ask and do in one: the act, its decision, its effect and its entry; and the pure question."""

import anyio.to_thread
import msgspec
from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.acts.request import BulkPerform, Done, Perform
from keshou.app.site import Site
from keshou.declaration.model import Holding
from keshou.gate.act import Act
from keshou.gate.decide import StaleStandingError
from keshou.gate.decision import Decision, Permit
from keshou.law.terms import BULK_KINDS, SILENT_KINDS, ActKind
from keshou.web.api.asked import Requested, answer, read
from keshou.web.api.decided import denied, done_before, permitted
from keshou.web.described import told
from keshou.web.entitled import actor, asks_alike, refuse_beyond_key, refuse_beyond_own, require_fresh_for, through
from keshou.web.errors import ContradictionError, NotFoundError
from keshou.web.idempotency import IdempotencyKey, named
from keshou.web.language import language_of
from keshou.wire.acts import ActAnswer, ActRequest, Question, QuestionRequest
from keshou.wire.caller import Caller, CallerKind, Scope
from keshou.wire.decision import DecisionShape, decision_shape

_WRITING = frozenset({ActKind.COLLECT, ActKind.CORRECT})


@post("/acts", status_code=200, operation_class=told(ActAnswer, body=ActRequest, problems=(404, 409)))
async def perform(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Ask whether an act is permitted and, when it is, do it: decision, effect and entry are committed together.

    Denied: 403 with every article met and the place of the entry that recorded it. To export, copy, delete or destroy
    people need a fresh proof of who they are, be it of one user.
    """
    asked = read(request, body, ActRequest)
    act = act_of(asked, caller, site)
    refuse_contradictions(asked)
    require_fresh_for(act.kind, caller, site)
    holding = await anyio.to_thread.run_sync(_holding, site, asked) if asked.holding else None
    await _refuse_before(site, asked.at_least)
    job: Perform | BulkPerform = Perform(act=act, values=asked.values, masked=asked.masked)
    if asked.users:
        job = BulkPerform(act=act, users=tuple(asked.users), masked=asked.masked)
    done = await site.perform_async(named(job, caller, key, asked, "acts"))
    language = language_of(request)
    if done.repeated:
        return await anyio.to_thread.run_sync(done_before, site, done, language)
    if not isinstance(done.decision, Permit):
        return denied(site, done, language)
    permit = _permit(site, act, asked, caller, done, once=holding.once) if holding else ""
    return answer(permitted(site, done, language, bulk=bool(asked.users), permit=permit))


def act_of(asked: Question, caller: Caller, site: Site) -> Act:
    """Return the act that `caller` asks for, as far as the caller may ask for it at all."""
    by = actor(caller, asked.by)
    refuse_beyond_key(caller, asked.purpose, asked.kind)
    user = asked.user or (caller.user if caller.kind is CallerKind.USER else "")
    refuse_beyond_own(caller, user, asked.kind)
    return Act(
        kind=asked.kind, user=user, items=frozenset(asked.items), purpose=asked.purpose, by=by, when=site.now(),
        via=through(caller, by), where=asked.where, post=asked.post, recipient=asked.recipient, count=asked.count,
        review=asked.review, ground=asked.ground,
    )  # fmt: skip


def refuse_contradictions(asked: ActRequest) -> None:
    """Refuse what names users in two ways, or values where there are none to write.

    Raises:
        ContradictionError: it does so, or its count, values or masking do not go with its kind.

    """
    if asked.users and (asked.user or asked.values):
        raise ContradictionError("a bulk act names its users in the list and takes no values", "$.user", "$.values")
    if asked.users and asked.kind not in BULK_KINDS:
        raise ContradictionError("a bulk act exports, copies, deletes or destroys", "$.kind")
    if asked.count not in (1, len(asked.users)):
        raise ContradictionError("the count is not that of the users listed", "$.count")
    if asked.kind in _WRITING and set(asked.values) != set(asked.items):
        raise ContradictionError("the values given are not those of the items", "$.values")
    if asked.kind not in _WRITING and asked.values:
        raise ContradictionError("an act of this kind takes no values", "$.values")
    if asked.kind in SILENT_KINDS and asked.masked:
        raise ContradictionError("an act of this kind shows nothing", "$.masked")


def _holding(site: Site, asked: ActRequest) -> Holding:
    """Return the system of the operator's own that the information asked for lies in.

    Raises:
        NotFoundError: the rules declare no such system, or one that does not keep all these items.

    """
    rules = site.rules()
    declared = [each for each in (rules.declaration.holdings if rules else ()) if each.kind == "own_system"]
    found = next((each for each in declared if each.id == asked.holding), None)
    if found is None:
        raise NotFoundError("the rules declare no such system of the operator's own", hint="see `holdings` in them")
    if not set(asked.items) <= set(found.items):
        hint = f"it keeps {', '.join(sorted(found.items))}; see `holdings` in the rules"
        raise NotFoundError("the system does not keep every item asked for", hint=hint)
    return found


async def _refuse_before(site: Site, at_least: int | None) -> None:
    """Refuse to act before the log has come to the revision asked for.

    Raises:
        StaleStandingError: it has not.

    """
    if at_least is not None and (seen := (await site.pulse.look()).size) < at_least:
        raise StaleStandingError(seen, at_least)


def _permit(site: Site, act: Act, asked: ActRequest, caller: Caller, done: Done, *, once: bool) -> str:
    """Return the permit for those whom the act covers; empty when that is nobody."""
    users = [user for user in (asked.users or [act.user]) if user not in done.refused]
    if not users or not isinstance(done.decision, Permit):
        return ""
    program = caller.id if caller.kind is CallerKind.PROGRAM else ""
    return site.permits.issue(
        act, done.decision, users=users, audience=asked.holding, caller=program, entry=done.entry, now=site.now(),
        once=once,
    )  # fmt: skip


@post("/decisions", status_code=200, operation_class=told(DecisionShape, body=QuestionRequest, problems=(409,)))
async def decide(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody
) -> Response[bytes]:
    """Ask whether an act would be permitted; nothing is done and nothing recorded.

    Programs with the scope `evaluate` ask of anybody's acts; everybody else of their own, and what they may do to
    nobody is answered the same of everybody.
    """
    asked = read(request, body, QuestionRequest)
    asker = caller
    if caller.kind is CallerKind.PROGRAM and Scope.EVALUATE in caller.scopes:
        asker = msgspec.structs.replace(caller, scopes=caller.scopes | {Scope.ACT, Scope.ON_BEHALF})
    act = act_of(asked, asker, site)
    if asked.at is not None:
        act = msgspec.structs.replace(act, when=asked.at)
    seen = (await request.app.state.callers.seen(request)).size
    if asked.at_least is not None and seen < asked.at_least:
        raise StaleStandingError(seen, asked.at_least)
    then = asked.at is not None
    decision: Decision = (await site.decide_async([act], seen, alike=asks_alike(caller), then=then))[0]
    return answer(decision_shape(decision, site.law, language_of(request)))


FACE = Router("/api/v1", route_handlers=[perform, decide], tags=["acts"])
"""The router of acts and questions."""
