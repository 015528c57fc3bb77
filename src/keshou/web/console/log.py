# SPDX-License-Identifier: Apache-2.0
"""``/console/log``: where the log stands, what was signed last, and "check it now"."""

from litestar import Response, get, post
from litestar.di import NamedDependency

from keshou.app import clock
from keshou.app.site import Site
from keshou.db import from_micros
from keshou.declaration.model import Office
from keshou.errors import IntegrityError
from keshou.ledger.checkpoint import verify_checkpoint
from keshou.ledger.entry import decode
from keshou.web.console.desk import desk_of, show, to
from keshou.web.console.entries import listed_all, row_of
from keshou.web.entitled import require, require_log_reader
from keshou.web.frame.page import Requested
from keshou.wire.caller import Caller
from keshou.wire.error_words import in_words


@get("/console/log", sync_to_thread=True, include_in_schema=False)
def log(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Show where the log stands."""
    require_log_reader(caller, site)
    desk = desk_of(request, site, caller)
    with site.reading() as tx:
        head = site.ledger.head(tx)
        note, signed_at = site.ledger.last_checkpoint(tx), site.ledger.signed_at(tx)
        last = decode(site.ledger.entry(tx, head.size - 1)) if head.size else None
        latest = listed_all(tx, site, head.size)
    return show(
        request, desk, "log.html.j2", size=head.size, root=head.root.hex() if head.size else "", note=_text(note),
        signed=verify_checkpoint(note, site.ledger.key).size if note else 0,
        signed_at=from_micros(signed_at) if signed_at else None, last=from_micros(last.t) if last else None,
        origin=site.ledger.origin, vkey=str(site.ledger.key), signs=Office.AUDIT in desk.offices,
        rows=[row_of(desk, place, header) for place, header in latest],
    )  # fmt: skip


def _text(note: bytes | None) -> str:
    return note.decode("utf-8", "replace") if note else ""


@post("/console/log/checkpoint", sync_to_thread=True, status_code=303, include_in_schema=False)
def sign(caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[None]:
    """Sign the log as it stands."""
    require(caller, site, Office.AUDIT)
    site.checkpoint()
    return to("/console/log")


@post("/console/log/check", sync_to_thread=True, status_code=200, include_in_schema=False)
def check(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Read the whole log again and hold facts and rules against it; say what was found, or the first entry altered."""
    require_log_reader(caller, site)
    desk, began = desk_of(request, site, caller), clock.stopwatch()
    try:
        found, facts = site.audit()
    except IntegrityError as error:
        broken, first = in_words(error, desk.language)[0], getattr(error, "index", -1)
        return show(request, desk, "log_checked.html.j2", status=500, broken=broken, first=first)
    return show(
        request, desk, "log_checked.html.j2", broken="", found=found, facts=facts,
        seconds=clock.stopwatch() - began,
    )  # fmt: skip
