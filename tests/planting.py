# SPDX-License-Identifier: Apache-2.0
"""Plant values that occur nowhere else, and search databases, files, logs and responses for them in every plain form.

A form is what somebody who holds the bytes but no key could undo: an encoding of the text, as it is or written as
hexadecimal, base64 (at whichever of the three alignments), percent or backslash escapes; of a number also its digits
with what people write between them, and digits of full width.
"""

import base64
import json
import re
import sqlite3
import urllib.parse
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
from psycopg import sql

from keshou.db import Database

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")
_BETWEEN = rb"(?:[ \t.()/+-]|\xc2\xa0|%20){0,2}"
"""What is written between digits: ``154 9876-1234``, ``+86 (154) 98.76``."""
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
SHORTEST = 6
"""Bytes of UTF-8 below which a value would be met by chance."""

_USER_TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1, 2
"""


class Planted:
    """Values that were planted. Findings read ``place: value as form``; an empty list means nothing leaked."""

    def __init__(self, values: Iterable[str]) -> None:
        self.values = tuple(dict.fromkeys(values))
        if not self.values or any(len(value.encode()) < SHORTEST for value in self.values):
            raise ValueError(f"plant at least one value, each of {SHORTEST} bytes or more")
        self._forms = [(value, form, seen) for value in self.values for form, seen in _forms(value).items()]
        numbers = [each for each in self.values if each.isascii() and each.isdigit()]
        self._spread = [(each, re.compile(_BETWEEN.join(digit.encode() for digit in each))) for each in numbers]

    def find_in(self, data: bytes | str) -> list[str]:
        """Return what is found in `data`, in every form it has there."""
        raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        joined = raw.replace(b"\r", b"").replace(b"\n", b"")
        lowered = joined.lower()
        found = [
            f"{value} as {form}"
            for value, form, seen in self._forms
            if (seen.lower() in lowered if form.startswith(("hex", "escapes")) else seen in _where(seen, raw, joined))
        ]
        for value, spread in self._spread:
            if any(match[0] != value.encode() for match in spread.finditer(raw)):
                found.append(f"{value} as digits with something between")
        return found

    def search_files(self, *paths: Path) -> list[str]:
        """Search files byte by byte, and folders with all that lies below them; their names too."""
        files = [file for path in paths for file in _files(path)]
        found = [f"{file}: {hit}" for file in files for hit in self.find_in(file.read_bytes())]
        return found + [f"name of {file}: {hit}" for file in files for hit in self.find_in(file.name)]

    def search_sqlite(self, path: Path) -> list[str]:
        """Search the database file and those beside it, then every stored value, which may straddle pages.

        Raises:
            FileNotFoundError: there is no database at `path`: nothing was searched.

        """
        if not path.is_file():
            raise FileNotFoundError(path)
        beside = [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm", "-journal")]
        found = self.search_files(*(file for file in beside if file.exists()))
        return found + [f"{place}: {hit}" for place, data in _sqlite_values(path) for hit in self.find_in(data)]

    def search_database(self, database: Database) -> list[str]:
        """Search all that a database keeps, in either of the two kinds."""
        if database.postgresql:
            return self.search_postgresql(database.url.set(drivername="postgresql").render_as_string(False))
        return self.search_sqlite(Path(str(database.url.database)))

    def search_postgresql(self, url: str) -> list[str]:
        """Search every table, materialised view and large object of a database, copied out as text and as binary."""
        return [f"{place}: {hit}" for place, data in _postgresql_copies(url) for hit in self.find_in(data)]


def _where(seen: bytes, raw: bytes, joined: bytes) -> bytes:
    """Return where a form is looked for: with lines joined, unless it has an end of a line in itself."""
    return raw if b"\r" in seen or b"\n" in seen else joined


def _forms(value: str) -> dict[str, bytes]:
    forms: dict[str, bytes] = {}
    for encoding in ENCODINGS:
        raw = value.encode(encoding)
        forms[encoding] = raw
        forms[f"hex of {encoding}"] = raw.hex().encode()
        for alignment in range(3):
            middle = _base64_middle(raw, alignment)
            forms[f"base64 of {encoding} at {alignment}"] = middle
            forms[f"url-safe base64 of {encoding} at {alignment}"] = middle.translate(bytes.maketrans(b"+/", b"-_"))
    forms["digits of full width"] = value.translate(_WIDE).encode()
    forms["escapes of JSON"] = json.dumps(value)[1:-1].encode()
    forms["escapes of a URL"] = urllib.parse.quote(value, safe="").encode()
    first_named = {seen: form for form, seen in reversed(forms.items())}
    return {form: seen for seen, form in first_named.items()}


def _base64_middle(raw: bytes, alignment: int) -> bytes:
    """Return the base64 characters that depend on `raw` alone when `alignment` bytes (mod 3) stand before it.

    Up to four bits at either end share a character with a neighbour and go unseen: plant values that differ inside.
    """
    encoded = base64.b64encode(bytes(alignment) + raw)
    return encoded[-(-alignment * 8 // 6) : (alignment + len(raw)) * 8 // 6]


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise FileNotFoundError(path)
    return [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())


def _sqlite_values(path: Path) -> Iterator[tuple[str, bytes]]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        tables = [name.decode() for (name,) in connection.execute(query)]
        for table in ("sqlite_master", *tables):
            quoted = table.replace('"', '""')
            for row in connection.execute(f'SELECT * FROM "{quoted}"'):  # noqa: S608 - quoted above
                for value in row:
                    if value is not None:
                        yield f"{path} table {table}", value if isinstance(value, bytes) else str(value).encode()


def _postgresql_copies(url: str) -> Iterator[tuple[str, bytes]]:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        tables = cursor.execute(_USER_TABLES).fetchall()
        for schema, table in tables:
            query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, table))
            for shape in ("text", "binary"):
                command = sql.SQL("COPY ({}) TO STDOUT (FORMAT {})").format(query, sql.SQL(shape))
                with cursor.copy(command) as copy:
                    yield f"{schema}.{table} as {shape}", b"".join(bytes(part) for part in copy)
        for (number,) in cursor.execute("SELECT oid FROM pg_largeobject_metadata ORDER BY oid").fetchall():
            row = cursor.execute("SELECT lo_get(%s)", (number,)).fetchone()
            yield f"large object {number}", bytes(row[0]) if row else b""
