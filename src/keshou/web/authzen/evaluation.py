# SPDX-License-Identifier: Apache-2.0
"""The two endpoints that answer questions. Nothing is done and nothing recorded.

A question is decided on facts that are at least as new as the question: the server looks how far the log has come
after it was asked. In memory when memory is that new, else from the database.
"""

from collections.abc import Sequence

from litestar import Response, post
from litestar.di import NamedDependency

from keshou.app.site import Site
from keshou.gate.act import Act
from keshou.gate.decision import Decision, Deny
from keshou.law.terms import BULK_KINDS
from keshou.web.authzen import entitled
from keshou.web.authzen.answer import MINIMAL, Answers, Writers, counted, write_all, write_batch
from keshou.web.authzen.asked import JSON, body_of
from keshou.web.authzen.layout import Laid, Layouts, put_back
from keshou.web.authzen.question import UnfitQuestionError, act_of
from keshou.web.caller import Requested
from keshou.web.entitled import asks_alike
from keshou.web.errors import MalformedError, TooLargeError
from keshou.web.language import language_of
from keshou.wire.authzen import AuthzenShapeError, Batch, Evaluation, Semantic, read_batch, read_single
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
        batch = read_batch(body, MOST_AT_ONCE, _layouts(request).questions)
    except AuthzenShapeError as wrong:
        raise MalformedError("the batch is not of the protocol's form", wrong.pointer) from None
    if batch is None:
        raise TooLargeError("too many questions at once", hint=f"at most {MOST_AT_ONCE}")
    if batch.single:
        first = batch.elements[0].question
        if isinstance(first, Evaluation):
            return _response(await _single(request, site, caller, first))
    return _response(write_batch(await _batch(request, site, caller, batch)))


async def _single(request: Requested, site: Site, caller: Caller, asked: Evaluation) -> bytes:
    try:
        act = act_of(asked, caller.id, site.now())
    except UnfitQuestionError as wrong:
        raise MalformedError("a property is of the wrong type", wrong.pointer) from None
    entitled.require(caller, (act,))
    decision = act if isinstance(act, Deny) else (await _decided(request, site, caller, [act]))[0]
    request.app.state.metrics.decided(decision)
    return _writer(request, site).write(decision) if wants_reasons(request, site) else MINIMAL[decision.permitted]


async def _batch(request: Requested, site: Site, caller: Caller, batch: Batch) -> list[bytes]:
    laid = _layouts(request).of(caller).lay_out(batch.elements, site.now())
    writer = _writer(request, site) if wants_reasons(request, site) else None
    if batch.semantic is Semantic.EXECUTE_ALL:
        decisions = await _every(request, site, caller, laid)
    else:
        decisions = await _until(request, site, caller, laid, ends=batch.semantic is Semantic.PERMIT_ON_FIRST_PERMIT)
    request.app.state.metrics.decided_all(counted(decisions))
    return write_all(decisions, writer)


async def _every(request: Requested, site: Site, caller: Caller, laid: Sequence[Laid]) -> list[Decision | bytes]:
    acts = [each for each in laid if type(each) is Act]
    return put_back(laid, await _decided(request, site, caller, acts) if acts else ())


async def _until(
    request: Requested, site: Site, caller: Caller, laid: Sequence[Laid], *, ends: bool
) -> list[Decision | bytes]:
    """Decide one after the other, and no further than the first that is `ends`.

    With acts of which many make a bulk act all are decided first: one by one, none would be of the list that it is of.
    """
    if any(isinstance(each, Act) and each.kind in BULK_KINDS for each in laid):
        every = await _every(request, site, caller, laid)
        end = next((place for place, each in enumerate(every) if _ends(each, ends=ends)), len(every))
        return every[: end + 1]
    found: list[Decision | bytes] = []
    for each in laid:
        decision = (await _decided(request, site, caller, [each]))[0] if isinstance(each, Act) else each
        found.append(decision)
        if _ends(decision, ends=ends):
            break
    return found


def _ends(decision: Decision | bytes, *, ends: bool) -> bool:
    return (not isinstance(decision, bytes) and decision.permitted) is ends


async def _decided(request: Requested, site: Site, caller: Caller, acts: Sequence[Act]) -> list[Decision]:
    seen = await request.app.state.callers.seen(request)
    return await site.decide_async(acts, seen.size, alike=asks_alike(caller))


def wants_reasons(request: Requested, site: Site) -> bool:
    """Say whether to give reasons: not where the settings say no, nor to who prefers the least. Source: RFC 7240."""
    return site.settings.server.reasons and "return=minimal" not in request.headers.get("prefer", "")


def _writer(request: Requested, site: Site) -> Answers:
    found: Writers = request.app.state.writers
    return found.of(site.law, language_of(request))


def _layouts(request: Requested) -> Layouts:
    found: Layouts = request.app.state.layouts
    return found


def _response(body: bytes) -> Response[bytes]:
    return Response(body, media_type=JSON)
