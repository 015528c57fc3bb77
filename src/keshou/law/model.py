# SPDX-License-Identifier: Apache-2.0
"""Instrument, provision, penalty, item of information: the law as frozen values.

A *citation* is written ``instrument:article[.paragraph[.point]]``: ``miit24:13.1.3`` is Order 24, Art. 13,
first paragraph, item (iii). The Decision has items, so ``npcsc2012:7`` is its item 7.
"""

import calendar
import datetime as dt
import re
from typing import Literal, NamedTuple, Self

import msgspec

from keshou.errors import KeshouError
from keshou.language import Text
from keshou.law.terms import ActKind, Bearer, Carrier, Identifies, Modality, OperatorKind, PenaltyKind, Rank

_CITATION = re.compile(r"([a-z0-9_]+):(\d+)(?:\.(\d+)(?:\.(\d+))?)?")


class LawError(KeshouError):
    """The law's data is wrong, or was asked for something it does not hold."""


class Citation(NamedTuple):
    """Where a provision stands; paragraph and point count from one and are zero when the whole is meant."""

    instrument: str
    article: int
    paragraph: int = 0
    point: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``miit24:9.1``.

        Raises:
            LawError: `text` is not of that form.

        """
        match = _CITATION.fullmatch(text)
        if not match:
            raise LawError(f"`{text}` is not a citation", hint="write instrument:article.paragraph, e.g. miit24:9.1")
        instrument, *numbers = match.groups(default="0")
        return cls(instrument, *map(int, numbers))

    def __str__(self) -> str:
        tail = f".{self.paragraph}" * bool(self.paragraph) + f".{self.point}" * bool(self.point)
        return f"{self.instrument}:{self.article}{tail}"

    def within(self, other: "Citation") -> bool:
        """Say whether this is `other` or a part of it."""
        here, there = tuple(self), [part for part in other if part]
        return list(here[: len(there)]) == there


CHINA = dt.timezone(dt.timedelta(hours=8))
"""The time by which statutory days are counted: one zone for the whole country, without daylight saving."""


class Period(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A statutory period: a length in one calendar unit, counted from a trigger; ``at_once`` has length zero.

    A period with no unit and not ``at_once`` stands for *promptly*: the text asks for speed and gives no number.
    """

    days: int = 0
    months: int = 0
    years: int = 0
    at_once: bool = False
    from_: str = msgspec.field(name="from", default="")
    """What it is counted from, one word (``receipt``, ``service_end``)."""
    recurring: bool = False
    """Whether it starts again each time it is met (at least once a year)."""

    def after(self, start: dt.date) -> dt.date:
        """Return the last day of the period: whole calendar units after `start`, which itself is not counted.

        A day that the end month does not have becomes that month's last day.
        """
        years, month = divmod(start.month - 1 + self.months, 12)
        year = start.year + self.years + years
        day = min(start.day, calendar.monthrange(year, month + 1)[1])
        return dt.date(year, month + 1, day) + dt.timedelta(days=self.days)


class Penalty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a penalty provision lets the authority do; amounts are yuan (CNY), both ends included."""

    kinds: tuple[PenaltyKind, ...]
    fine_from: int | None = None
    fine_to: int | None = None
    fine_discretionary: bool = True


class Otherwise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a provision lets be done otherwise than Order 24 Art. 9(1) to 9(4) ask. Source: miit24:9.5."""

    for_: Literal["purpose", "case"] = msgspec.field(name="for")
    """What may rest on it: a purpose of the rules, or only what is recorded for one case."""
    acts: tuple[ActKind, ...] = ()
    """Kinds of act it lets be done; empty means all."""
    registration: bool = False
    """Whether it reaches only what the taxonomy marks as registration information."""


class ServiceKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of service, and of what kind an operator is, at the least, that offers it."""

    id: str
    label: Text
    operators: tuple[OperatorKind, ...]
    """One of these an operator is that offers it."""
    telephone: bool = False
    """Whether Order 25 Art. 3 has its users registered at network entry."""


class Provision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One paragraph or point of one article, in our own words."""

    cite: str
    bearers: tuple[Bearer, ...]
    modality: Modality
    says: Text
    carriers: tuple[Carrier, ...]
    """The parts of the software that carry it; ``none`` for definitions and the like."""
    how: Text | None = None
    """How it is carried, or who does it when it is outside software."""
    conditions: Text | None = None
    trigger: Text | None = None
    period: Period | None = None
    evidence_text: Text | None = None
    """Evidence the provision itself asks for."""
    evidence_inferred: Text | None = None
    """Evidence we propose; the provision does not prescribe it."""
    provides_otherwise: Otherwise | None = None
    """For what it may be relied on as a ground, since it provides otherwise than Order 24 Art. 9(1) to 9(4)."""
    sanctioned_by: str = ""
    """Citation of the penalty provision that names this one; empty when none does."""
    penalty: Penalty | None = None
    """Set where this provision is itself a penalty provision."""
    prohibitions: tuple[str, ...] = ()
    """Names of the gate's prohibition functions that enforce it."""
    same_as: tuple[str, ...] = ()
    """Citations in other instruments on the same matter, for comparison; written on one side, read from both."""
    differs: Text | None = None
    """What it says otherwise than the provisions of `same_as`, where codes cannot show it."""
    source: str = "full"
    """How well the source was read: ``full``, ``corroborated``, ``secondary``, ``general_knowledge``."""
    uncertain: Text | None = None
    """What is not certain, so that it warns or is a setting."""

    @property
    def citation(self) -> Citation:
        """Where it stands."""
        return Citation.parse(self.cite)


class Instrument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One instrument with its dates and rank."""

    id: str
    title: Text
    short: Text
    issuer: Text
    number: Text
    rank: Rank
    binds: tuple[OperatorKind, ...]
    adopted: dt.date | None = None
    """None for what never was adopted."""
    published: dt.date
    in_force: dt.date | None = None
    """First day in force; None for what never was law."""
    repealed: dt.date | None = None
    """First day no longer in force; None while it stands."""
    checked_on: dt.date
    source_quality: Text
    unit: Text
    """What its parts are called: article, item, clause."""
    uncertain: Text | None = None
    """What is not certain about the instrument as a whole."""
    provisions: tuple[Provision, ...] = ()

    def in_force_on(self, day: dt.date) -> bool:
        """Say whether it is law (or guidance that may be adopted) on `day`."""
        return self.in_force is not None and self.in_force <= day and (self.repealed is None or day < self.repealed)


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of personal information in the taxonomy."""

    id: str
    label: Text
    class_: str = msgspec.field(name="class")
    identifies: Identifies
    named: bool
    """Whether Order 24 Art. 4 names it or its kind."""
    sensitive: dict[str, str]
    """By source id (``gbz28828``, ``gbt35273``, ``pipl``): ``named``, ``judged`` or ``no``."""
    source: str
    """``seen`` in an operator's table of the class, or ``placed`` by us."""
    registration: bool = False
    """Whether Order 25 Arts 8 and 9 have it recorded or kept at network entry, so that Art. 11 retains it."""

    def is_sensitive(self, source: str) -> bool:
        """Say whether `source` names it sensitive or we judge that it does; a judgement counts as yes."""
        return self.sensitive.get(source, "no") != "no"


class ItemClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One class of the taxonomy; `parent` is the class it belongs to, empty at the top."""

    id: str
    label: Text
    parent: str = ""


class House(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings about the law's data itself, which no instrument lays down."""

    check_within: Period
    """How long a reading of an instrument stays fresh after ``checked_on``."""
