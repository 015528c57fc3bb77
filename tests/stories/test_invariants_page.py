# SPDX-License-Identifier: Apache-2.0
"""The page of the invariants names the tests that attack each of them, and all of those that are here."""

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "explanation" / "invariants.md"


def test_each_of_the_ten_names_tests_that_there_are() -> None:
    sections = re.split(r"^## \d+\. ", PAGE.read_text("utf-8"), flags=re.M)[1:]
    assert len(sections) == 10
    for section in sections:
        named = re.findall(r"\]\((\.\./\.\./tests/[^)]+)\)", section)
        assert named, section[:40]
        assert [name for name in named if not (PAGE.parent / name).is_file()] == []


def test_every_attack_of_this_folder_is_on_the_page() -> None:
    text = PAGE.read_text("utf-8")
    attacks = [path.name for path in HERE.glob("test_invariant*.py") if path.name != Path(__file__).name]
    assert len(attacks) >= 8
    assert [name for name in attacks if name not in text] == []
