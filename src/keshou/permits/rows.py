# SPDX-License-Identifier: Apache-2.0
"""From the gate's answers to a filter: which columns a purpose may use, and whose rows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from keshou.gate.act import Act
from keshou.gate.answers import names_of
from keshou.gate.batch import BatchGate
from keshou.gate.columns import UserColumns
from keshou.gate.decision import Permit
from keshou.permits.errors import FilterError
from keshou.permits.filter import Column, Table


class Judged(NamedTuple):
    """What the gate says of a table."""

    act: Act
    """What was asked of every row: the items of the columns that stay."""
    columns: tuple[Column, ...]
    left_out: tuple[str, ...]
    users: tuple[str, ...]
    """Those permitted, in the order asked."""
    denied: Mapping[tuple[str, ...], int]
    """Names of the prohibitions met -> how many users met them."""


def judge(gate: BatchGate, columns: UserColumns, act: Act, table: Table, users: Sequence[str]) -> Judged:
    """Judge `table` for `act`, whose user and items play no part, and the rows of `users`.

    1. each kind of information is judged apart from any user, or for those whom a recorded ground names where the act
       relies on one: what the purpose may not touch so, leaves the columns;
    2. every user is judged for all that stayed, as one list: what `act` says that the same hand did before counts.

    Raises:
        FilterError: no users are asked of, or the table says of no column what it holds.

    """
    named = list(dict.fromkeys(users))
    if not named or not table.columns:
        raise FilterError("a filter is of some users and columns", hint="say whose rows, and what each column holds")
    kept = tuple(_columns(gate, act, table))
    items = frozenset(each.item for each in kept) or frozenset(table.columns.values())
    whole = msgspec.structs.replace(act, user="", items=items, count=len(named))
    rows = np.array([columns.rows.get(user, columns.unknown) for user in named], np.int64)
    codes = gate.codes(whole, rows).tolist()
    permitted = tuple(user for user, code in zip(named, codes, strict=True) if not code)
    denied = Counter(names_of(code) for code in codes if code)
    left_out = tuple(name for name in table.columns if name not in {each.name for each in kept})
    return Judged(whole, kept, left_out, permitted, denied)


def _columns(gate: BatchGate, act: Act, table: Table) -> list[Column]:
    found = []
    reference = gate.someone_named()
    for name, item in table.columns.items():
        asked = msgspec.structs.replace(act, user="", user_ref=reference, items=frozenset({item}), count=1, so_far=0)
        answer = gate.single.decide(asked)
        if isinstance(answer, Permit):
            found.append(Column(name=name, item=item, masked=not answer.full))
    return found
