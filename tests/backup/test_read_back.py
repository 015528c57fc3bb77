# SPDX-License-Identifier: Apache-2.0
"""A backup counts once it was read back as it was written; what was altered on the disk in between is no backup."""

from collections.abc import Callable
from pathlib import Path

import pytest
from homes import admit
from house import Clock

from keshou.app import backup
from keshou.app.backup import back_up
from keshou.app.media import media_of
from keshou.app.site import Site
from keshou.backup.errors import ArchiveError

Harm = Callable[[bytearray, Path], None]


def flip(share: float) -> Harm:
    """Return what changes a bit of the archive, so far into it."""

    def harm(data: bytearray, _other: Path) -> None:
        data[min(int(len(data) * share), len(data) - 1)] ^= 1

    return harm


def cut(data: bytearray, _other: Path) -> None:
    del data[-1:]


def lengthen(data: bytearray, _other: Path) -> None:
    data += b"\0"


def exchange(data: bytearray, other: Path) -> None:
    """Put another whole archive of the same site in its place."""
    data[:] = other.read_bytes()


HARMS = {
    "a bit at the beginning": flip(0), "a bit in the middle": flip(0.5), "a bit at the end": flip(1),
    "its end cut off": cut, "a byte after it": lengthen, "an older archive in its place": exchange,
}  # fmt: skip


@pytest.mark.parametrize("harm", HARMS)
def test_what_was_altered_before_it_was_read_back_is_no_backup(
    home: Path, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    written = backup._write

    with Site.open(home, clock) as site:
        admit(site, "u1")
        older = back_up(site, tmp_path / "older.age")

        def altering(of: Site, file: object, *rest: object) -> None:
            written(of, file, *rest)  # type: ignore[arg-type]
            part = next(tmp_path.glob(".new.age.part"))
            data = bytearray(part.read_bytes())
            HARMS[harm](data, older.path)
            part.write_bytes(data)

        monkeypatch.setattr(backup, "_write", altering)
        with pytest.raises(ArchiveError):
            back_up(site, tmp_path / "new.age")
        assert not list(tmp_path.glob("*new.age*")), "something of it is left"
        media = [each for each in media_of(site).values() if each.destroyed is None]
        assert [each.id for each in media] == [older.manifest.medium]
        monkeypatch.undo()
        assert back_up(site, tmp_path / "new.age").manifest.size > older.manifest.size
