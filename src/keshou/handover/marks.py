# SPDX-License-Identifier: Apache-2.0
"""The mark of one handover: which of equal spellings each value has, and in which order the rows stand.

Both are chosen by a key that is another for each handover and never leaves the site. A choice depends on what the value
means and on nothing else, so that any value that leaks carries its part of the mark, whatever became of its row, its
column and the names above them. Nothing is added and nothing is said that is not so.
"""

import hmac
from collections.abc import Sequence
from functools import partial

from keshou.handover import forms
from keshou.sealing import derive

Row = Sequence[str]


def key_of(secret: bytes, handover: str) -> bytes:
    """Return the key (32 bytes) that marks one handover, from the site's `secret` for marks (32 bytes)."""
    return derive(secret, f"handover marks: {handover}")


def choices(key: bytes, meant: str) -> bytes:
    """Return 32 bytes, of which byte n chooses at spot n of a value that means `meant`."""
    return hmac.digest(key, b"form\0" + meant.encode(), "sha256")


def place(key: bytes, meant: str) -> bytes:
    """Return what rows are ordered by, of a row whose value in the leading column means `meant`."""
    return hmac.digest(key, b"row\0" + meant.encode(), "sha256")


def spelt(key: bytes, value: str) -> str:
    """Return `value` in the spelling that the mark chooses; the value itself where there is but one."""
    return forms.write(value, partial(choices, key))


def marked(key: bytes, rows: Sequence[Row], *, spell: bool = True) -> list[list[str]]:
    """Return `rows`, all of one length, in the order and (with `spell`) in the spellings of the mark.

    Rows are ordered by the column with the most different values, the first of them where several have as many.
    """
    if not rows:
        return []
    distinct = [len({row[column] for row in rows}) for column in range(len(rows[0]))]
    leading = distinct.index(max(distinct)) if distinct else 0
    ordered = sorted(rows, key=lambda row: (place(key, forms.plain(row[leading])), tuple(row))) if distinct else rows
    return [[spelt(key, value) if spell else value for value in row] for row in ordered]
