# SPDX-License-Identifier: Apache-2.0
"""``/console/acts``: what was permitted and denied over time, the articles that denied most, and each act."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Final, Literal

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from keshou.app.site import Site
from keshou.db import to_micros
from keshou.gate.calendar import day_of, read_day, start_of
from keshou.law.terms import ActKind
from keshou.ledger.entry import decode
from keshou.ledger.errors import EntryError
from keshou.tally.count import day_of_number, number_of
from keshou.tally.store import Acts
from keshou.web.cited import cited
from keshou.web.console.chart import Column, Picture, columns
from keshou.web.console.desk import PAGES, Desk, desk_of, show
from keshou.web.console.entries import Row, event_name, listed, row_of
from keshou.web.console.why import why
from keshou.web.entitled import require_log_reader
from keshou.web.errors import NotFoundError
from keshou.web.frame import form
from keshou.web.frame.page import Requested
from keshou.wire.caller import Caller

_LARGEST = 2**53 - 1
_MOST_CITES: Final = 12
Days = Annotated[Literal[30, 90, 365], QueryParameter(name="days")]
Decision = Annotated[str, QueryParameter(name="decision", pattern="^(deny|permit)?$")]
Cite = Annotated[
    str, QueryParameter(name="cite", pattern=r"^([a-z0-9_]{1,32}:[1-9][0-9]{0,3}(\.[1-9][0-9]{0,3}){0,2})?$")
]
Day = Annotated[str, QueryParameter(name="day", pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")]
Before = Annotated[int, QueryParameter(name="before", ge=0, le=_LARGEST)]
Place = Annotated[int, PathParameter(ge=0, le=_LARGEST)]


@get("/console/acts", sync_to_thread=True, include_in_schema=False)
def acts(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], days: Days = 30
) -> Response[bytes]:
    """Show what was permitted and denied over time, and the articles that denied most."""
    require_log_reader(caller, site)
    desk, last = desk_of(request, site, caller), number_of(day_of(site.now()))
    left = site.catch_up()
    with site.reading() as tx:
        found = site.tally.acts(tx, last - days + 1, last)
        cites = site.tally.cites(tx, last - days + 1, last)
    by_day = [_counts(found, number, number) for number in range(last - days + 1, last + 1)]
    span = 7 if days > 90 else 1
    kinds = Counter[tuple[str, str]]()
    for each in found:
        kinds[each.event, each.decision] += each.n
    most = max((n for _, n in cites), default=1)
    return show(
        request, desk, "acts.html.j2", days=days, left=left, span=span,
        picture=_picture(request, desk, found, last - days + 1, last, span),
        table=[
            (day_of_number(last - days + 1 + at), *each) for at, each in reversed(list(enumerate(by_day))) if sum(each)
        ],
        cites=[(*cited(site.law, cite, desk.language), cite, n, n / most) for cite, n in cites[:_MOST_CITES]],
        kinds=[
            (event_name(event, desk.language), kinds[event, "permit"], kinds[event, "deny"])
            for event in sorted({event for event, _ in kinds}, key=_rank)
        ],
        permitted=sum(each[0] for each in by_day), denied=sum(each[1] for each in by_day),
    )  # fmt: skip


def _rank(event: str) -> tuple[int, str]:
    """Return the place of an event among others: acts in the order of the law's terms, then what is none."""
    kinds = list(ActKind)
    return (kinds.index(ActKind(event)) if event in set(kinds) else len(kinds), event)


def _counts(found: Sequence[Acts], first: int, last: int) -> tuple[int, int]:
    within = [each for each in found if first <= each.day <= last]
    permitted = sum(each.n for each in within if each.decision == "permit")
    return permitted, sum(each.n for each in within) - permitted


def _picture(  # noqa: PLR0917 - one picture of one page
    request: Requested, desk: Desk, found: Sequence[Acts], first: int, last: int, span: int
) -> str:
    words = PAGES.words(request)
    given = []
    for start in range(first, last + 1, span):
        permitted, denied = _counts(found, start, start + span - 1)
        day = day_of_number(start)
        told = words("acts.column", day=form.day(day, desk.language), permitted=permitted, denied=denied)
        given.append(Column(f"{day.month}-{day.day}", (permitted, denied), str(told)))
    permitted, denied = _counts(found, first, last)
    text = words("acts.picture_text", permitted=permitted, denied=denied)
    return columns(Picture("k-over", str(words("acts.picture")), str(text)), given, ("good", "bad"))


@get("/console/acts/list", sync_to_thread=True, include_in_schema=False)
def act_list(
    *, request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], decision: Decision = "",
    cite: Cite = "", day: Day = "", before: Before = _LARGEST,
) -> Response[bytes]:  # fmt: skip
    """List acts, the latest first: all, those denied under an article, those of a day."""
    require_log_reader(caller, site)
    desk = desk_of(request, site, caller)
    site.catch_up()
    since, until = _span(site, day)
    found, older = listed(site, decision, cite, since, min(before, until))
    return show(
        request, desk, "act_list.html.j2", rows=[row_of(desk, place, header) for place, header in found], older=older,
        decision=decision, cite=cite, day=day, newest=before == _LARGEST,
        article=cited(site.law, cite, desk.language) if cite and _known(site, cite) else ("", ""),
    )  # fmt: skip


def _known(site: Site, cite: str) -> bool:
    return cite.partition(":")[0] in site.law.instruments


def _span(site: Site, day: str) -> tuple[int, int]:
    """Return the place of a day's first entry, and the first place after it; of no day, all."""
    with site.reading() as tx:
        try:
            start = start_of(read_day(day)) if day else None
        except ValueError:
            raise NotFoundError("there is no such day") from None
        if start is None:
            return 0, site.ledger.head(tx).size
        end = start + dt.timedelta(days=1)
        return site.ledger.first_since(tx, to_micros(start)), site.ledger.first_since(tx, to_micros(end))


@get("/console/acts/{place:int}", sync_to_thread=True, include_in_schema=False)
def act(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], place: Place
) -> Response[bytes]:
    """Show one entry: who did what, when, where, for what; why it was denied, and how to mend it."""
    require_log_reader(caller, site)
    desk = desk_of(request, site, caller)
    with site.reading() as tx:
        try:
            body = site.ledger.entry(tx, place)
        except EntryError:
            raise NotFoundError("the log has no such entry") from None
        size = site.ledger.head(tx).size
    header = decode(body)
    row: Row = row_of(desk, place, header)
    return show(
        request, desk, "act.html.j2", row=row, header=header, body=body.decode(), before=place - 1,
        after=place + 1 if place + 1 < size else -1,
        reasons=why(desk, header) if header.decision == "deny" else [],
        grounds=[] if header.decision == "deny" else [cited(site.law, each, desk.language) for each in header.cites],
    )  # fmt: skip
