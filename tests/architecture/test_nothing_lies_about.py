# SPDX-License-Identifier: Apache-2.0
"""Nothing lies about in the source: what nobody uses, what is used from where it is private, what is written twice."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "keshou"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)
TREES = {path: ast.parse(path.read_text("utf-8")) for path in FILES}
FOR_OTHERS = {
    "admitted": "views of an app of the operator's own",
    "arrow": "programs that ask for a filter of an Arrow table",
    "handle_data": "the standard library's reader of HTML",
    "handle_endtag": "the standard library's reader of HTML",
    "handle_startendtag": "the standard library's reader of HTML",
    "readable": "whoever reads a table as a file",
    "readinto": "whoever reads a table as a file",
    "findings_page": "the script that draws the page",
    "schema_text": "who makes the schema anew",
    "penalty_for": "embedders, who read the law",
    "is_complete": "the test that fails on a gap in the law's coverage",
    "access_change": "tests, which ask whether every process heard",
    "is_well_formed": "the test that holds the sample's numbers to their form",
}
"""Functions that nothing in the source calls -> for whom they are there."""
_MARKS_ONLY = {"staticmethod", "classmethod", "property", "contextmanager", "contextlib.contextmanager"}


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def _used(tree: ast.AST) -> Iterator[str]:
    """Yield every name that is read, asked of something, imported or written as a text of its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield from [node.id] if isinstance(node.ctx, ast.Load) else ()
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield node.value


@pytest.fixture(scope="module")
def used() -> Counter[str]:
    """How often each name is used, in the source and in its templates."""
    found = Counter(name for tree in TREES.values() for name in _used(tree))
    for path in PACKAGE.rglob("*.j2"):
        found.update(re.findall(r"\w+", path.read_text("utf-8")))
    return found


def _functions(tree: ast.AST) -> Iterator[str]:
    """Yield functions and methods that no decorator hands to somebody else."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("__"):
            marks = {ast.unparse(each) for each in node.decorator_list}
            yield from [node.name] if marks <= _MARKS_ONLY else ()


def test_every_function_is_called_or_is_there_for_somebody_who_is_named(used: Counter[str]) -> None:
    idle = {f"{_name(path)}: {name}" for path, tree in TREES.items() for name in _functions(tree) if not used[name]}
    assert {each for each in idle if each.partition(": ")[2] not in FOR_OTHERS} == set()
    assert {each.partition(": ")[2] for each in idle} == FOR_OTHERS.keys(), "named, and called by now"


def _private(node: ast.stmt) -> Iterator[str]:
    """Yield the private names that a statement of a file sets, but of tables, which lie in the metadata."""
    if isinstance(node, ast.Assign | ast.AnnAssign) and not ast.unparse(node.value or node.target).startswith(
        "sa.Table("
    ):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            names = (each.id for each in ast.walk(target) if isinstance(each, ast.Name))
            yield from (each for each in names if re.match("_[A-Za-z]", each))


def test_every_private_name_of_a_file_is_used_in_it() -> None:
    wrong = []
    for path, tree in TREES.items():
        here = set(_used(tree))
        wrong += [f"{_name(path)}: {each}" for node in tree.body for each in _private(node) if each not in here]
    assert wrong == []


def test_no_file_takes_what_is_private_to_another() -> None:
    wrong = [
        f"{_name(path)}: {node.module}.{each.name}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("keshou")
        for each in node.names
        if re.match("_[A-Za-z]", each.name)
    ]
    assert wrong == []


def test_the_zone_of_the_laws_days_is_written_once() -> None:
    zone = re.compile(r"timedelta\(hours=8\)|ZoneInfo\(|8 \* 3600")
    assert [_name(path) for path in FILES if zone.search(path.read_text("utf-8"))] == ["law/model.py"]
