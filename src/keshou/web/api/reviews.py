# SPDX-License-Identifier: Apache-2.0
"""Bulk acts are looked at by another person before they are done: asked for, approved or refused once, used once."""

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.app.review_preview import Looked
from keshou.app.site import Site
from keshou.language import Language
from keshou.web import reviewing
from keshou.web.api.asked import InPath, Requested, answer, read
from keshou.web.api.decided import denied, done_before
from keshou.web.api.paged import USUAL, Cursor, Limit, Page, page
from keshou.web.api.written import write_down
from keshou.web.described import told
from keshou.web.entitled import require_fresh
from keshou.web.errors import ChangedMeanwhileError, MatchNeededError, NotFoundError
from keshou.web.etag import IfMatch, etag
from keshou.web.idempotency import IdempotencyKey
from keshou.web.language import language_of
from keshou.web.reviewing import asked_review, require_reviewer, review_answer, seen_reviews
from keshou.wire import access as w
from keshou.wire.caller import Caller
from keshou.wire.decision import decision_shape
from keshou.wire.office import Recorded


@get("/", sync_to_thread=True, operation_class=told(Page[w.ReviewShape], problems=(404,)))
def reviews(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return reviews, by id: all to reviewers and auditors, to others those that they asked for."""
    found = seen_reviews(caller, site)
    return answer(page(found, lambda each: each.id, cursor, limit))


@post("/", status_code=200, sync_to_thread=True, operation_class=told(
    Recorded, body=w.ReviewRequest, problems=(404,)
))  # fmt: skip
def ask(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Ask that a bulk export, copy or destruction be reviewed; nothing is permitted by asking."""
    name, done = reviewing.ask(site, caller, key, read(request, body, w.ReviewRequest))
    return answer(Recorded(entry=done.entry, revision=done.entry + 1, id=name, repeated=done.repeated))


@get("/{name:str}", sync_to_thread=True, operation_class=told(w.ReviewShape, problems=(404,), headers=("ETag",)))
def review_of(name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return one review; its ETag is what an answer names by `If-Match`."""
    for each in seen_reviews(caller, site):
        if each.id == name:
            return answer(each, headers=etag(w.review_version(site.state(), name)))
    raise NotFoundError("there is no such review", hint="list them at /api/v1/reviews")


@post("/{name:str}/preview", status_code=200, sync_to_thread=True, operation_class=told(
    w.PreviewAnswer, problems=(404, 412)
))  # fmt: skip
def preview(
    request: Requested, name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site], key: IdempotencyKey
) -> Response[bytes]:
    """Look at a few of those whom a bulk act would be about, masked: recorded queries of the reviewer's own.

    Denied where no post of the reviewer may ask so; the review can be answered all the same.
    """
    found, language = reviewing.look(site, caller, name, key), language_of(request)
    if found.denied is not None:
        repeated = found.denied.decision is None
        return done_before(site, found.denied, language) if repeated else denied(site, found.denied, language)
    return answer(w.PreviewAnswer(looks=[_look(site, each, language) for each in found.looks]))


def _look(site: Site, each: Looked, language: Language) -> w.PreviewLook:
    reasons = decision_shape(each.decision, site.law, language).reasons if each.decision else []
    return w.PreviewLook(entry=each.entry, values=dict(each.values), refused=reasons, repeated=each.repeated)


@post("/{name:str}/answer", status_code=200, sync_to_thread=True, operation_class=told(
    Recorded, body=w.ReviewAnswer, problems=(404, 412, 428)
))  # fmt: skip
def give_answer(
    *, request: Requested, name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody,
    key: IdempotencyKey, match: IfMatch = "",
) -> Response[bytes]:  # fmt: skip
    """Approve or refuse what was read of a review that another asked for; an approval serves once.

    Of two who answer at once the second is refused. People only, who need a fresh proof of who they are.
    """
    declared = require_reviewer(caller, site)
    require_fresh(caller, site)
    asked = read(request, body, w.ReviewAnswer)
    found = asked_review(site, name)
    if not match:
        raise MatchNeededError
    if match.strip() not in ("*", etag(1)["ETag"]):
        raise ChangedMeanwhileError
    fact = review_answer(caller, site, declared, found, approved=asked.approved)
    said = (msgspec.structs.astuple(asked), match.strip())
    return write_down(site, caller, key, said, ("reviews", name, "answer"), fact, id_=name)


FACE = Router(
    "/api/v1/reviews", route_handlers=[reviews, ask, review_of, preview, give_answer], tags=["reviews of bulk acts"]
)
"""The router of reviews."""
