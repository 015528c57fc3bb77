# SPDX-License-Identifier: Apache-2.0
"""Entries of the log -> how many acts of which kind were permitted and denied on which day, and under which articles.

Days are numbered from 1970-01-01 as China keeps them.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from keshou.law.model import CHINA

OFFSET: Final = dt.datetime(1970, 1, 1, tzinfo=CHINA).utcoffset() or dt.timedelta()
OFFSET_MICROS: Final = OFFSET // dt.timedelta(microseconds=1)
DAY_MICROS: Final = dt.timedelta(days=1) // dt.timedelta(microseconds=1)
_EPOCH: Final = dt.date(1970, 1, 1)


class _Read(msgspec.Struct):
    """What is counted of an entry."""

    t: int
    event: str
    decision: str = ""
    cites: tuple[str, ...] = ()


_decode = msgspec.json.Decoder(_Read).decode


class Counts(NamedTuple):
    """What a piece of the log holds."""

    acts: Counter[tuple[int, str, str]]
    """Day, kind of act, ``permit`` or ``deny``."""
    cites: Counter[tuple[int, str]]
    """Day and provision, of denials."""
    denied: list[tuple[str, int]]
    """Provision and place of each denial; under the empty provision every denial once."""


def count(entries: Iterable[tuple[int, bytes]]) -> Counts:
    """Count entries, each given as its place and its bytes; what is no act is left out."""
    found = Counts(Counter(), Counter(), [])
    for place, body in entries:
        read = _decode(body)
        if not read.decision:
            continue
        day = number_of_micros(read.t)
        found.acts[day, read.event, read.decision] += 1
        if read.decision == "deny":
            cites = dict.fromkeys(read.cites)
            found.cites.update((day, cite) for cite in cites)
            found.denied.extend((cite, place) for cite in ("", *cites))
    return found


def number_of_micros(micros: int) -> int:
    """Return the number of the day on which a moment (microseconds since 1970-01-01 UTC) falls in China."""
    return (micros + OFFSET_MICROS) // DAY_MICROS


def number_of(day: dt.date) -> int:
    """Return the number of a day."""
    return (day - _EPOCH).days


def day_of_number(number: int) -> dt.date:
    """Return the day of a number."""
    return _EPOCH + dt.timedelta(days=number)
