# SPDX-License-Identifier: Apache-2.0
"""What docstrings say of the source is there: names in backticks exist."""

import ast
import builtins
import keyword
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "keshou"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)
OTHERS = {"dictConfig", "htmlfill", "telemetry"}
"""Names of others' libraries, and of a part that is installed by choice."""
_NAME = re.compile(r"(?<!`)`([A-Za-z_][\w.]*)(?:\(\))?`(?!`)|``([a-z]+_\w+)``")
_KEY = re.compile(r"(?:^\s*|[{,]\s*)\"?(\w+)\"?\s*=", re.M)


def _texts(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield docstrings, also those of attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value


def _names(tree: ast.AST) -> Iterator[str]:
    """Yield every name that is made or used, and the words of texts without a space: keys, paths, codes."""
    texts = {id(each) for each in _texts(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield from node.name.split(".")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
            yield from re.findall(r"\w+", node.value) if " " not in node.value.strip() else ()


@pytest.fixture(scope="module")
def known() -> set[str]:
    """Every name there is."""
    found = {*dir(builtins), *keyword.kwlist, *sys.stdlib_module_names, *OTHERS}
    for path in FILES:
        found |= {*_names(ast.parse(path.read_text("utf-8"))), *path.with_suffix("").parts}
    for path in PACKAGE.rglob("*.toml"):
        found |= set(_KEY.findall(path.read_text("utf-8")))
    return found


def _unknown(text: str, known: set[str]) -> list[str]:
    spans = (single or double for single, double in _NAME.findall(text))
    return [span for span in spans if not known.issuperset(span.split("."))]


def test_a_name_in_backticks_in_a_docstring_exists(known: set[str]) -> None:
    wrong = {}
    for path in FILES:
        for each in _texts(ast.parse(path.read_text("utf-8"))):
            if unknown := _unknown(str(each.value), known):
                wrong[f"{path.relative_to(PACKAGE)}:{each.lineno}"] = unknown
    assert wrong == {}


@pytest.mark.parametrize("text", ["`no_such_name`", "`Site.no_such_name`", "`no_such_name()`", "e.g. ``no_such_name``"])
def test_a_name_that_nothing_has_is_found(text: str, known: set[str]) -> None:
    assert _unknown(text, known) != []


def test_the_names_of_others_are_still_spoken_of() -> None:
    told = " ".join(path.read_text("utf-8") for path in FILES)
    assert [each for each in sorted(OTHERS) if f"{each}`" not in told] == []
