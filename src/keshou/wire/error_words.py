# SPDX-License-Identifier: Apache-2.0
"""Errors in the reader's language: the rooms tell them in English, and the files of `errors_zh` say it in Chinese.

A file holds templates: the words of a message or a hint, with ``{}`` for each value that is put in. The Chinese has the
same places: ``{}`` in their order, or ``{1}`` by their number from nought; ``{:words}`` and ``{1:words}`` where what is
put in are words that have a template of their own.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path

from keshou.errors import KeshouError
from keshou.language import Language

HOLE = "{}"
PLACE = re.compile(r"\{(\d*)(:words)?\}")
"""Where the Chinese takes a value: its number, if it is not the next, and whether it is words."""
_FOLDER = "errors_zh"
_LONGEST = 4096
"""Characters; what is longer stays as it was told."""
_DEEPEST = 4
"""Words within words."""


def in_words(error: KeshouError, language: Language) -> tuple[str, str]:
    """Return what is wrong and what to do about it (may be empty); what has no Chinese stays in English."""
    if language != "zh":
        return str(error), error.hint
    words = chinese()
    return words.of(str(error)), words.of(error.hint)


def templates() -> Mapping[str, Mapping[str, str]]:
    """Return what each file holds: the Chinese by the English."""
    folder = Path(__file__).with_name(_FOLDER)
    return {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.toml"))}


@cache
def chinese() -> "Words":
    """Return all templates, read once."""
    return Words({english: told for held in templates().values() for english, told in held.items()})


class Template:
    """Words with places, as English says them."""

    def __init__(self, english: str, told: str) -> None:
        self._first, *self._others = english.split(HOLE)
        self.literal = len(english) - len(HOLE) * len(self._others)
        """Characters that are the template's own."""
        self.told = told

    def values(self, said: str) -> list[str] | None:
        """Return what was put in, None when `said` was not made of this. Takes time by the length of `said` alone."""
        *middle, last = self._others
        end = len(said) - len(last)
        at = len(self._first)
        if at > end or not said.startswith(self._first) or not said.endswith(last):
            return None
        found = []
        for each in middle:
            next_ = said.find(each, at, end)
            if next_ < 0:
                return None
            found.append(said[at:next_])
            at = next_ + len(each)
        return [*found, said[at:end]]


class Words:
    """The Chinese of what is told in English."""

    def __init__(self, told: Mapping[str, str]) -> None:
        self._told = told

    @cached_property
    def _whole(self) -> Mapping[str, str]:
        return {english: told for english, told in self._told.items() if HOLE not in english}

    @cached_property
    def _made(self) -> list[Template]:
        """Return the templates with places, those with most of their own first: of several that fit, they say most."""
        made = [Template(english, told) for english, told in self._told.items() if HOLE in english]
        return sorted(made, key=lambda each: -each.literal)

    def of(self, said: str, depth: int = 0) -> str:
        """Return `said` in Chinese; as it is, when no template fits."""
        if not said or len(said) > _LONGEST or depth > _DEEPEST:
            return said
        if said in self._whole:
            return self._whole[said]
        for each in self._made:
            values = each.values(said)
            if values is not None:
                return self._filled(each.told, values, depth)
        return said

    def _filled(self, told: str, values: list[str], depth: int) -> str:
        left = iter(values)

        def put(place: re.Match[str]) -> str:
            value = values[int(place[1])] if place[1] else next(left)
            return self.of(value, depth + 1) if place[2] else value

        return PLACE.sub(put, told)
