# SPDX-License-Identifier: Apache-2.0
"""What a law lets be done otherwise, read straight from its provisions: the literal gate's half of it."""

import datetime as dt
from collections.abc import Collection

from keshou.declaration.model import Purpose, Recipient
from keshou.law.law import Law
from keshou.law.model import Citation, LawError
from keshou.law.terms import ActKind


def lets(law: Law, day: dt.date, cite: str, kind: ActKind, items: Collection[str], *, for_: str) -> bool:
    try:
        citation = Citation.parse(cite)
    except LawError:
        return False
    if citation.instrument not in law.instruments:
        return True
    instrument = law.instruments[citation.instrument]
    if instrument.rank not in {"law", "administrative_regulation"} or not instrument.in_force_on(day):
        return False
    registered = all(item in law.items and law.items[item].registration for item in items)
    for each in law.within(citation):
        said = each.provides_otherwise
        if said is None or said.for_ != for_ or (said.acts and kind not in said.acts):
            continue
        if registered or not said.registration:
            return True
    return False


def grounded(law: Law, day: dt.date, purpose: Purpose, kind: ActKind, item: str) -> bool:
    if purpose.commercial_messages or not purpose.provides_service:
        return False
    for need in purpose.needs:
        if need.item == item and kind in (need.acts or purpose.acts):
            as_it_asks = need.class_ == "registration" or purpose.ground != "npcsc2012:6"
            return as_it_asks and lets(law, day, purpose.ground, kind, {item}, for_="purpose")
    return False


def based(law: Law, day: dt.date, to: Recipient) -> bool:
    if to.approval is not None and (to.approval.valid_until is None or day <= to.approval.valid_until):
        return True
    return lets(law, day, to.basis, ActKind.PROVIDE, (), for_="purpose")
