# SPDX-License-Identifier: Apache-2.0
"""Shared links: made by who may provide the record, opened by whoever holds the token, ended at any moment."""

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.app import sharing
from keshou.app.site import Site
from keshou.gate.decision import Permit
from keshou.law.terms import ActKind
from keshou.web.api.asked import InPath, Requested, answer, read
from keshou.web.api.decided import denial
from keshou.web.api.paged import USUAL, Cursor, Limit, Page, cursor_of, name_after
from keshou.web.caller import count_unproven
from keshou.web.described import told
from keshou.web.entitled import refuse_beyond_key, require_fresh, require_staff
from keshou.web.errors import NotFoundError
from keshou.web.idempotency import IdempotencyKey
from keshou.web.language import language_of
from keshou.web.linking import asked_link, end_link, make_once, page_of
from keshou.wire import links as w
from keshou.wire.caller import Caller
from keshou.wire.office import Recorded


@post(
    "/",
    status_code=200,
    sync_to_thread=True,
    operation_class=told(w.LinkMadeAnswer, body=w.LinkRequest, problems=(409,)),
)
def make(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Make a link by which a recipient sees one user's record; its token is told this once.

    The gate is asked first, as it is at each opening. Denied: 403 with every article met; nothing was made.
    """
    require_staff(caller)
    require_fresh(caller, site)
    asked = read(request, body, w.LinkRequest)
    refuse_beyond_key(caller, asked.purpose, ActKind.PROVIDE)
    wanted = asked_link(caller, asked)
    decision = sharing.may_share(site, wanted)
    if not isinstance(decision, Permit):
        return denial(site, decision, None, language_of(request))
    made = make_once(site, caller, key, asked, wanted)
    fact = made.fact
    return answer(
        w.LinkMadeAnswer(
            id=fact.link, token=made.token, until=fact.until, openings=fact.most, revision=made.done.entry + 1
        )
    )


@post("/openings", status_code=200, sync_to_thread=True, security=[{}], operation_class=told(
    w.LinkOpened, body=w.LinkOpening, problems=(404,)
))  # fmt: skip
def open_(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[bytes]:
    """Open a link: whoever holds its token sees what it is for, each time by an act that is judged and recorded.

    A token of no link, one that is over, and one whose opening is denied are answered alike.
    """
    count_unproven(request)
    asked = read(request, body, w.LinkOpening)
    opened = sharing.open_link(site, asked.token)
    if opened is None or not sharing.shows(opened):
        raise NotFoundError("no link of this token holds", hint="ask whoever sent it for another")
    taken, done = opened
    return answer(w.LinkOpened(
        purpose=taken.shared.purpose, recipient=taken.shared.recipient, values=dict(done.values),
        stand_ins=sorted(done.stand_ins), until=taken.until,
        left=taken.left, entry=done.entry,
    ), headers={"Cache-Control": "no-store"})  # fmt: skip


@get("/", sync_to_thread=True, operation_class=told(Page[w.LinkShape]))
def links(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return links, by id: all to auditors, to others those that they made and their key is for."""
    found = page_of(caller, site, name_after(cursor), limit + 1)
    items = [w.link_shape(each) for each in found[:limit]]
    return answer(Page(items=items, next=cursor_of(items[-1].id) if len(found) > limit else ""))


@post(
    "/{name:str}/revoke",
    status_code=200,
    sync_to_thread=True,
    operation_class=told(Recorded, problems=(404,), needs_body=False),
)
def revoke(
    name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site], key: IdempotencyKey
) -> Response[bytes]:
    """End a link at once: who made it, or an auditor."""
    require_staff(caller)
    done = end_link(site, caller, key, name)
    return answer(Recorded(entry=done.entry, revision=done.entry + 1, id=name, repeated=done.repeated))


FACE = Router("/api/v1/links", route_handlers=[make, open_, links, revoke], tags=["shared links"])
"""The router of shared links."""
