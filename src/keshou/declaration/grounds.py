# SPDX-License-Identifier: Apache-2.0
"""What may stand in place of consent: one judgement for whoever checks a declaration, decides an act, shows the rules.

What each provision lets be done is the law's data (`provides_otherwise`); here it is held against a purpose, a case
and a recipient. An instrument that the data does not hold is taken at the operator's word.

Source: miit24:9.5, gbz28828:6.1.5
"""

import datetime as dt
from collections.abc import Collection
from enum import StrEnum
from typing import Literal

from keshou.declaration.model import Purpose, Recipient
from keshou.law.law import Law
from keshou.law.model import Citation, LawError, Otherwise
from keshou.law.terms import HIGHER_RANKS, USE_KINDS, ActKind, RetentionClass

AGREED_KINDS = USE_KINDS | {ActKind.COLLECT}
"""The kinds of act that need consent (Order 24 Art. 9(1))."""


class Fault(StrEnum):
    """What is wrong with relying on a citation for a purpose."""

    MALFORMED = "malformed"
    UNVERIFIED = "unverified"
    """The law's data does not hold the instrument: nothing is known to be wrong."""
    RANK = "rank"
    UNKNOWN_PROVISION = "unknown_provision"
    PROVIDES_NOTHING = "provides_nothing"
    NOT_IN_FORCE = "not_in_force"
    CASE_ONLY = "case_only"
    """It bears what is recorded for one case, and no purpose."""


def fault(cite: str, law: Law, day: dt.date) -> Fault | None:
    """Return what is wrong on a day with resting a purpose on `cite`; None: nothing."""
    try:
        citation = Citation.parse(cite)
    except LawError:
        return Fault.MALFORMED
    instrument = law.instruments.get(citation.instrument)
    if instrument is None:
        return Fault.UNVERIFIED
    named = law.within(citation)
    found = {each.provides_otherwise.for_ for each in named if each.provides_otherwise}
    wrong = {
        Fault.RANK: instrument.rank not in HIGHER_RANKS,
        Fault.UNKNOWN_PROVISION: not named,
        Fault.PROVIDES_NOTHING: not found,
        Fault.NOT_IN_FORCE: not instrument.in_force_on(day),
        Fault.CASE_ONLY: "purpose" not in found,
    }
    return next((each for each, true in wrong.items() if true), None)


def provided(cite: str, law: Law, day: dt.date, for_: Literal["purpose", "case"]) -> tuple[Otherwise, ...]:
    """Return what `cite` lets be done on a day, for a purpose or for a case; nothing where it may not be relied on."""
    found = fault(cite, law, day)
    if found is Fault.UNVERIFIED:
        return (Otherwise(for_=for_),)
    if found not in (None, Fault.CASE_ONLY):
        return ()
    every = (each.provides_otherwise for each in law.within(cite))
    return tuple(each for each in every if each is not None and each.for_ == for_)


def lets(otherwise: Otherwise, kind: ActKind, items: Collection[str], law: Law) -> bool:
    """Say whether one provision lets an act of a kind be done on all of `items`."""
    if otherwise.acts and kind not in otherwise.acts:
        return False
    return not otherwise.registration or all(each in law.items and law.items[each].registration for each in items)


def may_rest(purpose: Purpose) -> bool:
    """Say whether a purpose may do without consent at all: it provides the service, and sends nobody messages."""
    return purpose.provides_service and not purpose.commercial_messages


def reach(purpose: Purpose, law: Law, day: dt.date) -> frozenset[tuple[str, ActKind]]:
    """Return the items and acts of a purpose for which its ground stands in place of consent on a day."""
    if not purpose.ground or not may_rest(purpose):
        return frozenset()
    found = provided(purpose.ground, law, day, "purpose")
    return frozenset(
        (need.item, act)
        for each in found
        for need in purpose.needs
        if not each.registration or need.class_ is RetentionClass.REGISTRATION
        for act in need.acts or purpose.acts
        if lets(each, act, (need.item,), law)
    )


def asks_consent(purpose: Purpose, law: Law, day: dt.date) -> bool:
    """Say whether anything that a purpose declares needs consent on a day."""
    reached = reach(purpose, law, day)
    declared = {(need.item, act) for need in purpose.needs for act in need.acts or purpose.acts}
    return not reached or any(each not in reached for each in declared if each[1] in AGREED_KINDS)


def bears_provision(cite: str, law: Law, day: dt.date) -> bool:
    """Say whether `cite` provides for information going to a recipient on a day."""
    return any(lets(each, ActKind.PROVIDE, (), law) for each in provided(cite, law, day, "purpose"))


def is_based(recipient: Recipient, law: Law, day: dt.date) -> bool:
    """Say whether a law provides for a recipient on a day, or the competent department approved of it."""
    approval = recipient.approval
    approved = approval is not None and (approval.valid_until is None or day <= approval.valid_until)
    return approved or bears_provision(recipient.basis, law, day)
