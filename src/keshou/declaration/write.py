# SPDX-License-Identifier: Apache-2.0
"""A declaration -> ``operator.toml``: for editing what was published, where the file it came from is not at hand.

Reading what is written gives the same declaration again; what is at its default is left out.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from keshou.declaration.model import Declaration


def write(declaration: Declaration) -> str:
    """Return the declaration as TOML: single values first, then tables, then arrays of tables, as in the model."""
    data = msgspec.to_builtins(declaration, builtin_types=(dt.date, dt.datetime))
    return "\n".join(_table("", data)).strip("\n") + "\n"


def _table(path: str, data: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a table: what stands in one line, then what has a header of its own."""
    below = {name: value for name, value in data.items() if _has_header(path, value)}
    for name, value in data.items():
        if name not in below:
            yield f"{name} = {_value(value)}"
    for name, value in below.items():
        inner = f"{path}.{name}" if path else name
        for each in value if isinstance(value, list | tuple) else [value]:
            yield ""
            yield f"[[{inner}]]" if isinstance(value, list | tuple) else f"[{inner}]"
            yield from _table(inner, each)


def _has_header(path: str, value: Any) -> bool:
    """Say whether a value is a table of its own: arrays of tables are, tables at the top are, texts are not."""
    if isinstance(value, list | tuple):
        return bool(value) and isinstance(value[0], dict)
    return not path and isinstance(value, dict) and value.keys() != {"zh", "en"}


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_value(each)}' for name, each in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    # a JSON string is a basic string of TOML, but for DEL, which TOML wants escaped
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
