# SPDX-License-Identifier: Apache-2.0
"""The log for whoever may look: checkpoints and tiles to mirror, entries to read, proofs to check elsewhere.

Source: C2SP tlog-tiles and tlog-proof; RFC 6962; miit24:13.1.6.
"""

from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, PathParameter, QueryParameter, RawBody

from keshou.app.site import Site
from keshou.db import Transaction
from keshou.declaration.model import Office
from keshou.ledger.certificate import write_list
from keshou.ledger.checkpoint import verify_checkpoint
from keshou.ledger.errors import EntryError, FormatError
from keshou.ledger.export import consistency_since, read_piece
from keshou.ledger.tile import WIDTH, parse_path
from keshou.web.api.asked import Requested, answer, read
from keshou.web.api.paged import USUAL, Limit, NumberCursor, Page
from keshou.web.described import JSON, told
from keshou.web.entitled import require, require_log_reader
from keshou.web.errors import ContradictionError, NotFoundError
from keshou.wire import log as w
from keshou.wire.caller import Caller

_BYTES, _TEXT = "application/octet-stream", "text/plain"
_FOREVER = "private, max-age=31536000, immutable"
"""Full tiles never change."""
_LARGEST = 2**53 - 1

Place = Annotated[int, PathParameter(ge=0, le=_LARGEST)]
Older = Annotated[int, PathParameter(ge=1, le=_LARGEST)]
From = Annotated[int, QueryParameter(name="from", ge=0, le=_LARGEST, description="Place of the first, without cursor.")]
Old = Annotated[int, QueryParameter(name="old", ge=1, le=_LARGEST, description="Entries of the shorter log.")]
New = Annotated[int, QueryParameter(name="new", ge=0, le=_LARGEST, description="Of the longer; 0: as it stands.")]


@get("/", sync_to_thread=True, operation_class=told(w.LogShape))
def log(caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return where the log stands."""
    require_log_reader(caller, site)
    with site.reading() as tx:
        size, signed = site.ledger.head(tx).size, _signed(tx, site)
    return answer(w.LogShape(origin=site.ledger.origin, vkey=str(site.ledger.key), size=size, signed=signed))


@get("/checkpoint", sync_to_thread=True, operation_class=told(str, media_types=(_TEXT,), problems=(404,)))
def checkpoint(caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return the newest signed checkpoint (C2SP tlog-checkpoint).

    What it signs is mirrored from `/api/v1/log/tile/LEVEL/NUMBER` and `/api/v1/log/tile/entries/NUMBER`, as
    C2SP tlog-tiles has them.
    """
    require_log_reader(caller, site)
    with site.reading() as tx:
        note = site.ledger.last_checkpoint(tx)
    if note is None:
        raise NotFoundError("nothing was signed yet", hint="sign with POST /api/v1/log/checkpoint")
    return Response(note, media_type=_TEXT)


@post("/checkpoint", status_code=200, sync_to_thread=True, operation_class=told(
    str, media_types=(_TEXT,), problems=(404,)
))  # fmt: skip
def sign(caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Sign the log as it stands; the checkpoint before, when it has not grown."""
    require(caller, site, Office.AUDIT)
    note = site.checkpoint()
    if note is None:
        raise NotFoundError("the log is empty")
    return Response(note, media_type=_TEXT)


# OpenAPI 3.1 has no parameter that goes over slashes, so the document tells of tiles in words, at the checkpoint.
@get("/tile/{path:path}", sync_to_thread=True, include_in_schema=False)
def tile(path: FromPath[str], caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return a tile of hashes (`LEVEL/NUMBER`) or a bundle of entries (`entries/NUMBER`), as C2SP tlog-tiles has it."""
    require_log_reader(caller, site)
    try:
        name = parse_path(f"tile{path}")
        with site.reading() as tx:
            data = read_piece(tx, name, _signed(tx, site))
    except (FormatError, EntryError):
        raise NotFoundError("the signed log has no such tile", hint="see the size in the checkpoint") from None
    kept = {"Cache-Control": _FOREVER} if name.width == WIDTH else None
    return Response(data, media_type=_BYTES, headers=kept)


@get("/entries", sync_to_thread=True, operation_class=told(Page[w.EntryShape]))
def entries(
    caller: NamedDependency[Caller], site: NamedDependency[Site], from_: From = 0, cursor: NumberCursor = "",
    limit: Limit = USUAL,
) -> Response[bytes]:  # fmt: skip
    """Return entries in their order: who did which act, when, where, under which articles; never information."""
    require_log_reader(caller, site)
    start = int(cursor) if cursor else from_
    with site.reading() as tx:
        size = site.ledger.head(tx).size
        found = [
            w.EntryShape(index=index, entry=msgspec.Raw(body))
            for index, body in site.ledger.entries(tx, min(start, size), min(start + limit, size))
        ]
    more = start + limit < size
    return answer(Page(items=found, next=str(start + limit) if more else ""))


@get("/entries/{place:int}", sync_to_thread=True, operation_class=told(dict[str, Any], problems=(404,)))
def entry(place: Place, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return the bytes of one entry, which are what was hashed."""
    require_log_reader(caller, site)
    try:
        with site.reading() as tx:
            return Response(site.ledger.entry(tx, place), media_type=JSON)
    except EntryError:
        raise NotFoundError("the log has no such entry") from None


@get(
    "/entries/{place:int}/proof", sync_to_thread=True, operation_class=told(str, media_types=(_TEXT,), problems=(404,))
)
def proof(place: Place, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return the proof that an entry is in the signed log (C2SP tlog-proof), for `keshou verify`."""
    require_log_reader(caller, site)
    try:
        with site.reading() as tx:
            return Response(site.ledger.tlog_proof(tx, place), media_type=_TEXT)
    except EntryError:
        raise NotFoundError(
            "the signed log has no such entry", hint="what is new is signed by POST /api/v1/log/checkpoint"
        ) from None


@get("/entries/{place:int}/certificate", sync_to_thread=True, operation_class=told(
    str, media_types=(_TEXT,), problems=(404,)
))  # fmt: skip
def certify(place: Place, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Certify that an entry destroyed users' keys or values: what, when, which, under which rule (C2SP signed-note).

    Refused as broken integrity while a key it would name is in the database again.
    """
    require_log_reader(caller, site)
    try:
        return Response(site.keeper.certify(place)[1], media_type=_TEXT)
    except EntryError:
        raise NotFoundError(
            "no entry there destroyed anything of a user", hint="name one that ended or erased"
        ) from None


@get("/entries/{place:int}/keys", sync_to_thread=True, operation_class=told(
    str, media_types=(_TEXT,), problems=(404,)
))  # fmt: skip
def destroyed(place: Place, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return the ids of the keys that an entry destroyed, one a line, as the certificate names them or their root.

    The root is that of RFC 6962 over the ids, 16 bytes each, in this order.
    """
    require_log_reader(caller, site)
    try:
        return Response(write_list(site.keeper.destroyed(place)), media_type=_TEXT)
    except EntryError:
        raise NotFoundError(
            "no entry there destroyed keys that are on record", hint="name one that ended or erased"
        ) from None


@get("/consistency", sync_to_thread=True, operation_class=told(w.ConsistencyShape, problems=(422,)))
def consistency(
    caller: NamedDependency[Caller], site: NamedDependency[Site], old: Old, new: New = 0
) -> Response[bytes]:
    """Return what shows that the log of `new` entries begins with the log of `old` entries."""
    require_log_reader(caller, site)
    with site.reading() as tx:
        size = site.ledger.head(tx).size
        longer = new or size
        if not old <= longer <= size:
            raise ContradictionError("old is at most new, and new is at most what the log has", "old", "new")
        found = w.ConsistencyShape(
            old=old, old_root=site.ledger.root(tx, old).hex(), new=longer, new_root=site.ledger.root(tx, longer).hex(),
            proof=[each.hex() for each in site.ledger.prove_consistency(tx, old, longer)],
        )  # fmt: skip
    return answer(found)


@get("/consistency/{old:int}", sync_to_thread=True, operation_class=told(str, media_types=(_TEXT,), problems=(404,)))
def since(old: Older, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return the proof that the signed log begins with its first `old` entries (C2SP tlog-witness).

    It is checked against the checkpoint of that size that the caller kept: `keshou verify FILE --older CHECKPOINT`.
    """
    require_log_reader(caller, site)
    try:
        with site.reading() as tx:
            return Response(consistency_since(tx, site.ledger, old), media_type=_TEXT)
    except EntryError:
        raise NotFoundError(
            "the signed log has not so many entries", hint="what is new is signed by POST /api/v1/log/checkpoint"
        ) from None


@post("/audit", status_code=200, sync_to_thread=True, operation_class=told(w.AuditAnswer, body=w.AuditRequest))
def audit(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody
) -> Response[bytes]:
    """Read the whole log again and hold facts and rules against it; the first entry altered is named as a problem.

    Opening the payloads needs the office and of people a fresh proof, and is written into the log first.
    """
    asked = read(request, body, w.AuditRequest)
    if asked.open:
        require(caller, site, Office.AUDIT, fresh=True)
    else:
        require_log_reader(caller, site)
    log_, facts = site.audit(by=caller.id if asked.open else "")
    return answer(
        w.AuditAnswer(
            size=log_.size, root=log_.root.hex(), checkpoints=log_.checkpoints, covered=log_.covered,
            site_facts=facts.site_facts, user_facts=facts.user_facts, versions=facts.versions,
            payloads=facts.payloads, opened=facts.opened, untold=facts.untold,
        )
    )  # fmt: skip


def _signed(tx: Transaction, site: Site) -> int:
    note = site.ledger.last_checkpoint(tx)
    return 0 if note is None else verify_checkpoint(note, site.ledger.key).size


FACE = Router(
    "/api/v1/log",
    route_handlers=[
        log,
        checkpoint,
        sign,
        tile,
        entries,
        entry,
        proof,
        certify,
        destroyed,
        consistency,
        since,
        audit,
    ],
    tags=["log"],
)
"""The router of the log."""
