# SPDX-License-Identifier: Apache-2.0
"""Backups asked of the server: begun, told of, read back, copied elsewhere, removed. Putting one back stays off line.

A server restores nothing: what is put back has no database beside it, so nobody is there to say who may. The command
line does it, by the hand that has the keys.
"""

from functools import partial
from pathlib import Path

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody
from litestar.response import Stream

from keshou.app import backups
from keshou.app.backup import check_back
from keshou.app.backups import Wanted
from keshou.app.media import media_of
from keshou.app.site import Site
from keshou.backup.asked.store import BackupJob
from keshou.declaration.model import Office
from keshou.gate.facts import MediumDestroyed, MediumRegistered
from keshou.web.api.asked import InPath, Requested, answer, read
from keshou.web.api.paged import USUAL, Cursor, Limit, Page, page
from keshou.web.api.written import write_down
from keshou.web.backing_up import begin_once, known, maker_of
from keshou.web.described import told
from keshou.web.entitled import require
from keshou.web.errors import NotFoundError
from keshou.web.idempotency import IdempotencyKey, fresh_id
from keshou.web.ranged import File, given_out
from keshou.wire import backups as w
from keshou.wire.caller import Caller
from keshou.wire.office import Recorded

RAW = "application/octet-stream"


@post("/", status_code=202, sync_to_thread=True, operation_class=told(
    w.BackupShape, body=w.BackupRequest, status=202, problems=(409,)
))  # fmt: skip
def begin(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Have a backup made of the whole site, sealed and read back; ask at its id what became of it. Keys are not in it.

    One is made at a time, into the folder that the settings name, beside everything else. It enters itself into the
    register of media, with the caller as its holder. People need a fresh proof of who they are; a key
    that is limited to purposes or acts begins none.
    """
    require(caller, site, Office.MEDIA, fresh=True)
    asked = read(request, body, w.BackupRequest)
    medium = fresh_id("b", caller, key)
    wanted = Wanted(medium, caller.id, asked.place, asked.to, asked.until)
    return _told(site, begin_once(site, maker_of(request, site), caller, key, wanted), status=202)


@get("/", sync_to_thread=True, operation_class=told(Page[w.BackupShape]))
def every(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return the backups that were asked of the server, by id; those made at the command line are in the register."""
    require(caller, site, Office.MEDIA, Office.AUDIT)
    found = [_shape(site, each) for each in backups.every(site)]
    return answer(page(found, lambda each: each.id, cursor, limit))


@get("/{name:str}", sync_to_thread=True, operation_class=told(w.BackupShape, problems=(404,)))
def one(name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Say how a backup stands, and which copies were taken of it."""
    require(caller, site, Office.MEDIA, Office.AUDIT)
    return _told(site, known(site, name))


@post("/{name:str}/checks", status_code=200, sync_to_thread=True, operation_class=told(
    w.CheckedShape, problems=(404,), needs_body=False
))  # fmt: skip
def check(
    name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site], key: IdempotencyKey
) -> Response[bytes]:
    """Read a backup back from its first byte to its last, and write down in the register what was found.

    Each call reads it anew: a check says how it is now.
    """
    del key
    require(caller, site, Office.MEDIA)
    fact = check_back(site, _lying(site, name)[1], by=caller.id, medium=name).fact
    return answer(w.CheckedShape(found="in_order" if fact.found == "in_order" else "seal_broken", at=fact.at))


@post("/{name:str}/copies", status_code=200, sync_to_thread=True, operation_class=told(
    Recorded, body=w.CopyRequest, problems=(404,)
))  # fmt: skip
def copy(
    *, request: Requested, name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody,
    key: IdempotencyKey,
) -> Response[bytes]:  # fmt: skip
    """Enter a copy of a backup into the register, with the caller as its holder; then it can be fetched.

    A copy is a medium like any other (Order 24 Art. 13(iv)): none leaves that the register does not know. People need a
    fresh proof of who they are; a key that is limited to purposes or acts takes none.
    """
    require(caller, site, Office.MEDIA, fresh=True)
    asked = read(request, body, w.CopyRequest)
    _lying(site, name)
    medium = f"{name}-{fresh_id('c', caller, key).removeprefix('c-')}"
    fact = MediumRegistered(
        at=site.now(), medium=medium, form="backup", place=asked.place, holder=caller.id, sealed=True,
        until=asked.until,
    )  # fmt: skip
    return write_down(site, caller, key, asked, ("backups", name, "copies"), fact, id_=medium)


@get("/{name:str}/copies/{copied:str}", sync_to_thread=True, operation_class=told(
    bytes, media_types=(RAW,), problems=(404, 416), headers=("ETag",), later=(206,)
))  # fmt: skip
def fetch(
    request: Requested, name: InPath, copied: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site]
) -> Stream:
    """Fetch the archive for a copy that the caller holds; it opens with the site's keys, or a recipient's.

    What broke off goes on with `Range` and `If-Range`. People need a fresh proof of who they are; a key that is limited
    to purposes or acts fetches none.
    """
    require(caller, site, Office.MEDIA, fresh=True)
    job, path = _lying(site, name)
    found = backups.copies_of(site, name).get(copied)
    if found is None or found.holder != caller.id or found.destroyed is not None:
        raise NotFoundError("the caller holds no such copy", hint="enter it first at /api/v1/backups/{name}/copies")
    return given_out(request, File(job.file, job.size, job.sha256, partial(backups.blocks, path)), RAW)


@get("/erasures", sync_to_thread=True, operation_class=told(bytes, media_types=(RAW,)))
def erasures(caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Fetch the list of what was erased, as it stands: keep it with copies, and give the newest to `keshou restore`."""
    require(caller, site, Office.MEDIA)
    site.listed.bring_up()
    return Response(site.listed.path.read_bytes(), media_type=RAW, headers={"Cache-Control": "no-store"})


@post("/{name:str}/removal", status_code=200, sync_to_thread=True, operation_class=told(
    Recorded, body=w.RemovalRequest, problems=(404,)
))  # fmt: skip
def remove(
    *, request: Requested, name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody,
    key: IdempotencyKey,
) -> Response[bytes]:  # fmt: skip
    """Write down that a backup is destroyed before a witness, who is somebody else, and remove its file.

    Copies stay, and stay in the register. People need a fresh proof of who they are.
    """
    require(caller, site, Office.MEDIA, fresh=True)
    asked = read(request, body, w.RemovalRequest)
    known(site, name)
    fact = MediumDestroyed(at=site.now(), medium=name, by=caller.id, witness=asked.witness, manner="deleted")
    return backups.destroy(
        site, name, lambda: write_down(site, caller, key, asked, ("backups", name, "removal"), fact, id_=name)
    )


def _lying(site: Site, name: str) -> tuple[BackupJob, Path]:
    job = known(site, name)
    path = backups.path_of(site, job)
    if path is None:
        raise NotFoundError("the archive does not lie on this machine", hint="see how it stands at /api/v1/backups")
    return job, path


def _shape(site: Site, job: BackupJob) -> w.BackupShape:
    removed = backups.is_removed(site, job.medium)
    here = not removed and backups.path_of(site, job) is not None
    return w.backup_shape(
        job, removed=removed, here=here, register=media_of(site), copies=backups.copies_of(site, job.medium),
        now=site.now(),
    )  # fmt: skip


def _told(site: Site, job: BackupJob, status: int = 200) -> Response[bytes]:
    return answer(_shape(site, job), status=status, headers={"Location": f"/api/v1/backups/{job.medium}"})


FACE = Router(
    "/api/v1/backups",
    route_handlers=[begin, every, one, check, copy, fetch, erasures, remove],
    tags=["backups"],
)
"""The router of backups."""
