# SPDX-License-Identifier: Apache-2.0
"""What users and staff read is there, in both languages."""

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
        for field in msgspec.structs.fields(value):
            yield from _texts(getattr(value, field.name), join(path, field.encode_name))


RULES = (languages,)
