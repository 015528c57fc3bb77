# SPDX-License-Identifier: Apache-2.0
"""Bulk acts are looked at by another person before they are done: asked for, approved or refused once, used once."""

import datetime as dt
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, RawBody

from keshou.app.site import Site
from keshou.declaration.model import Office, Review
from keshou.errors import InputError
from keshou.gate.facts import ReviewApproved, ReviewAsked, ReviewRefused
from keshou.law.terms import ActKind
from keshou.web.api.asked import Requested, answer, read
from keshou.web.api.paged import USUAL, Cursor, Limit, Page, page
from keshou.web.api.recorded import in_force, require_own_post, write_down
from keshou.web.described import told
from keshou.web.entitled import refuse_beyond_key, require, require_fresh, require_staff
from keshou.web.errors import ChangedMeanwhileError, MatchNeededError, NotEntitledError, NotFoundError
from keshou.web.etag import IfMatch, etag
from keshou.web.idempotency import IdempotencyKey, fresh_id
from keshou.wire import access as w
from keshou.wire.caller import Caller, CallerKind
from keshou.wire.office import Recorded

Name = Annotated[str, PathParameter(pattern="^[A-Za-z0-9._-]{1,64}$")]


@get("/", sync_to_thread=True, operation_class=told(Page[w.ReviewShape], problems=(404,)))
def reviews(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return reviews, by id: all to reviewers and auditors, to others those that they asked for."""
    found = _seen(caller, site)
    return answer(page(found, lambda each: each.id, cursor, limit))


@post("/", status_code=200, sync_to_thread=True, operation_class=told(
    Recorded, body=w.ReviewRequest, problems=(404,)
))  # fmt: skip
def ask(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Ask that a bulk export, copy or destruction be reviewed; nothing is permitted by asking."""
    require_staff(caller)
    _declared(site)
    asked, name = read(request, body, w.ReviewRequest), fresh_id("r", caller, key)
    kind = ActKind(asked.kind)
    refuse_beyond_key(caller, asked.purpose, kind)
    if not site.state().appointments(caller.id):
        raise NotEntitledError("whoever asks holds no post (miit24:13.1.3)", hint="appoint them first")
    fact = ReviewAsked(
        at=site.now(), review=name, requester=caller.id, kind=kind, purpose=asked.purpose,
        items=frozenset(asked.items), count=asked.count, recipient=asked.recipient,
    )  # fmt: skip
    return write_down(site, caller, key, asked, ("reviews",), fact, id_=name)


@get("/{name:str}", sync_to_thread=True, operation_class=told(w.ReviewShape, problems=(404,), headers=("ETag",)))
def review_of(name: Name, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return one review; its ETag is what an answer names by `If-Match`."""
    for each in _seen(caller, site):
        if each.id == name:
            return answer(each, headers=etag(w.review_version(site.state(), name)))
    raise NotFoundError("there is no such review", hint="list them at /api/v1/reviews")


@post("/{name:str}/answer", status_code=200, sync_to_thread=True, operation_class=told(
    Recorded, body=w.ReviewAnswer, problems=(404, 412, 428)
))  # fmt: skip
def give_answer(
    *, request: Requested, name: Name, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody,
    key: IdempotencyKey, match: IfMatch = "",
) -> Response[bytes]:  # fmt: skip
    """Approve or refuse what was read of a review that another asked for; an approval serves once.

    Of two who answer at once the second is refused. People only, who need a fresh proof of who they are.
    """
    declared = _require_reviewer(caller, site)
    require_fresh(caller, site)
    asked = read(request, body, w.ReviewAnswer)
    found = site.state().asked.get(name)
    if found is None:
        raise NotFoundError("there is no such review", hint="list them at /api/v1/reviews")
    if not match:
        raise MatchNeededError
    if match.strip() not in ("*", etag(1)["ETag"]):
        raise ChangedMeanwhileError
    now = site.now()
    fact: ReviewApproved | ReviewRefused = ReviewRefused(at=now, review=name, reviewer=caller.id)
    if asked.approved:
        terms = {each: getattr(found, each) for each in ("requester", "kind", "purpose", "items", "count", "recipient")}
        until = now + dt.timedelta(hours=declared.valid_hours)
        fact = ReviewApproved(at=now, review=name, reviewer=caller.id, until=until, **terms)
    said = (msgspec.structs.astuple(asked), match.strip())
    return write_down(site, caller, key, said, ("reviews", name, "answer"), fact, id_=name)


def _declared(site: Site) -> Review:
    declared = in_force(site).review
    if declared is None:
        raise InputError("the rules declare no review of bulk acts", hint="add [review] to the declaration")
    return declared


def _require_reviewer(caller: Caller, site: Site) -> Review:
    """Return what the rules say of reviews, for whoever may review.

    Raises:
        NotEntitledError: it is a program, or nobody in a post that reviews (Order 24 Art. 13(3)).

    """
    require_staff(caller)
    if caller.kind is CallerKind.PROGRAM:
        raise NotEntitledError("a person reviews (miit24:13.1.3)", hint="sign in")
    declared = _declared(site)
    if not {each.post for each in site.state().appointments(caller.id)} & set(declared.reviewers):
        raise NotEntitledError(
            "no post of the caller reviews bulk acts (miit24:13.1.3)", hint="see `review` in the rules"
        )
    return declared


def _seen(caller: Caller, site: Site) -> list[w.ReviewShape]:
    require_staff(caller)
    every = w.review_shapes(site.state())
    try:
        _require_reviewer(caller, site)
    except (NotEntitledError, InputError):
        try:
            require(caller, site, Office.AUDIT)
        except NotEntitledError:
            require_own_post(caller, site)
            return [each for each in every if each.requester == caller.id]
    return every


FACE = Router("/api/v1/reviews", route_handlers=[reviews, ask, review_of, give_answer], tags=["reviews of bulk acts"])
"""The router of reviews."""
