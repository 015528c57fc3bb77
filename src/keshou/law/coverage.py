# SPDX-License-Identifier: Apache-2.0
"""What carries each binding provision: enforced, carried, outside software, open, or a gap."""

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from keshou.language import Text
from keshou.law.law import Law
from keshou.law.model import Provision
from keshou.law.terms import Bearer, Carrier, Modality, Rank

BOUND = frozenset({Bearer.OPERATOR, Bearer.STAFF, Bearer.AGENT, Bearer.ANYONE})
"""Whose provisions the operator must answer for; what binds anyone binds the operator too."""

_SAYS_ONLY = frozenset({Modality.DEFINITION, Modality.LIABILITY})
_NO_PART = frozenset({Carrier.OUTSIDE, Carrier.NONE})


BUILT = frozenset({Carrier.GATE, Carrier.DECLARATION, Carrier.VAULT, Carrier.LEDGER, Carrier.ACTS})
"""The parts that exist in this version."""


class Status(StrEnum):
    """How a provision is carried."""

    ENFORCED = "enforced"
    CARRIED = "carried"
    OUTSIDE = "outside"
    OPEN = "open"
    NONE_NEEDED = "none_needed"
    GAP = "gap"


class Line(NamedTuple):
    """One provision and what carries it."""

    provision: Provision
    status: Status
    waits_for: tuple[Carrier, ...] = ()
    """Parts that carry it and are not built; only when `open`."""
    missing: tuple[str, ...] = ()
    """Prohibitions the law names and the gate lacks; only when `gap`."""

    @property
    def how(self) -> Text | None:
        """How it is carried, or who does it outside software."""
        return self.provision.how


def coverage(law: Law, enforced: Collection[str], built: Collection[Carrier]) -> list[Line]:
    """Say for each provision in question what carries it, in the order of the law's data.

    In question are the instruments that are or may become binding (drafts are left out), and in them what binds
    the operator, its staff or its agents, and the definitions and liabilities that need no carrying. `enforced`
    holds the names of the prohibitions the gate really has, `built` the parts that exist.
    """
    standing = (one for one in law.instruments.values() if one.rank is not Rank.DRAFT)
    provisions = (each for one in standing for each in one.provisions if _in_question(each))
    return [line_of(each, enforced, built) for each in provisions]


def line_of(provision: Provision, enforced: Collection[str], built: Collection[Carrier]) -> Line:
    """Judge one provision; a gap comes first, an unbuilt part second, so that neither hides behind the rest."""
    carriers = set(provision.carriers)
    missing = tuple(name for name in provision.prohibitions if name not in enforced)
    if carriers == {Carrier.NONE}:
        return Line(provision, Status.NONE_NEEDED if provision.modality in _SAYS_ONLY else Status.GAP)
    if not carriers or provision.how is None or missing:
        return Line(provision, Status.GAP, missing=missing)
    waits = tuple(part for part in provision.carriers if part not in _NO_PART and part not in built)
    if waits:
        return Line(provision, Status.OPEN, waits_for=waits)
    if provision.prohibitions:
        return Line(provision, Status.ENFORCED)
    return Line(provision, Status.OUTSIDE if carriers == {Carrier.OUTSIDE} else Status.CARRIED)


def is_complete(lines: Iterable[Line]) -> bool:
    """Say whether nothing is a gap; what is open is known to be open and is none."""
    return all(line.status is not Status.GAP for line in lines)


def is_done(lines: Iterable[Line]) -> bool:
    """Say whether nothing is a gap and nothing waits for a part that is not built."""
    return not any(line.status in (Status.GAP, Status.OPEN) for line in lines)


def tally(lines: Sequence[Line]) -> dict[Status, int]:
    """Count the lines by status, every status named."""
    return {status: sum(line.status is status for line in lines) for status in Status}


def _in_question(provision: Provision) -> bool:
    """Say whether the operator must answer for it, or it only says what things mean or what a breach brings."""
    return provision.modality in _SAYS_ONLY or not BOUND.isdisjoint(provision.bearers)
