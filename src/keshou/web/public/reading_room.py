# SPDX-License-Identifier: Apache-2.0
"""The law as it is read: article by article, what each part says, whom it binds, and what carries it here."""

from collections.abc import Iterable
from typing import NamedTuple

from keshou.gate.prohibitions.places import CALLED
from keshou.language import Language, Text
from keshou.law.coverage import Line, Status
from keshou.law.law import Law
from keshou.law.model import Instrument, Period, Provision
from keshou.web.cited import SHOWN, anchor, cited, lines, name_of, within
from keshou.web.frame.catalog import Words
from keshou.wire.law_words import BEARER, CARRIER, MODALITY, SOURCE, STATUS, measures

_LONGEST_SEARCH = 100


class Part(NamedTuple):
    """One provision as it is shown."""

    cite: str
    """``miit24:9.1``"""
    anchor: str
    """Its place in the page: ``a9.1``."""
    heading: str
    """Paragraph and point within the article; empty for the article itself."""
    says: str
    modality: str
    bearers: list[str]
    status: str
    """What the status of its carrying is called; empty where nothing has to be carried."""
    look: str
    pairs: list[tuple[str, str]]
    """Label and words of what else is known of it."""
    links: list[tuple[str, list[tuple[str, str]]]]
    """Label and other provisions, each as its name and its path."""
    rules: list[str]
    """What the gate's prohibitions that enforce it are called."""


class Article(NamedTuple):
    """One article with its parts."""

    number: int
    heading: str
    parts: list[Part]


class Reading(NamedTuple):
    """One instrument as one reader reads it."""

    law: Law
    instrument: Instrument
    words: Words
    language: Language


def counts(law: Law, instrument: Instrument) -> dict[Status, int]:
    """Count an instrument's provisions by how they are carried; statuses that occur."""
    known = lines(law)
    found = [known[each.cite].status for each in instrument.provisions if each.cite in known]
    return {status: found.count(status) for status in Status if status in found}


def articles(reading: Reading, *, status: str = "", search: str = "") -> list[Article]:
    """Return an instrument's articles with the parts that have `status` and hold `search`; empty means any."""
    known = lines(reading.law)
    found: dict[int, list[Part]] = {}
    for each in reading.instrument.provisions:
        line = known.get(each.cite)
        if (not status or (line is not None and line.status == status)) and _holds(each, search):
            found.setdefault(each.citation.article, []).append(_part(reading, each, line))
    return [
        Article(number, name_of(reading.instrument, number, reading.language), parts) for number, parts in found.items()
    ]


def _holds(provision: Provision, search: str) -> bool:
    """Say whether a provision holds every word searched for, in either language, its citation included."""
    if not search:
        return True
    texts = (provision.says, provision.conditions, provision.trigger, provision.how, provision.evidence_text)
    told = [f"{each.zh} {each.en}" for each in (*texts, *_called(provision)) if each]
    whole = " ".join([provision.cite, *told, *provision.prohibitions])
    return all(word in whole.casefold() for word in search[:_LONGEST_SEARCH].casefold().split())


def _called(provision: Provision) -> list[Text]:
    """Return what a provision's prohibitions are called; of a draft no function carries them."""
    return [CALLED[each] for each in provision.prohibitions if each in CALLED]


def _part(reading: Reading, one: Provision, line: Line | None) -> Part:
    law, _, words, language = reading
    where = one.citation
    shown = line is not None and line.status is not Status.NONE_NEEDED
    same = [cited(law, each, language) for each in one.same_as]
    sanction = [cited(law, one.sanctioned_by, language)] if one.sanctioned_by else []
    return Part(
        cite=one.cite,
        anchor=anchor(where),
        heading=within(where, language),
        says=one.says.in_(language),
        modality=MODALITY[one.modality].in_(language),
        bearers=[BEARER[each].in_(language) for each in one.bearers],
        status=STATUS[line.status].in_(language) if line and shown else "",
        look=SHOWN[line.status] if line else "",
        pairs=list(_pairs(one, line, words, language)),
        links=[each for each in ((words("law.penalty"), sanction), (words("law.same"), same)) if each[1]],
        rules=[each.in_(language) for each in _called(one)],
    )


def _pairs(one: Provision, line: Line | None, words: Words, language: Language) -> Iterable[tuple[str, str]]:
    told: list[tuple[str, Text | str | None]] = [
        (words("law.trigger"), one.trigger),
        (words("law.conditions"), one.conditions),
        (words("law.period"), _period(one.period, words) if one.period else None),
        (words("law.measures"), measures(one.penalty, language) if one.penalty else None),
        (words("law.carried"), one.how),
        (words("law.waits"), _waits(line, language) if line else None),
        (words("law.evidence"), one.evidence_text),
        (words("law.proposed"), one.evidence_inferred),
        (words("law.differs"), one.differs),
        (words("law.source"), SOURCE[one.source] if one.source != "full" else None),
        (words("law.uncertain"), one.uncertain),
    ]
    for label, text in told:
        if text:
            yield str(label), text.in_(language) if isinstance(text, Text) else text


def _waits(line: Line, language: Language) -> str:
    return ("、" if language == "zh" else ", ").join(CARRIER[each].in_(language) for each in line.waits_for)


def _period(period: Period, words: Words) -> str:
    if period.at_once:
        return str(words("law.at_once"))
    if period.days:
        return str(words("law.days", n=period.days))
    if period.months:
        return str(words("law.months", n=period.months))
    if period.years:
        return str(words("law.years", n=period.years))
    return str(words("law.promptly"))
