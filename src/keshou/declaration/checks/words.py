# SPDX-License-Identifier: Apache-2.0
"""What users and staff read is there, in both languages."""

import datetime as dt
import functools
from collections.abc import Iterator

import msgspec

from keshou.declaration.checks.case import Case
from keshou.declaration.finding import Raised
from keshou.declaration.position import join
from keshou.language import Text

_RULED = ("why", "manner", "refusal", "duties", "protection_measures", "risks")
"""Texts whose blankness has a finding of its own."""


def languages(case: Case) -> Iterator[Raised]:
    """Every text says the same in Chinese and in English."""
    for path, text in _texts(case.declaration, ""):
        zh, en = bool(text.zh.strip()), bool(text.en.strip())
        if zh != en:
            yield Raised(
                "text_one_language",
                path,
                {"language_zh": "英文" if zh else "中文", "language_en": "English" if zh else "Chinese"},
            )
        elif not zh and path.rpartition(".")[2] not in _RULED:
            yield Raised("text_blank", path)


def _texts(value: object, path: str) -> Iterator[tuple[str, Text]]:
    if isinstance(value, Text):
        yield path, value
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{path}[{index}]")
    elif isinstance(value, msgspec.Struct):
        for name, written in _fields(type(value)):
            yield from _texts(getattr(value, name), join(path, written))


@functools.cache
def _fields(table: type[msgspec.Struct]) -> tuple[tuple[str, str], ...]:
    """Return the fields of a table that can hold a text, each as it is named and as it is written."""
    every = msgspec.structs.fields(table)
    return tuple((each.name, each.encode_name) for each in every if not _is_plain(each.type))


def _is_plain(declared: object) -> bool:
    return isinstance(declared, type) and issubclass(declared, str | int | dt.date)


RULES = (languages,)
