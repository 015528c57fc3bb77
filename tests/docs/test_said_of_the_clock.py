# SPDX-License-Identifier: Apache-2.0
"""What goes by the passing of time is told as it goes: by a running server itself, and at once by one verb."""

import inspect
import re
from pathlib import Path

import pytest

import documentation
from keshou.cli.log import tick
from keshou.cli.spoken import chinese

SERVER = re.compile(r"\bservers?\b|服务器")
TOLD = [path for path in documentation.pages() if path.name not in {"cli.md", "CHANGELOG.md"}]


def _paragraphs(text: str) -> list[str]:
    """Return paragraphs, points of lists and rows of tables, each as one."""
    return re.split(r"\n(?=\s*(?:\n|[-*|] ?|\d+\. ))", text)


@pytest.mark.parametrize("path", TOLD, ids=lambda path: path.relative_to(documentation.ROOT).as_posix())
def test_a_page_that_names_the_verb_of_the_clocks_says_that_a_running_server_does_it_by_itself(path: Path) -> None:
    said = [each for each in _paragraphs(path.read_text("utf-8")) if re.search(r"`(keshou )?tick`", each)]
    assert [each for each in said if not SERVER.search(each)] == []


def test_the_help_of_the_verb_of_the_clocks_begins_with_what_cannot_be_undone() -> None:
    help_ = inspect.getdoc(tick) or ""
    first, first_zh = (each.partition("\n\n")[0] for each in (help_, chinese()[help_]))
    assert "destroys users' information" in first
    assert "销毁用户的信息" in first_zh
    assert all(SERVER.search(each) for each in (first, first_zh))
