# SPDX-License-Identifier: Apache-2.0
"""Spellings of one value that mean the same: of a number, a document's number, an address, a day, a mailbox.

A value has *spots*, at each of which one of two or four spellings is chosen. `plain` takes every choice back; whoever
joins a file with other tables does that first. Whatever is not known to have equal spellings has no spot and is left
as it is, to the letter.
"""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

_PHONE_SPELT = re.compile(r"(1[\d*]{2})([ -]?)([\d*]{4})\2([\d*]{4})")
_DOCUMENT_SPELT = re.compile(r"([\d*]{6})( ?)([\d*]{8})\2([\d*]{3}[\d*Xx])")
_MAILBOX = re.compile(r"([^@\s]+)@([A-Za-z0-9.-]+\.[A-Za-z]{2,})")
_DAY = re.compile(r"(\d{4})([-/.])(\d\d)\2(\d\d)")
_DAY_WORDS = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_MEETING = re.compile(rf"(?<=[{_HAN}])( ?)(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])( ?)(?=[{_HAN}])")
_BLANKS = re.compile(rf"(?<=[{_HAN}]) (?=[A-Za-z0-9])|(?<=[A-Za-z0-9]) (?=[{_HAN}])")
_HAN_TEXT = re.compile(rf"[{_HAN}]")
_DIGIT = re.compile(r"\d", re.ASCII)
_WIDE_DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")
_NARROW_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_WIDE_SIGNS = str.maketrans("(),:;", "（），：；")
_NARROW_SIGNS = str.maketrans("（），：；", "(),:;")
_SIGN = re.compile(r"[(),:;]")
_MIXED = -1
_FROM_ABROAD = {"0086 ": 3, "+86 ": _MIXED}
"""The second is read and never written: programs for tables take what begins with a plus for a sum."""


class Spelling(NamedTuple):
    """A value read: what it means, and how it is spelt."""

    plain: str
    """The spelling that every other one of the value is taken back to."""
    spots: tuple[tuple[int, int], ...]
    """Of each spot how many choices it has (2 or 4), and which was made; -1 where it is none of them."""


Choose = Sequence[int]
"""For each spot, which spelling."""


def read(value: str) -> Spelling:
    """Return what `value` means and how it is spelt."""
    return _read(value)[0]


def plain(value: str) -> str:
    """Return `value` as every equal spelling of it is taken back to."""
    return _read(value)[0].plain


def write(value: str, draw: Callable[[str], Choose]) -> str:
    """Return `value` in the spelling that `draw` gives for its meaning: a number from nought for each spot, or more.

    At a spot of two or four choices a larger number counts from the first again.
    """
    found, spell = _read(value)
    if spell is None:
        return value
    drawn = draw(found.plain)
    return spell(found.plain, [drawn[n] % many for n, (many, _) in enumerate(found.spots)])


def _read(value: str) -> tuple[Spelling, "Spell | None"]:
    for reads, spell in _KINDS if value.isascii() else _KINDS_BEYOND_ASCII:
        if (found := reads(value)) is not None:
            return found, spell
    return Spelling(value, ()), None


def _read_phone(value: str) -> Spelling | None:
    abroad = next((each for each in _FROM_ABROAD if value.startswith(each)), "")
    found = _PHONE_SPELT.fullmatch(value[len(abroad) :])
    if found is None or (abroad and found[2]):
        return None
    choice = _FROM_ABROAD[abroad] if abroad else ("", " ", "-").index(found[2])
    return Spelling(found[1] + found[3] + found[4], ((4, choice),))


def _write_phone(value: str, choose: Choose) -> str:
    if choose[0] == 3:
        return "0086 " + value
    return ("", " ", "-")[choose[0]].join((value[:3], value[3:7], value[7:]))


def _read_document(value: str) -> Spelling | None:
    found = _DOCUMENT_SPELT.fullmatch(value)
    if found is None:
        return None
    meant = (found[1] + found[3] + found[4]).upper()
    spots: list[tuple[int, int]] = [(2, len(found[2]))]
    if meant.endswith("X"):
        spots.append((2, int(value.endswith("x"))))
    return Spelling(meant, tuple(spots))


def _write_document(value: str, choose: Choose) -> str:
    blank = " " * choose[0]
    spelt = blank.join((value[:6], value[6:14], value[14:]))
    return spelt[:-1] + "x" if len(choose) > 1 and choose[1] else spelt


def _read_mailbox(value: str) -> Spelling | None:
    """The name of a host is the same in capitals (RFC 4343); what stands before the sign is left alone."""
    found = _MAILBOX.fullmatch(value)
    if found is None:
        return None
    host = found[2]
    choice = 0 if host == host.lower() else 1 if host == host.upper() else _MIXED
    return Spelling(f"{found[1]}@{host.lower()}", ((2, choice),))


def _write_mailbox(value: str, choose: Choose) -> str:
    name, _, host = value.rpartition("@")
    return f"{name}@{host.upper() if choose[0] else host}"


def _read_day(value: str) -> Spelling | None:
    found, words = _DAY.fullmatch(value), _DAY_WORDS.fullmatch(value)
    parts = (found[1], found[3], found[4]) if found else words.groups() if words else ()
    if not parts:
        return None
    try:
        day = dt.date(*map(int, parts))
    except ValueError:
        return None
    choice = "-/.".index(found[2]) if found else 3
    return Spelling(day.isoformat(), ((4, choice if value == _write_day(day.isoformat(), (choice,)) else _MIXED),))


def _write_day(value: str, choose: Choose) -> str:
    year, month, day = value.split("-")
    if choose[0] == 3:
        return f"{year}年{int(month)}月{int(day)}日"
    return "-/."[choose[0]].join((year, month, day))


def _read_han(value: str) -> Spelling | None:
    """Chinese text: blanks where it meets Latin letters or digits, the width of digits, the width of signs."""
    if not _HAN_TEXT.search(value):
        return None
    narrow = value.translate(_NARROW_DIGITS).translate(_NARROW_SIGNS)
    meant = _BLANKS.sub("", narrow)
    spots = []
    if meetings := list(_MEETING.finditer(narrow)):
        spots.append((2, _which([bool(each[1] or each[2]) for each in meetings])))
    if digits := [each for each in value if _DIGIT.match(each.translate(_NARROW_DIGITS))]:
        spots.append((2, _which([not each.isascii() for each in digits])))
    if signs := [each for each in value if _SIGN.match(each.translate(_NARROW_SIGNS))]:
        spots.append((2, _which([not each.isascii() for each in signs])))
    return Spelling(meant, tuple(spots)) if spots else None


def _which(chosen: Sequence[bool]) -> int:
    return int(chosen[0]) if len(set(chosen)) == 1 else _MIXED


def _write_han(value: str, choose: Choose) -> str:
    left = list(choose)
    spelt = value
    if _MEETING.search(value) and left.pop(0):
        spelt = _MEETING.sub(" ", spelt)
    if _DIGIT.search(value) and left.pop(0):
        spelt = spelt.translate(_WIDE_DIGITS)
    if _SIGN.search(value) and left.pop(0):
        spelt = spelt.translate(_WIDE_SIGNS)
    return spelt


Spell = Callable[[str, Choose], str]
_Kind = tuple[Callable[[str], Spelling | None], Spell]
_MAILBOX_KIND: _Kind = (_read_mailbox, _write_mailbox)
_DAY_KIND: _Kind = (_read_day, _write_day)
_KINDS: tuple[_Kind, ...] = ((_read_phone, _write_phone), (_read_document, _write_document), _DAY_KIND, _MAILBOX_KIND)
_KINDS_BEYOND_ASCII: tuple[_Kind, ...] = (_DAY_KIND, (_read_han, _write_han), _MAILBOX_KIND)
