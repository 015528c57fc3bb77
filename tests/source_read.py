# SPDX-License-Identifier: Apache-2.0
"""The source as it is written: every call and where it stands, what a name is set to, what a call is given."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_KEY = re.compile(r"(?:^\s*|[{,]\s*)\"?(\w+)\"?\s*=", re.M)
_ID = re.compile(r"\bid = \"(\w+)\"")
_LEAVES = frozenset({ast.Name, ast.Constant, ast.Load, ast.Store, ast.alias})
"""What has nothing within it that is looked for; they are most of a tree."""


@dataclass(frozen=True)
class Place:
    """Where something stands: the module, and the classes and functions around it, outermost first."""

    module: "Module"
    around: tuple[ast.AST, ...]

    def __str__(self) -> str:
        named = [each.name for each in self.around if isinstance(each, Function | ast.ClassDef)]
        return f"{self.module.name}:{'.'.join(named)}"

    def function(self) -> Function | None:
        """Return the innermost function."""
        return next((each for each in reversed(self.around) if isinstance(each, Function)), None)

    def class_(self) -> ast.ClassDef | None:
        """Return the innermost class."""
        return next((each for each in reversed(self.around) if isinstance(each, ast.ClassDef)), None)


class Module:
    """One file of the source, with every call and where it stands."""

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self.tree = ast.parse(path.read_text("utf-8"))
        self.calls: list[tuple[ast.Call, Place]] = []
        self.functions: dict[str, tuple[Function, Place]] = {}
        self.classes: dict[str, tuple[ast.ClassDef, Place]] = {}
        self.imported: dict[str, tuple[str, str]] = {}
        self._walk(self.tree, ())

    def _walk(self, node: ast.AST, around: tuple[ast.AST, ...]) -> None:
        for inner in ast.iter_child_nodes(node):
            kind = type(inner)
            if kind in _LEAVES:
                continue
            inside = around
            if kind is ast.Call:
                self.calls.append((inner, Place(self, around)))
            elif kind is ast.ImportFrom and inner.module:
                self.imported |= {each.asname or each.name: (inner.module, each.name) for each in inner.names}
            elif kind is ast.ClassDef:
                self.classes[inner.name] = (inner, Place(self, around))
                inside = (*around, inner)
            elif kind in _FUNCTIONS:
                inside = (*around, inner)
                self.functions[inner.name] = (inner, Place(self, inside))
            self._walk(inner, inside)


def within(place: Place, kind: type | object) -> Iterator[ast.AST]:  # type: ignore[type-arg]
    """Yield what stands in the innermost function, not in functions within it."""
    function = place.function()
    left: list[ast.AST] = list(function.body) if function is not None else []
    while left:
        node = left.pop(0)
        if isinstance(node, kind):  # type: ignore[arg-type]
            yield node
        if not isinstance(node, Function | ast.ClassDef | ast.Lambda):
            left = [*ast.iter_child_nodes(node), *left]


def assigned(node: ast.AST, name: str) -> list[tuple[ast.expr, int]]:
    """Return the value that a statement sets `name` to, and which part of it (-1: all)."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    found = []
    for target in targets if value is not None else []:
        if ast.unparse(target) == name:
            found.append((value, -1))
        if isinstance(target, ast.Tuple):
            found += [(value, at) for at, each in enumerate(target.elts) if ast.unparse(each) == name]
    return found


def parameters(function: Function) -> list[str]:
    return [each.arg for each in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]


def keyword_only(function: Function) -> set[str]:
    return {each.arg for each in function.args.kwonlyargs}


def default_of(function: Function, name: str) -> ast.expr | None:
    args = [*function.args.posonlyargs, *function.args.args]
    known = dict(zip([each.arg for each in reversed(args)], reversed(function.args.defaults), strict=False))
    known |= {
        each.arg: value
        for each, value in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
        if value
    }
    return known.get(name)


def argument(call: ast.Call, at: int | None, name: str) -> ast.expr | None:
    for each in call.keywords:
        if each.arg == name:
            return each.value
    if at is not None and len(call.args) > at:
        return call.args[at]
    return None


def is_super(call: ast.Call) -> bool:
    inner = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == "__init__" else None
    return isinstance(inner, ast.Call) and last(inner.func) == "super"


def last(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def named(node: ast.ClassDef | None) -> str:
    return node.name if node is not None else ""


def texts(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield docstrings, also those of attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value


def names(tree: ast.AST) -> Iterator[str]:
    """Yield every name that is made or used, and the words of texts without a space: keys, paths, codes."""
    docstrings = {id(each) for each in texts(tree)}
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
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield from re.findall(r"\w+", node.value) if " " not in node.value.strip() else ()


def names_within(package: Path) -> set[str]:
    """Return every name of a package: in its source, of its files, and the keys and ids of its data."""
    found = set[str]()
    for path in package.rglob("*.py"):
        found |= {*names(ast.parse(path.read_text("utf-8"))), *path.relative_to(package).with_suffix("").parts}
    for path in package.rglob("*.toml"):
        text = path.read_text("utf-8")
        found |= {*_KEY.findall(text), *_ID.findall(text)}
    return found
