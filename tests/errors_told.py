# SPDX-License-Identifier: Apache-2.0
"""What the errors of the source say, read from the source: every message and hint, with ``{}`` for what is put in.

Read are the calls of every class that derives from `KeshouError`. What such a class, or a function around, is given
is followed to where it is given; a name is followed to what it was set to, a call to what the function returns. What
passes on the words of another error says nothing of its own. Whatever else stands in place of words is not readable.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from source_read import (
    Function,
    Module,
    Place,
    argument,
    assigned,
    default_of,
    is_super,
    keyword_only,
    last,
    named,
    parameters,
    within,
)  # fmt: skip

FURTHER = frozenset({"StreamError", "StreamTooLongError"})
"""Errors of other roots whose words one of ours passes on."""
ROOTS = frozenset({"KeshouError"}) | FURTHER
_DEPTH = 12


@dataclass(frozen=True)
class Template:
    """Words with ``{}`` for what is put in; `holes` are the expressions put in, in their order."""

    text: str
    holes: tuple[ast.expr, ...] = ()
    at: Place | None = field(default=None, compare=False)


class Unreadable(Exception):  # noqa: N818 - an answer of the reader's, and no failure
    """Something stands in place of words that cannot be followed."""


class Told:
    """The source, and what its errors say."""

    def __init__(self, package: Path) -> None:
        self._values = False
        self.modules = {
            ".".join(("keshou", *path.relative_to(package).with_suffix("").parts)): Module(
                path, path.relative_to(package).as_posix()
            )
            for path in sorted(package.rglob("*.py"))
        }

    @cached_property
    def classes(self) -> frozenset[str]:
        """Names of the classes of errors."""
        known = set(ROOTS)
        every = [each for module in self.modules.values() for each, _ in module.classes.values()]
        while more := {each.name for each in every if {last(base) for base in each.bases} & known} - known:
            known |= more
        return frozenset(known)

    @cached_property
    def _own(self) -> Mapping[str, tuple[Function, Place]]:
        """Class of errors -> the `__init__` that makes it, its own or the nearest above; no entry for the root's."""
        defined = {
            name: (node, Place(module, (*place.around, node)))
            for module in self.modules.values()
            for name, (node, place) in module.classes.items()
            if name in self.classes
        }
        found: dict[str, tuple[Function, Place]] = {}
        for name in defined:
            here: str | None = name
            while here in defined and here != "KeshouError":
                node, place = defined[here]
                init = next((e for e in node.body if isinstance(e, Function) and e.name == "__init__"), None)
                if init is not None:
                    found[name] = (init, Place(place.module, (*place.around, init)))
                    break
                here = next((last(base) for base in node.bases if last(base) in self.classes), None)
        return found

    def sentences(self) -> Iterator[tuple[str, Template | None, Place]]:
        """Yield ``message`` or ``hint``, what is said (None: not readable) and where."""
        for module in self.modules.values():
            for call, place in module.calls:
                name = last(call.func)
                if is_super(call) and named(place.class_()) in self.classes:
                    parts = (("message", argument(call, 0, "message")), ("hint", argument(call, None, "hint")))
                elif name in self.classes:
                    parts = (
                        ("message", None if name in self._own else argument(call, 0, "message")),
                        ("hint", None if name in self._own else argument(call, None, "hint")),
                    )
                else:
                    continue
                for kind, said in parts:
                    yield from ((kind, each, place) for each in self._read_or_none(said, place))

    def _read_or_none(self, said: ast.expr | None, place: Place) -> list[Template | None]:
        if said is None:
            return []
        try:
            return [each for each in self.read(said, place) if each.text]
        except Unreadable:
            return [None]

    def read(self, said: ast.expr, place: Place, depth: int = 0) -> list[Template]:
        """Return what an expression may say.

        Raises:
            Unreadable: it cannot be followed.

        """
        try:
            return self._written(said, place, depth + 1)
        except Unreadable:
            if self._values:
                return []
            raise

    def words_in(self, told: Template, holes: Iterable[int]) -> list[Template]:
        """Return the words that may be put into `holes`; what cannot be read there is a value."""
        assert told.at is not None
        self._values = True
        try:
            return [each for hole in holes for each in self.read(told.holes[hole], told.at) if each.text.strip()]
        finally:
            self._values = False

    def _written(self, said: ast.expr, place: Place, depth: int) -> list[Template]:
        if depth > _DEPTH:
            raise Unreadable
        match said:
            case ast.Constant(value=str(text)):
                return [Template(text, (), place)]
            case ast.Constant(value=None):
                return []
            case ast.JoinedStr(values=values):
                return [_joined(values, place)]
            case ast.IfExp(body=one, orelse=other):
                return [*self.read(one, place, depth), *self.read(other, place, depth)]
            case ast.BoolOp(values=values):
                return [each for value in values for each in self.read(value, place, depth)]
        return self._followed(said, place, depth)

    def _followed(self, said: ast.expr, place: Place, depth: int) -> list[Template]:
        match said:
            case ast.Name(id=name):
                return self._of_name(name, place, depth)
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                return self._of_attribute(name, place, depth)
            case ast.Subscript(value=ast.Name(id=name)):
                return self._of_table(name, place, depth)
            case ast.Call() if self._passes_on(said, place):
                return []
            case ast.Attribute(value=ast.Name(id=name), attr="hint") if self._is_caught(name, place):
                return []
            case ast.Call(func=ast.Name(id=name)):
                return self._of_call(name, place, depth)
        raise Unreadable

    def _passes_on(self, call: ast.Call, place: Place) -> bool:
        if last(call.func) != "str" or len(call.args) != 1:
            return False
        given = call.args[0]
        if isinstance(given, ast.Name):
            return self._is_caught(given.id, place)
        return isinstance(given, ast.Call) and last(given.func) in self.classes

    def _is_caught(self, name: str, place: Place) -> bool:
        """Say whether `name` is an error of ours that was caught."""
        for handler in within(place, ast.ExceptHandler):
            if handler.name == name and handler.type is not None:
                types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
                if all(last(each) in self.classes for each in types):
                    return True
        return False

    def _of_name(self, name: str, place: Place, depth: int) -> list[Template]:
        function = place.function()
        if function is not None:
            given = [each for node in within(place, ast.Assign | ast.AnnAssign) for each in assigned(node, name)]
            if given:
                return [each for one in given for each in self._of_assigned(one, place, depth)]
            if self._is_caught(name, place):
                return []
            if name in parameters(function):
                return self._of_parameter(function, name, place, depth)
        return [each for value, where in self._constants(name, place) for each in self.read(value, where, depth)]

    def _of_assigned(self, given: "tuple[ast.expr, int]", place: Place, depth: int) -> list[Template]:
        value, part = given
        if part < 0:
            return self.read(value, place, depth)
        if isinstance(value, ast.Tuple):
            return self.read(value.elts[part], place, depth)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            return self._of_call(value.func.id, place, depth, part)
        raise Unreadable

    def _of_attribute(self, name: str, place: Place, depth: int) -> list[Template]:
        class_ = place.class_()
        if class_ is None:
            raise Unreadable
        found = []
        for method in [each for each in class_.body if isinstance(each, Function)]:
            where = Place(place.module, (class_, method))
            for node in within(where, ast.Assign | ast.AnnAssign):
                found += [
                    each for given in assigned(node, f"self.{name}") for each in self._of_assigned(given, where, depth)
                ]
        if not found:
            raise Unreadable
        return found

    def _of_parameter(self, function: Function, name: str, place: Place, depth: int) -> list[Template]:
        """Return what a function is given as `name` wherever it is called."""
        class_ = place.class_() if function.name == "__init__" else None
        called = {function.name}
        if class_ is not None:
            called = {each for each, (init, _) in self._own.items() if init is function} or {class_.name}
        names = parameters(function)
        at = names.index(name) - (1 if names[:1] in (["self"], ["cls"]) else 0)
        found = [] if (default := default_of(function, name)) is None else self.read(default, place, depth)
        modules = self.modules.values() if class_ is not None else [place.module]
        for module in modules:
            for call, where in module.calls:
                if last(call.func) in called:
                    given = argument(call, at if name not in keyword_only(function) else None, name)
                    found += [] if given is None else self.read(given, where, depth)
        return found

    def _of_call(self, name: str, place: Place, depth: int, part: int = -1) -> list[Template]:
        if name in {"str", "type", "len", "repr"}:
            raise Unreadable
        found = self._function(name, place)
        if found is None:
            raise Unreadable
        where = found[1]
        told = []
        for node in within(where, ast.Return):
            if node.value is not None:
                told += self._of_assigned((node.value, part), where, depth)
        return told

    def _function(self, name: str, place: Place) -> tuple[Function, Place] | None:
        if name in place.module.functions:
            return place.module.functions[name]
        module, real = place.module.imported.get(name, ("", ""))
        return self.modules[module].functions.get(real) if module in self.modules else None

    def _of_table(self, name: str, place: Place, depth: int) -> list[Template]:
        found = [(value, where) for value, where in self._constants(name, place) if isinstance(value, ast.Dict)]
        if not found:
            raise Unreadable
        return [each for table, where in found for value in table.values for each in self.read(value, where, depth)]

    def _constants(self, name: str, place: Place) -> list[tuple[ast.expr, Place]]:
        module, real = place.module, name
        if name in module.imported:
            path, real = module.imported[name]
            if path not in self.modules:
                raise Unreadable
            module = self.modules[path]
        where = Place(module, ())
        given = [each for node in module.tree.body for each in assigned(node, real)]
        found = []
        for value, part in given:
            if part >= 0 and not isinstance(value, ast.Tuple):
                raise Unreadable
            found.append((value.elts[part] if isinstance(value, ast.Tuple) and part >= 0 else value, where))
        if not found:
            raise Unreadable
        return found


def _joined(values: list[ast.expr], place: Place) -> Template:
    text, holes = "", []
    for each in values:
        if isinstance(each, ast.FormattedValue):
            text += "{}"
            holes.append(each.value)
        else:
            assert isinstance(each, ast.Constant)
            text += str(each.value)
    return Template(text, tuple(holes), place)
