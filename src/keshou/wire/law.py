# SPDX-License-Identifier: Apache-2.0
"""The law over the wire: instruments, provisions, what carries each, two instruments side by side, how fresh it is."""

import datetime as dt

import msgspec

from keshou.language import Text
from keshou.law import compare as comparing
from keshou.law import coverage as covering
from keshou.law.coverage import Status
from keshou.law.model import Instrument, Provision
from keshou.law.status import InstrumentStatus, Standing
from keshou.law.terms import Carrier, OperatorKind, Rank


class InstrumentShape(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument of law, without its provisions."""

    id: str
    title: Text
    short: Text
    issuer: Text
    number: Text
    rank: Rank
    binds: list[OperatorKind]
    adopted: dt.date | None
    """Null: it never was."""
    published: dt.date
    in_force: dt.date | None
    """Null: it never was."""
    repealed: dt.date | None
    checked_on: dt.date
    """When its reading was last held against the source."""
    source_quality: Text
    """How well its text was read."""
    uncertain: Text | None
    """What is not certain about it as a whole."""
    provisions: int


class ProvisionsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a citation names: one provision, or all that an article or instrument has."""

    provisions: list[Provision]


class CoveredShape(msgspec.Struct, frozen=True, kw_only=True):
    """What carries one provision."""

    cite: str
    status: Status
    waits_for: list[Carrier]
    """Parts that do not exist in this version."""
    missing: list[str]
    """Prohibitions without a function that enforces them."""


class CoverageAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What carries each provision that binds the operator."""

    complete: bool
    """Whether nothing is open and nothing a gap."""
    tally: dict[Status, int]
    provisions: list[CoveredShape]


class ComparedShape(msgspec.Struct, frozen=True, kw_only=True):
    """One matter in two instruments; null where one is silent."""

    first: str | None
    second: str | None
    respects: list[str]
    """In what their codes differ: modality, bearers, period, penalty."""
    notes: list[Text]


class ComparisonAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Two instruments side by side."""

    rows: list[ComparedShape]


class StatusShape(msgspec.Struct, frozen=True, kw_only=True):
    """How one instrument stands today."""

    id: str
    standing: Standing
    check_by: dt.date
    stale: bool
    """Whether its reading is older than the house lets it be."""


class StatusAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How every instrument stands today."""

    fresh: bool
    instruments: list[StatusShape]


def instrument_shape(one: Instrument) -> InstrumentShape:
    """Return an instrument as it is told."""
    return InstrumentShape(
        id=one.id, title=one.title, short=one.short, issuer=one.issuer, number=one.number, rank=one.rank,
        binds=list(one.binds), adopted=one.adopted, published=one.published, in_force=one.in_force,
        repealed=one.repealed, checked_on=one.checked_on, source_quality=one.source_quality, uncertain=one.uncertain,
        provisions=len(one.provisions),
    )  # fmt: skip


def coverage_answer(lines: list[covering.Line]) -> CoverageAnswer:
    """Return what carries each provision as it is told."""
    told = [
        CoveredShape(
            cite=line.provision.cite, status=line.status, waits_for=list(line.waits_for), missing=list(line.missing)
        )
        for line in lines
    ]
    return CoverageAnswer(complete=covering.is_done(lines), tally=covering.tally(lines), provisions=told)


def comparison_answer(rows: list[comparing.Row]) -> ComparisonAnswer:
    """Return two instruments side by side as they are told."""
    return ComparisonAnswer(
        rows=[
            ComparedShape(
                first=row.first.cite if row.first else None, second=row.second.cite if row.second else None,
                respects=[each.respect for each in row.differences], notes=list(row.notes),
            )
            for row in rows
        ]
    )  # fmt: skip


def status_shape(line: InstrumentStatus) -> StatusShape:
    """Return how an instrument stands as it is told."""
    return StatusShape(id=line.instrument.id, standing=line.standing, check_by=line.check_by, stale=line.stale)
