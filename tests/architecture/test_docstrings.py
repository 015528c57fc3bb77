# SPDX-License-Identifier: Apache-2.0
"""What docstrings say of the source is there: names in backticks exist."""

import ast
import builtins
import keyword
import re
import sys
from pathlib import Path

import pytest

from source_read import names_within, texts

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "keshou"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)
OTHERS = {"dictConfig", "htmlfill", "telemetry"}
"""Names of others' libraries, and of a part that is installed by choice."""
_NAME = re.compile(r"(?<!`)`([A-Za-z_][\w.]*)(?:\(\))?`(?!`)|``([a-z]+_\w+)``")


@pytest.fixture(scope="module")
def known() -> set[str]:
    """Every name there is."""
    return {*dir(builtins), *keyword.kwlist, *sys.stdlib_module_names, *OTHERS, *names_within(PACKAGE)}


def _unknown(text: str, known: set[str]) -> list[str]:
    spans = (single or double for single, double in _NAME.findall(text))
    return [span for span in spans if not known.issuperset(span.split("."))]


def test_a_name_in_backticks_in_a_docstring_exists(known: set[str]) -> None:
    wrong = {}
    for path in FILES:
        for each in texts(ast.parse(path.read_text("utf-8"))):
            if unknown := _unknown(str(each.value), known):
                wrong[f"{path.relative_to(PACKAGE)}:{each.lineno}"] = unknown
    assert wrong == {}


@pytest.mark.parametrize("text", ["`no_such_name`", "`Site.no_such_name`", "`no_such_name()`", "e.g. ``no_such_name``"])
def test_a_name_that_nothing_has_is_found(text: str, known: set[str]) -> None:
    assert _unknown(text, known) != []


def test_the_names_of_others_are_still_spoken_of() -> None:
    told = " ".join(path.read_text("utf-8") for path in FILES)
    assert [each for each in sorted(OTHERS) if f"{each}`" not in told] == []
