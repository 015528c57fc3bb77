# SPDX-License-Identifier: Apache-2.0
"""``operator.toml`` -> Source: the declaration, where everything stands in it, and what is wrong with its form."""

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from keshou.declaration.errors import DeclarationError
from keshou.declaration.finding import Finding, Raised, finding
from keshou.declaration.model import Declaration
from keshou.declaration.position import Place, Places, find_places
from keshou.declaration.shape import check_shape

LARGEST = 1 << 20
"""The largest file that is read, in bytes."""
_AT = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
_MARK = b"\xef\xbb\xbf"


class Source(msgspec.Struct, frozen=True):
    """A file as it was read."""

    path: str
    declaration: Declaration | None
    """None when the form is wrong."""
    findings: tuple[Finding, ...]
    """What is wrong with the form; the law is `check`'s matter."""
    places: Places = Places({}, {})


def read_file(path: Path) -> Source:
    """Read a file.

    Raises:
        DeclarationError: the file cannot be read.

    """
    try:
        with path.open("rb") as file:
            return read(file.read(LARGEST + 1), str(path))
    except OSError as error:
        raise DeclarationError(f"`{path}` cannot be read", hint="check the name and who may read it") from error


def read(text: str | bytes, path: str | Path = "operator.toml") -> Source:
    """Read a declaration: decode, parse, place, hold against the shape, convert; a step that fails ends the reading.

    Nothing raises: whatever is wrong with `text` comes back as findings.
    """
    name = str(path)
    data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    decoded = _decode(data)
    if isinstance(decoded, Finding):
        return Source(name, None, (decoded,))
    raw = _parse(decoded)
    if isinstance(raw, Finding):
        return Source(name, None, (raw,))
    places = find_places(decoded)
    wrong = [
        finding(each, places.key(each.path) if each.at_key else places.value(each.path)) for each in check_shape(raw)
    ]
    if wrong:
        return Source(name, None, tuple(sorted(wrong, key=lambda each: (each.line, each.column, each.code))), places)
    return Source(name, msgspec.convert(raw, Declaration), (), places)


def _decode(data: bytes) -> str | Finding:
    if len(data) > LARGEST:
        return finding(Raised("too_large", "", {"largest": str(LARGEST)}), Place(1, 1))
    if data.startswith(_MARK):
        return finding(Raised("byte_order_mark", ""), Place(1, 1))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode()) + 1
        return finding(Raised("not_utf8", ""), Place(before.count(b"\n") + 1, column))


def _parse(text: str) -> dict[str, Any] | Finding:
    try:
        return tomllib.loads(text)
    except RecursionError:
        return finding(Raised("syntax", "", {"problem": "nested too deeply"}), Place(1, 1))
    except tomllib.TOMLDecodeError as error:
        return finding(Raised("syntax", "", {"problem": _AT.sub("", str(error))}), _place_of(str(error), text))


def _place_of(message: str, text: str) -> Place:
    match = _AT.search(message)
    if match and match[1]:
        return Place(int(match[1]), int(match[2]))
    lines = text.split("\n")
    return Place(len(lines), len(lines[-1]) + 1)
