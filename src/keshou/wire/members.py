# SPDX-License-Identifier: Apache-2.0
"""Members of JSON objects that are named twice: two readers could each take another one.

A colon stands between every name and its value and else only within texts. What has no more colons than members that a
reader was left with names none twice; only what has more is looked at name by name. Source: RFC 8259 4, RFC 7493 2.3.
"""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

_LARGE = 4096
"""Bytes from which on NumPy counts sooner."""
_COLON = ord(":")
_any = msgspec.json.Decoder()


class Doubled:
    """An object that names a member twice, or holds one that does."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        self.pairs = pairs


def colons_of(text: bytes) -> int:
    """Return how many colons stand in it."""
    if len(text) < _LARGE:
        return text.count(b":")
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == _COLON))


def names_twice(text: bytes) -> bool:
    """Say whether an object in JSON names a member twice, at any depth, or is too deep or too odd to be looked at."""
    colons = colons_of(text)
    if colons <= 1:
        return False
    try:
        return colons != _members(_any.decode(text)) and is_doubled(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return True


def is_doubled(text: bytes) -> bool:
    """Say the same, name by name at once.

    Raises:
        ValueError: it is not JSON in UTF-8.
        RecursionError: it is nested too deep.

    """
    found: list[bool] = []

    def look(pairs: Sequence[tuple[str, Any]]) -> None:
        if len(dict(pairs)) != len(pairs):
            found.append(True)

    json.loads(text.decode(), object_pairs_hook=look, parse_int=str, parse_float=str)
    return bool(found)


def by_name(text: bytes) -> Any:
    """Return where: an object that names a member twice, or holds one that does, is `Doubled`; see `is_doubled`."""
    # Numbers are left as text: nobody looks at them here, and some are too long for Python.
    return json.loads(text.decode(), object_pairs_hook=_read, parse_int=str, parse_float=str)


def own_names_twice(pairs: Sequence[tuple[str, Any]]) -> bool:
    """Say whether an object itself names a member twice."""
    return len({name for name, _ in pairs}) != len(pairs)


def _read(pairs: Sequence[tuple[str, Any]]) -> Any:
    if own_names_twice(pairs) or any(holds(value) for _, value in pairs):
        return Doubled(pairs)
    return None


def holds(found: Any) -> bool:
    """Say whether what `by_name` returned, or an element of a list in it, is `Doubled`."""
    return isinstance(found, Doubled) or (isinstance(found, list) and any(map(holds, found)))


def _members(found: Any) -> int:
    if isinstance(found, dict):
        return len(found) + sum(map(_members, found.values()))
    return sum(map(_members, found)) if isinstance(found, list) else 0
