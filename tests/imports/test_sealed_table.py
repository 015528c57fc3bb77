# SPDX-License-Identifier: Apache-2.0
"""A table on its way in lies sealed in a file without a name; what was altered, moved or cut off is told."""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from keshou.app.table_file import read_header, read_rows
from keshou.imports.errors import ImportTamperedError
from keshou.imports.sealed_table import SealedTable
from keshou.suite import CHINESE, SUITES, Sm4Gcm, Suite

HEAD, PART = 4, (1 << 16) + 16


Put = Callable[..., SealedTable]


@pytest.fixture(params=SUITES.values(), ids=lambda suite: suite.name)
def suite(request: pytest.FixtureRequest) -> Suite:
    chosen: Suite = request.param
    return chosen


@pytest.fixture
def put(tmp_path: Path, suite: Suite) -> Iterator[Put]:
    with ExitStack() as stack:

        def made(*parts: bytes) -> SealedTable:
            table = stack.enter_context(closing(SealedTable(tmp_path, suite)))
            for each in parts:
                table.write(each)
            table.finish()
            return table

        yield made


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000])
def test_what_is_put_down_in_any_pieces_is_read_back_as_often_as_asked(put: Put, size: int) -> None:
    data, chance = random.Random(size).randbytes(size), random.Random(1)
    pieces, rest = [], data
    while rest:
        at = chance.choice((1, 100, 65_536, 70_000))
        pieces.append(rest[:at])
        rest = rest[at:]
    table = put(*pieces[:3000], b"".join(pieces[3000:]))
    for _ in range(2):
        with table.opened() as file:
            assert file.read() == data
    assert table.size == size


def test_a_table_is_read_by_rows_as_a_file_is(put: Put) -> None:
    table = put(b"user_id,user_name\r\n", "A-1,爨\n".encode() * 20_000)
    assert read_header(table) == ("user_id", "user_name")
    rows = list(read_rows(table))
    assert (len(rows), rows[-1].number, {each.values for each in rows}) == (20_000, 20_000, {("A-1", "爨")})


def test_nothing_of_it_is_in_the_folder_and_what_is_on_the_disk_tells_nothing(put: Put, tmp_path: Path) -> None:
    table = put(b"user_id,user_name\nA-1,planted value\n" * 5000)
    assert list(tmp_path.iterdir()) == []
    found = os.pread(table._file.fileno(), 1 << 20, 0)
    assert len(found) > 5000
    assert b"planted" not in found
    assert b"user_id" not in found


def test_it_begins_with_its_form_suite_and_key_and_is_sealed_so(put: Put, suite: Suite) -> None:
    table = put(b"user_id\nA-1\n")
    found = os.pread(table._file.fileno(), 1 << 20, 0)
    assert found[:HEAD] == bytes([2, suite.algorithm, 0, 1])
    assert isinstance(table._aead, Sm4Gcm) is (suite is CHINESE)
    assert table._aead.decrypt(bytes(12), found[HEAD:], found[:HEAD] + b"\1") == b"user_id\nA-1\n"


@pytest.mark.parametrize("harm", ["a bit", "two parts exchanged", "the end cut off", "a part cut off"])
def test_what_was_altered_is_told_and_not_read(put: Put, harm: str) -> None:
    table = put(random.Random(1).randbytes(200_000))
    file = table._file.fileno()
    first, second = os.pread(file, PART, HEAD), os.pread(file, PART, HEAD + PART)
    if harm == "a bit":
        os.pwrite(file, bytes([second[9] ^ 1]), HEAD + PART + 9)
    elif harm == "two parts exchanged":
        os.pwrite(file, second + first, HEAD)
    else:
        os.ftruncate(file, HEAD + 2 * PART + (0 if harm == "a part cut off" else 7))
        table._parts -= harm == "a part cut off"
    with pytest.raises(ImportTamperedError), table.opened() as opened:
        opened.read()
