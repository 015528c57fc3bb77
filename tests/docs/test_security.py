# SPDX-License-Identifier: Apache-2.0
"""The page on security answers every point of the standard once, and every test that it names is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import documentation

PAGE = (documentation.ROOT / "docs" / "security.md").read_text("utf-8")
BAD_DAYS = (documentation.ROOT / "docs" / "explanation" / "pages.md").read_text("utf-8")
TESTS = documentation.ROOT / "tests"
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+) \| (holds|operator|n/a|not yet) \| (.*?) \| (.*?) ?\|$", PAGE, re.M)


def points() -> Iterator[str]:
    """Yield every point of levels 1 and 2."""
    for line in Path(__file__).with_name("asvs.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            section, _, bounds = line.partition(" ")
            first, _, last = bounds.partition("-")
            yield from (f"{section}.{number}" for number in range(int(first), int(last) + 1))


def test_every_point_of_levels_1_and_2_is_answered_once() -> None:
    assert [row[0] for row in ROWS] == list(points())
    assert len(ROWS) == 253


def test_every_answer_says_how() -> None:
    assert [row[0] for row in ROWS if not row[2]] == []


@pytest.mark.parametrize(("page", "least"), [(PAGE, 50), (BAD_DAYS, 15)], ids=["security", "bad days"])
def test_every_test_that_is_named_is_in_the_suite(page: str, least: int) -> None:
    written = "\n".join(path.read_text("utf-8") for path in TESTS.rglob("test_*.py"))
    there = set(re.findall(r"def (test_\w+)", written))
    named = set(re.findall(r"`(test_\w+)`", page))
    assert len(named) > least
    assert named - there == set()


def test_nothing_is_named_that_is_no_test() -> None:
    assert re.findall(r"`[A-Z_]+_TEST`", PAGE) == []
