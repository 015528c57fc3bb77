# SPDX-License-Identifier: Apache-2.0
"""Arrow tables of acts decided row by row, in columns."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keshou.errors import InputError
from keshou.gate.act import Act
from keshou.gate.batch import BatchGate
from keshou.gate.columns import Numbers, UserColumns
from keshou.gate.conditions import Words
from keshou.law.terms import ActKind

USER = "user"
"""The column that names users; every table has it."""

_MOST_NUMBERS = 1 << 62
FIELDS = ("purpose", "kind", "items", "by", "post", "where", "recipient", "review", "ground")
"""The columns a table may have beside it; what it does not have is taken from the act given."""


def decide_table(gate: BatchGate, columns: UserColumns, table: pa.Table, act: Act) -> Words:
    """Return the reason code of each row of `table`: what the row says, and `act` where it says nothing.

    ``items`` is a list of ids a row, or one id; the other columns are text. A missing value counts as an unknown id.

    Raises:
        InputError: there is no column ``user``, a row's kind of act is none, or an item's id has a comma.

    """
    if USER not in table.column_names:
        raise InputError("the table has no column `user`", hint="name the column that holds the users' ids `user`")
    codes, users = encoded(table.column(USER))
    rows = np.array([columns.rows.get(user or "", columns.unknown) for user in users], np.int64)[codes]
    names = [name for name in FIELDS if name in table.column_names]
    if "items" in names:
        _refuse_joined(table.column("items"))
    if not names or not len(rows):
        return gate.codes(act, rows)
    which, questions = distinct([encoded(_as_text(table.column(name))) for name in names])
    acts = [msgspec.structs.replace(act, **_fields(names, values)) for values in questions]
    return gate.codes_of(acts, which, rows)


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    listed = pa.types.is_list(column.type) or pa.types.is_large_list(column.type)
    return pc.binary_join(column, ",") if listed else column


def encoded(column: pa.ChunkedArray) -> tuple[Numbers, list[str | None]]:
    """Return a column as numbers, and the text each number stands for; the last stands for a missing value."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    whole = column.unify_dictionaries().combine_chunks()
    whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) and whole.num_chunks else whole
    if not len(whole):
        return np.zeros(0, np.int64), [None]
    texts = whole.dictionary.to_pylist()
    if not pa.types.is_string(whole.dictionary.type):
        texts = [None if value is None else str(value) for value in texts]
    indices = whole.indices
    if indices.null_count:
        indices = indices.cast(pa.int64()).fill_null(len(texts))
    return indices.to_numpy(zero_copy_only=False), [*texts, None]


def _refuse_joined(items: pa.ChunkedArray) -> None:
    """Refuse ids that would be taken for several: items are joined by commas where questions are told apart."""
    listed = pa.types.is_list(items.type) or pa.types.is_large_list(items.type)
    ids = pc.list_flatten(items) if listed else items
    words = ids.unique() if pa.types.is_dictionary(ids.type) else ids
    if pc.any(pc.match_substring(words.cast(pa.string()), ",")).as_py():
        raise InputError("an id of an item has a comma in it", hint="give several items as a list")


Texts = Sequence[str | None]


def distinct(columns: Sequence[tuple[Numbers, Texts]]) -> tuple[Numbers, list[tuple[str | None, ...]]]:
    """Return for each row which of the different questions it asks, and the questions: a text of each column."""
    which: Numbers = np.zeros(len(columns[0][0]), np.int64)
    questions: list[tuple[str | None, ...]] = [()]
    taken: list[Texts] = []
    most = 1
    for numbers, texts in columns:
        if most * len(texts) >= _MOST_NUMBERS:
            # Numbered anew: the numbers are then below the number of rows, so that no product overflows.
            which, questions = _numbered(which, questions, taken)
            taken, most = [], len(questions)
        which = which * len(texts) + numbers
        taken.append(texts)
        most *= len(texts)
    return _numbered(which, questions, taken)


def _numbered(
    which: Numbers, before: Sequence[tuple[str | None, ...]], taken: Sequence[Texts]
) -> tuple[Numbers, list[tuple[str | None, ...]]]:
    """Number the different values of `which`, each a number in `before` followed by one in each of `taken`."""
    found: Any = pa.array(which).dictionary_encode()
    left = found.dictionary.to_numpy(zero_copy_only=False)
    words = []
    for texts in reversed(taken):
        left, place = np.divmod(left, len(texts))
        words.append([texts[each] for each in place.tolist()])
    rest = zip(*reversed(words), strict=True)
    questions = [(*before[each], *more) for each, more in zip(left.tolist(), rest, strict=True)]
    return found.indices.to_numpy(zero_copy_only=False).astype(np.int64), questions


def _fields(names: list[str], values: tuple[str | None, ...]) -> dict[str, object]:
    """Return the fields of an act from one row's texts."""
    found: dict[str, object] = {name: value or "" for name, value in zip(names, values, strict=True)}
    if "items" in found:
        found["items"] = frozenset(str(found["items"]).split(",")) - {""}
    if "kind" in found:
        if found["kind"] not in ActKind.__members__.values():
            raise InputError(f"`{found['kind']}` is no kind of act", hint=f"one of {', '.join(ActKind)}")
        found["kind"] = ActKind(str(found["kind"]))
    return found
