# SPDX-License-Identifier: Apache-2.0
"""Whoever kept a checkpoint is shown that the log of now begins with it, by a small file or the published folder."""

from pathlib import Path

import pytest
from logs import ORIGIN, SeedSigner, grow, ledger, sign

from keshou.db import Database
from keshou.ledger.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from keshou.ledger.consistency import is_consistency, read_consistency
from keshou.ledger.errors import ForkError, FormatError, LedgerError, ProofError, SignatureError
from keshou.ledger.export import consistency_file, export
from keshou.ledger.merkle import EMPTY_ROOT
from keshou.ledger.proof import write_proof
from keshou.ledger.verify import verify_consistency, verify_export

VKEY = str(ledger().key)
SIZES = (1, 2, 255, 256, 257, 511, 512, 600, 700)
"""Sizes at which the log is signed: on, beside and between the edges of bundles."""


def grown(database: Database) -> list[bytes]:
    """Return the checkpoints of a log signed at each of `SIZES`."""
    log, notes, size = ledger(), [], 0
    for stop in SIZES:
        grow(database, log, stop - size)
        notes.append(sign(database, log))
        size = stop
    return notes


def proof_since(database: Database, older: bytes) -> bytes:
    with database.reading() as tx:
        return consistency_file(tx, ledger(), older)


def another_history(note: bytes) -> bytes:
    """Return a checkpoint of the same size by the same key over another log."""
    signed = verify_checkpoint(note, ledger().key)
    return sign_checkpoint(Checkpoint(ORIGIN, signed.size, bytes(32)), SeedSigner())


def test_the_log_is_shown_to_begin_with_every_checkpoint_that_was_signed(database: Database, tmp_path: Path):
    notes = grown(database)
    with database.reading() as tx:
        export(tx, ledger(), tmp_path / "log")
    for size, note in zip(SIZES, notes, strict=True):
        before, after = verify_consistency(proof_since(database, note), note, VKEY)
        assert (before.size, after.size) == (size, SIZES[-1])
        assert verify_export(tmp_path / "log", VKEY, note).older == size
    assert verify_export(tmp_path / "log", VKEY).older is None


def test_a_checkpoint_of_another_history_is_refused_by_prover_file_and_folder(database: Database, tmp_path: Path):
    notes = grown(database)
    with database.reading() as tx:
        export(tx, ledger(), tmp_path / "log")
    for note in notes:
        with pytest.raises(ForkError):
            proof_since(database, another_history(note))
        with pytest.raises(ProofError):
            verify_consistency(proof_since(database, note), another_history(note), VKEY)
        with pytest.raises(ProofError):
            verify_export(tmp_path / "log", VKEY, another_history(note))


def test_a_folder_cut_to_less_than_was_signed_is_refused(database: Database, tmp_path: Path):
    grow(database, ledger(), 300)
    sign(database, ledger())
    with database.reading() as tx:
        export(tx, ledger(), tmp_path / "log")
    grow(database, ledger(), 1)
    later = sign(database, ledger())
    with pytest.raises(ProofError):
        verify_export(tmp_path / "log", VKEY, later)


def test_no_altered_byte_of_a_file_passes(database: Database):
    note = grown(database)[5]
    data = proof_since(database, note)
    for at in range(len(data)):
        altered = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(LedgerError):
            verify_consistency(altered, note, VKEY)


def test_a_checkpoint_signed_by_another_key_counts_for_nothing(database: Database):
    note = grown(database)[3]
    data = proof_since(database, note)
    signed = verify_checkpoint(note, ledger().key)
    forged = sign_checkpoint(signed, SeedSigner(1))
    with pytest.raises(SignatureError):
        verify_consistency(data, forged, VKEY)
    with pytest.raises(SignatureError):
        proof_since(database, forged)


def test_from_the_empty_log_everything_follows(database: Database, tmp_path: Path):
    grown(database)
    empty = sign_checkpoint(Checkpoint(ORIGIN, 0, EMPTY_ROOT), SeedSigner())
    assert verify_consistency(proof_since(database, empty), empty, VKEY)[0].size == 0
    with database.reading() as tx:
        export(tx, ledger(), tmp_path / "log")
    assert verify_export(tmp_path / "log", VKEY, empty).older == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"old 3",
        b"old 3\n",
        b"old -3\n\nnote",
        b"old 03\n\nnote",
        b"new 3\n\nnote",
        b"old 3\nAAAA\n\nnote",
        b"old 3\n\xff\n\nnote",
        b"old 3\n" + b"A" * 43 + b"=\n" * 1 + (b"A" * 43 + b"=\n") * 63 + b"\nnote",
    ],
)
def test_what_is_no_consistency_file_is_refused(data):
    with pytest.raises(FormatError):
        read_consistency(data)


def test_a_file_says_what_it_is_and_a_proof_of_an_entry_does_not_say_the_same(database: Database):
    note = grown(database)[0]
    assert is_consistency(proof_since(database, note))
    assert not is_consistency(write_proof(0, [], note))
    assert not is_consistency(note)
