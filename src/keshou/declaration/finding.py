# SPDX-License-Identifier: Apache-2.0
"""A finding: where the declaration is wrong, under which article, what is wrong and how to mend it.

Every code with its severity, citation and wording stands in ``findings.toml``; code only names it and fills it in.
"""

import functools
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Literal

import msgspec

from keshou.declaration.position import Place
from keshou.language import Text

Severity = Literal["error", "warning"]


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One code: what all findings of the kind have in common. Words in braces are filled in."""

    severity: Severity
    subject: str
    what: Text
    mend: Text
    cite: str = ""
    """The provision it rests on; empty for the form of the file."""


class Raised(msgspec.Struct, frozen=True):
    """A rule's complaint before it has a place and words."""

    code: str
    path: str
    words: Mapping[str, str] = {}
    cite: str = ""
    """In place of the kind's own citation."""
    at_key: bool = False
    """Whether the key is to blame and not its value."""


class Finding(msgspec.Struct, frozen=True):
    """One thing wrong, with its place: `line` and `column` count from one."""

    code: str
    severity: Severity
    line: int
    column: int
    path: str
    cite: str
    what: Text
    mend: Text


@functools.cache
def kinds() -> dict[str, Kind]:
    """Read every kind of finding there is, by code."""
    text = files("keshou.declaration").joinpath("findings.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Kind])


def finding(raised: Raised, place: Place) -> Finding:
    """Give a complaint its place and words."""
    kind = kinds()[raised.code]
    return Finding(
        code=raised.code,
        severity=kind.severity,
        line=place.line,
        column=place.column,
        path=raised.path,
        cite=raised.cite or kind.cite,
        what=_fill(kind.what, raised.words),
        mend=_fill(kind.mend, raised.words),
    )


def _fill(text: Text, words: Mapping[str, str]) -> Text:
    """Put `words` where the text has braces; what the file itself says is never taken for a brace of ours."""
    return Text(zh=text.zh.format_map(words), en=text.en.format_map(words))
