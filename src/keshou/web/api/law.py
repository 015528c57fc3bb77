# SPDX-License-Identifier: Apache-2.0
"""The law for anybody: read, what carries each provision, two instruments side by side, how fresh the reading is."""

from typing import Annotated

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from keshou.app import built
from keshou.app.site import Site
from keshou.gate.calendar import day_of
from keshou.law.compare import compare
from keshou.law.model import Citation, LawError
from keshou.law.status import is_fresh, status
from keshou.web.api.asked import Requested, answer
from keshou.web.api.paged import USUAL, Cursor, Limit, Page, page
from keshou.web.described import told
from keshou.web.errors import NotFoundError
from keshou.wire import law as w

_CITATION = r"^[a-z0-9_]{1,32}(:[1-9][0-9]{0,3}(\.[1-9][0-9]{0,3}){0,2})?$"
Cited = Annotated[str, PathParameter(pattern=_CITATION, description="`miit24`, `miit24:9` or `miit24:9.1`.")]
_INSTRUMENT = r"^[a-z0-9_]{1,32}$"
First = Annotated[str, QueryParameter(name="first", pattern=_INSTRUMENT, description="Id of an instrument.")]
Second = Annotated[str, QueryParameter(name="second", pattern=_INSTRUMENT, description="Id of the other.")]


@get("/", sync_to_thread=True, security=[{}], operation_class=told(Page[w.InstrumentShape]))
def instruments(
    request: Requested, site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return the instruments that are held, by id."""
    _count(request)
    found = [w.instrument_shape(each) for each in site.law.instruments.values()]
    return answer(page(found, lambda each: each.id, cursor, limit))


@get("/coverage", sync_to_thread=True, security=[{}], operation_class=told(w.CoverageAnswer))
def covered(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Return what carries each provision that binds the operator: the gate, a record, a duty, or outside software."""
    _count(request)
    return answer(w.coverage_answer(built.coverage(site.law)))


@get("/comparison", sync_to_thread=True, security=[{}], operation_class=told(w.ComparisonAnswer, problems=(404,)))
def compared(request: Requested, site: NamedDependency[Site], first: First, second: Second) -> Response[bytes]:
    """Put two instruments side by side: what both say, what only one says, in what they differ."""
    _count(request)
    if not {first, second} <= set(site.law.instruments):
        raise NotFoundError("there is no such instrument", hint="list them at /api/v1/law")
    return answer(w.comparison_answer(compare(site.law, first, second)))


@get("/status", sync_to_thread=True, security=[{}], operation_class=told(w.StatusAnswer))
def freshness(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Say how each instrument stands today, and whether its reading is fresh."""
    _count(request)
    lines = status(site.law, day_of(site.now()))
    return answer(w.StatusAnswer(fresh=is_fresh(lines), instruments=[w.status_shape(each) for each in lines]))


@get("/{cited:str}", sync_to_thread=True, security=[{}], operation_class=told(w.ProvisionsAnswer, problems=(404,)))
def provisions(request: Requested, cited: Cited, site: NamedDependency[Site]) -> Response[bytes]:
    """Return what a citation names: a provision, an article with its parts, or an instrument's provisions."""
    _count(request)
    if cited in site.law.instruments:
        return answer(w.ProvisionsAnswer(provisions=list(site.law.instruments[cited].provisions)))
    try:
        found = site.law.within(Citation.parse(cited))
    except LawError:
        found = ()
    if not found:
        raise NotFoundError("the law has no such provision", hint="list the instruments at /api/v1/law")
    return answer(w.ProvisionsAnswer(provisions=list(found)))


def _count(request: Requested) -> None:
    """Count a request of somebody who proves nothing."""
    request.app.state.callers.limits.spend_source(request.scope)


FACE = Router("/api/v1/law", route_handlers=[instruments, covered, compared, freshness, provisions], tags=["law"])
"""The router of the law."""
