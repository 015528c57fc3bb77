# SPDX-License-Identifier: Apache-2.0
"""What a version of the rules changed line by line: the texts of two versions as one."""

import difflib
from collections.abc import Sequence
from typing import Literal, NamedTuple

from keshou.web.published import Line


class Piece(NamedTuple):
    """One line of the text of two versions: in both, only in the new, or only in the old."""

    kind: Literal["same", "new", "old"]
    line: Line


def pieces(old: Sequence[Line], new: Sequence[Line]) -> list[Piece]:
    """Return the text of two versions as one: what changed, and above it the headings under which it stands."""
    found: list[Piece] = []
    for tag, old_from, old_to, new_from, new_to in difflib.SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            found += [Piece("same", line) for line in new[new_from:new_to]]
        else:
            found += [Piece("old", line) for line in old[old_from:old_to]]
            found += [Piece("new", line) for line in new[new_from:new_to]]
    return _with_headings(found)


def _with_headings(found: list[Piece]) -> list[Piece]:
    kept: list[Piece] = []
    heading: Piece | None = None
    for each in found:
        if each.kind == "same":
            heading = each if each.line.heading else heading
            continue
        if heading is not None:
            kept.append(heading)
            heading = None
        kept.append(each)
    return kept
