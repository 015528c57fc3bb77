# SPDX-License-Identifier: Apache-2.0
"""Find an equal value without unsealing: a keyed, cut hash of the normalised value, with a key of its own per item.

Only items that are nearly unique to a user can be found so; in an index of surnames or cities the frequencies would
tell the values. What lets more be known than that two values are equal is indexed only where the operator's
declaration chose it: names, last four characters, beginnings. Each such *way* has keys of its own. Normalising is
versioned: a change of what it does is a new version, with new keys.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple

import opencc
import phonenumbers

from keshou.declaration.findable import FINDABLE, NAMES, Part, Written
from keshou.declaration.model import FoundBy
from keshou.vault.errors import VaultError
from keshou.vault.normal_before import normalised

VERSION = 3
"""Version of the normalising below. Version 2 kept invisible characters, some signs that part, and a bare 86 before a
fixed line; version 1 also left numbers abroad and extensions as they were written."""
VERSIONS = (VERSION, 2, 1)
TAG = 16
USER_LABEL = "user"
"""The label under which external user ids are found."""
WHOLE, LAST_FOUR, SIMPLIFIED, PREFIX = "", "#4", "~", "^"
"""Ways to find a value: equal; by its last four; a name in simplified characters; ``^N``: by its first N."""
_FOUR = 4
_CHINA = "+86"

_UNSEEN = re.compile(
    r"[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e0fff]+"
)
"""What shows nothing: format characters, joiners and variation selectors."""
_NOT_DIALLED = re.compile(r"[\s().\-\u2010-\u2015\u2212]+")
_NOT_WRITTEN = re.compile(r"[\s\-\u2010-\u2015\u2212]+")
_NOT_NAMED = re.compile(r"[\s\u00b7\u2022\u2027\u30fb]+")
_MOBILE = re.compile(r"(?:\+86|86|0)?(1[3-9][0-9]{9})")
_FIXED = re.compile(r"(?:(?:\+86|86)0?|0)([1-9][0-9]{8,10})")
_REGION = "CN"


class Way(NamedTuple):
    """An item and how it is found."""

    item: str
    way: str = WHOLE

    @property
    def named(self) -> str:
        """What the way is called where people read of it, as the rules call it."""
        if self.way.startswith(PREFIX):
            return f"prefix {self.way.removeprefix(PREFIX)}"
        return {LAST_FOUR: "last_four", SIMPLIFIED: "variants"}.get(self.way, "whole")


def _phone(text: str) -> str:
    number = _NOT_DIALLED.sub("", text)
    if number.startswith("00"):
        number = "+" + number[2:]
    match = _MOBILE.fullmatch(number) or _FIXED.fullmatch(number)
    return "+86" + match[1] if match else number


def _phone_anywhere(text: str) -> str:
    """Return a number in E.164, also one abroad; the quick way for those of the mainland is the first."""
    number = _NOT_DIALLED.sub("", text)
    if _MOBILE.fullmatch(number) or _FIXED.fullmatch(number) or not number.startswith(("+", "00")):
        return _phone(text)
    try:
        read = phonenumbers.parse("+" + text[2:] if text.startswith("00") else text, _REGION)
    except phonenumbers.NumberParseException:
        return _phone(text)
    if not phonenumbers.is_possible_number(read):
        return _phone(text)
    return phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)


def _document(text: str) -> str:
    return _NOT_WRITTEN.sub("", text).upper()


def _name(text: str) -> str:
    return _NOT_NAMED.sub("", text).casefold()


_NORMAL: dict[Written, Callable[[str], str]] = {
    Written.PHONE: _phone_anywhere,
    Written.DOCUMENT: _document,
    Written.MAIL: str.lower,
    Written.ACCOUNT: str,
    Written.NAME: _name,
}


def normalise(written: Written, value: str, version: int = VERSION) -> str:
    """Return `value` as every equal value is written: one width, one case, no separators.

    A telephone number becomes E.164, one without area code stays as it is. A name loses its spaces and dots;
    what shows nothing is dropped of everything.
    """
    if version < VERSION:
        return normalised(written, value, version)
    return _NORMAL[written](_plain(value))


def _plain(value: str) -> str:
    return (value if value.isascii() else unicodedata.normalize("NFKC", _UNSEEN.sub("", value))).strip()


def simplified(name: str) -> str:
    """Return a name in simplified characters, so that both ways to write it are equal."""
    return str(_converter().convert(name))


@cache
def _converter() -> "opencc.OpenCC":
    return opencc.OpenCC("t2s")


def last_four(normal: str) -> str:
    """Return the last four characters of a normalised value; a shorter one has none."""
    return normal[-_FOUR:].upper() if len(normal) > _FOUR else ""


def beginning(normal: str, length: int) -> str:
    """Return the first `length` characters of a normalised value, as people in China write it; a shorter has none."""
    text = normal.removeprefix(_CHINA)
    return text[:length].upper() if len(text) > length else ""


def label(way: Way, version: int = VERSION) -> str:
    """Return the name of the key under which values of an item are found in one way."""
    return f"{way.item}{way.way}/{version}"


class Finding:
    """What users are found by: equal values of items that are nearly unique, and what the operator chose beyond."""

    def __init__(self, chosen: Iterable[FoundBy] = ()) -> None:
        self.ways: dict[str, frozenset[str]] = {item: frozenset({WHOLE}) for item in FINDABLE}
        """By item: the ways in which its values are indexed."""
        for each in chosen:
            self.ways[each.item] = self.ways.get(each.item, frozenset()) | _ways(each)
        self._of = {item: tuple(Way(item, way) for way in sorted(ways)) for item, ways in self.ways.items()}
        self.extra = frozenset(way for of in self._of.values() for way in of if is_chosen(way))
        """What is indexed because it was chosen."""

    def texts(self, item: str, value: str) -> dict[Way, str]:
        """Return what is to be indexed of a value: the text that the tag is made of, by way."""
        ways = self._of.get(item)
        if not ways:
            return {}
        normal = normalise(_written(item), value)
        return {way: text for way in ways if (text := _text(way.way, normal) if way.way else normal)}

    def asked(self, item: str, value: str, part: Part = Part.WHOLE, version: int = VERSION) -> tuple[Way, str]:
        """Return way and text for a search by a whole value or a part of one.

        Raises:
            VaultError: users cannot be found so here.

        """
        ways = self.ways.get(item)
        if not ways:
            raise VaultError(f"users cannot be found by `{item}`", hint=_choose())
        written = _written(item)
        if part is Part.WHOLE:
            way = SIMPLIFIED if SIMPLIFIED in ways else WHOLE
            return Way(item, way), _text(way, normalise(written, value, version))
        wanted = LAST_FOUR if part is Part.LAST_FOUR else PREFIX
        way = next((each for each in ways if each.startswith(wanted)), "")
        if not way:
            told = "the last four" if part is Part.LAST_FOUR else "the beginning"
            raise VaultError(f"users are not found by {told} of `{item}` here", hint="see `[[finding]]` of the rules")
        return Way(item, way), _part(written, part, value, int(way[1:]))


def is_chosen(way: Way) -> bool:
    """Say whether users are found so only where it was chosen."""
    return bool(way.way) or way.item in NAMES


def _ways(chosen: FoundBy) -> frozenset[str]:
    if chosen.item in NAMES:
        return frozenset({SIMPLIFIED if chosen.variants else WHOLE})
    if chosen.item not in FINDABLE:
        return frozenset()
    return frozenset(
        ({LAST_FOUR} if chosen.last_four else set()) | ({f"{PREFIX}{chosen.prefix}"} if chosen.prefix > 0 else set())
    )


def _written(item: str) -> Written:
    return FINDABLE.get(item) or NAMES[item]


def _text(way: str, normal: str) -> str:
    if way == WHOLE:
        return normal
    if way == SIMPLIFIED:
        return simplified(normal)
    return last_four(normal) if way == LAST_FOUR else beginning(normal, int(way[1:]))


def _part(written: Written, part: Part, value: str, length: int) -> str:
    """Return a part of a value as it is indexed; of a number also without what is dialled before it.

    Raises:
        VaultError: it has not just as many characters as are indexed.

    """
    text = _plain(value)
    given = _document(text) if written in (Written.PHONE, Written.DOCUMENT) else text.upper()
    if written is Written.PHONE and part is Part.PREFIX:
        given = _dialled_before(_NOT_DIALLED.sub("", given))
    if len(given) != length:
        told = "the last" if part is Part.LAST_FOUR else "the first"
        raise VaultError(f"a search by {told} {length} takes {length} characters", hint=f"give just those {length}")
    return given


def _dialled_before(number: str) -> str:
    """Return the beginning of a number without China's own prefix, or the 0 before an area code."""
    for prefix in (_CHINA, "0086"):
        if number.startswith(prefix):
            return number.removeprefix(prefix)
    if number.startswith("00"):
        return "+" + number[2:]
    return number.removeprefix("0")


def _choose() -> str:
    return f"find them by one of: {', '.join(sorted(FINDABLE))}"
