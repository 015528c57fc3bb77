# SPDX-License-Identifier: Apache-2.0
"""The checkpoint that lies beside the database: whole on the disk, never further back, and held against the log."""

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import Clock, newcomer, ready, reopened

from keshou.app import last_signed
from keshou.app.in_place import write_over
from keshou.app.site import Site
from keshou.db import Database
from keshou.errors import IntegrityError, UnreachableError
from keshou.ledger.checkpoint import Checkpoint, sign_checkpoint
from keshou.ledger.errors import LedgerTamperedError


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


def test_of_two_processes_that_sign_at_once_the_slower_does_not_put_the_file_back(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(path: Path, note: bytes, mode: int) -> None:
        if threading.current_thread().name == "slower":
            begun.set()
            assert go_on.wait(20)
        write_over(path, note, mode)

    monkeypatch.setattr("keshou.app.last_signed.write_over", slowly)
    site.do(newcomer(site, "u2"))
    with reopened(site) as other:
        slower = threading.Thread(target=site.checkpoint, name="slower")
        slower.start()
        assert begun.wait(20)
        faster = threading.Thread(target=lambda: (other.do(newcomer(other, "u3")), other.checkpoint()))
        faster.start()
        faster.join(0.5)
        go_on.set()
        slower.join(20)
        faster.join(20)
        with other.reading() as tx:
            assert size(kept(site).read_bytes()) == other.ledger.head(tx).size


def test_what_was_signed_is_in_the_folder_before_anybody_can_have_it_from_the_database(site: Site) -> None:
    site.do(newcomer(site, "u2"))
    notes: list[bytes | None] = []

    def sign_and_fail() -> None:
        with site.database.transaction() as tx:
            notes.append(last_signed.sign(tx, site.ledger, site.home, 0))
            raise KeyError

    with pytest.raises(KeyError):
        sign_and_fail()
    assert [kept(site).read_bytes()] == notes
    assert [site.checkpoint()] == notes, "the same is signed again, and nothing else"


def test_an_audit_holds_the_log_against_what_the_folder_says_was_signed(site: Site) -> None:
    log, _ = site.audit()
    assert log.covered == size(kept(site).read_bytes())
    with site.database.transaction() as tx:
        tx.change("DELETE FROM log_checkpoint WHERE size > ?", (0,))
    assert site.audit()[0] == log, "what the folder kept is held against the log though the database forgot it"
    ahead = Checkpoint(site.ledger.origin, log.size + 1, bytes(32))
    kept(site).write_bytes(sign_checkpoint(ahead, site.ledger._signer))
    with pytest.raises(LedgerTamperedError, match=f"a log of {ahead.size} entries was signed, and only {log.size}"):
        site.audit()
    kept(site).unlink()
