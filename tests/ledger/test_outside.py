# SPDX-License-Identifier: Apache-2.0
"""Programs we did not write accept the log, its checkpoints and proofs, and refuse them once they are altered."""

import base64
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from logs import SeedSigner, entry_of, grow, ledger, sign
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint
from sigstore.errors import VerificationError
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint, ConsistencyProofInvalid, InclusionProof, InclusionProofInvalid

from keshou.db import Database, metadata
from keshou.ledger import checkpoint as ours
from keshou.ledger.export import export
from keshou.ledger.merkle import leaf_hash
from keshou.ledger.note import parse_note
from keshou.ledger.proof import read_proof

ROOT = Path(__file__).resolve().parents[2]
SIZE, OLD = 67_001, 66_000


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory):
    """A published log of three levels of tiles, an older checkpoint of it, and proof files."""
    folder = tmp_path_factory.mktemp("outside")
    database = Database(f"sqlite:///{folder}/keshou.db")
    with database.transaction() as tx:
        metadata.create_all(tx.connection)
    log = ledger()
    grow(database, log, OLD, batch=11_000)
    older = sign(database, log)
    grow(database, log, SIZE - OLD)
    sign(database, log)
    with database.reading() as tx:
        export(tx, log, folder / "log")
        proofs = {at: log.tlog_proof(tx, at) for at in (0, 255, 256, 65_535, 65_536, 67_000)}
        consistency = log.prove_consistency(tx, OLD, SIZE)
    database.close()
    (folder / "older").write_bytes(older)
    return SimpleNamespace(
        folder=folder / "log", older=folder / "older", proofs=proofs, consistency=consistency, vkey=str(log.key)
    )


@pytest.fixture
def copy(published, tmp_path) -> Path:
    """A copy of the published folder, to alter; files are linked and so must be replaced, not written into."""
    subprocess.run(["cp", "-rl", published.folder, tmp_path / "log"], check=True)
    return tmp_path / "log"


def alter(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.unlink()
    path.write_bytes(data)


@pytest.fixture(scope="session")
def go_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The verifier made of Go's golang.org/x/mod, compiled once; the source is installed when it is missing."""
    subprocess.run([ROOT / "scripts" / "install-go-mod"], check=True)
    program = tmp_path_factory.mktemp("go") / "verify"
    settings = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    settings |= {"GOFLAGS": "", "CGO_ENABLED": "0", "GOCACHE": str(program.parent / "cache")}
    source = Path(__file__).parent / "outside" / "verify.go"
    subprocess.run(
        [Path(sys.executable).with_name("go"), "build", "-o", program, source], check=True, env=os.environ | settings
    )
    return program


def run_go(program: Path, folder: Path, vkey: str, *older: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, folder, vkey, *older], check=False, capture_output=True, text=True)


def test_go_accepts_every_entry_tile_and_signature_and_the_older_checkpoint(go_program, published):
    outcome = run_go(go_program, published.folder, published.vkey, published.older)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith(f"{SIZE} ")


@pytest.mark.parametrize(
    ("path", "at"),
    [
        ("checkpoint", 25),
        ("checkpoint", -5),
        ("tile/entries/000", 20),
        ("tile/entries/261.p/185", -2),
        ("tile/0/100", 0),
        ("tile/0/261.p/185", -1),
        ("tile/1/000", 5),
        ("tile/2/000.p/1", 0),
    ],
)
def test_go_refuses_one_altered_bit(go_program, published, copy, path, at):
    alter(copy / path, at)
    outcome = run_go(go_program, copy, published.vkey, published.older)
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("refused:")


def test_go_refuses_an_older_checkpoint_of_another_history(go_program, published, tmp_path):
    other = tmp_path / "other"
    other.write_bytes(ours.sign_checkpoint(ours.Checkpoint("ledger.example/oplog", OLD, bytes(32)), SeedSigner()))
    assert run_go(go_program, published.folder, published.vkey, other).returncode == 1


def openssl(tmp_path: Path, text: bytes, signature: bytes) -> int:
    """Verify an Ed25519 signature with the openssl program; return its exit status."""
    public = SeedSigner().private.public_key()
    for name, data in (
        ("text", text),
        ("signature", signature),
        ("key", public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)),
    ):
        (tmp_path / name).write_bytes(data)
    command = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "key",
        "-rawin",
        "-in",
        "text",
        "-sigfile",
        "signature",
    ]
    return subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode


def test_openssl_accepts_the_signature_over_the_checkpoints_text_and_no_other(published, tmp_path):
    note = parse_note((published.folder / "checkpoint").read_bytes())
    signature = note.signatures[0].signature
    assert openssl(tmp_path, note.text.encode(), signature) == 0
    assert openssl(tmp_path, note.text.encode() + b"\n", signature) != 0
    assert openssl(tmp_path, note.text.encode(), signature[:-1] + bytes([signature[-1] ^ 1])) != 0


class Folder:
    """Where tlog-scales reads: the published folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, *path: str) -> bytes | None:
        """Return a file's bytes, if it is there."""
        file = self.folder.joinpath(*path)
        return file.read_bytes() if file.exists() else None


def test_tlog_scales_reads_the_folder_and_agrees_on_signature_root_and_proofs(published):
    reader = TilesReader(Folder(published.folder))
    checkpoint = reader.get_checkpoint()
    checkpoint.verify(Vkey.from_string(published.vkey))
    assert (checkpoint.size, reader.calculate_root_hash()) == (SIZE, checkpoint.root_hash)
    older = Checkpoint.from_text(published.older.read_text())
    proof = reader.get_consistency_proof(OLD, SIZE)
    assert proof.node_hashes == published.consistency
    proof.check(older.root_hash, checkpoint.root_hash)
    with pytest.raises(ConsistencyProofInvalid):
        proof.check(bytes(32), checkpoint.root_hash)
    for index, data in published.proofs.items():
        assert reader.get_entry(index) == entry_of(index)
        ours = InclusionProof(index, SIZE, list(read_proof(data).hashes))
        assert ours == reader.get_inclusion_proof(index, SIZE)
        ours.check(leaf_hash(entry_of(index)), checkpoint.root_hash)
        with pytest.raises(InclusionProofInvalid):
            ours.check(leaf_hash(b"false"), checkpoint.root_hash)


def test_tlog_scales_refuses_an_altered_folder(published, copy):
    alter(copy / "checkpoint", 25)
    with pytest.raises(InvalidSignature):
        TilesReader(Folder(copy)).get_checkpoint().verify(Vkey.from_string(published.vkey))


def rekor_entry(data: bytes, body: bytes, root: bytes) -> SimpleNamespace:
    """Dress a proof file as sigstore's verifier takes it."""
    proof = read_proof(data)
    inclusion = SimpleNamespace(log_index=proof.index, tree_size=SIZE, hashes=list(proof.hashes), root_hash=root)
    return SimpleNamespace(_inner=SimpleNamespace(inclusion_proof=inclusion, canonicalized_body=body))


def test_sigstore_accepts_checkpoint_and_proofs_and_refuses_altered_ones(published):
    signed = SignedCheckpoint.from_text((published.folder / "checkpoint").read_text())
    root = bytes.fromhex(signed.checkpoint.log_hash)
    assert (signed.checkpoint.origin, signed.checkpoint.log_size) == ("ledger.example/oplog", SIZE)
    key, line = SeedSigner().private.public_key(), signed.signed_note.signatures[0]
    key.verify(base64.b64decode(line.signature), signed.signed_note.note.encode())
    for index, data in published.proofs.items():
        verify_merkle_inclusion(rekor_entry(data, entry_of(index), root))
        for body, other in ((b"false", root), (entry_of(index), bytes(32))):
            with pytest.raises(VerificationError):
                verify_merkle_inclusion(rekor_entry(data, body, other))
