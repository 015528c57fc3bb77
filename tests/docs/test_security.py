# SPDX-License-Identifier: Apache-2.0
"""The pages on security answer every point of the standard once, and every test that they name is there."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import documentation

DOCS = documentation.ROOT / "docs"
PAGE = (DOCS / "reference" / "asvs.md").read_text("utf-8")
ATTACKS = (DOCS / "explanation" / "security.md").read_text("utf-8")
BAD_DAYS = (DOCS / "explanation" / "pages.md").read_text("utf-8")
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


NAMING = {"points": (PAGE, 50), "attacks": (ATTACKS, 80), "bad days": (BAD_DAYS, 15)}
"""Pages that name tests, and how many at least."""


@pytest.mark.parametrize(("page", "least"), NAMING.values(), ids=NAMING)
def test_every_test_that_is_named_is_in_the_suite(page: str, least: int) -> None:
    written = "\n".join(path.read_text("utf-8") for path in TESTS.rglob("test_*.py"))
    there = set(re.findall(r"def (test_\w+)", written))
    named = set(re.findall(r"`(test_\w+)`", page))
    assert len(named) > least
    assert named - there == set()


def test_nothing_is_named_that_is_no_test() -> None:
    assert re.findall(r"`[A-Z_]+_TEST`", PAGE + ATTACKS) == []


def test_whatever_an_attacker_tries_has_a_test_that_shows_what_stops_them() -> None:
    rows = [line for line in ATTACKS.splitlines() if line.count(" | ") == 3][2:]
    assert len(rows) > 60
    assert [row for row in rows if "shown by" not in row and "`test_" not in row.rpartition(" | ")[2]] == []


def test_the_chinese_page_of_the_standard_is_drawn_from_the_english_one() -> None:
    command = [sys.executable, documentation.ROOT / "scripts" / "asvs.py"]
    drawn = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stdout
    assert drawn == (DOCS / "zh" / "reference" / "asvs.md").read_text("utf-8"), "mend it with: make pages"
    answered = re.findall(r"^\| (\d+\.\d+\.\d+) \| (?:做到|经营者|不适用|还没有) \|", drawn, re.M)
    assert answered == [row[0] for row in ROWS]


def test_the_short_page_leads_to_both() -> None:
    links = documentation.links((DOCS / "security.md").read_text("utf-8"))
    assert {"explanation/security.md", "reference/asvs.md", "zh/explanation/security.md"} <= set(links)
