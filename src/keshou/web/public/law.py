# SPDX-License-Identifier: Apache-2.0
"""``/law``: the reading room. Every instrument, article by article in our own words, and what carries it here."""

import datetime as dt
from typing import Annotated

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from keshou.app.site import Site
from keshou.gate.calendar import day_of
from keshou.language import Text
from keshou.law.coverage import Status
from keshou.law.status import InstrumentStatus, Standing, standing, status
from keshou.law.terms import Rank
from keshou.web.cited import SHOWN
from keshou.web.errors import NotFoundError
from keshou.web.frame.page import PUBLIC, Requested
from keshou.web.language import language_of
from keshou.web.public.pages import PAGES
from keshou.web.public.reading_room import Reading, articles, counts
from keshou.wire.law_words import RANK, STANDING, STATUS

_LOOKS = {Standing.IN_FORCE: "good", Standing.ADOPTABLE: "", Standing.NEVER: ""}
Name = Annotated[str, PathParameter(max_length=64)]
Search = Annotated[str, QueryParameter(name="q", max_length=100)]
Wanted = Annotated[str, QueryParameter(name="status", max_length=20)]


@get("/law", sync_to_thread=False, include_in_schema=False)
def room(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Show every instrument: its rank, its dates, how it stands today, how it is carried."""
    language = language_of(request)
    listed = [
        {
            "one": line.instrument,
            "rank": RANK[line.instrument.rank].in_(language),
            "standing": STANDING[line.standing].in_(language),
            "look": _LOOKS.get(line.standing, "care"),
            "stale": line.stale,
            "counts": _counts(counts(site.law, line.instrument), request),
        }
        for line in sorted(status(site.law, day_of(site.now())), key=_place)
    ]
    return PAGES.answer(request, "law.html.j2", cache=PUBLIC, listed=listed)


@get("/law/{name:str}", sync_to_thread=False, include_in_schema=False)
def instrument(
    request: Requested, site: NamedDependency[Site], name: Name, search: Search = "", wanted: Wanted = ""
) -> Response[bytes]:
    """Show one instrument, article by article; `q` and `status` narrow it."""
    one = site.law.instruments.get(name)
    if one is None:
        raise NotFoundError("the law's data holds no such instrument", hint="they are listed at /law")
    language = language_of(request)
    chosen = wanted if wanted in list(Status) else ""
    reading = Reading(site.law, one, PAGES.words(request), language)
    found = articles(reading, status=chosen, search=search)
    today = standing(one, day_of(site.now()))
    return PAGES.answer(
        request,
        "instrument.html.j2",
        cache=PUBLIC,
        one=one,
        rank=RANK[one.rank].in_(language),
        standing=STANDING[today].in_(language),
        never=today is Standing.NEVER,
        look=_LOOKS.get(today, "care"),
        articles=found,
        shown=sum(len(each.parts) for each in found),
        counts=_counts(counts(site.law, one), request),
        search=search,
        chosen=chosen,
    )


def _place(line: InstrumentStatus) -> tuple[int, dt.date]:
    """Return where an instrument stands on the shelf: by rank, then by the day it was published."""
    return list(Rank).index(line.instrument.rank), line.instrument.published


def _counts(found: dict[Status, int], request: Requested) -> list[tuple[str, str, str, int]]:
    """Return code, name, look and number of each status that occurs."""
    language = language_of(request)
    named: dict[Status, Text] = dict(STATUS)
    return [(each.value, named[each].in_(language), SHOWN[each], number) for each, number in found.items()]
