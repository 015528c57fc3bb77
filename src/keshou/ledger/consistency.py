# SPDX-License-Identifier: Apache-2.0
"""Consistency files: that the log of now begins with an older checkpoint, to be handed out and checked offline.

Source: C2SP tlog-witness, the body of add-checkpoint; RFC 9162 section 2.1.4.
"""

from collections.abc import Sequence
from typing import NamedTuple

from keshou.ledger.checkpoint import Checkpoint, parse_size, verify_checkpoint
from keshou.ledger.errors import FormatError
from keshou.ledger.merkle import HASH_SIZE, check_consistency
from keshou.ledger.note import VerifierKey, from_base64, to_base64

_MAGIC = "old "
_MOST_HASHES = 63


class Consistency(NamedTuple):
    """A consistency file taken apart: size of the older log, the proof, the newer signed checkpoint as it stands."""

    old: int
    hashes: tuple[bytes, ...]
    note: bytes


def write_consistency(old: int, hashes: Sequence[bytes], note: bytes) -> bytes:
    """Return the file that shows that the log of the signed checkpoint `note` begins with its first `old` entries."""
    return "\n".join([f"{_MAGIC}{old}", *(to_base64(each) for each in hashes), "", ""]).encode() + note


def is_consistency(data: bytes) -> bool:
    """Return whether `data` says that it is a consistency file; nothing of it is verified."""
    return data.startswith(_MAGIC.encode())


def read_consistency(data: bytes) -> Consistency:
    """Take a consistency file apart; nothing of it is verified yet.

    Raises:
        FormatError: it is not one.

    """
    head, blank, note = data.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise FormatError("a consistency file with a character that is not ASCII before its checkpoint") from error
    if not blank or not first.startswith(_MAGIC):
        raise FormatError(f"a consistency file begins with `{_MAGIC}` and a size, and ends with a checkpoint")
    hashes = tuple(from_base64(line) for line in lines)
    if len(hashes) > _MOST_HASHES or any(len(each) != HASH_SIZE for each in hashes):
        raise FormatError("a consistency file whose hashes are not 32 bytes, or are too many")
    return Consistency(parse_size(first.removeprefix(_MAGIC)), hashes, note)


def verify_consistency(data: bytes, older: bytes, key: VerifierKey) -> tuple[Checkpoint, Checkpoint]:
    """Check that the log of the file's checkpoint begins with that of `older`; return the older and the newer.

    `older` is the signed checkpoint that was kept; it comes from beside the file.

    Raises:
        FormatError: the file is not of its form, or speaks of another size than `older`.
        SignatureError: `key` did not sign one of the checkpoints.
        ProofError: the newer log is not shown to begin with the older.

    """
    found = read_consistency(data)
    before, after = verify_checkpoint(older, key), verify_checkpoint(found.note, key)
    if found.old != before.size:
        raise FormatError(f"the file is about a log of {found.old} entries, the older checkpoint of {before.size}")
    check_consistency(before.size, after.size, found.hashes, before.root, after.root)
    return before, after
