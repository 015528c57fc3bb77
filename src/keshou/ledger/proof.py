# SPDX-License-Identifier: Apache-2.0
"""Proof files: one entry's place in the log, to be handed out and checked offline.

Source: C2SP tlog-proof.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from keshou.ledger.checkpoint import Checkpoint, parse_size, verify_checkpoint
from keshou.ledger.errors import FormatError
from keshou.ledger.merkle import HASH_SIZE, check_inclusion, leaf_hash
from keshou.ledger.note import VerifierKey, from_base64, to_base64

_MAGIC = "c2sp.org/tlog-proof@v1"
_MOST_HASHES = 63


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof file taken apart: leaf `index`, the siblings from the leaf up, the signed checkpoint as it stands."""

    index: int
    hashes: tuple[bytes, ...]
    note: bytes
    extra: bytes | None = None
    """Whatever the writer added; nobody signed it."""


def write_proof(index: int, hashes: Sequence[bytes], note: bytes, extra: bytes | None = None) -> bytes:
    """Return the proof file of leaf `index` under the signed checkpoint `note`."""
    lines = [_MAGIC]
    if extra is not None:
        lines.append(f"extra {to_base64(extra)}")
    lines += [f"index {index}", *(to_base64(each) for each in hashes), "", ""]
    return "\n".join(lines).encode() + note


def read_proof(data: bytes) -> Proof:
    """Take a proof file apart; nothing of it is verified yet.

    Raises:
        FormatError: it is not one.

    """
    head, blank, note = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise FormatError("a proof file with a character that is not ASCII before its checkpoint") from error
    if lines.pop(0) != _MAGIC or not blank or not lines:
        raise FormatError(f"a proof file begins with {_MAGIC}")
    extra = from_base64(lines.pop(0).removeprefix("extra ")) if lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index "):
        raise FormatError("a proof file names the index of its entry")
    index = parse_size(lines.pop(0).removeprefix("index "))
    hashes = tuple(from_base64(line) for line in lines)
    if len(hashes) > _MOST_HASHES or any(len(each) != HASH_SIZE for each in hashes):
        raise FormatError("a proof file whose hashes are not 32 bytes, or are too many")
    return Proof(index, hashes, note, extra)


def verify_proof(data: bytes, entry: bytes, key: VerifierKey) -> tuple[int, Checkpoint]:
    """Check that `entry` stands in the log of `key` where the proof file says; return its index and the checkpoint.

    `entry` comes from beside the file and never from its `extra`.

    Raises:
        FormatError: the file is not a proof.
        SignatureError: `key` did not sign its checkpoint.
        ProofError: the entry is not shown to be in the log.

    """
    proof = read_proof(data)
    checkpoint = verify_checkpoint(proof.note, key)
    check_inclusion(leaf_hash(entry), proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    return proof.index, checkpoint
