# SPDX-License-Identifier: Apache-2.0
"""The checkpoint that lies beside the database: whole on the disk, never further back, and held against the log."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import Clock, newcomer, ready

from keshou.app import last_signed
from keshou.app.site import Site
from keshou.db import Database
from keshou.errors import IntegrityError, UnreachableError


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with ready(database, tmp_path, clock, checkpoint_every=3600.0) as site:
        site.do(newcomer(site, "u1"))
        site.checkpoint()
        yield site


def kept(site: Site) -> Path:
    return site.home / last_signed.FILE


def size(note: bytes) -> int:
    return int(note.split(b"\n")[1])


def test_nothing_is_signed_that_does_not_lie_safely_on_the_disk(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept(site).read_bytes()
    site.do(newcomer(site, "u2"))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(UnreachableError, match=r"log\.checkpoint cannot be written"):
            site.checkpoint()
    assert kept(site).read_bytes() == before
    left = [path for path in site.home.iterdir() if path.suffix == ".checkpoint" and path != kept(site)]
    assert not left, "nothing half written stays"


@pytest.mark.parametrize("left", [b"", b"keshou/x\n12", b"\xff\xfe"], ids=["empty", "cut short", "no text"])
def test_a_file_that_is_no_checkpoint_is_named_with_what_to_do_and_nothing_is_signed(site: Site, left: bytes) -> None:
    whole = kept(site).read_bytes()
    site.do(newcomer(site, "u2"))
    kept(site).write_bytes(left)
    with pytest.raises(IntegrityError, match=r"log\.checkpoint is no checkpoint of this log") as told:
        site.checkpoint()
    assert "take the file away" in told.value.hint
    assert kept(site).read_bytes() == left
    kept(site).write_bytes(whole)
    note = site.checkpoint()
    assert note is not None
    assert size(note) == size(whole) + 1
