# SPDX-License-Identifier: Apache-2.0
"""``/console``: how the operator stands, article by article of what binds it today."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, NamedTuple

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from keshou.app.site import Site
from keshou.gate.calendar import day_of
from keshou.law.coverage import Line, Status
from keshou.law.model import Citation, Instrument
from keshou.law.status import is_fresh, status
from keshou.law.terms import Carrier, Rank
from keshou.tally.count import number_of
from keshou.web.cited import SHOWN, cited, lines, name_of, within
from keshou.web.console.desk import HOME, Desk, desk_of, may_open, show
from keshou.web.console.todo import Missing, missing
from keshou.web.frame.page import Requested
from keshou.wire.caller import Caller
from keshou.wire.law_words import CARRIER, STATUS

DAYS: Final = 30
"""Over how many days numbers are told."""
_WORST: Final = (Status.GAP, Status.OPEN, Status.OUTSIDE, Status.CARRIED, Status.ENFORCED)
_EVIDENCE: Final = {
    Carrier.GATE: "/console/acts", Carrier.ACTS: "/console/acts", Carrier.LEDGER: "/console/log",
    Carrier.VAULT: "/console/log", Carrier.DECLARATION: "/rules",
}  # fmt: skip
"""What carries a provision -> where its evidence is seen."""
Shown = Annotated[str, QueryParameter(name="show", pattern="^(missing)?$")]


class Article(NamedTuple):
    """One article and how it stands."""

    number: int
    name: str
    path: str
    status: str
    look: str
    carriers: list[tuple[str, str]]
    """Name of each part that carries it, and where its evidence is seen (empty: nowhere here)."""
    rules: int
    """How many prohibitions of the gate enforce it."""
    denied: list[tuple[str, str, int]]
    """Part, citation and number of denials under it lately."""
    missing: list[Missing]
    waits: list[str]
    """Parts that carry it and are not built."""


class Standing(NamedTuple):
    """One instrument and its articles."""

    instrument: Instrument
    articles: list[Article]


@get(HOME, sync_to_thread=True, include_in_schema=False)
def standing(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], shown: Shown = ""
) -> Response[bytes]:
    """Show how the operator stands."""
    desk = desk_of(request, site, caller)
    found, denied, permitted = missing(desk), Counter[str](), 0
    if desk.reads_log:
        today = number_of(day_of(site.now()))
        site.catch_up()
        with site.reading() as tx:
            denied.update(dict(site.tally.cites(tx, today - DAYS + 1, today)))
            acts = site.tally.acts(tx, today - DAYS + 1, today)
        permitted = sum(each.n for each in acts if each.decision == "permit")
        refused = sum(each.n for each in acts if each.decision == "deny")
    else:
        refused = 0
    listed = [_standing(desk, one, found, denied) for one in _binding(desk)]
    if shown == "missing":
        listed = [each._replace(articles=[one for one in each.articles if one.missing]) for each in listed]
    ids = {one.id for one in _binding(desk)}
    counts = Counter(line.status for line in lines(site.law).values() if line.provision.citation.instrument in ids)
    return show(
        request, desk, "standing.html.j2", listed=listed, shown=shown, missing=found, days=DAYS,
        grave=sum(each.grave for each in found), permitted=permitted, denied=refused,
        beside=[each for each in found if not each.cite],
        counts=[(STATUS[each].in_(desk.language), SHOWN[each], counts[each]) for each in reversed(_WORST)],
        fresh=is_fresh(status(site.law, day_of(site.now()))),
    )  # fmt: skip


def _binding(desk: Desk) -> list[Instrument]:
    """Return the instruments that bind today, orders first: in force, and guidance that the rules adopt."""
    adopted = desk.declaration.operator.adopts if desk.declaration else ()
    found = desk.site.law.on(day_of(desk.site.now()), adopted).instruments.values()
    ranks = (Rank.DEPARTMENTAL_RULE, Rank.LAW, Rank.ADMINISTRATIVE_REGULATION, Rank.GUIDANCE)
    return sorted(found, key=lambda one: (ranks.index(one.rank), one.id))


def _standing(desk: Desk, one: Instrument, found: Sequence[Missing], denied: Mapping[str, int]) -> Standing:
    known = lines(desk.site.law)
    by_article: dict[int, list[Line]] = {}
    for each in one.provisions:
        line = known.get(each.cite)
        if line is not None and line.status is not Status.NONE_NEEDED:
            by_article.setdefault(each.citation.article, []).append(line)
    return Standing(one, [_article(desk, one, number, of, found, denied) for number, of in by_article.items()])


def _article(  # noqa: PLR0917 - one row of one table
    desk: Desk, one: Instrument, number: int, of: Sequence[Line], found: Sequence[Missing], denied: Mapping[str, int]
) -> Article:
    whole, language = Citation(one.id, number), desk.language
    worst = next(each for each in _WORST if any(line.status is each for line in of))
    carriers = dict.fromkeys(each for line in of for each in line.provision.carriers if each is not Carrier.NONE)
    waits = dict.fromkeys(each for line in of for each in line.waits_for)
    return Article(
        number=number,
        name=name_of(one, number, language),
        path=cited(desk.site.law, str(whole), language)[1],
        status=STATUS[worst].in_(language),
        look=SHOWN[worst],
        carriers=[(CARRIER[each].in_(language), _evidence(desk, each)) for each in carriers if each not in waits],
        rules=len({name for line in of for name in line.provision.prohibitions}),
        denied=[
            (within(Citation.parse(cite), language), cite, n)
            for cite, n in sorted(denied.items())
            if Citation.parse(cite).within(whole)
        ],
        missing=[each for each in found if each.cite and Citation.parse(each.cite).within(whole)],
        waits=[CARRIER[each].in_(language) for each in waits],
    )


def _evidence(desk: Desk, carrier: Carrier) -> str:
    path = _EVIDENCE.get(carrier, "")
    return path if may_open(desk, path) else ""
