# SPDX-License-Identifier: Apache-2.0
"""What a value looks like to those whose grant is not for full values.

Which way each kind of information is masked stands in ``masks.toml``. A mask counts characters as people see them: one
with an accent or a variant of a Chinese character is one, and so is one beyond the basic plane.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Container
from functools import cache
from importlib import resources
from typing import Literal

import msgspec

from keshou.errors import InputError

STAR = "*"
NOTHING = STAR * 4
"""What stands for a value of which nothing is seen, or for a rest whose length is not told."""
_JOINER = "\u200d"
_FIFTEEN = re.compile(r"[0-9]{15}")
_PARTED = re.compile(r"[\s\-\u2010-\u2015\u2212]+")
_YEAR_FIRST = re.compile(r"(?:18|19|20)[0-9]{2}(?:[^0-9].{3,}|(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))", re.DOTALL)
"""A date that begins with its year: with signs between, or eight digits of which the rest is a month and a day."""
_PLACE = re.compile(
    r"(?:[^省市区县旗\d\s]{2,8}(?:省|自治区|特别行政区))?"
    r"(?:[^省市区县旗\d\s]{2,10}(?:(?<![超门])市|自治州|地区|盟))?"
    r"(?:[^省市县旗\d\s]{1,10}(?:(?<![小社园校厂营院街地])区|县)|[^省市区县旗\d\s]{2,10}(?:市|旗))?"
)


class MaskError(InputError):
    """A mask was asked for a kind of information that has none; nothing was shown."""


class Mask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way to show a value in part."""

    way: Literal["plain", "edges", "identity", "year", "name", "mail", "district", "parts", "nothing"]
    items: tuple[str, ...]
    first: int = 0
    last: int = 0
    hidden: int = 1
    """The fewest characters that are hidden; of a value that is shorter, nothing is shown."""


@cache
def masks() -> dict[str, Mask]:
    """Return the mask of every item."""
    text = resources.files("keshou.acts").joinpath("masks.toml").read_text("utf-8")
    read = msgspec.convert(tomllib.loads(text)["masks"], list[Mask])
    return {item: mask for mask in read for item in mask.items}


def masked(item: str, value: str, own: Container[str] = ()) -> str:
    """Return `value` with what identifies hidden; of what the operator's own rules describe (`own`), nothing is seen.

    Raises:
        MaskError: `item` is no kind of information.

    """
    mask = masks().get(item)
    if mask is None:
        if item in own:
            return NOTHING if value else value
        raise MaskError("there is no mask for this kind of information", hint="give one of the law's taxonomy")
    return _WAYS[mask.way](value, mask) if value else value


def _name(value: str, _: Mask) -> str:
    seen = _characters(value)
    return _edges(seen, 1, 1 if len(seen) > 2 else 0, 1)


def _edges(seen: list[str], first: int, last: int, hidden: int) -> str:
    left = len(seen) - first - last
    if left < hidden:
        return STAR * len(seen)
    return "".join(seen[:first]) + STAR * left + "".join(seen[len(seen) - last :] if last else ())


def _identity(value: str, mask: Mask) -> str:
    """Return the edges of a number; one of fifteen digits has three after the date of birth, where others have four."""
    plain = _PARTED.sub("", unicodedata.normalize("NFKC", value))
    last = mask.last - 1 if _FIFTEEN.fullmatch(plain) else mask.last
    return _edges(_characters(value), mask.first, last, mask.hidden)


def _year(value: str, mask: Mask) -> str:
    if not _YEAR_FIRST.fullmatch(value):
        return NOTHING
    return _edges(_characters(value), mask.first, 0, mask.hidden)


def _mail(value: str, _: Mask) -> str:
    local, at, domain = value.rpartition("@")
    if not at or not local or not domain:
        return NOTHING
    return _characters(local)[0] + STAR * 3 + "@" + domain


def _district(value: str, mask: Mask) -> str:
    place = _PLACE.match(value.strip())
    shown = place[0] if place else ""
    return (shown if len(shown) <= mask.first and len(shown) < len(value.strip()) else "") + NOTHING


def _parts(value: str, mask: Mask) -> str:
    first = mask.first
    sign = ":" if ":" in value else "-" if "-" in value else "."
    parts = value.split(sign)
    if len(parts) <= first or any(len(part) > 4 for part in parts):
        return NOTHING
    return sign.join(parts[:first] + [STAR] * (len(parts) - first))


def _characters(value: str) -> list[str]:
    """Return the characters of `value` as people count them."""
    if value.isascii():
        return list(value)
    found: list[str] = []
    for each in value:
        joined = found and (found[-1].endswith(_JOINER) or each == _JOINER or _belongs_to_the_one_before(each))
        if joined:
            found[-1] += each
        else:
            found.append(each)
    return found


def _belongs_to_the_one_before(each: str) -> bool:
    """Say whether this is an accent, a sign of a script's own, or what picks a variant of a character."""
    return unicodedata.category(each) in {"Mn", "Mc", "Me"} or "\U0001f3fb" <= each <= "\U0001f3ff"


_WAYS: dict[str, Callable[[str, Mask], str]] = {
    "plain": lambda value, _: value,
    "nothing": lambda _value, _: NOTHING,
    "edges": lambda value, mask: _edges(_characters(value), mask.first, mask.last, mask.hidden),
    "identity": _identity,
    "year": _year,
    "name": _name,
    "mail": _mail,
    "district": _district,
    "parts": _parts,
}
