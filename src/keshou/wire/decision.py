# SPDX-License-Identifier: Apache-2.0
"""A decision as it goes over the wire: every article with what it says, and what was missing."""

from functools import lru_cache

import msgspec

from keshou.gate.decision import Decision, Deny, Ground, Permit
from keshou.language import Language, Text
from keshou.law.law import Law
from keshou.wire.decision_words import MISSING, STANDS_ON


class ReasonShape(msgspec.Struct, frozen=True, kw_only=True):
    """One prohibition that an act met."""

    prohibition: str
    """Its stable name, e.g. ``use_beyond_purpose``."""
    cite: str
    """The provision, e.g. ``miit24:9.3``."""
    missing: str
    """Code of what was missing, e.g. ``consent``."""
    missing_name: str
    """The same in words, in the caller's language."""
    says: str
    """What the provision says, in our own words, in the caller's language."""


class GroundShape(msgspec.Struct, frozen=True, kw_only=True):
    """What a permission stands on."""

    cite: str
    fact: str
    fact_name: str


class DecisionShape(msgspec.Struct, frozen=True, kw_only=True):
    """Permit or deny, with reasons or grounds, and the state it was decided on."""

    permitted: bool
    rules: int
    """Version of the published rules applied; 0 when there was none."""
    revision: int
    """Revision of the facts applied: the size of the log."""
    full: bool
    """Whether full values may be shown; otherwise masked."""
    grounds: list[GroundShape]
    """Empty on a denial."""
    reasons: list[ReasonShape]
    """Empty on a permission."""


def decision_shape(decision: Decision, law: Law, language: Language) -> DecisionShape:
    """Return `decision` as it goes over the wire, in `language`."""
    grounds = decision.grounds if isinstance(decision, Permit) else ()
    reasons = decision.reasons if isinstance(decision, Deny) else ()
    return DecisionShape(
        permitted=decision.permitted,
        rules=decision.rules,
        revision=decision.revision,
        full=isinstance(decision, Permit) and decision.full,
        grounds=_grounds(grounds, language),
        reasons=[
            ReasonShape(
                prohibition=each.prohibition,
                cite=str(each.cite),
                missing=each.missing,
                missing_name=MISSING[each.missing].in_(language),
                says=_says(law.provision(each.cite).says, language),
            )
            for each in reasons
        ],
    )


@lru_cache(maxsize=1024)
def _grounds(grounds: tuple[Ground, ...], language: Language) -> list[GroundShape]:
    return [
        GroundShape(cite=str(each.cite), fact=each.fact, fact_name=STANDS_ON[each.fact].in_(language))
        for each in grounds
    ]


def _says(text: Text | None, language: Language) -> str:
    return text.in_(language) if text else ""
