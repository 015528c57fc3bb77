# SPDX-License-Identifier: Apache-2.0
"""Files get their names whole, private from the first byte, and never over another's; also where no links are."""

import errno
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from keshou.app import in_place


@pytest.fixture(params=["links", "no_links"])
def links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be on a filesystem that has links, or on one that has none."""
    if request.param == "no_links":

        def none(*_: object, **__: object) -> None:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))

        monkeypatch.setattr(os, "link", none)


def made(folder: Path, *names: str) -> list[Path]:
    found = [folder / f".{name}" for name in names]
    for each in found:
        in_place.make(each, each.name.encode())
    return found


@pytest.mark.usefixtures("links")
def test_a_name_that_is_taken_stays_with_whoever_has_it(tmp_path: Path) -> None:
    (one,) = made(tmp_path, "one")
    path = tmp_path / "one"
    in_place.put(one, path)
    assert path.read_bytes() == b".one"
    (two,) = made(tmp_path, "two")
    with pytest.raises(FileExistsError):
        in_place.put(two, path)
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        in_place.put(two, path)
    assert not (tmp_path / "elsewhere").exists()
    assert two.read_bytes() == b".two"


@pytest.mark.usefixtures("links")
def test_all_get_their_names_or_none(tmp_path: Path) -> None:
    ones = made(tmp_path, "a", "b", "c")
    whole = {each: tmp_path / each.name[1:] for each in ones}
    (tmp_path / "c").write_text("mine")
    with pytest.raises(FileExistsError):
        in_place.put_all(whole)
    assert sorted(each.name for each in tmp_path.iterdir()) == [".a", ".b", ".c", "c"]
    assert [each.read_bytes() for each in ones] == [b".a", b".b", b".c"]
    (tmp_path / "c").unlink()
    in_place.put_all(whole)
    assert [path.read_bytes() for path in whole.values()] == [b".a", b".b", b".c"]


@pytest.mark.usefixtures("links")
def test_of_many_who_take_one_name_at_once_one_has_it(tmp_path: Path) -> None:
    ones = made(tmp_path, *(f"n{number}" for number in range(8)))
    path, start, got = tmp_path / "name", threading.Barrier(8), []

    def take(one: Path) -> None:
        start.wait()
        try:
            in_place.put(one, path)
        except FileExistsError:
            return
        got.append(one.name.encode())

    threads = [threading.Thread(target=take, args=(one,)) for one in ones]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert got == [path.read_bytes()]


@contextmanager
def open_umask() -> Iterator[None]:
    """Have new files open to everybody, unless they are made otherwise."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def test_what_is_private_is_private_before_its_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, fdopen = [], os.fdopen

    def look(handle: int, *given: Any) -> Any:
        seen.append((stat.S_IMODE(os.fstat(handle).st_mode), os.fstat(handle).st_size))
        return fdopen(handle, *given)

    monkeypatch.setattr(os, "fdopen", look)
    path = tmp_path / "copy.json"
    path.write_text("older")
    path.chmod(0o644)
    with open_umask():
        in_place.write_over(path, b"newer", in_place.PRIVATE)
    assert seen == [(0o600, 0)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == b"newer"


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "copy.json"
    path.write_text("older")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        in_place.write_over(path, b"newer", in_place.PRIVATE)
    assert [each.read_text() for each in tmp_path.iterdir()] == ["older"]


def test_a_file_that_is_there_or_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("there", "link"):
        with pytest.raises(FileExistsError):
            in_place.make(tmp_path / name, b"y")
    assert not (tmp_path / "elsewhere").exists()
