# SPDX-License-Identifier: Apache-2.0
"""Very many questions at once, as a stream of Arrow record batches in and one out. Nothing is done or recorded.

1. the whole stream is taken, once there is room for it in memory, so that one that breaks off is refused before
   anything is answered;
2. its different questions are laid out as the JSON face lays them out;
3. every row is decided on facts at least as new as the request, and answered in the order asked.
"""

import datetime as dt
import threading
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import anyio
import anyio.to_thread
import numpy as np
import pyarrow as pa
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException

from keshou.app.column_gate import ColumnGate, Decided, Pairs
from keshou.app.site import Site
from keshou.gate.act import Act
from keshou.gate.answers import names_of
from keshou.gate.conditions import Words
from keshou.gate.frames import StreamError, StreamTooLongError
from keshou.gate.prohibitions.places import PLACES
from keshou.gate.prohibitions.registry import PROHIBITIONS
from keshou.web.authzen.column_layout import Laid, Layout, Rows, rows_of
from keshou.web.authzen.evaluation import wants_reasons
from keshou.web.caller import Requested
from keshou.web.described import told
from keshou.web.entitled import asks_alike
from keshou.web.errors import MalformedError, TooLargeError, TooManyRequestsError
from keshou.wire.authzen_arrow import MEDIA_TYPE, read_stream, write_answers
from keshou.wire.caller import Caller

MOST_ROWS = 1_000_000
"""Questions in one stream."""
MOST_QUESTIONS = 20_000
"""Different questions in one stream; beside them rows differ by their users."""
MOST_BYTES = 1 << 26
"""Bytes of one stream."""
_AT_ONCE = 2
"""Streams judged at a time in one process; others wait for their turn."""
_HELD = 4
"""Streams held in memory at a time: a body is read only once it is among them."""
_PATIENCE = 10.0
"""Seconds that a stream waits to be read; then its caller is asked to come again."""
_MOST_CALLERS = 64
_PROHIBITIONS = {place: {"prohibition": name, "cite": str(PROHIBITIONS[name].cite)} for name, place in PLACES.items()}


class Columns:
    """What one server keeps from one stream to the next."""

    def __init__(self, site: Site) -> None:
        self.gate = ColumnGate(site)
        self.turn = anyio.CapacityLimiter(_AT_ONCE)
        self.held = anyio.CapacityLimiter(_HELD)
        self._lock = threading.Lock()
        self._layouts: dict[Caller, Layout] = {}

    def layout(self, caller: Caller) -> Layout:
        """Return what lays out the questions of `caller`; what it may ask is part of who it is."""
        with self._lock:
            found = self._layouts.get(caller)
            if found is None:
                if len(self._layouts) >= _MOST_CALLERS:
                    self._layouts.clear()
                found = self._layouts[caller] = Layout(caller)
            return found


class _Asked(NamedTuple):
    body: bytes
    size: int
    """Of the log, as it was seen for this request."""
    reasons: bool


class _Answered(NamedTuple):
    body: bytes
    permitted: int
    denied: int
    by_article: Counter[str]


@post(
    "/api/v1/evaluations",
    status_code=200,
    request_max_body_size=MOST_BYTES,
    operation_class=told(bytes, body=bytes, body_types=(MEDIA_TYPE,), media_types=(MEDIA_TYPE,)),
    tags=["questions"],
)
async def evaluations(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]
) -> Response[bytes]:
    """Answer a stream of questions, a row each, by a stream of decisions in the same order."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise HTTPException(status_code=415)
    columns: Columns | None = request.app.state.get("columns")
    if columns is None:
        columns = request.app.state.columns = Columns(site)
    async with _place(columns.held):
        body = await request.body()
        size = (await request.app.state.callers.seen(request)).size
        asked = _Asked(body, size, reasons=wants_reasons(request, site))
        try:
            found = await anyio.to_thread.run_sync(_answered, columns, site, caller, asked, limiter=columns.turn)
        except StreamTooLongError as error:
            raise TooLargeError(str(error), hint="send several streams") from None
        except StreamError as error:
            raise MalformedError(str(error)) from None
    request.app.state.metrics.decided_many(found.permitted, found.denied, found.by_article)
    return Response(found.body, media_type=MEDIA_TYPE)


@asynccontextmanager
async def _place(held: anyio.CapacityLimiter) -> AsyncIterator[None]:
    """Hold one of the places for bodies in memory.

    Raises:
        TooManyRequestsError: none became free in time.

    """
    holder = object()
    with anyio.move_on_after(_PATIENCE) as waited:
        await held.acquire_on_behalf_of(holder)
    if waited.cancelled_caught:
        raise TooManyRequestsError(max(1, round(_PATIENCE)))
    try:
        yield
    finally:
        held.release_on_behalf_of(holder)


def _answered(columns: Columns, site: Site, caller: Caller, asked: _Asked) -> _Answered:
    body, size, reasons = asked
    table, now = read_stream(body, MOST_ROWS), site.now()
    rows = rows_of(table)
    if len(rows.questions) > MOST_QUESTIONS:
        raise StreamTooLongError(f"more than {MOST_QUESTIONS} different questions at once")
    laid = columns.layout(caller).lay_out(rows.names, rows.questions, now)
    codes, found = _codes(columns.gate, rows, laid, size, now, alike=asks_alike(caller))
    errors = list(dict.fromkeys(each for each in laid if type(each) is str))
    faults = np.array([errors.index(each) if type(each) is str else -1 for each in laid], np.int32)[rows.which]
    about: dict[str, Any] | None = None
    if reasons:
        about = {"basis": {"rules": found.rules, "revision": found.revision}, "prohibitions": _PROHIBITIONS}
    sizes = [len(part) for part in table.column(0).chunks]
    return _Answered(write_answers(sizes, codes, (faults, errors), about), *_counted(codes[faults < 0]))


def _codes(
    gate: ColumnGate, rows: Rows, laid: Sequence[Laid], size: int, now: dt.datetime, *, alike: bool
) -> tuple[Words, Decided]:
    """Return the reason code of each row, of those that the gate was asked and of those that need no gate."""
    acts = [each for each in laid if type(each) is Act]
    asks = np.array([type(each) is Act for each in laid], np.bool_)
    place = np.cumsum(asks) - 1
    if asks.all():
        found = gate.decide(Pairs(acts, rows.which, rows.users, rows.of_user, alike), size, now)
        return found.codes, found
    codes = np.array([each if type(each) is int else 0 for each in laid], np.uint64)[rows.which]
    asked = asks[rows.which]
    found = gate.decide(Pairs(acts, place[rows.which[asked]], rows.users, rows.of_user[asked], alike), size, now)
    codes[asked] = found.codes
    return codes, found


def _counted(codes: Words) -> tuple[int, int, Counter[str]]:
    """Return how many rows were permitted and denied, and how many denials met each article."""
    by_article: Counter[str] = Counter()
    permitted = int(np.count_nonzero(codes == 0))
    different = pa.array(codes).value_counts()
    for code, rows in zip(*(part.to_pylist() for part in different.flatten()), strict=True):
        cites = {str(PROHIBITIONS[name].cite) for name in names_of(code)}
        by_article.update(dict.fromkeys(cites, rows))
    return permitted, len(codes) - permitted, by_article
