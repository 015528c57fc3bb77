# SPDX-License-Identifier: Apache-2.0
"""How long information is kept, read out of plain words; and the slow twin that looks at one day after the other."""

import datetime as dt
import functools
import re
from collections.abc import Iterator, Sequence

from keshou.declaration.model import Declaration, Need, Purpose, Retention
from keshou.gate import facts as f
from keshou.gate.keeping import Terms
from keshou.language import Text
from keshou.law.model import Period
from keshou.law.terms import ActKind, ConsentStrength, RetentionClass

CHINA = dt.timezone(dt.timedelta(hours=8))
NO = Text("无", "none")
TWO_YEARS = Period(years=2)
_PURPOSE = re.compile(
    r"(?P<id>\w+) needs (?P<items>[\w ]+) for (?P<services>[\w ]+), "
    r"(?P<n>\d+) (?P<unit>day|month|year)s? after (?P<start>collection|service end)(?P<law>, on law)?"
)
_FACT = re.compile(
    r"(?P<day>\S+) (?P<verb>agrees to|takes back|begins|ends) (?P<what>\w+)"
    r"( of version (?P<version>\d+))?( for (?P<items>[\w ]+))?"
)


def purpose(words: str) -> tuple[Purpose, bool]:
    """Return a purpose, and whether it stands on a law."""
    found = _PURPOSE.fullmatch(words)
    assert found, words
    start = "collection" if found["start"] == "collection" else "service_end"
    return made(
        found["id"], found["items"].split(" and "), found["services"].split(" and "),
        Retention(after=start, **{f"{found['unit']}s": int(found["n"])}),  # type: ignore[arg-type]
    ), bool(found["law"])  # fmt: skip


def made(id_: str, items: Sequence[str], services: Sequence[str], retention: Retention) -> Purpose:
    """Return a purpose of which nothing counts but these."""
    return Purpose(
        id=id_, name=NO, services=tuple(services), acts=(ActKind.USE,), manner=NO, refusal=NO, retention=retention,
        needs=tuple(Need(item=item, why=NO) for item in items),
    )  # fmt: skip


def declared(purposes: Sequence[Purpose]) -> Declaration:
    """Return a declaration of some purposes."""
    return Declaration(
        schema=1, operator=None, effective=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), services=(),  # type: ignore[arg-type]
        purposes=tuple(purposes),
    )  # fmt: skip


def terms(versions: Sequence[Sequence[str]], *, statute: bool, in_force: Sequence[dt.date] = ()) -> Terms:
    """Return the terms that versions of rules in plain words come to; the last is in force."""
    read = [[purpose(words) for words in of] for of in versions]
    return Terms(
        {place: declared([each for each, _ in of]) for place, of in enumerate(read, 1)},
        len(read),
        frozenset((each.id, need.item) for each, law in read[-1] if law for need in each.needs),
        TWO_YEARS if statute else None,
        dict(enumerate(in_force, 1)),
    )


def fact(words: str) -> f.UserFact:
    """Return a fact; it came true at ten in the morning in China."""
    found = _FACT.fullmatch(words)
    assert found, words
    at = dt.datetime.combine(dt.date.fromisoformat(found["day"]), dt.time(10), CHINA).astimezone(dt.UTC)
    what, items = found["what"], frozenset((found["items"] or "").split(" and ")) - {""}
    match found["verb"]:
        case "agrees to":
            version = int(found["version"] or 1)
            return f.ConsentGiven(at=at, purpose=what, version=version, strength=ConsentStrength.EXPRESS, items=items)
        case "takes back":
            return f.ConsentWithdrawn(at=at, purpose=what)
        case "begins":
            return f.ServiceStarted(at=at, service=what)
        case _:
            return f.ServiceEnded(at=at, service=what)


# The slow twin: is it still needed on this day? Days are walked one by one, and months are counted on the fingers.


def goes(
    item: str, class_: RetentionClass, collected: dt.date, facts: Sequence[f.UserFact], given: Terms, *, until: dt.date
) -> dt.date | None:
    """Return the first day, up to `until`, on which nothing needs an item; facts are in the order of their times."""
    counting = list(_counting(item, facts, given))
    if not counting and not _dropped(item, given):
        return None
    day = max(collected, _since(item, given)) if not counting else collected
    while day <= until:
        kept = any(all(_lasts(each, collected, facts, day) for each in both) for both in counting)
        if class_ is RetentionClass.REGISTRATION and given.statutory is not None:
            end = _end([], facts)
            kept = kept or end is None or day <= _last_day(end, given.statutory)
        if not kept:
            return day
        day += dt.timedelta(days=1)
    return None


def _dropped(item: str, given: Terms) -> bool:
    """Say whether older rules needed an item, and those in force do not."""
    needing = [
        version for version, rules in given.versions.items()
        if any(need.item == item for each in rules.purposes for need in each.needs)
    ]  # fmt: skip
    return given.current not in needing and any(version < given.current for version in needing)


def _since(item: str, given: Terms) -> dt.date:
    """Return the day on which the first rules came into force after the last that needed an item."""
    day = dt.date.min
    for version in sorted(given.versions, reverse=True):
        if version <= given.current:
            if any(need.item == item for each in given.versions[version].purposes for need in each.needs):
                return day
            day = given.since.get(version, dt.date.min)
    return day


def _counting(item: str, facts: Sequence[f.UserFact], given: Terms) -> Iterator[list[Purpose]]:
    """Yield the purposes that count, each with every version of it that must still last."""
    now = [each for each in given.versions[given.current].purposes if item in {need.item for need in each.needs}]
    found = False
    if _dropped(item, given):
        return
    for one in facts:
        if not isinstance(one, f.ConsentGiven) or (one.items and item not in one.items):
            continue
        for each in given.versions[one.version].purposes if one.version in given.versions else ():
            of_now = not now or any(other.id == each.id for other in now)
            if of_now and each.id == one.purpose and item in {need.item for need in each.needs}:
                found = True
                yield [each, *(other for other in now if other.id == each.id)]
    for each in now:
        if (each.id, item) in given.grounded:
            found = True
            yield [each]
    if found:
        return
    for version in [given.current, *sorted(given.versions, reverse=True)]:
        of = [each for each in given.versions[version].purposes if item in {need.item for need in each.needs}]
        if of:
            yield from ([each] for each in of)
            return


def _lasts(each: Purpose, collected: dt.date, facts: Sequence[f.UserFact], day: dt.date) -> bool:
    if each.retention.after == "collection":
        return day <= _last_day(collected, each.retention)
    end = _end(each.services, facts)
    return end is None or day <= _last_day(end, each.retention)


def _end(services: Sequence[str], facts: Sequence[f.UserFact]) -> dt.date | None:
    """Return the last day of services (of none of which is known: of all); None while one of them lasts."""
    ends: dict[str, dt.date | None] = {}
    for one in facts:
        if isinstance(one, f.ServiceStarted):
            ends[one.service] = None
        elif isinstance(one, f.ServiceEnded):
            ends[one.service] = one.at.astimezone(CHINA).date()
    own = [end for service, end in ends.items() if service in services] or list(ends.values())
    found = [end for end in own if end is not None]
    return max(found) if own and len(found) == len(own) else None


@functools.cache
def _last_day(start: dt.date, length: Retention | Period) -> dt.date:
    year, month = start.year + length.years, start.month
    for _ in range(length.months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    day = dt.date(year, month, 1)
    for _ in range(start.day - 1):
        day += dt.timedelta(days=1)
        if day.day == 1:
            break
    return day + length.days * dt.timedelta(days=1)
