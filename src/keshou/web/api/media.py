# SPDX-License-Identifier: Apache-2.0
"""The register of media that carry users' information: entered, moved, looked at, destroyed (Order 24 Art. 13(iv))."""

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.app import backups
from keshou.app.media import media_of
from keshou.app.site import Site
from keshou.declaration.model import Office
from keshou.gate.facts import MediumChecked, MediumDestroyed, MediumMoved, MediumRegistered
from keshou.gate.media import Medium
from keshou.web.api.asked import InPath, Requested, answer, read
from keshou.web.api.paged import USUAL, Cursor, Limit, Page, page
from keshou.web.api.written import write_down
from keshou.web.described import told
from keshou.web.entitled import require, require_fresh
from keshou.web.errors import NotFoundError
from keshou.web.idempotency import IdempotencyKey
from keshou.wire import media as w
from keshou.wire.caller import Caller
from keshou.wire.office import Recorded


@get("/", sync_to_thread=True, operation_class=told(Page[w.MediumShape]))
def media(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return the register, by id; also what was destroyed."""
    require(caller, site, Office.MEDIA, Office.AUDIT)
    now = site.now()
    found = [w.medium_shape(each, now) for each in media_of(site).values()]
    return answer(page(found, lambda each: each.id, cursor, limit))


@get("/{name:str}", sync_to_thread=True, operation_class=told(w.MediumShape, problems=(404,)))
def medium_of(name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return one medium and everything that was written down of it."""
    require(caller, site, Office.MEDIA, Office.AUDIT)
    return answer(w.medium_shape(_known(site, name), site.now()))


@post("/", status_code=200, sync_to_thread=True, operation_class=told(Recorded, body=w.MediumRequest))
def register(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Enter a medium into the register; backups enter themselves."""
    require(caller, site, Office.MEDIA)
    asked = read(request, body, w.MediumRequest)
    fact = MediumRegistered(
        at=site.now(), medium=asked.id, form=asked.form, place=asked.place, holder=asked.holder, sealed=asked.sealed,
        items=frozenset(asked.items), until=asked.until,
    )  # fmt: skip
    return write_down(site, caller, key, asked, ("media",), fact, id_=asked.id)


@post("/{name:str}/moves", status_code=200, sync_to_thread=True, operation_class=told(
    Recorded, body=w.MoveRequest, problems=(404,)
))  # fmt: skip
def move(
    *, request: Requested, name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody,
    key: IdempotencyKey,
) -> Response[bytes]:  # fmt: skip
    """Write down that a medium is somewhere else now, or in other hands."""
    require(caller, site, Office.MEDIA)
    asked, _ = read(request, body, w.MoveRequest), _known(site, name)
    fact = MediumMoved(at=site.now(), medium=name, place=asked.place, holder=asked.holder, sealed=asked.sealed)
    return write_down(site, caller, key, asked, ("media", name, "moves"), fact)


@post("/{name:str}/checks", status_code=200, sync_to_thread=True, operation_class=told(
    Recorded, body=w.CheckRequest, problems=(404,)
))  # fmt: skip
def check(
    *, request: Requested, name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody,
    key: IdempotencyKey,
) -> Response[bytes]:  # fmt: skip
    """Write down what the caller found when looking at a medium."""
    require(caller, site, Office.MEDIA)
    asked, _ = read(request, body, w.CheckRequest), _known(site, name)
    fact = MediumChecked(at=site.now(), medium=name, by=caller.id, found=asked.found)
    return write_down(site, caller, key, asked, ("media", name, "checks"), fact)


@post("/{name:str}/destruction", status_code=200, sync_to_thread=True, operation_class=told(
    Recorded, body=w.DestructionRequest, problems=(404,)
))  # fmt: skip
def destroy(
    *, request: Requested, name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody,
    key: IdempotencyKey,
) -> Response[bytes]:  # fmt: skip
    """Write down that the caller destroyed a medium before a witness, who is somebody else.

    The archive of a backup that lies on the server's machine is removed with it. People need a fresh proof of who
    they are.
    """
    require(caller, site, Office.MEDIA)
    require_fresh(caller, site)
    asked, _ = read(request, body, w.DestructionRequest), _known(site, name)
    fact = MediumDestroyed(at=site.now(), medium=name, by=caller.id, witness=asked.witness, manner=asked.manner)
    return backups.destroy(
        site, name, lambda: write_down(site, caller, key, asked, ("media", name, "destruction"), fact)
    )


def _known(site: Site, name: str) -> Medium:
    found = media_of(site).get(name)
    if found is None:
        raise NotFoundError("the register has no such medium", hint="list them at /api/v1/media")
    return found


FACE = Router("/api/v1/media", route_handlers=[media, medium_of, register, move, check, destroy], tags=["media"])
"""The router of the register of media."""
