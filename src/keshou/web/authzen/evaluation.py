# SPDX-License-Identifier: Apache-2.0
"""The two endpoints that answer questions. Nothing is done and nothing recorded.

A question is decided on facts that are at least as new as the question: the server looks how far the log has come
after it was asked. In memory when memory is that new, else from the database.
"""

import datetime as dt
from collections.abc import Callable, Sequence

from litestar import Response, post
from litestar.di import NamedDependency

from keshou.app.site import Site
from keshou.gate.act import Act
from keshou.gate.decision import Decision, Deny
from keshou.web.authzen import entitled
from keshou.web.authzen.answer import MINIMAL, Answers, fault, write_batch
from keshou.web.authzen.asked import JSON, body_of
from keshou.web.authzen.question import UnfitQuestionError, act_of
from keshou.web.caller import Requested
from keshou.web.errors import MalformedError, TooLargeError
from keshou.web.language import language_of
from keshou.wire.authzen import AuthzenShapeError, Batch, Evaluation, Fault, Semantic, read_batch, read_single
from keshou.wire.caller import Caller

MOST_AT_ONCE = 10_000
"""Questions in one batch."""


@post("/evaluation", status_code=200, include_in_schema=False)
async def evaluation(
    request: Requested, site: NamedDependency[Site], caller: NamedDependency[Caller]
) -> Response[bytes]:
    """Answer one question."""
    body = await body_of(request)
    try:
        asked = read_single(body)
    except AuthzenShapeError as wrong:
        raise MalformedError("the question is not of the protocol's form", wrong.pointer) from None
    return _response(await _single(request, site, caller, asked))


@post("/evaluations", status_code=200, include_in_schema=False)
async def evaluations(
    request: Requested, site: NamedDependency[Site], caller: NamedDependency[Caller]
) -> Response[bytes]:
    """Answer a batch of questions, as far as its semantic asks."""
    body = await body_of(request)
    try:
        batch = read_batch(body, MOST_AT_ONCE)
    except AuthzenShapeError as wrong:
        raise MalformedError("the batch is not of the protocol's form", wrong.pointer) from None
    if batch is None:
        raise TooLargeError("too many questions at once", hint=f"at most {MOST_AT_ONCE}")
    if batch.single:
        first = batch.elements[0]
        if isinstance(first, Evaluation):
            return _response(await _single(request, site, caller, first))
    return _response(write_batch(await _batch(request, site, caller, batch)))


async def _single(request: Requested, site: Site, caller: Caller, asked: Evaluation) -> bytes:
    try:
        act = act_of(asked, caller.id, site.now())
    except UnfitQuestionError as wrong:
        raise MalformedError("a property is of the wrong type", wrong.pointer) from None
    entitled.require(caller, (act,))
    decision = act if isinstance(act, Deny) else (await _decided(request, site, [act]))[0]
    request.app.state.metrics.decided(decision)
    return _writer(request, site).write(decision) if _wants_reasons(request, site) else MINIMAL[decision.permitted]


async def _batch(request: Requested, site: Site, caller: Caller, batch: Batch) -> list[bytes]:
    now = site.now()
    laid = [_laid_out(each, caller, now) for each in batch.elements]
    write = _writer(request, site).write if _wants_reasons(request, site) else _minimal
    if batch.semantic is not Semantic.EXECUTE_ALL:
        return await _until(request, site, laid, write, ends=batch.semantic is Semantic.PERMIT_ON_FIRST_PERMIT)
    acts = [each for each in laid if isinstance(each, Act)]
    decided = iter(await _decided(request, site, acts) if acts else ())
    decisions = [next(decided) if isinstance(each, Act) else each for each in laid]
    _count(request, decisions)
    return [each if isinstance(each, bytes) else write(each) for each in decisions]


async def _until(
    request: Requested,
    site: Site,
    laid: Sequence[Act | Deny | bytes],
    write: Callable[[Decision], bytes],
    *,
    ends: bool,
) -> list[bytes]:
    """Decide one after the other, and no further than the first that is `ends`."""
    found: list[bytes] = []
    for each in laid:
        decision = (await _decided(request, site, [each]))[0] if isinstance(each, Act) else each
        _count(request, [decision])
        found.append(decision if isinstance(decision, bytes) else write(decision))
        if (not isinstance(decision, bytes) and decision.permitted) is ends:
            break
    return found


def _laid_out(element: Evaluation | Fault, caller: Caller, now: dt.datetime) -> Act | Deny | bytes:
    if isinstance(element, Fault):
        return fault(element.message)
    try:
        act = act_of(element, caller.id, now)
    except UnfitQuestionError as wrong:
        return fault(f"a property is of the wrong type: {wrong.pointer}")
    told = entitled.beyond(caller, act) if isinstance(act, Act) else ""
    return fault(told, 403) if told else act


async def _decided(request: Requested, site: Site, acts: Sequence[Act]) -> list[Decision]:
    seen = await request.app.state.callers.seen(request)
    return await site.decide_async(acts, seen.size)


def _count(request: Requested, decisions: Sequence[Decision | bytes]) -> None:
    permitted = sum(1 for each in decisions if not isinstance(each, bytes) and each.permitted)
    by_article: dict[str, int] = {}
    for each in decisions:
        if isinstance(each, Deny):
            for article in {str(reason.cite) for reason in each.reasons}:
                by_article[article] = by_article.get(article, 0) + 1
    request.app.state.metrics.decided_many(permitted, len(decisions) - permitted, by_article)


def _wants_reasons(request: Requested, site: Site) -> bool:
    """Say whether to give reasons: not where the settings say no, nor to who prefers the least. Source: RFC 7240."""
    return site.settings.server.reasons and "return=minimal" not in request.headers.get("prefer", "")


def _minimal(decision: Decision) -> bytes:
    return MINIMAL[decision.permitted]


def _writer(request: Requested, site: Site) -> Answers:
    language = language_of(request)
    writers: dict[str, Answers] = request.app.state.setdefault("authzen_answers", {})
    found = writers.get(language)
    if found is None:
        found = writers[language] = Answers(site.law, language)
    return found


def _response(body: bytes) -> Response[bytes]:
    return Response(body, media_type=JSON)
