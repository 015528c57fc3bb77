# SPDX-License-Identifier: Apache-2.0
"""Rows as files that others read: CSV (RFC 4180, UTF-8, names in the first row) and JSON Lines."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Literal

from keshou.handover.errors import HandoverError

Format = Literal["csv", "jsonl"]
_MOST_CELL = 1 << 17


def written(names: Sequence[str], rows: Iterable[Sequence[str]], format_: Format) -> bytes:
    """Return the file of `rows`, each with one value for each of `names`."""
    out = io.StringIO(newline="")
    if format_ == "csv":
        table = csv.writer(out)
        table.writerow(names)
        table.writerows(rows)
    else:
        for row in rows:
            out.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, separators=(",", ":")) + "\n")
    return out.getvalue().encode()


def read(body: bytes) -> list[list[str]]:
    """Return the rows of a file that came back from somewhere: JSON Lines where it begins so, else CSV.

    A first row of names is a row like any other: names carry no mark.

    Raises:
        HandoverError: it is neither, or not in UTF-8 or GB 18030.

    """
    text = _text(body)
    if text.lstrip().startswith("{"):
        return [_values(line) for line in text.splitlines() if line.strip()]
    csv.field_size_limit(_MOST_CELL)
    try:
        dialect: type[csv.Dialect] | str = csv.Sniffer().sniff(text[:4096], ",;\t|")
    except csv.Error:
        dialect = "excel"
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), dialect) if row]
    except csv.Error:
        raise HandoverError("the file cannot be read as a table", hint="give it as CSV or JSON Lines") from None


def _text(body: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise HandoverError("the file is neither in UTF-8 nor in GB 18030", hint="give it as CSV or JSON Lines")


def _values(line: str) -> list[str]:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise HandoverError("a line of the file is no JSON object", hint="give it as CSV or JSON Lines")
    return [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in row.values()]
