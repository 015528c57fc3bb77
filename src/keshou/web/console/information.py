# SPDX-License-Identifier: Apache-2.0
"""``/console/information``: which information is collected for which purpose and given to whom; consents over time."""

from collections.abc import Sequence

from litestar import Response, get
from litestar.di import NamedDependency

from keshou.app.site import Site
from keshou.declaration.grounds import asks_consent, reach
from keshou.declaration.model import Declaration, Purpose
from keshou.gate.calendar import day_of
from keshou.language import Text
from keshou.law.terms import ConsentStrength
from keshou.tally.count import day_of_number, number_of
from keshou.tally.store import Consents
from keshou.web.cited import cited
from keshou.web.console.acts import Days
from keshou.web.console.chart import Column, Node, Picture, Ribbon, columns, flow
from keshou.web.console.desk import PAGES, Desk, desk_of, show
from keshou.web.console.names import item_names, named, purpose_names, recipient_names
from keshou.web.entitled import require_reader
from keshou.web.frame import form
from keshou.web.frame.page import Requested
from keshou.wire.caller import Caller

CONSENT = {
    ConsentStrength.EXPRESS: Text("明示同意", "express consent"),
    ConsentStrength.TACIT: Text("默许同意", "tacit consent"),
    ConsentStrength.GUARDIAN: Text("监护人同意", "guardian’s consent"),
}
"""Strength of consent -> what it is called."""
_GIVEN, _ENDED = frozenset({"consent_given"}), frozenset({"consent_withdrawn", "consent_voided"})


@get("/console/information", sync_to_thread=True, include_in_schema=False)
def information(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], days: Days = 30
) -> Response[bytes]:
    """Show what the declaration collects, for what, for whom; and how consents came and went."""
    require_reader(caller)
    desk, last = desk_of(request, site, caller), number_of(day_of(site.now()))
    left = site.catch_up()
    with site.reading() as tx:
        consents = site.tally.consents(tx, last - days + 1, last)
    purposes = desk.declaration.purposes if desk.declaration else ()
    items, recipients = item_names(desk), recipient_names(desk)
    return show(
        request, desk, "information.html.j2", days=days, left=left,
        flow=_flow(request, desk, desk.declaration) if desk.declaration else "",
        purposes=[
            (each, named([need.item for need in each.needs], items), named(each.recipients, recipients),
             _basis(desk, each))
            for each in purposes
        ],
        consents=_picture(request, desk, consents, last - days + 1, last) if consents else "",
        by_purpose=_by_purpose(desk, consents),
        by_day=_by_day(consents),
        given=sum(each.n for each in consents if each.kind in _GIVEN),
        ended=sum(each.n for each in consents if each.kind in _ENDED),
    )  # fmt: skip


def _basis(desk: Desk, purpose: Purpose) -> tuple[str, str]:
    """Return what a purpose stands on, and where that is read (empty: nowhere here)."""
    law, today, consent = desk.site.law, day_of(desk.site.now()), CONSENT[purpose.consent].in_(desk.language)
    if not reach(purpose, law, today):
        return consent, ""
    held = purpose.ground.partition(":")[0] in law.instruments
    name, where = cited(law, purpose.ground, desk.language) if held else (purpose.ground, "")
    return (f"{name} · {consent}" if asks_consent(purpose, law, today) else name), where


def _flow(request: Requested, desk: Desk, declaration: Declaration) -> str:
    """Return the picture from kinds of information over purposes to recipients."""
    words, items = PAGES.words(request), item_names(desk)
    used = list(dict.fromkeys(need.item for each in declaration.purposes for need in each.needs))
    ranks = (
        [Node(f"i {each}", items.get(each, each)) for each in used],
        [Node(f"p {each.id}", each.name.in_(desk.language)) for each in declaration.purposes],
        [Node(f"r {each.id}", each.name.in_(desk.language)) for each in declaration.recipients],
    )
    ribbons = [each for purpose in declaration.purposes for each in _ribbons(desk, purpose)]
    heads = (str(words("information.item")), str(words("information.purpose")), str(words("information.recipient")))
    text = words(
        "information.flow_text", items=len(ranks[0]), purposes=len(ranks[1]), recipients=len(ranks[2])
    )  # fmt: skip
    return flow(Picture("k-flow", str(words("information.flow")), str(text)), heads, ranks, ribbons)


def _ribbons(desk: Desk, purpose: Purpose) -> list[Ribbon]:
    items, recipients = item_names(desk), recipient_names(desk)
    name, look = purpose.name.in_(desk.language), "" if purpose.provides_service else "care"
    needs = dict.fromkeys(need.item for need in purpose.needs)
    into = [Ribbon(f"i {each}", f"p {purpose.id}", look, f"{items.get(each, each)} → {name}") for each in needs]
    out = [
        Ribbon(f"p {purpose.id}", f"r {each}", look, f"{name} → {recipients[each]}")
        for each in purpose.recipients
        if each in recipients
    ]
    return into + out


def _picture(request: Requested, desk: Desk, found: Sequence[Consents], first: int, last: int) -> str:
    words, given = PAGES.words(request), []
    span = 7 if last - first > 90 else 1
    for start in range(first, last + 1, span):
        within = [each for each in found if start <= each.day < start + span]
        came, went = (sum(each.n for each in within if each.kind in kinds) for kinds in (_GIVEN, _ENDED))
        day = day_of_number(start)
        told = words("information.column", day=form.day(day, desk.language), given=came, ended=went)
        given.append(Column(f"{day.month}-{day.day}", (came, went), str(told)))
    title, text = words("information.consents_picture"), words("information.consents_text")
    return columns(Picture("k-consents", str(title), str(text)), given, ("good", "care"))


def _by_purpose(desk: Desk, found: Sequence[Consents]) -> list[tuple[str, int, int]]:
    names = purpose_names(desk)
    ids = dict.fromkeys(each.purpose for each in found)
    return [
        (
            names.get(one, one),
            sum(each.n for each in found if each.purpose == one and each.kind in _GIVEN),
            sum(each.n for each in found if each.purpose == one and each.kind in _ENDED),
        )
        for one in ids
    ]


def _by_day(found: Sequence[Consents]) -> list[tuple[object, int, int]]:
    days = sorted({each.day for each in found}, reverse=True)
    return [
        (
            day_of_number(day),
            sum(each.n for each in found if each.day == day and each.kind in _GIVEN),
            sum(each.n for each in found if each.day == day and each.kind in _ENDED),
        )
        for day in days
    ]
