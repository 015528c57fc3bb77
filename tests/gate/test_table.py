# SPDX-License-Identifier: Apache-2.0
"""Arrow tables come out row by row as the gate for single acts would decide."""

import msgspec
import pyarrow as pa
import pytest
from test_decide import USE, gate
from three_gates import names

from keshou.errors import InputError
from keshou.gate.answers import names_of
from keshou.gate.batch import BatchGate
from keshou.gate.columns import UserColumns
from keshou.gate.table import decide_table
from keshou.law.terms import ActKind

HELD = gate("li agrees to billing", "zhang agrees to mail")
COLUMNS = UserColumns.of(HELD.users.items())
BATCH = BatchGate(HELD, COLUMNS)
USERS = ["zhang", "li", None, "zhang", "nobody_known", "li"]


def test_users_alone_are_a_table() -> None:
    for column in (pa.array(USERS), pa.array(USERS).dictionary_encode(), pa.chunked_array([USERS[:2], USERS[2:]])):
        codes = decide_table(BATCH, COLUMNS, pa.table({"user": column}), USE)
        expected = [names(HELD, msgspec.structs.replace(USE, user=user or "\0")) for user in USERS]
        assert [list(names_of(code)) for code in codes] == expected


def test_each_row_may_ask_its_own_question() -> None:
    asked = {
        "user": USERS,
        "purpose": ["billing", "mail", "billing", None, "mail", "gaming"],
        "kind": ["use", "use", "collect", "use", "query", "sell"],
        "items": [["mobile_number"], ["email_address"], ["tariff_plan", "bill"], [], None, ["religion"]],
        "by": ["an", "an", "ou", "an", "an", None],
    }
    codes = decide_table(BATCH, COLUMNS, pa.table(asked), USE)
    for place, code in enumerate(codes):
        row = {name: values[place] or "" for name, values in asked.items()}
        row |= {"user": USERS[place] or "\0", "items": frozenset(row["items"]), "kind": ActKind(row["kind"])}
        assert list(names_of(code)) == names(HELD, msgspec.structs.replace(USE, **row))


def test_rows_of_very_many_different_words_are_each_judged_by_their_own_question() -> None:
    """Six columns of four thousand words each can be combined in more ways than a number of 64 bits can count."""
    names_of_words = ("purpose", "by", "where", "recipient", "review", "ground")
    sound = {"purpose": USE.purpose, "by": USE.by, "where": "", "recipient": "", "review": "", "ground": ""}
    rows = [{name: f"{name}{n}" for name in names_of_words} if n % 2 else sound for n in range(8192)]
    users = ["zhang" if n % 4 else "nobody_known" for n in range(len(rows))]
    table = pa.table({"user": users} | {name: [row[name] for row in rows] for name in names_of_words})
    codes = decide_table(BATCH, COLUMNS, table, USE)
    permitted = 0
    for place, code in enumerate(codes):
        act = msgspec.structs.replace(USE, user=users[place], **rows[place])
        assert list(names_of(code)) == names(HELD, act), f"row {place}"
        permitted += not code
    assert permitted == len(rows) // 4


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["mobile_number,tariff_plan"]),
        pa.array([["mobile_number,tariff_plan"]]),
        pa.array(["mobile_number,tariff_plan"]).dictionary_encode(),
        pa.array([["bill", None, "a,b"]], pa.large_list(pa.large_string())),
    ],
)
def test_one_id_is_never_taken_for_several(column: pa.Array) -> None:
    with pytest.raises(InputError, match="comma"):
        decide_table(BATCH, COLUMNS, pa.table({"user": ["li"], "items": column}), USE)


def holed(*words: str | None) -> pa.DictionaryArray:
    """Return `words` as a dictionary that holds the missing value as one of its own."""
    different = list(dict.fromkeys((*words, None)))
    return pa.DictionaryArray.from_arrays(pa.array([different.index(each) for each in words]), pa.array(different))


def test_a_value_missing_within_a_dictionary_is_missing_and_no_word() -> None:
    columns = UserColumns.of([("None", HELD.users["zhang"])])
    users, purposes = holed("None", None, "None", "None"), holed("billing", "billing", None, "billing")
    table = pa.table({"user": users, "purpose": purposes, "items": holed(*3 * ["mobile_number"], None)})
    codes = decide_table(BatchGate(HELD, columns), columns, table, USE)
    asked = ({}, {"user": "\0"}, {"purpose": ""}, {"items": frozenset()})
    expected = [names(HELD, msgspec.structs.replace(USE, **row)) for row in asked]
    assert [list(names_of(code)) for code in codes] == expected
    assert [not each for each in expected] == [True, False, False, False]


def test_an_empty_table_has_an_empty_answer() -> None:
    table = pa.table({"user": pa.array([], pa.string()), "kind": pa.array([], pa.string())})
    assert len(decide_table(BATCH, COLUMNS, table, USE)) == 0


def test_a_table_without_users_or_with_an_unknown_kind_is_refused() -> None:
    with pytest.raises(InputError):
        decide_table(BATCH, COLUMNS, pa.table({"person": ["zhang"]}), USE)
    with pytest.raises(InputError, match="steal"):
        decide_table(BATCH, COLUMNS, pa.table({"user": ["zhang"], "kind": ["steal"]}), USE)
