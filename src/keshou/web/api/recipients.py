# SPDX-License-Identifier: Apache-2.0
"""Recipients' public keys, that files are sealed to: verified by somebody, ended, listed."""

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.app.handing_over import declared_recipients
from keshou.app.site import Site
from keshou.gate.facts import RecipientKeyEnded, RecipientKeyVerified
from keshou.web.api.asked import InPath, Requested, answer, read
from keshou.web.api.paged import USUAL, Cursor, Limit, Page, page
from keshou.web.api.written import write_down
from keshou.web.described import told
from keshou.web.entitled import refuse_program, require_fresh
from keshou.web.errors import NotFoundError
from keshou.web.idempotency import IdempotencyKey
from keshou.web.recorded import require_own_post
from keshou.wire import exports as w
from keshou.wire.caller import Caller
from keshou.wire.office import Recorded


@get("/", sync_to_thread=True, operation_class=told(Page[w.RecipientShape], problems=(404,)))
def recipients(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return the declared recipients, by id: each with its verified key and how many files were made for it."""
    require_own_post(caller, site)
    return answer(page(listed(site), lambda each: each.id, cursor, limit))


def listed(site: Site) -> list[w.RecipientShape]:
    """Return the recipients that the rules declare, with what is on record of their keys."""
    state = site.state()
    made = [each.recipient for each in state.handovers.values()]
    return [
        w.recipient_shape(name, state.keys.get(name), made.count(name)) for name in declared_recipients(site)
    ]  # fmt: skip


@post("/{name:str}/key", status_code=200, sync_to_thread=True, operation_class=told(
    Recorded, body=w.KeyRequest, problems=(404,)
))  # fmt: skip
def verify(
    *, request: Requested, name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody,
    key: IdempotencyKey,
) -> Response[bytes]:  # fmt: skip
    """Write down that the caller made sure that a public key is a recipient's; the caller exports nothing to it.

    Only a person does, with a fresh proof of who they are.
    """
    refuse_program(caller)
    require_own_post(caller, site)
    require_fresh(caller, site)
    asked = read(request, body, w.KeyRequest)
    _declared(site, name)
    fact = RecipientKeyVerified(at=site.now(), recipient=name, key=asked.key, verified_by=caller.id, how=asked.how)
    return write_down(site, caller, key, asked, ("recipients", name, "key"), fact, id_=name)


@post("/{name:str}/key/end", status_code=200, sync_to_thread=True, operation_class=told(
    Recorded, problems=(404,), needs_body=False
))  # fmt: skip
def end(
    name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site], key: IdempotencyKey
) -> Response[bytes]:
    """Write down that a recipient's key serves no longer; nothing is sealed to it from then on."""
    require_own_post(caller, site)
    _declared(site, name)
    fact = RecipientKeyEnded(at=site.now(), recipient=name)
    return write_down(site, caller, key, None, ("recipients", name, "key", "end"), fact, id_=name)


def _declared(site: Site, name: str) -> None:
    if name not in declared_recipients(site):
        raise NotFoundError("the rules declare no such recipient", hint="list them at /api/v1/recipients")


FACE = Router("/api/v1/recipients", route_handlers=[recipients, verify, end], tags=["exports"])
"""The router of recipients' keys."""
