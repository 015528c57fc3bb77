# SPDX-License-Identifier: Apache-2.0
"""A copy as a PDF to read: tagged, with title, language, date and page numbers, and every font it uses in it.

What a copy says goes to the typesetter as data, so that nothing anybody wrote into a field is markup, and nothing is
fetched from anywhere. A character that no font at hand has is told by its number.
"""

import datetime as dt
import functools
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import typst

from keshou.copies.errors import FontError, SettingError
from keshou.copies.sheet import Sheet
from keshou.law.model import CHINA

CHINESE: Final = (
    "Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN", "Noto Serif CJK SC", "Source Han Serif SC",
    "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "LXGW WenKai", "AR PL UMing CN",
)  # fmt: skip
"""Families of fonts with Chinese characters, the best first."""
_BESIDE: Final = ("Noto Sans", "DejaVu Sans")
_REGION: Final = {"zh": "CN", "en": "GB"}
_STANDARD: Final = "ua-1"
"""PDF/UA: for readers who listen; refuses what it cannot show."""
_MISSING = re.compile(r"could not be displayed|not displayable|no glyph|glyph", re.I)
_PLAIN = re.compile(r"[\x20-\x7e\u3000-\u303f\u4e00-\u9fa5\uff01-\uff5e]")
_MOST_TRIES: Final = 100
"""How often it is tried which characters can be set."""
_TURN = threading.Lock()


def printed(sheet: Sheet, fonts: Path) -> bytes:
    """Return `sheet` as a PDF, set in the fonts of a folder; each row of a table takes some 100 kB of memory meanwhile.

    Raises:
        FontError: none of them has Chinese characters.
        SettingError: it cannot be set, not even with its unusual characters told by their numbers.

    """
    found = _fonts(str(fonts))
    families = _families(found)
    told = _told(sheet, families)
    try:
        return _set(told, found, sheet.made)
    except typst.TypstError as error:
        known = bool(_MISSING.search(str(error)))
    if not known:
        raise SettingError
    spelt = _spelt(told, found, sheet.made)
    for each in (spelt, _plain(spelt)):  # characters that can be set apart, but not side by side, are all told then
        with suppress(typst.TypstError):
            return _set(each, found, sheet.made)
    raise SettingError  # outside of what was caught: what the typesetter says holds a piece of the text


def refuse_without_fonts(fonts: Path) -> None:
    """Refuse to begin what could not be set.

    Raises:
        FontError: no font in the folder has Chinese characters.

    """
    _families(_fonts(str(fonts)))


@functools.lru_cache(maxsize=4)
def _fonts(folder: str) -> "typst.Fonts":
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[folder])


def _families(fonts: "typst.Fonts") -> list[str]:
    names = set(fonts.families())
    chinese = [each for each in CHINESE if each in names]
    if not chinese:
        raise FontError
    return [*chinese[:1], *(each for each in _BESIDE if each in names), *chinese[1:]]


def _told(sheet: Sheet, families: Sequence[str]) -> dict[str, Any]:
    day = sheet.made.astimezone(CHINA)
    return {
        "title": sheet.title, "operator": sheet.operator, "lang": sheet.language, "region": _REGION[sheet.language],
        "fonts": list(families), "none": sheet.none, "page": sheet.page,
        "day": {name: getattr(day, name) for name in ("year", "month", "day", "hour", "minute", "second")},
        "head": [[_shown(part) for part in each] for each in sheet.head],
        "tables": [
            {"title": each.title, "note": each.note, "columns": each.columns,
             "rows": [list(map(_shown, row)) for row in each.rows]}
            for each in sheet.tables
        ],
    }  # fmt: skip


def _shown(text: str) -> str:
    """Return `text` with what is no character of a text told by its number."""
    return "".join(each if each.isprintable() or each in "\n\u200c\u200d" else _number(each) for each in text)


def _number(character: str) -> str:
    return f"[U+{ord(character):04X}]"


def _set(told: Mapping[str, Any], fonts: "typst.Fonts", made: dt.datetime) -> bytes:
    source = (files(__package__) / "copy.typ").read_bytes()
    moment = made.astimezone(CHINA).replace(microsecond=0)
    with _TURN:  # one after another: each takes a core and what memory its fonts need
        given = typst.compile(
            source, font_paths=fonts, sys_inputs={"copy": json.dumps(told, ensure_ascii=False)}, format="pdf",
            pdf_standards=[_STANDARD], timestamp=moment, ignore_system_fonts=True,
        )  # fmt: skip
    assert isinstance(given, bytes)  # noqa: S101 - one document, no output file
    return given


def _spelt(told: Mapping[str, Any], fonts: "typst.Fonts", made: dt.datetime) -> dict[str, Any]:
    """Return what is told with each character that cannot be set told by its number."""
    text = json.dumps(told, ensure_ascii=False)
    odd = sorted({each for each in text if not _PLAIN.match(each)})
    lost = _lost(odd, lambda some: _can_be_set(some, told, fonts, made), [_MOST_TRIES])
    found: dict[str, Any] = json.loads("".join(_number(each) if each in lost else each for each in text))
    return found


def _plain(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told with every character that is not usual told by its number."""
    text = json.dumps(told, ensure_ascii=False)
    found: dict[str, Any] = json.loads("".join(each if _PLAIN.match(each) else _number(each) for each in text))
    return found


def _lost(characters: Sequence[str], fit: Callable[[str], bool], left: list[int]) -> set[str]:
    """Return which characters cannot be set, found by halving; what is not tried any more counts as lost."""
    left[0] -= 1
    if left[0] < 0:
        return set(characters)
    if not characters or fit("".join(characters)):
        return set()
    if len(characters) == 1:
        return set(characters)
    middle = len(characters) // 2
    return _lost(characters[:middle], fit, left) | _lost(characters[middle:], fit, left)


def _can_be_set(characters: str, told: Mapping[str, Any], fonts: "typst.Fonts", made: dt.datetime) -> bool:
    alone = {**told, "head": [["x", f"x {' '.join(characters)}"]], "tables": []}
    try:
        _set(alone, fonts, made)
    except typst.TypstError:
        return False
    return True
