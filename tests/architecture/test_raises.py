# SPDX-License-Identifier: Apache-2.0
"""Public functions say what they raise themselves. Verbs and routes are left out: their docstrings are others' help."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "keshou"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)
TREES = {path: ast.parse(path.read_text("utf-8")) for path in FILES}
Function = ast.FunctionDef | ast.AsyncFunctionDef
PLAIN = {"property", "staticmethod", "classmethod", "contextmanager", "contextlib.contextmanager", "functools.cache"}
"""Decorators that leave a function what it is; under any other, somebody else calls it."""
BASES = {
    node.name: [ast.unparse(base).rpartition(".")[2] for base in node.bases]
    for tree in TREES.values()
    for node in ast.walk(tree)
    if isinstance(node, ast.ClassDef)
}


def _verbs(tree: ast.AST) -> set[str]:
    """Return the functions that are made verbs of the command line by a call: ``verb(app, "publish")(publish)``."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Call))
    return {ast.unparse(node.args[0]) for node in calls if ast.unparse(node.func).startswith("verb(")}


def _public(body: list[ast.stmt]) -> Iterator[Function]:
    """Yield public functions, and public methods of public classes."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _public(node.body)
        elif isinstance(node, Function) and not node.name.startswith("_"):
            yield from [node] if {ast.unparse(each) for each in node.decorator_list} <= PLAIN else []


def _raised(function: Function) -> set[str]:
    """Return the classes of errors that a function raises itself, not through another or one within it."""
    found, left = set[str](), list[ast.AST](function.body)
    while left:
        node = left.pop()
        if isinstance(node, Function | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, ast.Raise) and node.exc is not None:
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            name = ast.unparse(raised).rpartition(".")[2]
            found |= {name} if name[:1].isupper() else set()  # what was caught or given is raised on
        left += ast.iter_child_nodes(node)
    return found


def _kin(error: str) -> set[str]:
    """Return an error with the errors of ours that it is one of."""
    return {error}.union(*(_kin(base) for base in BASES.get(error, ())))


def _untold(function: Function) -> list[str]:
    told = set(re.findall(r"\w+", (ast.get_docstring(function) or "").partition("Raises:")[2]))
    return sorted(error for error in _raised(function) if not _kin(error) & told)


def test_a_public_function_says_which_errors_it_raises_itself() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}:{function.lineno} {function.name}: {', '.join(errors)}"
        for path, tree in TREES.items()
        for function in _public(tree.body)
        if function.name not in _verbs(tree) and (errors := _untold(function))
    ]
    assert wrong == []


def test_an_error_that_is_not_told_is_found_and_one_of_its_kind_tells_it() -> None:
    raising = "    if wrong:\n        raise SignatureError\n    raise error\n"
    for docstring, untold in (
        ("Do it.", ["SignatureError"]),
        ("Do it.\n\n    Raises:\n        FormatError: so.\n", ["SignatureError"]),
        ("Do it.\n\n    Raises:\n        SignatureError: so.\n", []),
        ("Do it.\n\n    Raises:\n        KeshouError: so.\n", []),
    ):
        (function,) = _public(ast.parse(f'def do():\n    """{docstring}"""\n{raising}').body)
        assert _untold(function) == untold
