# SPDX-License-Identifier: Apache-2.0
"""A filter lets through the rows and columns it names and no others, in every language it speaks."""

import contextlib
import datetime as dt
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import psycopg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from permit_office import NOW

from keshou.law.terms import ActKind
from keshou.permits.errors import FilterError, FilterExpiredError
from keshou.permits.filter import FEW, Column, RowFilter, Table

FILTER = RowFilter(
    table="customers",
    user_column="customer_id",
    columns=(Column(name="phone", item="mobile_number", masked=False),),
    users=("A-1",),
    kind=ActKind.USE,
    purpose="service",
    by="biller",
    rules=1,
    revision=7,
    entry=6,
    until=NOW + dt.timedelta(minutes=1),
)
NAMES = [
    'a"b',
    "a'b",
    "%s",
    "100%",
    "?",
    ":x",
    "$1",
    "a b",
    "select",
    "a;--",
    '"; DROP TABLE t; --',
    "顾客",
    "a\\b",
    "[a]",
    "`a`",
]


def a_filter(*users: str, **changes: Any) -> RowFilter:
    return msgspec.structs.replace(FILTER, users=users, **changes)


class Tables:
    """Makes and reads tables the way the operator's own program does, on one of the databases."""

    def __init__(self, connection: Any, *, postgresql: bool) -> None:
        self.connection, self.postgresql = connection, postgresql

    def make(
        self, names: Sequence[str], rows: Sequence[Sequence[Any]], type_: str = "TEXT", table: str = "customers"
    ) -> None:
        types = [type_] + ["TEXT"] * (len(names) - 1)
        columns = ", ".join(f"{_quoted(name)} {kind}" for name, kind in zip(names, types, strict=True))
        self.connection.execute(f"DROP TABLE IF EXISTS {_quoted(table)}")
        self.connection.execute(f"CREATE TABLE {_quoted(table)} ({columns})")
        into = _quoted(table).replace("%", "%%") if self.postgresql else _quoted(table)
        marks = ", ".join(["%s" if self.postgresql else "?"] * len(names))
        for row in rows:
            self.connection.execute(f"INSERT INTO {into} VALUES ({marks})", row)  # noqa: S608 - names quoted

    def select(self, chosen: RowFilter) -> list[tuple[Any, ...]]:
        selection = chosen.postgresql(NOW) if self.postgresql else chosen.sqlite(NOW)
        return sorted(self.connection.execute(selection.statement, selection.parameters).fetchall())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.fixture(params=["sqlite", "postgresql"])
def tables(request: pytest.FixtureRequest) -> Iterator[Tables]:
    if request.param == "sqlite":
        with contextlib.closing(sqlite3.connect(":memory:")) as connection:
            yield Tables(connection, postgresql=False)
    else:
        with psycopg.connect(request.getfixturevalue("postgresql_url"), autocommit=True) as connection:
            yield Tables(connection, postgresql=True)


def test_only_the_users_named_and_the_columns_named_are_selected(tables: Tables) -> None:
    tables.make(["customer_id", "phone", "note"], [("A-1", "1", "x"), ("A-2", "2", "y"), ("A-3", "3", "z")])
    assert tables.select(a_filter("A-1", "A-3")) == [("A-1", "1"), ("A-3", "3")]


@pytest.mark.parametrize("count", [0, 1, FEW, FEW + 1, 20_000])
def test_few_and_very_many_users_are_let_through_alike(tables: Tables, count: int) -> None:
    tables.make(["customer_id", "phone"], [(f"A-{n}", "1") for n in range(FEW + 4)])
    found = tables.select(a_filter(*(f"A-{n}" for n in range(count))))
    assert {user for user, _ in found} == {f"A-{n}" for n in range(min(count, FEW + 4))}


def test_a_filter_of_nobody_lets_nobody_through(tables: Tables) -> None:
    tables.make(["customer_id", "phone"], [("A-1", "1"), (None, "2"), ("", "3")])
    assert tables.select(a_filter()) == []


def test_a_row_without_a_user_is_never_let_through(tables: Tables) -> None:
    tables.make(["customer_id", "phone"], [(None, "1"), ("None", "2"), ("null", "3")])
    assert tables.select(a_filter("A-1")) == []


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize(
    "users", [("a-1",), ("A-1 ",), ("A%",), ("A_1",), ("' OR 1=1 --",), ('A-1"',), ("[]",), ("*",)]
)
def test_only_the_very_same_id_is_let_through(tables: Tables, users: tuple[str, ...], *, many: bool) -> None:
    tables.make(["customer_id", "phone"], [("A-1", "1"), ("B-1", "2")])
    others = [f"Z-{n}" for n in range(FEW + 1)] if many else []
    assert tables.select(a_filter(*users, *others)) == []


def test_hostile_ids_are_found_as_they_are(tables: Tables) -> None:
    users = ["' OR 1=1 --", 'a"b', "%s", "?", "a\\b", "顾客", "\n", "[1]", "null"]
    tables.make(["customer_id", "phone"], [*((user, "1") for user in users), ("A-1", "2")])
    assert {user for user, _ in tables.select(a_filter(*users))} == set(users)


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_of_tables_and_columns_stay_names(tables: Tables, name: str) -> None:
    tables.make([f"{name}u", f"{name}c", "other"], [("A-1", "1", "x"), ("A-2", "2", "y")], table=name)
    columns = (Column(name=f"{name}c", item="mobile_number", masked=False),)
    for users in (("A-1",), ("A-1", *(f"Z-{n}" for n in range(FEW)))):
        chosen = a_filter(*users, table=name, user_column=f"{name}u", columns=columns)
        assert tables.select(chosen) == [("A-1", "1")]


@pytest.mark.parametrize(("name", "field"), [
    (name, field) for name in ("", "a\0b", "\ud800", "x" * 64, "名" * 22)
    for field in ("table", "schema", "user_column", "column") if name or field != "schema"
])  # fmt: skip
def test_what_can_be_no_name_is_refused(name: str, field: str) -> None:
    changes: dict[str, Any] = {field: name}
    if field == "column":
        changes = {"columns": (Column(name=name, item="mobile_number", masked=False),)}
    for language in ("sqlite", "postgresql"):
        with pytest.raises(FilterError):
            getattr(a_filter("A-1", **changes), language)(NOW)


@pytest.mark.parametrize("name", ["crm", 'c"rm', "100%", "a.b"])
def test_a_table_in_a_schema_is_found_there_and_not_elsewhere(tables: Tables, name: str) -> None:
    schema, table = _quoted(name), _quoted(f"{name}.x")
    tables.connection.execute(f"CREATE SCHEMA {schema}" if tables.postgresql else f"ATTACH ':memory:' AS {schema}")
    for place, phone in ((f"{schema}.", "1"), ("", "2")):
        tables.connection.execute(f"CREATE TABLE {place}{table} (customer_id TEXT, phone TEXT)")
        into = (place + table).replace("%", "%%") if tables.postgresql else place + table
        mark = "%s" if tables.postgresql else "?"
        for user in ("A-1", "A-2"):
            tables.connection.execute(f"INSERT INTO {into} VALUES ({mark}, {mark})", (user, phone))  # noqa: S608
    for users in (("A-1",), ("A-1", *(f"Z-{n}" for n in range(FEW)))):
        assert tables.select(a_filter(*users, table=f"{name}.x", schema=name)) == [("A-1", "1")]
        assert tables.select(a_filter(*users, table=f"{name}.x")) == [("A-1", "2")]


def test_a_name_with_a_dot_that_no_schema_is_given_for_is_refused() -> None:
    told: dict[str, Any] = {"user_column": "customer_id", "columns": {"phone": "mobile_number"}}
    with pytest.raises(FilterError) as refused:
        Table(name="crm.customers", **told)
    assert "`schema`" in refused.value.hint
    assert Table(name="customers", schema="crm", **told).schema == "crm"
    assert Table(name="a.b", schema="crm", **told).name == "a.b"


def test_a_column_that_is_not_there_is_an_error_and_never_a_text(tables: Tables) -> None:
    tables.make(["customer_id", "phone"], [("A-1", "1")])
    with pytest.raises((sqlite3.OperationalError, psycopg.errors.UndefinedColumn)):
        tables.select(a_filter("user_id", user_column="user_id"))


def test_ids_kept_as_numbers_are_compared_as_numbers(tables: Tables) -> None:
    tables.make(["customer_id", "phone"], [(1, "1"), (42, "2"), (2**53 + 1, "3")], "BIGINT")
    users = ("42", "042", "1.0", "1e0", " 1", "+1", str(2**53), "9" * 40, "x")
    for more in ((), tuple(str(n) for n in range(1000, 1000 + FEW))):
        assert tables.select(a_filter(*users, *more, user_type="integer")) == [(42, "2")]


def test_an_id_does_not_open_anothers_row_where_the_column_is_of_the_other_type(tables: Tables) -> None:
    for more in ((), tuple(f"Z-{n}" for n in range(FEW))):
        tables.make(["customer_id", "phone"], [(42, "1")], "BIGINT")
        assert tables.select(a_filter("042", "4.2e1", *more)) == []
        tables.make(["customer_id", "phone"], [("042", "1")])
        numbers = a_filter("42", *(str(n) for n in range(len(more))), user_type="integer")
        if tables.postgresql:
            with pytest.raises(psycopg.errors.UndefinedFunction):
                tables.select(numbers)
        else:
            assert tables.select(numbers) == []


def test_a_collation_that_ignores_case_does_not_open_anothers_row() -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE customers (customer_id TEXT COLLATE NOCASE, phone TEXT)")
        connection.execute("INSERT INTO customers VALUES ('a-1', '1')")
        for more in ((), tuple(f"Z-{n}" for n in range(FEW))):
            assert Tables(connection, postgresql=False).select(a_filter("A-1", *more)) == []


def test_a_collation_of_postgresql_that_ignores_case_does_not_either(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(
            "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
        )
        connection.execute("CREATE TABLE customers (customer_id TEXT COLLATE any_case PRIMARY KEY, phone TEXT)")
        connection.execute("INSERT INTO customers VALUES ('a-1', '1')")
        tables = Tables(connection, postgresql=True)
        for more in ((), tuple(f"Z-{n}" for n in range(FEW))):
            assert tables.select(a_filter("A-1", *more)) == []
            assert tables.select(a_filter("a-1", *more)) == [("a-1", "1")]


def test_an_index_of_postgresql_serves_the_filter(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE customers (customer_id TEXT PRIMARY KEY, phone TEXT)")
        connection.execute("SET enable_seqscan = off")
        chosen = a_filter("A-1", "A-2").postgresql(NOW)
        plan = connection.execute(f"EXPLAIN {chosen.statement}", chosen.parameters).fetchall()
        assert any("Index Cond" in row[0] for row in plan), plan


def test_an_index_on_the_users_serves_the_filter() -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE customers (customer_id TEXT PRIMARY KEY, phone TEXT)")
        for users in (["A-1"], [f"A-{n}" for n in range(1000)]):
            chosen = a_filter(*users).sqlite(NOW)
            plan = connection.execute(f"EXPLAIN QUERY PLAN {chosen.statement}", chosen.parameters).fetchall()
            assert any("SEARCH customers USING INDEX" in row[3] for row in plan), plan


def test_a_filter_is_refused_once_its_time_is_over() -> None:
    for language in ("sqlite", "postgresql", "arrow"):
        with pytest.raises(FilterExpiredError):
            getattr(FILTER, language)(FILTER.until)
        getattr(FILTER, language)(FILTER.until - dt.timedelta(microseconds=1))


def test_values_whose_grant_is_for_masked_ones_are_shown_masked() -> None:
    columns = (
        Column(name="phone", item="mobile_number", masked=True),
        Column(name="plan", item="tariff_plan", masked=False),
    )
    rows = a_filter("A-1", columns=columns).show([("A-1", "15499990001", "P-19"), ("A-2", None, None)])
    assert rows == [
        {"customer_id": "A-1", "phone": "154****0001", "plan": "P-19"},
        {"customer_id": "A-2", "phone": None, "plan": None},
    ]


def test_the_parameters_sign_is_the_drivers() -> None:
    assert "IN (%s)" in FILTER.sqlite(NOW, mark="%s").where
    assert "ANY($1::text[])" in FILTER.postgresql(NOW, mark="$1").where
    for mark, times in (("$1", 1), ("%s", 2), ("?", 2)):
        assert len(FILTER.postgresql(NOW, mark=mark).parameters) == times
    percent = a_filter("A-1", table="100%")
    assert '"100%"' in percent.sqlite(NOW).where
    assert '"100%%"' in percent.sqlite(NOW, mark="%s").where
    assert '"100%"' in percent.postgresql(NOW, mark="$1").where


@pytest.mark.parametrize(
    "type_",
    [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())],
    ids=["text", "large", "dictionary"],
)
def test_the_arrow_expression_keeps_the_same_rows(type_: pa.DataType) -> None:
    users = pa.array(["A-1", "a-1", None, "A-3", ""]).cast(pa.string())
    table = pa.table({"customer_id": users.cast(type_), "phone": ["1", "2", "3", "4", "5"]})
    kept = table.filter(a_filter("A-1", "A-3", "Z-9").arrow(NOW))
    assert kept.column("phone").to_pylist() == ["1", "4"]
    assert table.filter(a_filter().arrow(NOW)).num_rows == 0


@pytest.mark.parametrize("type_", [pa.int64(), pa.int32(), pa.uint16()], ids=str)
def test_the_arrow_expression_compares_numbers_as_they_are(type_: pa.DataType) -> None:
    table = pa.table({"customer_id": pa.array([42, 7], type_), "phone": ["1", "2"]})
    assert table.filter(a_filter("42", "007", user_type="integer").arrow(NOW)).column("phone").to_pylist() == ["1"]
    assert table.filter(a_filter("042", "42.0").arrow(NOW)).num_rows == 0


def test_the_arrow_expression_never_takes_a_text_for_a_number() -> None:
    table = pa.table({"customer_id": ["042", "42 "], "phone": ["1", "2"]})
    with pytest.raises(pa.ArrowTypeError):
        table.filter(a_filter("42", user_type="integer").arrow(NOW))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6), unique=True, max_size=8),
    st.data(),
)
def test_any_ids_whatever_are_let_through_exactly_when_named(
    tables: Tables, ids: list[str], data: st.DataObject
) -> None:
    named = data.draw(st.lists(st.sampled_from(ids), unique=True)) if ids else []
    tables.make(["customer_id", "phone"], [(user, "1") for user in ids])
    for more in ([], [f"{n}-nobody-at-all" for n in range(FEW)]):
        assert {user for user, _ in tables.select(a_filter(*named, *more))} == set(named)


def test_a_filter_goes_over_the_wire_and_comes_back_the_same() -> None:
    assert msgspec.json.decode(msgspec.json.encode(FILTER), type=RowFilter) == FILTER
