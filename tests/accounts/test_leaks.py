# SPDX-License-Identifier: Apache-2.0
"""A password of the operator's file of leaks is refused, without a network, however large the file is."""

import hashlib
from pathlib import Path

import pytest
from people import CHEAP, START

from keshou.accounts.account import AccountKind
from keshou.accounts.errors import WeakPasswordError
from keshou.accounts.leaks import Leaks
from keshou.accounts.settings import AccountSettings
from keshou.accounts.store import Accounts
from keshou.db import Database
from keshou.errors import InputError, UnreachableError

LEAKED = [f"leaked somewhere {number}" for number in range(1000)]


def line(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


def written(folder: Path, *, end: str = "\r\n", count: str = ":{}", last: bool = True) -> Path:
    lines = [each + count.format(7 ** (place % 9)) for place, each in enumerate(sorted(map(line, LEAKED)))]
    path = folder / "leaked.txt"
    path.write_bytes((end.join(lines) + (end if last else "")).encode())
    return path


@pytest.mark.parametrize(("end", "count"), [("\r\n", ":{}"), ("\n", ":{}"), ("\n", "")])
@pytest.mark.parametrize("last", [True, False])
def test_each_line_is_found_and_nothing_else(tmp_path: Path, end: str, count: str, last: bool) -> None:
    leaks = Leaks(written(tmp_path, end=end, count=count, last=last))
    assert all(map(leaks.has, LEAKED))
    assert not any(leaks.has(each + "?") for each in LEAKED)


def test_a_password_of_the_operators_file_of_leaks_is_refused(database: Database, tmp_path: Path) -> None:
    written(tmp_path)
    made = {name: getattr(CHEAP, name) for name in CHEAP.__struct_fields__} | {"leaked_passwords": "leaked.txt"}
    room = Accounts(bytes(range(32)), AccountSettings(**made), tmp_path)
    with database.transaction() as tx:
        text = room.invite(tx, "clerk", AccountKind.STAFF, by="officer", now=START)
        account = room.invited(tx, text, START)
    assert account is not None
    with pytest.raises(WeakPasswordError, match="leaked") as refused:
        room.hash(account, LEAKED[77])
    assert LEAKED[77] not in str(refused.value)
    assert room.hash(account, LEAKED[77] + " and then not")
    (tmp_path / "leaked.txt").unlink()
    with pytest.raises(UnreachableError):
        room.hash(account, "a password that nobody ever had")


@pytest.mark.parametrize("text", ["", "password\n", "A" * 40 + "\n" + "0" * 40 + "\n", "F" * 500, "0" * 40 + ":x\n"])
def test_a_file_that_is_no_such_list_is_refused_when_the_server_starts(tmp_path: Path, text: str) -> None:
    path = tmp_path / "leaked.txt"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError):
        Leaks(path)
    with pytest.raises(UnreachableError):
        Leaks(tmp_path / "none.txt")
