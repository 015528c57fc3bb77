# SPDX-License-Identifier: Apache-2.0
"""At the command line: who kept a checkpoint is shown that the log begins with it, and refuses a second history."""

import shutil
from pathlib import Path

import pytest

from cli_caller import Caller


@pytest.fixture
def older(keshou: Caller) -> Path:
    """A checkpoint that an outsider kept before more was written into the log."""
    kept = Path("older-checkpoint")
    kept.write_text(keshou("ledger", "checkpoint").ok().out, "utf-8")
    return kept


def appoint(keshou: Caller, name: str) -> None:
    keshou("staff", "appoint", name, "--post", "marketing_analyst", "--by", "lin").ok()


def test_the_log_of_now_is_shown_to_begin_with_a_kept_checkpoint_without_the_site(keshou, nowhere, older) -> None:
    appoint(keshou, "mei")
    made = keshou("ledger", "prove", "--since", older, "-o", "since.proof", "--json").ok().json
    keshou("ledger", "export", "log").ok()
    shutil.rmtree(keshou.folder)
    for what in ("since.proof", "log"):
        told = nowhere("verify", what, "--older", older, "--vkey", made["vkey"], "--json").ok().json
        assert (told["older"], told["size"]) == (made["since"], made["since"] + 1)


def test_a_fork_is_refused_by_the_log_itself_and_by_whoever_kept_a_checkpoint(keshou, nowhere, older) -> None:
    other = Caller(Path("other"))
    shutil.copytree(keshou.folder, other.folder)
    appoint(keshou, "mei")
    Path("kept").write_text(keshou("ledger", "checkpoint").ok().out, "utf-8")
    appoint(other, "nan")
    refused = other("ledger", "prove", "--since", "kept", "-o", "since.proof")
    assert (refused.status, Path("since.proof").exists()) == (3, False)
    vkey = other("ledger", "prove", "--since", older, "-o", "since.proof", "--json").ok().json["vkey"]
    other("ledger", "export", "log").ok()
    nowhere("verify", "log", "--older", older, "--vkey", vkey).ok()
    assert nowhere("verify", "log", "--older", "kept", "--vkey", vkey).status == 3
    assert nowhere("verify", "since.proof", "--older", "kept", "--vkey", vkey).status == 3
    forged = Path("since.proof").read_bytes().partition(b"\n")
    size = int(forged[0].split()[1])
    Path("since.proof").write_bytes(b"old %d\n" % (size + 1) + forged[2])
    assert nowhere("verify", "since.proof", "--older", "kept", "--vkey", vkey).status == 3


def test_an_altered_proof_and_an_altered_checkpoint_are_refused(keshou, nowhere, older) -> None:
    appoint(keshou, "mei")
    vkey = keshou("ledger", "prove", "--since", older, "-o", "since.proof", "--json").ok().json["vkey"]
    nowhere("verify", "since.proof", "--older", older, "--vkey", vkey).ok()
    for path in (Path("since.proof"), older):
        whole = path.read_bytes()
        lines = whole.split(b"\n")
        place = 1 if path != older else 2  # a hash of the proof; the root that was kept
        lines[place] = (b"B" if lines[place][:1] == b"A" else b"A") + lines[place][1:]
        path.write_bytes(b"\n".join(lines))
        assert nowhere("verify", "since.proof", "--older", older, "--vkey", vkey).status == 3
        path.write_bytes(whole)


def test_what_does_not_go_together_is_said_before_anything_is_done(keshou, nowhere, older) -> None:
    vkey = keshou("ledger", "prove", "0", "-o", "entry.proof", "--json").ok().json["vkey"]
    keshou("ledger", "prove", "--since", older, "-o", "since.proof").ok()
    both = keshou("ledger", "prove", "0", "--since", older, "-o", "p")
    neither = keshou("ledger", "prove", "-o", "p")
    assert (both.status, neither.status, Path("p").exists()) == (2, 2, False)
    assert nowhere("verify", "entry.proof", "--older", older, "--vkey", vkey).status == 2
    assert nowhere("verify", "since.proof", "--vkey", vkey).status == 2
    assert keshou("ledger", "prove", "--since", "nowhere", "-o", "p").status == 2
    assert nowhere("verify", "since.proof", "--older", "nowhere", "--vkey", vkey).status == 2
