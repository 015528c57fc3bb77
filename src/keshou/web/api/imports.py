# SPDX-License-Identifier: Apache-2.0
"""Large tables of users, taken in in the background: put down sealed as they come, never held in memory whole.

A table that breaks off on its way leaves nothing. One is taken in at a time; what became of it is told to who sent it.
"""

import hashlib
from typing import Annotated

import anyio.to_thread
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter

from keshou.app.importer import Importer, Wanted
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.imports.errors import UnknownImportError
from keshou.imports.sealed_table import SealedTable
from keshou.web.api.asked import Requested, answer, refuse_other_type
from keshou.web.api.paged import USUAL, Cursor, Limit, Page, page
from keshou.web.api.tables import CSV, Mapping, OnError, Purposes, Where, pairs_of, refuse_beyond_taking, split
from keshou.web.described import told
from keshou.web.entitled import actor, require_staff
from keshou.web.errors import NotFoundError, TooLargeError, TooManyRequestsError
from keshou.web.idempotency import IdempotencyKey, Sent, answer_once, fresh_id
from keshou.wire import tables
from keshou.wire.caller import Caller
from keshou.wire.imports import ImportShape, import_shape

JobId = Annotated[str, PathParameter(pattern="^import-[0-9a-f]{16}$")]
_AT_ONCE = 1 << 20
"""Bytes put down at a time."""
_LATER = 60
"""Seconds after which a place may be free."""


@post("/", status_code=202, request_max_body_size=None, operation_class=told(
    ImportShape, body=bytes, body_types=(CSV,), status=202
))  # fmt: skip
async def send(
    *, request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], key: IdempotencyKey,
    purposes: Purposes = "", on_error: OnError = tables.OnError.STOP, mapping: Mapping = "", where: Where = "",
) -> Response[bytes]:  # fmt: skip
    """Send a table of users of any length, to be taken in when its turn comes; ask at its id what became of it.

    Columns are those of an intake. With `stop` one row that is wrong or would be denied keeps all out, and only what
    changes while they go in can end it half way; with `skip` the others go in. People need a fresh proof of who they
    are.
    """
    chosen = split(purposes)
    refuse_beyond_taking(caller, site, chosen)
    refuse_other_type(request, CSV)
    by, pairs, mode = actor(caller, ""), pairs_of(mapping), tables.OnError(on_error)
    importer = _importer(request, site)
    with importer.place(site.settings.server.tables_waiting) as free:
        if not free:
            raise TooManyRequestsError(_LATER)
        table = await anyio.to_thread.run_sync(SealedTable, site.home, site.suite)
        wanted = Wanted(table, by, where, chosen, pairs, "skip" if mode is tables.OnError.SKIP else "stop")
        taken: list[str] = []
        try:
            digest = await _put_down(request, table, site.settings.server.table_bytes)
            await anyio.to_thread.run_sync(wanted.intake, site)
            said = (sorted(chosen), on_error, mapping, where, digest)
            sent = Sent(caller, key, said, ("imports",))
            return await anyio.to_thread.run_sync(_note, site, importer, sent, wanted, taken)
        finally:
            # Whoever goes away while it is handed over must not take it from the one who has it now.
            if not taken:
                table.close()


@get("/", sync_to_thread=True, operation_class=told(Page[ImportShape]))
def imports(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return the tables that the caller sent, by id."""
    require_staff(caller)
    with site.reading() as tx:
        found = [import_shape(each) for each in site.imports.jobs(tx, caller.id, site.now())]
    return answer(page(sorted(found, key=lambda each: each.id), lambda each: each.id, cursor, limit))


@get("/{job:str}", sync_to_thread=True, operation_class=told(ImportShape, problems=(404,)))
def import_of(job: JobId, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Say where a table stands that the caller sent, and what became of it: rows and reasons, never values."""
    require_staff(caller)
    with site.reading() as tx:
        try:
            found = site.imports.job(tx, job, site.now())
        except UnknownImportError as error:
            raise NotFoundError(str(error), hint=error.hint) from None
    if found.by != caller.id:
        raise NotFoundError(str(UnknownImportError()))
    return answer(import_shape(found))


async def _put_down(request: Requested, table: SealedTable, most: int) -> str:
    """Put a body down as it comes; return its digest.

    Raises:
        TooLargeError: it is longer than the settings let it be.

    """
    digest, held, length = hashlib.sha256(), bytearray(), 0
    async for part in request.stream():
        length += len(part)
        if length > most:
            raise TooLargeError("the table is too large", hint="send it in parts; `table_bytes` in [server] bounds it")
        held += part
        if len(held) >= _AT_ONCE:
            digest.update(held)
            await anyio.to_thread.run_sync(table.write, bytes(held))
            held.clear()
    digest.update(held)
    await anyio.to_thread.run_sync(table.write, bytes(held))
    await anyio.to_thread.run_sync(table.finish)
    return digest.hexdigest()


def _note(site: Site, importer: Importer, sent: Sent, wanted: Wanted, taken: list[str]) -> Response[bytes]:
    """Keep that a table came and hand it over, with its id put into `taken`; one that came before is not taken."""
    made: list[str] = []

    def keep(tx: Transaction) -> ImportShape:
        job = importer.note(tx, fresh_id("import", sent.caller, sent.key), wanted.by)
        made.append(job.id)
        return import_shape(job)

    found = answer_once(site, sent, keep, status=202)
    if made:
        taken.append(made[0])
        importer.take(made[0], wanted)
    return found


def _importer(request: Requested, site: Site) -> Importer:
    """Return what takes tables in for this process."""
    found: Importer | None = request.app.state.get("importer")
    if found is None:
        found = request.app.state.importer = Importer(site)
    return found


FACE = Router("/api/v1/imports", route_handlers=[send, imports, import_of], tags=["tables"])
"""The router of large tables."""
