# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: how long the log is and what its root is, signed by the log.

Source: C2SP tlog-checkpoint.
"""

import re
from typing import NamedTuple

from keshou.ledger.errors import FormatError
from keshou.ledger.merkle import EMPTY_ROOT, HASH_SIZE
from keshou.ledger.note import Signer, VerifierKey, from_base64, is_key_name, sign_note, to_base64, verify_note

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_LARGEST = 2**63 - 1


class Checkpoint(NamedTuple):
    """The head of a log: `origin` names it, `root` is over its first `size` entries."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What is signed: three lines, and the extension lines of others' logs (ours has none)."""
        lines = (self.origin, str(self.size), to_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def parse_size(text: str) -> int:
    """Return the whole number written as plain decimal digits without leading zeros, at most 2^63-1.

    Raises:
        FormatError: it is not one.

    """
    if not _DECIMAL.fullmatch(text) or int(text) > _LARGEST:
        raise FormatError("a number that is not plain decimal")
    return int(text)


def parse_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint that the text of a note is.

    Raises:
        FormatError: it is none, or the root of the empty log is false.

    """
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() != "" or not all(lines):
        raise FormatError("a checkpoint has an origin, a size, a root, and no empty line")
    checkpoint = Checkpoint(lines[0], parse_size(lines[1]), from_base64(lines[2]), tuple(lines[3:]))
    if len(checkpoint.root) != HASH_SIZE:
        raise FormatError("a root that is not 32 bytes")
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise FormatError("an empty log with a root")
    return checkpoint


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """Return the signed note of `checkpoint`; the key is called like the origin.

    Raises:
        FormatError: the origin cannot name a key.

    """
    if not is_key_name(checkpoint.origin):
        raise FormatError("the origin of a log has no space and no plus sign, e.g. example.com/log")
    return sign_note(checkpoint.text, checkpoint.origin, signer)


def verify_checkpoint(note: bytes, key: VerifierKey) -> Checkpoint:
    """Return the checkpoint that `key` signed.

    Raises:
        FormatError: it is not a checkpoint, or another log's.
        SignatureError: `key` did not sign it.

    """
    checkpoint = parse_checkpoint(verify_note(note, [key]))
    if checkpoint.origin != key.name:
        raise FormatError(f"a checkpoint of another log, {checkpoint.origin}")
    return checkpoint
