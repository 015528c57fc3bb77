# SPDX-License-Identifier: Apache-2.0
"""Where every key and value of a TOML file stands: path -> line and column, both counted from one.

Paths are written as in findings: ``purposes[2].needs[0].item``. Columns count characters, not bytes.
"""

from collections.abc import Iterator
from typing import NamedTuple

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

_TOML = Language(tree_sitter_toml.language())
_DEEPEST = 16
"""Levels of arrays and inline tables that are followed; the declaration has four."""
_KEYS = frozenset({"bare_key", "quoted_key", "dotted_key"})


class Place(NamedTuple):
    """A place in the file."""

    line: int
    column: int


class Places(NamedTuple):
    """Places of keys and of values, by path; a table's value stands where its header or brace does."""

    keys: dict[str, Place]
    values: dict[str, Place]

    def key(self, path: str) -> Place:
        """Return where the key of `path` stands, or that of the nearest table around it."""
        return self._nearest(path, self.keys)

    def value(self, path: str) -> Place:
        """Return where the value of `path` stands, or the nearest table around it."""
        return self._nearest(path, self.values)

    def _nearest(self, path: str, first: dict[str, Place]) -> Place:
        while path:
            if found := first.get(path) or self.values.get(path):
                return found
            path = parent(path)
        return Place(1, 1)


def parent(path: str) -> str:
    """Return the path of what holds `path`; empty for the top."""
    cut = max(path.rfind("."), path.rfind("["))
    return path[:cut] if cut > 0 else ""


def join(path: str, key: str) -> str:
    """Return the path of `key` within `path`."""
    return f"{path}.{key}" if path else key


def find_places(text: str) -> Places:
    """Read where everything stands in `text`, which is well-formed TOML."""
    return _Walk(text.encode()).run()


class _Walk:
    """One pass over the syntax tree."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._root = Parser(_TOML).parse(data).root_node
        self._lines = data.split(b"\n")
        self._places = Places({}, {})
        self._last: dict[str, int] = {}

    def run(self) -> Places:
        for node in self._root.named_children:
            if node.type == "pair":
                self._pair("", node)
            elif node.type in ("table", "table_array_element"):
                self._table(node)
        return self._places

    def _place(self, node: Node) -> Place:
        row, column = node.start_point
        before = self._lines[row][:column]
        return Place(row + 1, (column if before.isascii() else len(before.decode(errors="replace"))) + 1)

    def _table(self, node: Node) -> None:
        """Note a header; the last part of ``[[a.b]]`` counts one more element of the array a.b."""
        path = ""
        *outer, last = _key_parts(next(child for child in node.named_children if child.type in _KEYS))
        for part in outer:
            path = self._inside(join(path, part))
        path = join(path, last)
        place = self._place(node)
        if node.type == "table_array_element":
            self._last[path] = self._last.get(path, -1) + 1
            self._places.values.setdefault(path, place)
            path = self._inside(path)
        self._places.values.setdefault(path, place)
        self._places.keys.setdefault(path, place)
        for child in node.named_children:
            if child.type == "pair":
                self._pair(path, child)

    def _inside(self, path: str) -> str:
        """Step into the latest element when `path` is an array of tables."""
        return f"{path}[{self._last[path]}]" if path in self._last else path

    def _pair(self, path: str, node: Node, depth: int = 0) -> None:
        key, value, *_ = node.named_children
        place = self._place(key)
        for part in _key_parts(key):
            path = join(path, part)
            self._places.keys.setdefault(path, place)
            self._places.values.setdefault(path, place)
        self._value(path, value, depth)

    def _value(self, path: str, node: Node, depth: int) -> None:
        self._places.values[path] = self._place(node)
        if depth >= _DEEPEST:
            return
        kind = node.type
        if kind == "inline_table":
            for child in _pairs(node):
                self._pair(path, child, depth + 1)
        elif kind == "array":
            for index, child in enumerate(each for each in node.named_children if each.type != "comment"):
                self._value(f"{path}[{index}]", child, depth + 1)


def _pairs(node: Node) -> Iterator[Node]:
    return (child for child in node.named_children if child.type == "pair")


def _key_parts(node: Node) -> list[str]:
    """Return the parts of a possibly dotted key, quotes taken off."""
    if node.type == "dotted_key":
        return [part for child in node.named_children for part in _key_parts(child)]
    text = (node.text or b"").decode(errors="replace")
    return [text[1:-1] if node.type == "quoted_key" else text]
