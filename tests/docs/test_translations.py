# SPDX-License-Identifier: Apache-2.0
"""A page that is also written in Chinese says what its English source says: as many headings, the same commands."""

import re
from pathlib import Path

import pytest

import documentation

DOCS = documentation.ROOT / "docs"
CHINESE = DOCS / "zh"
PAGES = [path for path in sorted(CHINESE.rglob("*.md")) if path != CHINESE / "index.md"]
"""All but the first page, which is written for its readers alone."""


def _commands(text: str) -> list[tuple[str, str, int]]:
    """Return kind, what is run and how it ends, of each example; languages left out, which are to differ."""
    found = []
    for example in documentation.examples(text):
        if example.kind == "console":
            lines = [re.sub(r"(--lang|--language) \w+ ?", "", each.line).strip() for each in example.commands()]
            found += [(example.kind, line, example.status) for line in lines]
        else:
            found.append((example.kind, example.text, example.status))
    return found


def _levels(text: str) -> list[int]:
    return [len(each) for each in re.findall(r"^(#+) ", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(CHINESE).as_posix())
def test_a_page_in_chinese_keeps_step_with_its_english_source(path: Path) -> None:
    chinese = path.read_text("utf-8")
    english = (DOCS / path.relative_to(CHINESE)).read_text("utf-8")
    assert _levels(chinese) == _levels(english)
    assert _commands(chinese) == _commands(english)
    assert len(documentation.links(chinese)) == len(documentation.links(english))
    assert chinese.count("![") == english.count("![")


def test_there_is_a_page_to_judge() -> None:
    assert PAGES
