# SPDX-License-Identifier: Apache-2.0
"""Notes, checkpoints and proof files of others are read as they mean them; malformed and false ones are refused."""

import base64
import json
from pathlib import Path

import pytest
from logs import ORIGIN, SeedSigner

from keshou.ledger import merkle
from keshou.ledger.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint, verify_checkpoint
from keshou.ledger.consistency import write_consistency
from keshou.ledger.errors import FormatError, LedgerError, ProofError, SignatureError
from keshou.ledger.note import VerifierKey, parse_key, parse_note, sign_note, verify_note
from keshou.ledger.proof import read_proof, write_proof
from keshou.ledger.verify import verify_consistency, verify_proof

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "transparency.json").read_text())
WORKED = VECTORS["worked"]
NOTE = WORKED["note"].encode()
KEY = parse_key(WORKED["log_vkey"])
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
OWN = SeedSigner()
OWN_KEY = VerifierKey(ORIGIN, OWN.public_key)
LINE = sign_note("text\n", ORIGIN, OWN).decode().split("\n\n")[1]


def test_the_specifications_own_note_verifies():
    assert verify_note(EXAMPLE_NOTE.encode(), [parse_key(EXAMPLE_KEY)]) == "This is an example message.\n"


def test_our_checkpoint_is_the_worked_one_byte_for_byte():
    root = bytes.fromhex(VECTORS["roots_sha256_hex"][8])
    ours = sign_checkpoint(Checkpoint(ORIGIN, 8, root), OWN)
    assert NOTE.startswith(ours)
    assert str(OWN_KEY) == WORKED["log_vkey"]
    assert verify_checkpoint(NOTE, KEY).root == root


@pytest.mark.parametrize("size", range(len(VECTORS["tessera_log"])))
def test_every_checkpoint_of_a_foreign_log_verifies_and_has_our_root(size):
    checkpoint = verify_checkpoint(VECTORS["tessera_log"][str(size)].encode(), parse_key(VECTORS["tessera_vkey"]))
    frontier = merkle.Frontier()
    for leaf in VECTORS["tessera_leaves"][:size]:
        frontier.push(merkle.leaf_hash(leaf.encode()))
    assert (checkpoint.size, checkpoint.root) == (size, frontier.root())


def test_the_worked_proof_file_verifies_and_is_written_the_same():
    data, entry = WORKED["tlog_proof_index5"].encode(), bytes.fromhex(VECTORS["leaves_hex"][5])
    index, checkpoint = verify_proof(data, entry, WORKED["log_vkey"])
    proof = read_proof(data)
    assert (index, checkpoint.size) == (5, 8)
    assert write_proof(5, proof.hashes, proof.note) == data
    with pytest.raises(ProofError):
        verify_proof(data, entry + b"!", WORKED["log_vkey"])


def test_a_proof_file_keeps_what_its_writer_added():
    proof = read_proof(write_proof(0, [], NOTE, b"added"))
    assert (proof.extra, proof.hashes, proof.note) == (b"added", (), NOTE)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"c2sp.org/tlog-proof@v1\n",
        b"c2sp.org/tlog-proof@v1\n\n",
        b"c2sp.org/tlog-proof@v2\nindex 0\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 00\n\n",
        b"c2sp.org/tlog-proof@v1\nindex -1\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n",
        b"c2sp.org/tlog-proof@v1\nextra AAAA\n\n",
        b"c2sp.org/tlog-proof@v1\nextra A\nindex 0\n\n",
        b"c2sp.org/tlog-proof@v1\nindex \xc2\xb2\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 0\n" + (base64.b64encode(bytes(32)) + b"\n") * 64 + b"\n",
    ],
)
def test_a_malformed_proof_file_is_refused(data):
    with pytest.raises(FormatError):
        read_proof(data)


MALFORMED = {
    "empty": "",
    "no blank line": "text\n" + LINE,
    "no signature": "text\n\n",
    "unterminated": "text\n\n" + LINE[:-1],
    "hyphen for dash": "text\n\n" + LINE.replace("—", "-"),
    "no name": "text\n\n—  " + LINE.split(" ")[2],
    "plus in name": "text\n\n" + LINE.replace(ORIGIN, "a+b"),
    "wide space in name": "text\n\n" + LINE.replace(ORIGIN, "a\u3000b"),
    "four parts": "text\n\n" + LINE.replace("\n", " x\n"),
    "bad base64": "text\n\n" + LINE.replace("\n", "!\n"),
    "base64 not canonical": "text\n\n" + LINE.replace("=", "", 1) if "==" in LINE else "text\n\n— n AAAAAAB=\n",
    "too short": "text\n\n— n AAAAAA==\n",
    "tab": "te\txt\n\n" + LINE,
    "carriage return": "text\r\n\n" + LINE,
    "65 lines": "text\n\n" + LINE * 65,
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_note_is_refused(case):
    with pytest.raises(FormatError):
        parse_note(MALFORMED[case].encode())


def test_a_note_that_is_not_utf8_is_refused():
    with pytest.raises(FormatError):
        parse_note(b"te\xffxt\n\n" + LINE.encode())


@pytest.mark.parametrize("lines", [16, 64])
def test_a_note_may_have_many_signatures(lines):
    assert verify_note(("text\n\n" + LINE * lines).encode(), [OWN_KEY]) == "text\n"


def test_lines_of_unknown_keys_are_ignored_and_alone_are_not_enough():
    other = VerifierKey(ORIGIN, SeedSigner(32).public_key)
    foreign = sign_note("text\n", ORIGIN, SeedSigner(32)).decode().split("\n\n")[1]
    assert verify_note(f"text\n\n{foreign}{LINE}".encode(), [OWN_KEY]) == "text\n"
    assert verify_note(f"text\n\n{foreign}{LINE}".encode(), [OWN_KEY, other]) == "text\n"
    with pytest.raises(SignatureError):
        verify_note(f"text\n\n{foreign}".encode(), [OWN_KEY])


def test_one_false_signature_of_a_known_key_refuses_the_note():
    false = sign_note("other\n", ORIGIN, OWN).decode().split("\n\n")[1]
    with pytest.raises(SignatureError):
        verify_note(f"text\n\n{LINE}{false}".encode(), [OWN_KEY])


def test_the_text_is_what_stands_before_the_last_blank_line():
    note = sign_note("one\n\ntwo\n", ORIGIN, OWN)
    assert verify_note(note, [OWN_KEY]) == "one\n\ntwo\n"


def test_every_single_bit_of_a_signed_checkpoint_counts():
    ours = sign_checkpoint(Checkpoint(ORIGIN, 8, bytes(32)), OWN)
    for at in range(len(ours) * 8):
        flipped = bytearray(ours)
        flipped[at // 8] ^= 1 << at % 8
        with pytest.raises(LedgerError):
            verify_checkpoint(bytes(flipped), OWN_KEY)


@pytest.mark.parametrize(
    "vkey",
    ["", "a+b", EXAMPLE_KEY[:-4], EXAMPLE_KEY.replace("foo", "bar"), "a b" + EXAMPLE_KEY[15:], WORKED["witness_vkey"]],
)
def test_a_verifier_key_that_does_not_fit_itself_is_refused(vkey):
    with pytest.raises(FormatError):
        parse_key(vkey)


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n8\n",
        f"{ORIGIN}\n08\n{ROOT}\n",
        f"{ORIGIN}\n+8\n{ROOT}\n",
        f"{ORIGIN}\n-8\n{ROOT}\n",
        f"{ORIGIN}\n8 \n{ROOT}\n",
        f"{ORIGIN}\n8_0\n{ROOT}\n",
        f"{ORIGIN}\n٨\n{ROOT}\n",
        f"{ORIGIN}\n{2**63}\n{ROOT}\n",
        f"{ORIGIN}\n8\n{ROOT[:-4]}\n",
        f"{ORIGIN}\n8\n{ROOT}",
        f"{ORIGIN}\n8\n{ROOT}\n\n",
        f"\n8\n{ROOT}\n",
        f"{ORIGIN}\n0\n{ROOT}\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text):
    with pytest.raises(FormatError):
        parse_checkpoint(text)


def test_extension_lines_of_others_are_kept_and_verified():
    note = sign_note(f"{ORIGIN}\n8\n{ROOT}\nmore\n", ORIGIN, OWN)
    assert verify_checkpoint(note, OWN_KEY).text.endswith("more\n")
    with pytest.raises(SignatureError):
        verify_checkpoint(note.replace(b"more", b"less"), OWN_KEY)


def test_a_checkpoint_of_another_log_under_our_key_is_refused():
    with pytest.raises(FormatError):
        verify_checkpoint(sign_note(f"other.example\n8\n{ROOT}\n", ORIGIN, OWN), OWN_KEY)


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\u3000b", "a\nb"])
def test_an_origin_that_cannot_name_a_key_is_not_signed(origin):
    with pytest.raises(FormatError):
        sign_checkpoint(Checkpoint(origin, 8, bytes(32)), OWN)


def test_two_checkpoints_of_one_log_are_shown_to_agree_or_not():
    hashes = [merkle.leaf_hash(bytes([at])) for at in range(3)]
    frontier, notes = merkle.Frontier(), []
    for hash_ in hashes:
        frontier.push(hash_)
        notes.append(sign_checkpoint(Checkpoint(ORIGIN, frontier.size, frontier.root()), OWN))
    before, after = verify_consistency(write_consistency(2, [hashes[2]], notes[2]), notes[1], str(OWN_KEY))
    assert (before.size, after.size) == (2, 3)
    with pytest.raises(ProofError):
        verify_consistency(write_consistency(2, [hashes[1]], notes[2]), notes[1], str(OWN_KEY))
