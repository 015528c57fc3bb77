# SPDX-License-Identifier: Apache-2.0
"""Engine, transaction, and times as microseconds: what every room's store stands on.

Times are stored as whole microseconds since 1970-01-01 UTC (BIGINT), the same on both databases.
"""

import datetime as dt
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql.base import PGDialect

from keshou.errors import DamagedError, ExitStatus, InputError, KeshouError, UnreachableError
from keshou.refused import refusal, told_of
from keshou.turn import PATIENCE, PATIENT, patience_of, take_turn

metadata = sa.MetaData()
"""Every room's tables; a room declares its own in its ``store.py``."""

_EPOCH, _MICROSECOND = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(microseconds=1)
_AT_ONCE = 5_000
_POSTGRESQL = PGDialect()  # type: ignore[no-untyped-call]


def to_micros(moment: dt.datetime) -> int:
    """Return `moment` as microseconds since the epoch.

    Raises:
        InputError: `moment` has no time zone.

    """
    if moment.tzinfo is None:
        raise InputError("a time without a zone", hint="write it with an offset, e.g. 2013-09-01T08:00:00+08:00")
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> dt.datetime:
    """Return the moment `micros` microseconds after the epoch, in UTC."""
    return _EPOCH + micros * _MICROSECOND


class DatabaseError(KeshouError):
    """The database refused a statement: a constraint, a value it cannot hold, or a full disk."""

    status = ExitStatus.UNREACHABLE


class DiskFullError(DatabaseError):
    """The database cannot write any more."""

    def __init__(self) -> None:
        super().__init__(
            "the disk of the database is full, or takes no more; nothing was done",
            hint="make room there, then call again",
        )


class Transaction:
    """One open database transaction, handed down as the first parameter of everything that touches tables."""

    __slots__ = ("_driver", "_pipeline", "_sender", "connection", "cursor", "postgresql")

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.postgresql = connection.dialect.name == "postgresql"
        driver: Any = connection.connection.driver_connection
        if driver is None:
            raise UnreachableError("the database connection is gone")
        self._driver = driver
        self._pipeline: psycopg.Pipeline | None = None
        self.cursor: Any = driver.cursor(binary=True) if self.postgresql else driver.cursor()
        """The driver's own cursor in this transaction: what is done for every act costs half as much through it."""
        self._sender: Any = driver.cursor() if self.postgresql else self.cursor

    def ask(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query written with ``?`` for each value."""
        rows: list[tuple[Any, ...]] = self.cursor.execute(self._marked(sql), values).fetchall()
        return rows

    def change(self, sql: str, values: Sequence[Any]) -> int:
        """Run a statement written with ``?`` for each value; return how many rows it changed."""
        self.cursor.execute(self._marked(sql), values)
        if self._pipeline is not None:
            self._pipeline.sync()
        return int(self.cursor.rowcount)

    def put(self, sql: str, values: Sequence[Any]) -> None:
        """Run a statement written with ``?`` for each value, of which nothing is to be known but a failure."""
        self._sender.execute(self._marked(sql), values)

    def put_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement written with ``?`` for each value, once for each of `rows`."""
        if len(rows) == 1:
            self.put(sql, rows[0])
        elif rows:
            self._sender.executemany(self._marked(sql), rows)

    @contextmanager
    def unanswered(self) -> Iterator[None]:
        """Do not wait, within the block, for the answer to each thing put or inserted: PostgreSQL works beside us.

        What fails is raised by whatever asks next, by the end of the block at the latest.
        """
        if not self.postgresql:
            yield
            return
        with self._driver.pipeline() as pipeline:
            self._pipeline = pipeline
            try:
                yield
            finally:
                self._pipeline = None

    def _marked(self, sql: str) -> str:
        return _with_marks(sql) if self.postgresql else sql

    def execute(
        self, statement: sa.Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> sa.CursorResult[Any]:
        """Run one statement, with one set of values or many."""
        result: sa.CursorResult[Any] = self.connection.execute(statement, values)
        return result

    def insert(self, table: sa.Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert many rows the fastest way the database has: arrays on PostgreSQL, one prepared statement on SQLite.

        `columns` are names of `table`; each row has their values in the same order, already of the stored type.
        """
        if self.postgresql and len(rows) > 1:
            sql = _insert_arrays(table, tuple(columns))
            for start in range(0, len(rows), _AT_ONCE):
                self.put(sql, [array(each) for each in zip(*rows[start : start + _AT_ONCE], strict=True)])
        else:
            self.put_each(_insert(table, tuple(columns)), rows)


@lru_cache(maxsize=512)
def _with_marks(sql: str) -> str:
    return sql.replace("?", "%s")


@lru_cache(maxsize=128)
def _insert(table: sa.Table, columns: tuple[str, ...]) -> str:
    names, marks = (", ".join(each) for each in ([f'"{name}"' for name in columns], ["?"] * len(columns)))
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'  # noqa: S608 - names are our own


@lru_cache(maxsize=128)
def _insert_arrays(table: sa.Table, columns: tuple[str, ...]) -> str:
    """Return PostgreSQL's statement that inserts rows given column by column."""
    names = ", ".join(f'"{name}"' for name in columns)
    types = [table.c[name].type.dialect_impl(_POSTGRESQL).compile(_POSTGRESQL) for name in columns]
    return f'INSERT INTO "{table.name}" ({names}) SELECT * FROM unnest({arrays(types)})'  # noqa: S608 - our own names


def arrays(types: Sequence[str]) -> str:
    """Return the places, in a statement of PostgreSQL, of one `array` of each of `types`."""
    return ", ".join(f"%b::{type_}[]" if type_.lower() == "bytea" else f"%s::{type_}[]" for type_ in types)


def array(values: Sequence[Any]) -> Any:
    """Return values as PostgreSQL reads an array of their type; numbers as text at once and not one by one."""
    if set(map(type, values)) == {int}:
        return f"{{{','.join(map(str, values))}}}"
    return list(values)


access_state = sa.Table(
    "access_state",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("change", sa.BigInteger, nullable=False),
    sa.CheckConstraint("id = 1", name="access_state_one_row"),
)
"""One row: how often anything changed by which callers are judged (accounts, sessions, keys)."""


def touch_access(tx: Transaction) -> None:
    """Count a change of what callers are judged by, so that every process drops what it remembers of them."""
    tx.execute(sa.update(access_state).values(change=access_state.c.change + 1))


def access_change(tx: Transaction) -> int:
    """Return the number of such changes so far."""
    return int(tx.execute(sa.select(access_state.c.change)).scalar_one())


_FULL = frozenset({"53100", "SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"})
"""Codes by which a database says that it can write no more; SQLite has one for a full disk, others for a quota."""
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002")  # how such codes begin
_SILENT = (
    *(sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError),
    *(psycopg.OperationalError, psycopg.InterfaceError, sqlite3.OperationalError, sqlite3.InterfaceError),
)
"""How a database, or what stands before it, says that it does not answer."""


_NAME = "fallback_application_name"
"""libpq's word for how a session is called on the server, unless the address says otherwise."""
_SESSIONS = (
    "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND application_name = current_setting('application_name')"
)


class Database:
    """A SQLite file or a PostgreSQL server behind one interface.

    `url` is what `address_of` takes. `alone`: a SQLite file that nobody else may have open, before or meanwhile.

    Source: design: SQLite runs in WAL mode with ``synchronous=FULL``, so that an acknowledged act survives power loss.
    """

    def __init__(self, url: str, *, alone: bool = False) -> None:
        self.url, self._alone = address_of(url), alone
        self.postgresql = self.url.get_backend_name() == "postgresql"
        if self.postgresql and _NAME not in self.url.query:
            self.url = self.url.update_query_dict({_NAME: "keshou"})
        self._mapped = False
        self._engine = self._make_engine()

    def _make_engine(self) -> sa.Engine:
        if self.postgresql:
            given = patience_of(self.url.query)
            return sa.create_engine(self.url, hide_parameters=True, pool_use_lifo=True, connect_args=given)
        engine = sa.create_engine(
            self.url,
            hide_parameters=True,
            pool_use_lifo=True,
            connect_args={"check_same_thread": False, "timeout": PATIENCE},
        )
        event.listen(engine, "connect", self._prepare_sqlite)
        return engine

    def map(self) -> None:
        """Read a SQLite file as memory from now on, as far as SQLite does; for whoever reads all over it for long.

        Among very many users nearly every page that an act reads is another one; taking each out of the system's cache
        by a call of its own was a third of what an act cost. Pages read so count as this process's memory. A disk that
        fails to read ends the process, where it would else be an error; what was acknowledged is on the disk.
        """
        if not self.postgresql:
            self._mapped = True
            self._engine.dispose()

    def _prepare_sqlite(self, connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (*_ALONE * self._alone, *_PRAGMAS, *_MAPPED * self._mapped):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @contextmanager
    def transaction(self, *, slow: bool = False) -> Iterator[Transaction]:
        """Open a transaction that commits at the end of the block, or rolls back whole when it raises.

        One that is `slow` may keep a PostgreSQL server waiting between its statements for as long as it takes.

        On SQLite the write lock is taken at once (``BEGIN IMMEDIATE``), so that a transaction never fails half way
        for want of it.

        Raises:
            UnreachableError: the database does not answer, or refuses what is asked (`RefusedError` says why).

        """
        with self._told(), self._engine.connect() as connection, connection.begin():
            driver: Any = connection.connection.driver_connection
            if not self.postgresql:
                take_turn(driver)
            elif slow:
                driver.execute(_SLOW)
            with _ended(Transaction(connection)) as tx:
                yield tx

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open a transaction that sees one state of the database and writes nothing.

        Raises:
            UnreachableError: the database does not answer.

        """
        with self._told(), self._engine.connect() as connection, connection.begin():
            if self.postgresql:
                driver: Any = connection.connection.driver_connection
                driver.execute(_READING)
            else:
                connection.exec_driver_sql("BEGIN")
            with _ended(Transaction(connection)) as tx:
                yield tx

    @contextmanager
    def alone(self, number: int) -> Iterator[bool]:
        """Hold `number` on the PostgreSQL server within the block; give False at once while another session holds it.

        No transaction stays open meanwhile. The connection is given up after the block, so that the number is free
        again whatever becomes of the process or the unlocking.

        Raises:
            UnreachableError: the database does not answer.

        """
        with self._told(), self._engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").detach()
            mine = bool(connection.exec_driver_sql("SELECT pg_try_advisory_lock(%s)", (number,)).scalar_one())
            try:
                yield mine
            finally:
                if mine:
                    connection.exec_driver_sql("SELECT pg_advisory_unlock(%s)", (number,))

    def sessions(self) -> int:
        """Return how many other sessions of ours are open on the PostgreSQL database; 0 on SQLite.

        Raises:
            UnreachableError: the database does not answer.

        """
        if not self.postgresql:
            return 0
        with self.reading() as tx:
            return int(tx.ask(_SESSIONS)[0][0])

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell what the database says in our own words: what it quotes may be anybody's."""
        try:
            yield
        except (*_SILENT, sa.exc.DBAPIError, psycopg.Error, sqlite3.Error) as error:
            code, told = told_of(error)
            if code.startswith(_DAMAGED):
                raise DamagedError from told
            if code in _FULL:
                raise DiskFullError from told
            if refused := refusal(code):
                raise refused from told
            if isinstance(error, _SILENT):
                raise UnreachableError(
                    f"the database {self.shown} does not answer",
                    hint="check that it runs, is not held by another program, and that `database` is its address",
                ) from told
            raise DatabaseError("the database refused what was asked of it; nothing was done") from told

    @property
    def shown(self) -> str:
        """The database's address as it may be told: without a password, and without what else is asked of it."""
        return self.url.set(drivername=self.url.get_backend_name(), query={}).render_as_string(hide_password=True)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


_SLOW = "SET LOCAL idle_in_transaction_session_timeout = 0"
_READING = f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; {_SLOW}"
"""In one round trip. Nobody waits for who reads, and a backup may be read slowly."""


@contextmanager
def _ended(tx: Transaction) -> Iterator[Transaction]:
    """Let go of the cursor when the block ends: one that somebody still holds would keep a SQLite file from closing."""
    try:
        yield tx
    finally:
        if not tx.postgresql:
            tx.cursor.close()


_PRAGMAS = (
    *("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", PATIENT),
    "cache_size=-16000",
)
"""The cache, in kibibytes, has room for the pages that a thousand acts on users drawn at random touch."""

_ALONE = ("busy_timeout=2000", "locking_mode=EXCLUSIVE")
_MAPPED = ("mmap_size=2147418112",)
"""As much, in bytes, as SQLite maps where it is built as usual."""


def address_of(url: str) -> sa.URL:
    """Return a database's address, given as ``sqlite:///path`` or ``postgresql://user@host/name``.

    Raises:
        InputError: it is none, or of another kind of database.

    """
    with suppress(sa.exc.ArgumentError, ValueError):
        if re.match(r"sqlite:///|postgres(ql)?(\+psycopg)?://", url):
            return sa.make_url(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url))
    raise InputError("no address of a database", hint="sqlite:///FILE or postgresql://USER@HOST/NAME")
