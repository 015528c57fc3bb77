# SPDX-License-Identifier: Apache-2.0
"""Rows that a filter selected are masked in whatever form they come, and shown in no other than was selected."""

import contextlib
import datetime as dt
import sqlite3
from types import MappingProxyType
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from permit_office import NOW
from psycopg.rows import dict_row

from keshou.law.terms import ActKind
from keshou.permits.errors import FilterError
from keshou.permits.filter import Column, RowFilter

MASKING = RowFilter(
    table="customers",
    user_column="customer_id",
    columns=(
        Column(name="phone", item="mobile_number", masked=True),
        Column(name="plan", item="tariff_plan", masked=False),
    ),
    users=("A-1",),
    kind=ActKind.USE,
    purpose="service",
    by="biller",
    rules=1,
    revision=7,
    entry=6,
    until=NOW + dt.timedelta(minutes=1),
)
TOLD = [{"customer_id": "A-1", "phone": "154****0001", "plan": "P-19"}]


def test_rows_that_name_their_columns_are_taken_by_name() -> None:
    row = {"plan": "P-19", "customer_id": "A-1", "note": "called twice", "phone": "15499990001"}
    assert MASKING.show([row]) == TOLD
    assert MASKING.show([MappingProxyType(row)]) == TOLD
    table = pa.table({name: [value] for name, value in row.items()})
    assert MASKING.show(table.filter(MASKING.arrow(NOW)).to_pylist()) == TOLD


def test_a_table_of_arrow_is_masked_whole() -> None:
    table = pa.table({"phone": ["15499990001", "15499990002"], "plan": ["P-19", "P-2"], "customer_id": ["A-1", "A-2"]})
    assert MASKING.show(table.filter(MASKING.arrow(NOW))) == TOLD
    assert MASKING.show(table.slice(0, 1).to_batches()[0]) == TOLD
    assert MASKING.show(table.slice(0, 0)) == []


def test_rows_as_drivers_give_them_by_name_are_masked(postgresql_url: str) -> None:
    make = "CREATE TABLE customers (plan TEXT, phone TEXT, customer_id TEXT PRIMARY KEY)"
    fill = "INSERT INTO customers VALUES ('P-19', '15499990001', 'A-1'), ('P-2', '15499990002', 'A-2')"
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(make)
        connection.execute(fill)
        chosen = MASKING.sqlite(NOW)
        for factory in (
            sqlite3.Row,
            lambda cursor, row: {each[0]: row[n] for n, each in enumerate(cursor.description)},
        ):
            connection.row_factory = factory
            assert MASKING.show(connection.execute(chosen.statement, chosen.parameters)) == TOLD
    with psycopg.connect(postgresql_url, row_factory=dict_row) as by_name:
        by_name.execute(make)
        by_name.execute(fill)
        selection = MASKING.postgresql(NOW)
        assert MASKING.show(by_name.execute(selection.statement, selection.parameters)) == TOLD


@pytest.mark.parametrize(
    "row",
    [
        {"customer_id": "A-1", "phone": "15499990001"},
        {"CUSTOMER_ID": "A-1", "phone": "15499990001", "plan": "P-19"},
        ("A-1", "15499990001"),
        ("A-1", "15499990001", "P-19", "called twice"),
        "A-1",
        "abc",
        7,
    ],
)
def test_a_row_without_the_columns_selected_is_refused_and_not_shown(row: Any) -> None:
    with pytest.raises(FilterError) as caught:
        MASKING.show([row])
    assert "15499990001" not in str(caught.value)
