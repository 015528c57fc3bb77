# SPDX-License-Identifier: Apache-2.0
"""Two instruments side by side: what both say, what only one says, and in what they differ."""

from enum import StrEnum
from typing import NamedTuple

from keshou.language import Text
from keshou.law.law import Law
from keshou.law.model import Instrument, LawError, Penalty, Period, Provision
from keshou.law.terms import Bearer, Modality

Value = Modality | Period | Penalty | tuple[Bearer, ...] | None
"""What a difference is between."""


class Side(StrEnum):
    """In which of two instruments a matter stands."""

    BOTH = "both"
    FIRST = "first"
    SECOND = "second"


class Difference(NamedTuple):
    """One respect in which two provisions on the same matter differ."""

    respect: str
    """``modality``, ``bearers``, ``period`` or ``penalty``."""
    first: Value
    second: Value


class Row(NamedTuple):
    """One matter: the provision in each instrument (None where it is silent) and how they differ."""

    first: Provision | None
    second: Provision | None
    differences: tuple[Difference, ...] = ()
    notes: tuple[Text, ...] = ()
    """What the data says differs, beyond what codes show."""

    @property
    def side(self) -> Side:
        """Where the matter stands."""
        if self.first is None:
            return Side.SECOND
        return Side.FIRST if self.second is None else Side.BOTH


def compare(law: Law, first: str, second: str) -> list[Row]:
    """Put two instruments side by side, in the order of the first, then what only the second has.

    Provisions pair where the data says they are on the same matter (``same_as``, on either side); a provision
    with several counterparts gives a row for each.

    Raises:
        LawError: an instrument is unknown, or stands on both sides.

    """
    if first == second:
        raise LawError("one instrument was named twice", hint="name another beside it")
    one, other = _instrument(law, first), _instrument(law, second)
    rows: list[Row] = []
    paired: set[str] = set()
    for each in one.provisions:
        partners = [there for there in other.provisions if _same(each, there)]
        paired.update(there.cite for there in partners)
        rows.extend(_row(law, each, there) for there in partners)
        if not partners:
            rows.append(Row(each, None))
    return rows + [Row(None, each) for each in other.provisions if each.cite not in paired]


def _instrument(law: Law, name: str) -> Instrument:
    """Return an instrument by id."""
    if name not in law.instruments:
        raise LawError(f"there is no instrument `{name}`", hint=f"one of: {', '.join(sorted(law.instruments))}")
    return law.instruments[name]


def _same(one: Provision, other: Provision) -> bool:
    """Say whether the data pairs them, written on either side."""
    return other.cite in one.same_as or one.cite in other.same_as


def _row(law: Law, first: Provision, second: Provision) -> Row:
    """Pair two provisions and say in what they differ."""
    pairs: list[tuple[str, Value, Value]] = [
        ("modality", first.modality, second.modality),
        ("bearers", tuple(sorted(first.bearers)), tuple(sorted(second.bearers))),
        ("period", first.period, second.period),
        ("penalty", _penalty(law, first), _penalty(law, second)),
    ]
    differences = tuple(Difference(*each) for each in pairs if each[1] != each[2])
    both = ((first, second), (second, first))
    notes = tuple(one.differs for one, other in both if one.differs is not None and other.cite in one.same_as)
    return Row(first, second, differences, notes)


def _penalty(law: Law, provision: Provision) -> Penalty | None:
    """Return the penalty a provision is, or the one that names it."""
    if provision.penalty is not None or not provision.sanctioned_by:
        return provision.penalty
    return law.provision(provision.sanctioned_by).penalty
