# SPDX-License-Identifier: Apache-2.0
"""Who of the staff may do this, and what may somebody do: each answer is what the gate permits when it is asked.

What may be is listed first (who holds a post, which kinds of act there are), then every question is put to the gate, on
facts as new as the search; nothing is done and nothing recorded. Users are never listed: the site keeps none of their
ids in clear.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import anyio.to_thread
import msgspec
from litestar import Response, post
from litestar.di import NamedDependency

from keshou.app.site import Site
from keshou.declaration.model import Declaration
from keshou.gate.act import OWN_HAND, Act
from keshou.gate.decision import Deny
from keshou.gate.reach import Reach, reach
from keshou.law.terms import ActKind
from keshou.web.authzen import entitled
from keshou.web.authzen.asked import JSON, body_of
from keshou.web.authzen.question import UnfitQuestionError, act_of
from keshou.web.caller import Requested
from keshou.web.errors import MalformedError, NotEntitledError
from keshou.wire.authzen import Action, AuthzenShapeError, Evaluation, Subject
from keshou.wire.authzen_search import (
    ActionSearch,
    Search,
    SubjectSearch,
    place_of,
    read_action_search,
    read_subject_search,
    write_page,
)
from keshou.wire.caller import Caller, CallerKind, Scope

MOST = 1000
"""Results on one page."""
_LISTED = frozenset({"staff", "agent", "service"})
"""Types of subjects that are listed; of others nobody is found."""


class Maybe(NamedTuple):
    """One that may be a result: what tells it apart, how it is written, and the act to ask about."""

    name: str
    written: dict[str, Any]
    act: Act | Deny


@post("/search/subject", status_code=200, include_in_schema=False)
async def search_subjects(
    request: Requested, site: NamedDependency[Site], caller: NamedDependency[Caller]
) -> Response[bytes]:
    """Name who of the staff, agents' staff or programs may do an act on a user's information."""
    _require_evaluator(caller)
    asked = await _read(request, read_subject_search)
    return await _found(request, site, caller, asked)


@post("/search/action", status_code=200, include_in_schema=False)
async def search_actions(
    request: Requested, site: NamedDependency[Site], caller: NamedDependency[Caller]
) -> Response[bytes]:
    """Name the kinds of act that somebody may do on a user's information, for the purpose of the context."""
    _require_evaluator(caller)
    asked = await _read(request, read_action_search)
    return await _found(request, site, caller, asked)


def _require_evaluator(caller: Caller) -> None:
    """Refuse whoever may not ask about others at all.

    Raises:
        NotEntitledError: it is no program with the scope `evaluate`.

    """
    if caller.kind is not CallerKind.PROGRAM or Scope.EVALUATE not in caller.scopes:
        raise NotEntitledError("searches are for programs with the scope `evaluate`", hint="ask about one act instead")


async def _read(request: Requested, read: Any) -> Any:
    body = await body_of(request)
    try:
        return read(body)
    except AuthzenShapeError as wrong:
        raise MalformedError("the search is not of the protocol's form", wrong.pointer) from None


async def _found(request: Requested, site: Site, caller: Caller, asked: Search) -> Response[bytes]:
    try:
        place = place_of(asked, MOST)
    except AuthzenShapeError as wrong:
        raise MalformedError("the page is none of this search", wrong.pointer) from None
    size = (await request.app.state.callers.seen(request)).size
    try:
        names, results = await anyio.to_thread.run_sync(_searched, site, caller, asked, size)
    except UnfitQuestionError as wrong:
        raise MalformedError("a property is of the wrong type", wrong.pointer) from None
    return Response(write_page(place, names, results, MOST), media_type=JSON)


def _searched(site: Site, caller: Caller, asked: Search, size: int) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the results in the order of their names: of what is listed, the first of each name that is permitted."""
    listed = _subjects(site, caller, asked) if isinstance(asked, SubjectSearch) else _actions(site, caller, asked)
    questions = [(each, each.act) for each in listed if isinstance(each.act, Act)]
    decisions = site.decide([act for _, act in questions], size) if questions else []
    found: dict[str, dict[str, Any]] = {}
    for (each, _), decision in zip(questions, decisions, strict=True):
        if decision.permitted:
            found.setdefault(each.name, each.written)
    names = sorted(found)
    return names, [found[name] for name in names]


def _subjects(site: Site, caller: Caller, asked: SubjectSearch) -> Iterator[Maybe]:
    """List everybody of the type who holds a post, as they stand, and in each post and branch that they act in."""
    kind = asked.subject.type
    question = Evaluation(Subject(kind, "", asked.subject.properties), asked.action, asked.resource, asked.context)
    act = act_of(question, caller.id, site.now())
    entitled.require(caller, (act,))
    rules = site.rules()
    if not isinstance(act, Act) or kind not in _LISTED or rules is None:
        return
    lines = reach(rules.declaration, site.state())
    chosen = _of_type(site, rules.declaration, lines, kind)
    for staff in chosen:
        yield Maybe(staff, {"type": kind, "id": staff}, msgspec.structs.replace(act, by=staff))
    for line in lines:
        if line.staff in chosen and line.purpose == act.purpose and act.kind in line.acts and _fits(act, line):
            seat = {"post": line.post} | ({"where": line.branch} if line.branch else {})
            there = msgspec.structs.replace(act, by=line.staff, post=line.post, where=act.where or line.branch)
            yield Maybe(line.staff, {"type": kind, "id": line.staff, "properties": seat}, there)


def _of_type(site: Site, declaration: Declaration, lines: Sequence[Reach], kind: str) -> set[str]:
    """Return the ids of the programs, of those in an agent's posts, or of the rest, who reach anything."""
    with site.reading() as tx:
        programs = {each.id for each in site.programs.programs(tx)}
    posts = {post.id for post in declaration.posts if post.agent}
    agents = {line.staff for line in lines if line.post in posts}
    every = {line.staff for line in lines} - {OWN_HAND}
    chosen = {"service": programs, "agent": agents - programs, "staff": every - programs - agents}[kind]
    return every & chosen


def _fits(act: Act, line: Reach) -> bool:
    """Say whether a line is of the post and branch that the search names, if it names them."""
    return act.post in ("", line.post) and (not line.branch or act.where in ("", line.branch))


def _actions(site: Site, caller: Caller, asked: ActionSearch) -> Iterator[Maybe]:
    """List every kind of act that the key is for, by itself and with each recipient declared for the purpose."""
    rules = site.rules()
    now = site.now()
    for kind in ActKind:
        if caller.acts is not None and kind not in caller.acts:
            continue
        plain = act_of(Evaluation(asked.subject, Action(kind), asked.resource, asked.context), caller.id, now)
        entitled.require(caller, (plain,))
        if not isinstance(plain, Act):
            return
        yield Maybe(kind, {"name": str(kind)}, plain)
        for recipient in _recipients(rules.declaration if rules else None, plain.purpose):
            given = {"name": str(kind), "properties": {"recipient": recipient}}
            yield Maybe(f"{kind} {recipient}", given, msgspec.structs.replace(plain, recipient=recipient))


def _recipients(declaration: Declaration | None, purpose: str) -> Sequence[str]:
    purposes = declaration.purposes if declaration else ()
    return next((each.recipients for each in purposes if each.id == purpose), ())
