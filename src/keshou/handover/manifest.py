# SPDX-License-Identifier: Apache-2.0
"""The manifest beside a file: which act it comes from, for whom, what it holds and how much, and its digest; signed.

It is JSON in one line with its names in order, and says nothing that would help to guess at a value: the digest is that
of the sealed file. The signature is Ed25519 over the manifest's bytes (RFC 8032), in a file of its own, under a key
that signs manifests and nothing else; common tools check both.
"""

import datetime as dt
import hashlib
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from keshou.handover.errors import HandoverError, ManifestError
from keshou.handover.table import Format
from keshou.sealing import derive

SIZE = 64
"""Bytes of a signature."""


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sealed file."""

    name: str
    format: Format
    """What is inside once it is opened."""
    sha256: str
    """Lower-case hex over the sealed bytes."""
    size: int
    """Sealed bytes."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was handed over."""

    schema: Literal["keshou-handover/1"] = "keshou-handover/1"
    site: str
    """The site, by the origin of its log."""
    handover: str
    """Id of this handover."""
    act: str
    """The kind of act."""
    entry: int
    """Place in the site's log of the act's entry, counted from nought."""
    rules: int
    """Version of the published rules it was permitted under."""
    purpose: str
    recipient: str
    review: str = ""
    """Id of the review that approved it; empty: it needed none."""
    items: tuple[str, ...]
    count: int
    """How many users' rows the file has."""
    masked: bool
    """Whether values are masked."""
    stand_ins: tuple[str, ...] = ()
    """Items of which the file has stand-ins in place of values."""
    spelling: Literal["marked", "kept"]
    """Whether equal spellings were chosen for this recipient, or every value kept to the letter."""
    made: dt.datetime
    key: str
    """The recipient's public key that the file is sealed to."""
    file: File


class Signer:
    """Signs a site's manifests; the key is derived from the site's `secret` (32 bytes) for handovers."""

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(derive(secret, "handover manifests"))

    def pem(self) -> str:
        """Return the public key as PEM, for whoever checks."""
        form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_key().public_bytes(*form).decode()

    def sign(self, body: bytes) -> bytes:
        """Return the signature over a manifest's bytes, 64 bytes."""
        return self._key.sign(body)


def encode(manifest: Manifest) -> bytes:
    """Return the bytes that are signed."""
    return msgspec.json.encode(manifest, order="sorted") + b"\n"


def digest(body: bytes) -> str:
    """Return SHA-256 in lower-case hex."""
    return hashlib.sha256(body).hexdigest()


def check(body: bytes, signature: bytes, pem: bytes, file: bytes) -> Manifest:
    """Return the manifest, once its signature and the digest of `file` were found right.

    Raises:
        HandoverError: `pem` is no Ed25519 public key.
        ManifestError: the signature is not of this manifest by this key, or the file is not the one it tells of.

    """
    try:
        key = serialization.load_pem_public_key(pem)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise HandoverError("the key is no Ed25519 public key in PEM", hint="`keshou manifest key` writes it")
    try:
        key.verify(signature, body)
        manifest = msgspec.json.decode(body, type=Manifest)
    except (InvalidSignature, msgspec.DecodeError):
        raise ManifestError("the manifest is not what the site signed", hint="fetch both files anew") from None
    if (len(file), digest(file)) != (manifest.file.size, manifest.file.sha256):
        raise ManifestError("the file is not the one the manifest tells of", hint="fetch both files anew")
    return manifest
