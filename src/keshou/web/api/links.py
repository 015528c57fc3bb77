# SPDX-License-Identifier: Apache-2.0
"""Shared links: made by who may provide the record, opened by whoever holds the token, ended at any moment."""

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.app import sharing
from keshou.app.sharing import Asked
from keshou.app.site import Site
from keshou.declaration.model import Office
from keshou.gate.decision import Permit
from keshou.gate.facts import LinkRevoked
from keshou.law.terms import ActKind
from keshou.links.link import Shared
from keshou.once.errors import SecretToldError
from keshou.web.api.asked import InPath, Requested, answer, read
from keshou.web.api.decided import denial
from keshou.web.api.paged import USUAL, Cursor, Limit, Page, page
from keshou.web.api.written import write_down
from keshou.web.caller import count_unproven
from keshou.web.described import told
from keshou.web.entitled import refuse_beyond_key, require, require_fresh, require_staff
from keshou.web.errors import NotEntitledError, NotFoundError
from keshou.web.idempotency import IdempotencyKey, fresh_id
from keshou.web.language import language_of
from keshou.web.recorded import record
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
    shared = Shared(
        purpose=asked.purpose, items=tuple(sorted(set(asked.items))), recipient=asked.recipient, by=caller.id,
        post=asked.post, where=asked.where, ground=asked.ground,
    )  # fmt: skip
    wanted = Asked(asked.user, shared, asked.minutes, asked.openings)
    decision = sharing.may_share(site, wanted)
    if not isinstance(decision, Permit):
        return denial(site, decision, None, language_of(request))
    fact = sharing.made_fact(site, fresh_id("l", caller, key), wanted)
    done = record(site, caller, key, asked, ("links",), fact)
    if done.repeated:
        raise SecretToldError
    token = sharing.keep(site, wanted, fact)
    return answer(
        w.LinkMadeAnswer(id=fact.link, token=token, until=fact.until, openings=fact.most, revision=done.entry + 1)
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
        purpose=taken.shared.purpose, recipient=taken.shared.recipient, values=dict(done.values), until=taken.until,
        left=taken.left, entry=done.entry,
    ), headers={"Cache-Control": "no-store"})  # fmt: skip


@get("/", sync_to_thread=True, operation_class=told(Page[w.LinkShape]))
def links(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return links, by id: all to auditors, to others those that they made."""
    require_staff(caller)
    found = sharing.made_by(site, "" if _audits(caller, site) else caller.id)
    return answer(page([w.link_shape(each) for each in found], lambda each: each.id, cursor, limit))


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
    by = "" if _audits(caller, site) else caller.id
    if name not in {each.id for each in sharing.made_by(site, by)}:
        raise NotFoundError("there is no such link", hint="list them at /api/v1/links")
    with site.writing() as tx:
        site.links.revoke(tx, name, site.now())
    return write_down(
        site, caller, key, None, ("links", name, "revoke"), LinkRevoked(at=site.now(), link=name), id_=name
    )


def _audits(caller: Caller, site: Site) -> bool:
    try:
        require(caller, site, Office.AUDIT)
    except NotEntitledError:
        return False
    return True


FACE = Router("/api/v1/links", route_handlers=[make, open_, links, revoke], tags=["shared links"])
"""The router of shared links."""
