# SPDX-License-Identifier: Apache-2.0
"""The search for planted values finds them in every form: a search that cannot fail would protect nothing."""

import base64
import json
import sqlite3
import urllib.parse
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from planting import ENCODINGS, Planted

NAME = "龚䶮𠮷·无此人"
NUMBER = "15498761234"
PLANTED = Planted([NAME, NUMBER])
NOISE = bytes(range(256))

FORMS: dict[str, Callable[[bytes], bytes]] = {
    "raw": lambda raw: raw,
    "lower hex": lambda raw: raw.hex().encode(),
    "upper hex": lambda raw: raw.hex().upper().encode(),
    "base64": base64.b64encode,
    "base64 one further": lambda raw: base64.b64encode(b"a" + raw + b"zz"),
    "base64 two further": lambda raw: base64.b64encode(b"ab" + raw + b"z"),
    "url-safe base64": lambda raw: base64.urlsafe_b64encode(b"\xff\xfe" + raw),
    "base64 in lines": lambda raw: base64.encodebytes(b"x" * 50 + raw + b"x" * 50),
}


@pytest.mark.parametrize("value", [NAME, NUMBER])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", FORMS)
def test_a_planted_value_is_found_in_every_form(form: str, encoding: str, value: str) -> None:
    found = PLANTED.find_in(NOISE + FORMS[form](value.encode(encoding)) + NOISE)
    assert found
    assert {hit.split(" as ")[0] for hit in found} == {value}


@pytest.mark.parametrize("write", [json.dumps, urllib.parse.quote, lambda text: urllib.parse.quote(text).lower()])
def test_a_planted_value_is_found_in_logs_and_responses(write: Callable[[str], str]) -> None:
    assert PLANTED.find_in(f"GET /users?q={write(NAME)} 200")


@pytest.mark.parametrize(
    "written",
    ["154 9876 1234", "154-9876-1234", "+86 (154) 98.76.12.34", "154%209876%201234", "154\u00a09876\u00a01234",
     "１５４９８７６１２３４", "1 5 4 9 8 7 6 1 2 3 4"],
)  # fmt: skip
def test_a_number_is_found_as_people_write_it(written: str) -> None:
    found = PLANTED.find_in(NOISE + written.encode() + NOISE)
    assert {hit.split(" as ")[0] for hit in found} == {NUMBER}
    assert PLANTED.find_in(written.replace("7", "5").replace("７", "５")) == []
    assert PLANTED.find_in("154, 9876, 1234") == [], "three numbers are not one"


def test_what_was_not_planted_is_not_found() -> None:
    other = "15498791234"
    assert (
        PLANTED.find_in(NOISE + other.encode() + base64.b64encode(other.encode()) + other.encode().hex().encode()) == []
    )


def test_values_too_short_to_be_told_from_chance_are_refused() -> None:
    for values in ([], ["12345"]):
        with pytest.raises(ValueError, match="plant at least one"):
            Planted(values)


def test_files_are_searched_below_folders_and_by_name(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "day.log").write_text("nothing")
    assert PLANTED.search_files(tmp_path) == []
    (tmp_path / "logs" / f"{NUMBER}.log").write_text(NAME)
    assert len(PLANTED.search_files(tmp_path)) == 2


def _sqlite(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("CREATE TABLE things (n INTEGER, data BLOB, words TEXT)")
    return connection


def test_sqlite_is_searched_in_its_file_and_its_wal(tmp_path: Path) -> None:
    path = tmp_path / "keshou.db"
    with closing(_sqlite(path)) as connection:
        assert PLANTED.search_sqlite(path) == []
        connection.execute("INSERT INTO things (words) VALUES (?)", (NAME,))
        assert any("-wal:" in hit for hit in PLANTED.search_sqlite(path))
        connection.execute("DELETE FROM things")
        assert any("-wal:" in hit for hit in PLANTED.search_sqlite(path)), "a deleted row still lies in the WAL"


def test_sqlite_is_searched_for_numbers_and_values_that_straddle_pages(tmp_path: Path) -> None:
    path = tmp_path / "keshou.db"
    with closing(_sqlite(path)) as connection:
        connection.execute("INSERT INTO things (n) VALUES (?)", (int(NUMBER),))
        assert any(NUMBER in hit for hit in PLANTED.search_sqlite(path))
        connection.execute("DELETE FROM things")
        connection.execute("INSERT INTO things (data) VALUES (?)", (NAME.encode() * 2000,))
        assert any("table things" in hit and NAME in hit for hit in PLANTED.search_sqlite(path))


def test_a_database_that_is_not_there_is_not_called_clean(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        PLANTED.search_sqlite(tmp_path / "absent.db")
    with pytest.raises(FileNotFoundError):
        PLANTED.search_files(tmp_path / "absent")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("n", int(NUMBER)),
        ("words", f"calls {NAME}"),
        ("words", base64.b64encode(b"a" + NAME.encode()).decode()),
        ("data", NAME.encode()),
        ("data", NUMBER.encode("utf-16-le")),
        ("data", base64.b64encode(b"ab" + NUMBER.encode())),
        ("data", NAME.encode() * 2000),
    ],
)
def test_postgresql_is_searched_in_every_column_type(postgresql_url: str, column: str, value: object) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute('CREATE SCHEMA "Other"')
        connection.execute('CREATE TABLE "Other"."Things" (n BIGINT, data BYTEA, words TEXT)')
        assert PLANTED.search_postgresql(postgresql_url) == []
        connection.execute(f'INSERT INTO "Other"."Things" ({column}) VALUES (%s)', (value,))  # noqa: S608 - our own column
        assert any("Other.Things" in hit for hit in PLANTED.search_postgresql(postgresql_url))


def test_postgresql_is_searched_in_large_objects(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("SELECT lo_from_bytea(0, %s)", (NAME.encode(),))
        assert any("large object" in hit for hit in PLANTED.search_postgresql(postgresql_url))
