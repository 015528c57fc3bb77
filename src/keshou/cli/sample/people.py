# SPDX-License-Identifier: Apache-2.0
"""Users that can be nobody, made from a seed.

The same seed gives the same users on every machine and every version of Python: only `random.Random(seed).random()`
is drawn from, whose sequence the language documents as stable, and numbers are spread by integer arithmetic.
Why none of them can be anybody: ``docs/explanation/nobodys-information.md``.
"""

import datetime as dt
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from keshou.cli.sample import words
from keshou.cli.sample.documents import check_character
from keshou.errors import InputError

T = TypeVar("T")

MOBILE_PREFIX = "154"
"""In the mobile shape (1[3-9] and 11 digits), but no carrier has it."""

UNASSIGNED_PROVINCES = (
    *("16", "17", "18", "19", "38", "39", "47", "48", "49", "56"),
    *("57", "58", "59", "66", "67", "68", "69", "74", "76", "78"),
)
"""First two digits that no edition of GB/T 2260 gives to a province; none is 81-83 (residence permits)."""

FOREIGN_REGIONS = tuple(f"9{province}9{nation:02d}" for province in UNASSIGNED_PROVINCES for nation in range(100))
"""Permanent residence: 9, an unassigned province, a nationality of 900-999, which ISO 3166-1 leaves to private use."""

REGIONS = tuple(
    f"{province}{city:02d}{county:02d}"
    for province in UNASSIGNED_PROVINCES
    for city in range(1, 10)
    for county in range(1, 31)
)

FIRST_BIRTH = dt.date(1880, 1, 1)
LAST_BIRTH = dt.date(1909, 12, 31)
FIRST_JOINING = dt.date(2009, 1, 1)
LAST_JOINING = dt.date(2013, 12, 31)
MOST = 10_000_000
"""How many users a sample can have at most: within it, all numbers differ."""

_BIRTHS = (LAST_BIRTH - FIRST_BIRTH).days + 1
_JOININGS = (LAST_JOINING - FIRST_JOINING).days + 1
_SEQUENCES = 999
_EIGHT_DIGITS = 100_000_000

_BIRTH_DAYS = tuple((FIRST_BIRTH + dt.timedelta(days=day)).strftime("%Y%m%d") for day in range(_BIRTHS))
_JOINING_DAYS = tuple((FIRST_JOINING + dt.timedelta(days=day)).isoformat() for day in range(_JOININGS))
_SEQUENCE_DIGITS = tuple(f"{sequence:03d}" for sequence in range(_SEQUENCES + 1))


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One invented user. Times are days, written YYYY-MM-DD; consents are `tacit`, `express` or absent."""

    user_id: str
    name: str
    document_type: str
    resident_id_number: str
    address: str
    mobile_number: str
    tariff_plan: str
    email_address: str
    joined: str
    services: tuple[str, ...]
    service_consent: str
    marketing_consent: str | None
    limited_capacity: bool
    """Marked as a minor or other person of limited capacity; a mark of the sample, not drawn from the birth date."""
    language: str


def subscribers(count: int, seed: int = 1) -> Iterator[Subscriber]:
    """Yield `count` users made from `seed`; no two share a user id, document number, mobile number or e-mail address.

    Raises:
        InputError: `count` is below 0 or above `MOST`.

    """
    if not 0 <= count <= MOST:
        raise InputError(f"a sample of {count} users", hint=f"ask for 0 to {MOST} users")
    return _generate(count, random.Random(seed))  # noqa: S311 - a sample must repeat, not be unguessable


def _generate(count: int, chance: random.Random) -> Iterator[Subscriber]:
    ids, mobiles = (_Spread(_EIGHT_DIGITS, chance) for _ in range(2))
    citizens = _Spread(len(REGIONS) * _BIRTHS * _SEQUENCES, chance)
    foreigners = _Spread(len(FOREIGN_REGIONS) * _BIRTHS * _SEQUENCES, chance)
    for index in range(count):
        name, foreign = _name(index, chance)
        number = _number(foreigners.at(index), FOREIGN_REGIONS) if foreign else _number(citizens.at(index), REGIONS)
        yield _subscriber(f"{ids.at(index):08d}", f"{mobiles.at(index):08d}", name, number, chance, foreign=foreign)


class _Spread:
    """A one-to-one scattering of 0 <= index < space over the same range: numbers look random and never repeat."""

    __slots__ = ("_start", "_step", "space")

    def __init__(self, space: int, chance: random.Random) -> None:
        self.space = space
        self._start = int(chance.random() * space)
        self._step = space // 4 + int(chance.random() * (space // 2))
        while math.gcd(self._step, space) != 1:
            self._step += 1

    def at(self, index: int) -> int:
        return (self._start + index * self._step) % self.space


def _number(place: int, regions: Sequence[str]) -> str:
    place, sequence = divmod(place, _SEQUENCES)
    region, birth = divmod(place, _BIRTHS)
    body = regions[region] + _BIRTH_DAYS[birth] + _SEQUENCE_DIGITS[sequence + 1]
    return body + check_character(body)


def _pick(chance: random.Random, choices: Sequence[T]) -> T:
    return choices[int(chance.random() * len(choices))]


def _name(index: int, chance: random.Random) -> tuple[str, bool]:
    """Return a name and whether it is a foreigner's."""
    if index < len(words.SPECIAL_NAMES):
        name = words.SPECIAL_NAMES[index]
        return name, name.isascii()
    kind = chance.random()
    if kind < 0.02:
        return f"{_pick(chance, words.FOREIGN_GIVEN)} {_pick(chance, words.FOREIGN_FAMILY)}", True
    if kind < 0.05:
        return f"{_pick(chance, words.MINORITY_GIVEN)}·{_pick(chance, words.MINORITY_FATHER)}", False
    second = _pick(chance, words.GIVEN) if kind < 0.75 else ""
    return _pick(chance, words.SURNAMES) + _pick(chance, words.GIVEN) + second, False


def _subscriber(
    id_digits: str, mobile_digits: str, name: str, number: str, chance: random.Random, *, foreign: bool
) -> Subscriber:
    kind = chance.random()
    return Subscriber(
        user_id=f"KS{id_digits}",
        name=name,
        document_type="FOREIGN_PR" if foreign else _document_type(kind),
        resident_id_number=number,
        address=_address(chance),
        mobile_number=MOBILE_PREFIX + mobile_digits,
        tariff_plan=_pick(chance, words.PLANS),
        email_address=f"ks{id_digits}@{_pick(chance, words.DOMAINS)}",
        joined=_pick(chance, _JOINING_DAYS),
        services=_pick(chance, (("mobile",), ("mobile",), ("mobile", "broadband"))),
        service_consent=_pick(chance, ("express", "express", "express", "tacit")),
        marketing_consent=_pick(chance, ("express", "tacit", None, None)),
        limited_capacity=chance.random() < 0.01,
        language="en" if foreign else "zh",
    )


def _document_type(kind: float) -> str:
    """Return one of the documents that bear a citizen number."""
    if kind < 0.95:
        return "CN_ID"
    return "CN_ID_TEMP" if kind < 0.98 else "CN_HUKOU"


def _address(chance: random.Random) -> str:
    house, room = 1 + int(chance.random() * 999), 101 + int(chance.random() * 1800)
    return f"{_pick(chance, words.DISTRICTS)}{_pick(chance, words.STREETS)}{house}号{room}室"
