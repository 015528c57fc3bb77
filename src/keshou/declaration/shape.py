# SPDX-License-Identifier: Apache-2.0
"""Does a parsed file have the declaration's shape? Every departure is found, table by table, not just the first."""

import datetime as dt
import difflib
import enum
import functools
import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import inspect

from keshou.declaration.finding import Raised
from keshou.declaration.model import Declaration
from keshou.declaration.position import join

_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
_WITH_IDS = ("services", "purposes", "recipients", "items", "departments", "posts", "agents", "holdings")
_SHOWN = 60
_DECLARATION = inspect.type_info(Declaration)


def check_shape(raw: dict[str, Any]) -> list[Raised]:
    """Return every departure of `raw` from the declaration's tables, keys, types and ids."""
    return [*_check(raw, _DECLARATION, ""), *_ids(raw)]


def is_id(text: str) -> bool:
    """Say whether `text` has the form of an id."""
    return _ID.fullmatch(text) is not None


def _check(value: Any, type_: inspect.Type, path: str) -> Iterator[Raised]:
    type_ = _without_none(type_)
    if isinstance(type_, inspect.StructType):
        yield from _table(value, type_, path)
    elif isinstance(type_, inspect.VarTupleType):
        yield from _array(value, type_, path)
    else:
        yield from _leaf(value, type_, path)


def _without_none(type_: inspect.Type) -> inspect.Type:
    """Return what a value that may be left out is when it is there; TOML has no null."""
    if isinstance(type_, inspect.UnionType):
        return next(each for each in type_.types if not isinstance(each, inspect.NoneType))
    return type_


def _table(value: Any, type_: inspect.StructType, path: str) -> Iterator[Raised]:
    if not isinstance(value, dict):
        yield _wrong(path, "表", "a table", value)
        return
    fields = _fields(type_.cls)
    for key, inner in value.items():
        if key in fields:
            yield from _check(inner, fields[key].type, join(path, key))
        else:
            yield _unknown(path, key, tuple(fields))
    for name, field in fields.items():
        if field.required and name not in value:
            yield Raised("missing_key", join(path, name), {"key": name})


@functools.cache
def _fields(table: type) -> dict[str, inspect.Field]:
    """Return the fields of a table by the keys that stand for them."""
    found = inspect.type_info(table)
    assert isinstance(found, inspect.StructType)  # noqa: S101 - a table is a struct
    return {field.encode_name: field for field in found.fields}


def _unknown(path: str, key: str, known: Sequence[str]) -> Raised:
    near = difflib.get_close_matches(key, known, 1)
    words = {
        "key": _shorten(key),
        "meant_zh": f"，是否想写 `{near[0]}`" if near else "",
        "meant_en": f"; perhaps `{near[0]}` was meant" if near else "",
    }
    return Raised("unknown_key", join(path, key), words, at_key=True)


def _array(value: Any, type_: inspect.VarTupleType, path: str) -> Iterator[Raised]:
    if not isinstance(value, list):
        yield _wrong(path, "数组", "an array", value)
        return
    for index, inner in enumerate(value):
        yield from _check(inner, type_.item_type, f"{path}[{index}]")


def _leaf(value: Any, type_: inspect.Type, path: str) -> Iterator[Raised]:
    if isinstance(type_, inspect.DateTimeType) and isinstance(value, dt.datetime) and value.tzinfo is None:
        yield Raised("time_without_zone", path, {"value": value.isoformat()})
    elif not _fits(value, type_):
        zh, en = _wanted(type_)
        yield _wrong(path, zh, en, value)


def _fits(value: Any, type_: inspect.Type) -> bool:
    if isinstance(type_, inspect.EnumType):
        return isinstance(value, str) and value in _values(type_.cls)
    if isinstance(type_, inspect.LiteralType):
        return any(type(value) is type(each) and value == each for each in type_.values)
    return type(value) is _PLAIN[type(type_)] and _storable(value)


@functools.cache
def _values(choices: type[enum.Enum]) -> frozenset[str]:
    return frozenset(each.value for each in choices)


def _storable(value: Any) -> bool:
    """Say whether every store and reader can hold it: no control characters, no number or time out of bounds."""
    if isinstance(value, str):
        return not _CONTROL.search(value)
    if isinstance(value, dt.datetime):
        return _FIRST <= value.replace(tzinfo=dt.UTC) <= _LAST
    return not isinstance(value, int) or abs(value) <= _LARGEST


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_FIRST, _LAST = dt.datetime(1900, 1, 1, tzinfo=dt.UTC), dt.datetime(9998, 12, 31, tzinfo=dt.UTC)
_LARGEST = 1_000_000
_PLAIN: dict[type[inspect.Type], type] = {
    inspect.StrType: str,
    inspect.IntType: int,
    inspect.BoolType: bool,
    inspect.DateType: dt.date,
    inspect.DateTimeType: dt.datetime,
}
_NAMED = {
    inspect.StrType: ("不含控制字符的文字", "a string without control characters"),
    inspect.IntType: ("一百万以内的整数", "a whole number up to a million"),
    inspect.BoolType: ("true 或 false", "true or false"),
    inspect.DateType: ("日期，如 2013-09-01", "a date such as 2013-09-01"),
    inspect.DateTimeType: ("带时区的时间", "a time with its zone"),
}


def _wanted(type_: inspect.Type) -> tuple[str, str]:
    """Say in both languages what would fit."""
    if isinstance(type_, inspect.EnumType):
        choices: Sequence[Any] = [each.value for each in type_.cls]
    elif isinstance(type_, inspect.LiteralType):
        choices = sorted(type_.values)
    else:
        return _NAMED[type(type_)]
    written = [f"`{each}`" for each in choices]
    return "、".join(written) + " 之一", "one of " + ", ".join(written)


def _wrong(path: str, zh: str, en: str, value: Any) -> Raised:
    shown = _shorten(str(value)) if isinstance(value, str | int | float | dt.date) else type(value).__name__
    return Raised("wrong_value", path, {"value": shown, "wanted_zh": zh, "wanted_en": en})


def _shorten(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _ids(raw: dict[str, Any]) -> Iterator[Raised]:
    """Hold ids against their form, and find those that stand twice in one list."""
    yield from _form(raw.get("operator"), "operator")
    for name in _WITH_IDS:
        seen: set[str] = set()
        tables = raw.get(name)
        for index, table in enumerate(tables if isinstance(tables, list) else ()):
            yield from _form(table, f"{name}[{index}]")
            given = table.get("id") if isinstance(table, dict) else None
            if isinstance(given, str) and given in seen:
                yield Raised("doubled_id", f"{name}[{index}].id", {"id": _shorten(given), "list": name})
            if isinstance(given, str):
                seen.add(given)


def _form(table: Any, path: str) -> Iterator[Raised]:
    given = table.get("id") if isinstance(table, dict) else None
    if isinstance(given, str) and not _ID.fullmatch(given):
        yield Raised("malformed_id", f"{path}.id", {"id": _shorten(given)})
