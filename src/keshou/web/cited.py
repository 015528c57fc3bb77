# SPDX-License-Identifier: Apache-2.0
"""Provisions as pages name them: what a citation is called, where it is read, how it is carried and how that looks."""

import functools
from collections.abc import Mapping
from typing import Final

from keshou.app import built
from keshou.language import Language
from keshou.law.coverage import Line, Status
from keshou.law.law import Law
from keshou.law.model import Citation, Instrument
from keshou.law.terms import Rank

SHOWN: Final = {
    Status.ENFORCED: "good", Status.CARRIED: "good", Status.OUTSIDE: "", Status.OPEN: "care", Status.GAP: "bad",
    Status.NONE_NEEDED: "",
}  # fmt: skip
"""Status -> how it looks."""


@functools.cache
def lines(law: Law) -> Mapping[str, Line]:
    """Return what carries each provision in question, by citation; the law does not change while the server runs."""
    return {line.provision.cite: line for line in built.coverage(law)}


def name_of(instrument: Instrument, number: int, language: Language) -> str:
    """Return what an article is called: ``第9条``, ``Article 9``."""
    return _clause(instrument, str(number), language)


def _clause(instrument: Instrument, number: str, language: Language) -> str:
    if language == "zh":
        return f"第{number}{instrument.unit.zh.partition('（')[0]}"
    unit = instrument.unit.en.partition(" (")[0]
    return f"{unit[0].upper()}{unit[1:]} {number}"


def cited(law: Law, cite: str, language: Language) -> tuple[str, str]:
    """Return what a citation is called, and the path where it is read."""
    where = Citation.parse(cite)
    instrument = law.instruments[where.instrument]
    if instrument.rank is Rank.GUIDANCE:  # clauses of standards are numbered through, and 款 is what a clause is called
        name = _clause(instrument, str(where).partition(":")[2], language)
    else:
        name = f"{name_of(instrument, where.article, language)}{within(where, language)}"
    gap = "" if language == "zh" else ", "
    return f"{instrument.short.in_(language)}{gap}{name}", f"/law/{where.instrument}#{anchor(where)}"


def anchor(where: Citation) -> str:
    """Return the place of a provision in the page of its instrument: ``a9.1``."""
    return f"a{str(where).partition(':')[2]}"


def within(where: Citation, language: Language) -> str:
    """Return paragraph and point: ``第1款第(3)项``, ``(1)(3)``."""
    if language == "zh":
        return f"第{where.paragraph}款" * bool(where.paragraph) + f"第（{where.point}）项" * bool(where.point)
    return f"({where.paragraph})" * bool(where.paragraph) + f"({where.point})" * bool(where.point)
