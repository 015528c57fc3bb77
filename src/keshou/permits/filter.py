# SPDX-License-Identifier: Apache-2.0
"""A filter: the rows and columns of one table that a purpose may use now, as SQL and as an Arrow expression.

Rows are named by the users who are permitted. Whoever is not named is out, those unknown among them; a filter by who
is denied would let them through. A column that the purpose does not need, or that was not said to hold anything, is
out too. A filter knows until when it may be used; what users say after it was made is not in it.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from keshou.acts.mask import masked
from keshou.law.terms import ActKind
from keshou.permits.errors import FilterError, FilterExpiredError

FEW = 32
"""Up to so many users stand in the statement one by one; more of them go as one list."""

_LONGEST_NAME = 63
"""Bytes; PostgreSQL cuts longer names off, so that two could become one."""
_BY_PLACE = ("%s", "?")
"""Signs for a parameter that are told apart by their place alone, so that each needs a value of its own."""
_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}")


@runtime_checkable
class _Streamed(Protocol):
    """A table that gives itself in Arrow's form. Source: the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Return the capsule of its stream."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table of the operator's own: which column names users, and what the others hold.

    Raises `FilterError` for a name with a dot and no schema: it would be looked for under that very name.
    """

    name: str
    schema: str = ""
    """The schema that it lies in (SQLite: the database as it is attached); empty: wherever it is found by its name."""
    user_column: str
    columns: Mapping[str, str]
    """Column -> id of the kind of information in it; a column that is not here is never selected."""
    user_type: Literal["text", "integer"] = "text"
    """How the table keeps users' ids."""

    def __post_init__(self) -> None:
        if not self.schema and "." in self.name:
            raise FilterError(
                "a table's name has a dot, and no schema is given",
                hint="give the part before the dot as `schema` and the rest as the name",
            )


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column that may be selected."""

    name: str
    item: str
    masked: bool
    """Whether its values may be shown masked only."""


class Selection(NamedTuple):
    """Parts of a ``SELECT`` in one database's language; `parameters` belong to `where`."""

    columns: str
    table: str
    where: str
    parameters: tuple[Any, ...]

    @property
    def statement(self) -> str:
        """The whole statement, for who needs no more than that."""
        return f"SELECT {self.columns} FROM {self.table} WHERE {self.where}"  # noqa: S608 - names quoted, values bound


class RowFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What one purpose may use of one table, from the moment it was asked until `until`."""

    table: str
    schema: str = ""
    """Empty: the table is found by its name alone."""
    user_column: str
    user_type: Literal["text", "integer"] = "text"
    columns: tuple[Column, ...]
    left_out: tuple[str, ...] = ()
    """Columns that the purpose may not use so."""
    users: tuple[str, ...]
    """Ids of the users whose rows may be used."""
    kind: ActKind
    purpose: str
    by: str
    rules: int
    """Version of the rules it was made under."""
    revision: int
    """Revision of the facts it was made on."""
    entry: int
    """Place of the entry that recorded it."""
    until: dt.datetime
    """UTC; from then on it is refused and must be fetched anew."""

    def sqlite(self, now: dt.datetime, *, mark: str = "?") -> Selection:
        """Return the selection for SQLite; `mark` stands for a parameter (Django: ``%s``).

        Users' ids are compared as they are: neither the column's own collation nor its affinity makes two of them one.

        Raises:
            FilterExpiredError: its time is over.
            FilterError: a name cannot be one.

        """
        self.refuse_expired(now)
        column, users = self._quoted(self.user_column, mark), self._ids()
        if 0 < len(users) <= FEW:
            listed, parameters = ", ".join([mark] * len(users)), tuple(users)
        else:
            parameters = (msgspec.json.encode(users).decode(),)
            listed = f"SELECT value FROM json_each({mark})"  # noqa: S608 - the caller's sign for a parameter
        where = f"(typeof({column}) = '{self.user_type}' AND {column} COLLATE BINARY IN ({listed}))"
        return Selection(self._columns(mark), self._table(mark), where, parameters)

    def postgresql(self, now: dt.datetime, *, mark: str = "%s") -> Selection:
        """Return the selection for PostgreSQL; `mark` stands for a parameter (asyncpg: ``$1``, which stands twice).

        Texts are compared once as the column compares them, for its index, and once letter by letter, since its own
        collation could make two users one. A column of texts is never read as numbers: ``042`` and ``42`` are two
        users. PostgreSQL refuses it instead.

        Raises:
            FilterExpiredError: its time is over.
            FilterError: a name cannot be one.

        """
        self.refuse_expired(now)
        column = self._quoted(self.user_column, mark)
        found, table, ids = self._columns(mark), self._table(mark), self._ids()
        if self._numbers:
            return Selection(found, table, f"({column} = ANY({mark}::bigint[]))", (ids,))
        named = f"ANY({mark}::text[])"
        where = f'({column}::text = {named} AND {column}::text COLLATE "C" = {named})'
        return Selection(found, table, where, (ids, ids) if mark in _BY_PLACE else (ids,))

    def arrow(self, now: dt.datetime) -> pc.Expression:
        """Return the rows that may be used as an expression for tables and datasets of Arrow; see `names`.

        Raises:
            FilterExpiredError: its time is over.

        """
        self.refuse_expired(now)
        column = pc.field(self.user_column)
        if self._numbers:
            return column.isin(pa.array(self._ids(), pa.int64()))
        return column.cast(pa.string()).isin(pa.array(self._ids(), pa.string()))

    @property
    def names(self) -> list[str]:
        """The columns that may be selected, that of the users first."""
        return list(dict.fromkeys([self.user_column, *(each.name for each in self.columns)]))

    def show(self, rows: Iterable[Iterable[Any]] | _Streamed) -> list[dict[str, Any]]:
        """Return rows selected with this filter as they may be shown: column -> value, masked where due.

        A row is the values in the order of `names`, or a mapping from column to value; a table of Arrow, or of what
        gives itself as one (Polars, pandas), is taken whole. Columns that are not among `names` are left out.

        Raises:
            FilterError: a row does not have the columns of `names`.

        """
        hidden = {each.name: each.item for each in self.columns if each.masked}
        names = self.names
        given = pa.table(rows).to_pylist() if isinstance(rows, _Streamed) else rows
        return [_shown(_by_name(names, row), hidden) for row in given]

    def refuse_expired(self, now: dt.datetime) -> None:
        """Refuse when its time is over.

        Raises:
            FilterExpiredError: it is.

        """
        if now >= self.until:
            raise FilterExpiredError

    def _columns(self, mark: str) -> str:
        return ", ".join(self._quoted(name, mark) for name in self.names)

    def _quoted(self, column: str, mark: str) -> str:
        """Return a column with its table: alone, SQLite takes a quoted name that is no column for a text."""
        return f"{self._table(mark)}.{_quote(column, mark)}"

    def _table(self, mark: str) -> str:
        table = _quote(self.table, mark)
        return f"{_quote(self.schema, mark)}.{table}" if self.schema else table

    @property
    def _numbers(self) -> bool:
        return self.user_type == "integer"

    def _ids(self) -> list[Any]:
        """Return users' ids as the table keeps them; an id that it cannot keep has no row in it."""
        if self._numbers:
            return [int(each) for each in self.users if _WHOLE_NUMBER.fullmatch(each)]
        return [each for each in self.users if _can_be_stored(each)]


def _quote(name: str, mark: str) -> str:
    """Return `name` as an identifier of SQL, whatever it holds.

    Raises:
        FilterError: it is empty, too long, or has a character that no name can have.

    """
    if not name or not _can_be_stored(name) or len(name.encode()) > _LONGEST_NAME:
        raise FilterError("a table or column has no proper name", hint=f"1 to {_LONGEST_NAME} bytes, no NUL")
    quoted = '"' + name.replace('"', '""') + '"'
    return quoted.replace("%", "%%") if mark == "%s" else quoted


def _can_be_stored(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)


def _by_name(names: Sequence[str], row: Iterable[Any]) -> dict[str, Any]:
    try:
        if isinstance(row, Mapping):
            return {name: row[name] for name in names}
        if not isinstance(row, str | bytes):
            return dict(zip(names, row, strict=True))
    except (KeyError, TypeError, ValueError):  # told without the row, which holds values
        pass
    raise FilterError("a row does not have the columns that were selected", hint="show the rows as they were selected")


def _shown(row: dict[str, Any], hidden: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: masked(hidden[name], str(value), {hidden[name]}) if name in hidden and value is not None else value
        for name, value in row.items()
    }
