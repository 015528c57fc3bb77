# SPDX-License-Identifier: Apache-2.0
"""What sound data of law looks like, beyond the shape of its tables; every breach names file and place."""

import re
from collections.abc import Mapping, Sequence

from keshou.law.model import Citation, Instrument, Item, ItemClass, LawError, Period, Provision, ServiceKind
from keshou.law.terms import HIGHER_RANKS, Carrier, Rank

SOURCES = ("full", "corroborated", "secondary", "general_knowledge")
"""How well a provision's source was read, best first."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def check_instrument(instrument: Instrument, file: str) -> None:
    """Hold one instrument against what its own file can show.

    Raises:
        LawError: naming `file` and the place.

    """
    _need(instrument.id == file.removesuffix(".toml"), file, "id", f"`{instrument.id}` is not the file's name")
    _check_dates(instrument, file)
    seen: set[str] = set()
    for each in instrument.provisions:
        _need(each.cite not in seen, file, each.cite, "stands twice")
        seen.add(each.cite)
        _check_provision(each, instrument, file)


def _check_dates(instrument: Instrument, file: str) -> None:
    """Adopted, published, in force, repealed: in this order, and read no earlier than published."""
    steps = [instrument.adopted, instrument.published, instrument.in_force, instrument.repealed]
    days = [day for day in steps if day is not None]
    _need(days == sorted(days), file, "dates", "are out of order (adopted, published, in_force, repealed)")
    _need(instrument.checked_on >= instrument.published, file, "checked_on", "lies before publication")
    draft = instrument.rank is Rank.DRAFT
    _need(draft == (instrument.in_force is None), file, "in_force", "is missing, or stands in a draft")
    gone = instrument.repealed is not None and instrument.in_force == instrument.repealed
    _need(not gone, file, "repealed", "leaves no day in force")


def _check_provision(each: Provision, instrument: Instrument, file: str) -> None:
    """Citation, source, carriers, prohibitions, period and penalty of one provision."""
    place = each.cite
    citation = Citation.parse(place)
    _need(citation.instrument == instrument.id, file, place, "cites another instrument")
    _need(str(citation) == place and citation.article > 0, file, place, "is not written as citations are")
    _need(each.source in SOURCES, file, place, f"`{each.source}` is not a source quality")
    _need(len(set(each.carriers)) == len(each.carriers) > 0, file, place, "carriers are missing or doubled")
    _need(Carrier.NONE not in each.carriers or len(each.carriers) == 1, file, place, "`none` stands beside a carrier")
    higher = instrument.rank in HIGHER_RANKS
    _need(higher or not each.provides_otherwise, file, place, "`provides_otherwise` needs a higher rank (miit24:9.5)")
    draft = instrument.rank is Rank.DRAFT
    _need(not (draft and each.prohibitions), file, place, "a draft is never enforced")
    _need(not each.prohibitions or Carrier.GATE in each.carriers, file, place, "prohibitions need the carrier `gate`")
    for name in each.prohibitions:
        _need(bool(_NAME.fullmatch(name)), file, place, f"`{name}` cannot name a prohibition")
    _need(each.period is None or _is_period(each.period), file, place, "period mixes units or counts backwards")
    _check_penalty(each, instrument, file)


def _check_penalty(each: Provision, instrument: Instrument, file: str) -> None:
    """Guidance is never punished, and a fine's lower end lies no higher than its upper end."""
    if instrument.rank is Rank.GUIDANCE:
        _need(not each.sanctioned_by and each.penalty is None, file, each.cite, "guidance is never sanctioned")
    if each.penalty is None:
        return
    low, high = each.penalty.fine_from, each.penalty.fine_to
    _need(low is None or high is None or 0 <= low <= high, file, each.cite, "fine bounds are out of order")
    fined = low is not None or high is not None
    _need(not fined or "fine" in each.penalty.kinds, file, each.cite, "fine bounds need the kind `fine`")


def _is_period(period: Period) -> bool:
    """Say whether a period uses at most one unit, and none when it is at once."""
    units = [period.days, period.months, period.years]
    return min(units) >= 0 and sum(unit > 0 for unit in units) + period.at_once <= 1


def check_links(instruments: Mapping[str, Instrument]) -> None:
    """Hold the links between provisions against all instruments together.

    Raises:
        LawError: a link that leads nowhere or to the wrong kind of provision, or a prohibition in two instruments.

    """
    known = {each.cite: each for one in instruments.values() for each in one.provisions}
    owner: dict[str, str] = {}
    for one in instruments.values():
        file = f"{one.id}.toml"
        for each in one.provisions:
            _check_linked(each, known, file)
            for name in each.prohibitions:
                there = owner.setdefault(name, one.id)
                _need(there == one.id, file, each.cite, f"prohibition `{name}` already belongs to `{there}`")


def _check_linked(each: Provision, known: Mapping[str, Provision], file: str) -> None:
    """Hold one provision's links against the known provisions."""
    if each.sanctioned_by:
        penalty = known.get(each.sanctioned_by)
        _need(penalty is not None, file, each.cite, f"sanctioned_by `{each.sanctioned_by}` leads nowhere")
        named = penalty is not None and penalty.penalty is not None
        _need(named, file, each.cite, f"sanctioned_by `{each.sanctioned_by}` is no penalty provision")
    for other in each.same_as:
        _need(other in known, file, each.cite, f"same_as `{other}` leads nowhere")
        elsewhere = Citation.parse(other).instrument != each.citation.instrument
        _need(elsewhere, file, each.cite, f"same_as `{other}` stays in the same instrument")


def check_taxonomy(items: Sequence[Item], classes: Sequence[ItemClass], file: str) -> None:
    """Hold the taxonomy together: ids once, classes known, judgements in the three words.

    Raises:
        LawError: naming `file` and the item or class.

    """
    ids: set[str] = set()
    for name in [item.id for item in items] + [group.id for group in classes]:
        _need(name not in ids, file, name, "stands twice")
        ids.add(name)
    known = {each.id for each in classes}
    for group in classes:
        _need(not group.parent or group.parent in known, file, group.id, f"parent `{group.parent}` is unknown")
    for item in items:
        _need(bool(_NAME.fullmatch(item.id)), file, item.id, "is not a lower-case word")
        _need(item.class_ in known, file, item.id, f"class `{item.class_}` is unknown")
        _need(set(item.sensitive.values()) <= {"named", "judged", "no"}, file, item.id, "sensitive has an unknown word")
        _need(item.source in {"seen", "placed"}, file, item.id, f"`{item.source}` is not a source")


def check_services(services: Sequence[ServiceKind], file: str) -> None:
    """Hold the kinds of service together: ids once, and each says of what kind its operator is.

    Raises:
        LawError: naming `file` and the service.

    """
    ids: set[str] = set()
    for each in services:
        _need(each.id not in ids, file, each.id, "stands twice")
        ids.add(each.id)
        _need(bool(each.operators), file, each.id, "says of no kind of operator")


def _need(truth: bool, file: str, place: str, what: str) -> None:  # noqa: FBT001 - reads as an assertion
    """Raise unless `truth`."""
    if not truth:
        raise LawError(
            f"{file} is not sound at {place}: {what}", hint="the keys are described in docs/reference/law.md"
        )
