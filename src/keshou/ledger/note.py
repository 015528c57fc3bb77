# SPDX-License-Identifier: Apache-2.0
"""Signed notes: a text, a blank line, and lines of signatures anybody can check.

Source: C2SP signed-note. Only Ed25519 (type 0x01) is signed and verified here; lines of unknown keys are ignored.
"""

import base64
import binascii
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from keshou.ledger.errors import FormatError, SignatureError

ED25519 = 0x01
_KEY_SIZE = 32
_MOST_SIGNATURES = 64
_DASH = "\N{EM DASH}"


class Signer(Protocol):
    """Whatever holds the log's signing key."""

    @property
    def public_key(self) -> bytes:
        """The Ed25519 public key, 32 raw bytes."""

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of `message`, 64 bytes."""


class Signature(NamedTuple):
    """One signature line: the key's name, the first four bytes of its id, and the signature."""

    name: str
    key_id: bytes
    signature: bytes


class Note(NamedTuple):
    """A note taken apart, nothing of it verified yet; `text` ends in a newline."""

    text: str
    signatures: tuple[Signature, ...]


class VerifierKey(NamedTuple):
    """A public key an auditor pins: its name, its kind, 32 raw bytes."""

    name: str
    public_key: bytes
    kind: int = ED25519

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys apart; a hint and no fingerprint."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public_key).digest()[:4]

    def __str__(self) -> str:
        """Return the key as one line of text: name, key id, kind and key."""
        return f"{self.name}+{self.key_id.hex()}+{to_base64(bytes([self.kind]) + self.public_key)}"


def to_base64(raw: bytes) -> str:
    """Return `raw` in standard base64 with padding."""
    return base64.b64encode(raw).decode("ascii")


def from_base64(text: str) -> bytes:
    """Return the bytes of `text`, which must be the one canonical base64 of them.

    Raises:
        FormatError: it is not.

    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError("not base64") from error
    if to_base64(raw) != text:
        raise FormatError("base64 that is not canonical")
    return raw


def is_key_name(name: str) -> bool:
    """Whether `name` may name a key: not empty, no space of any kind, no plus sign."""
    return bool(name) and "+" not in name and not any(each.isspace() or ord(each) < 0x20 for each in name)


def parse_key(text: str) -> VerifierKey:
    """Return the verifier key written as `text` (a *vkey*).

    Raises:
        FormatError: it is not one, its id does not belong to it, or it is of a kind not known here.

    """
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise FormatError("a verifier key has three parts, name, id and key, with a plus sign between")
    name, key_id, encoded = parts
    raw = from_base64(encoded)
    if not is_key_name(name) or raw[:1] != bytes([ED25519]) or len(raw) != 1 + _KEY_SIZE:
        raise FormatError("not a verifier key of kind Ed25519")
    key = VerifierKey(name, raw[1:])
    if key.key_id.hex() != key_id:
        raise FormatError("the id of the verifier key does not belong to it")
    return key


def parse_note(data: bytes) -> Note:
    """Take a note apart at its last blank line.

    Raises:
        FormatError: it is not a signed note.

    """
    if any(each < 0x20 and each != 0x0A for each in data):
        raise FormatError("a note with a control character")
    try:
        text, blank, tail = data.decode("utf-8").rpartition("\n\n")
    except UnicodeDecodeError as error:
        raise FormatError("a note that is not UTF-8") from error
    if not blank or not tail.endswith("\n"):
        raise FormatError("a note without lines of signatures")
    lines = tail[:-1].split("\n")
    if len(lines) > _MOST_SIGNATURES:
        raise FormatError(f"a note with more than {_MOST_SIGNATURES} signatures")
    return Note(text + "\n", tuple(_parse_line(line) for line in lines))


def _parse_line(line: str) -> Signature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != _DASH or not is_key_name(parts[1]):
        raise FormatError("a line of a signature that is not one")
    raw = from_base64(parts[2])
    if len(raw) < 5:
        raise FormatError("a signature too short to be one")
    return Signature(parts[1], raw[:4], raw[4:])


def sign_note(text: str, name: str, signer: Signer) -> bytes:
    """Return the note of `text`, which ends in a newline, signed by one key called `name`.

    Raises:
        FormatError: the text does not end in a newline.

    """
    if not text.endswith("\n"):
        raise FormatError("the text of a note ends in a newline")
    key = VerifierKey(name, signer.public_key)
    line = f"{_DASH} {name} {to_base64(key.key_id + signer.sign(text.encode()))}\n"
    return f"{text}\n{line}".encode()


def verify_note(data: bytes, keys: Sequence[VerifierKey]) -> str:
    """Return the text of a note that at least one of `keys` signed.

    A line whose name and id belong to none of `keys` is ignored; one false signature of a known key refuses all.

    Raises:
        FormatError: it is not a note.
        SignatureError: no known key signed it, or a known key's signature is false.

    """
    note = parse_note(data)
    known = {(key.name, key.key_id): key for key in keys}
    good = 0
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is not None:
            _verify_line(key, line.signature, note.text.encode())
            good += 1
    if not good:
        raise SignatureError("no trusted key signed this note", hint="pin the log's verifier key from another channel")
    return note.text


def _verify_line(key: VerifierKey, signature: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, message)
    except InvalidSignature as error:
        raise SignatureError(f"the signature of {key.name} is false") from error
