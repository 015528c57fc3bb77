# SPDX-License-Identifier: Apache-2.0
"""What an archive holds, told by its last part and signed with the log's key.

The text that is signed is ``keshou backup 1``, a line feed, the manifest as one line of JSON, a line feed. No
checkpoint can be taken for it, nor it for a checkpoint: the name of the key and the first line differ.

Source: C2SP signed-note.
"""

import datetime as dt
from typing import Literal, NamedTuple

import msgspec

from keshou.backup.errors import ArchiveError
from keshou.ledger.errors import LedgerError
from keshou.ledger.note import Signer, VerifierKey, sign_note, verify_note

LABEL = "backup"
"""Names the secret of the site's keys that archives are sealed with."""
_TITLE = "keshou backup 1\n"


class BackupKeys(NamedTuple):
    """What of a site's keys archives and the list of erasures need: whose, the secret (32 bytes), the log's signer."""

    site: str
    secret: bytes
    signer: Signer

    def __repr__(self) -> str:
        return f"BackupKeys(site={self.site!r})"


class Columns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table's name and the names of its columns, in the order of every row."""

    name: str
    columns: tuple[str, ...]


class Opening(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first part: what must be known before any row can be read."""

    format: Literal[1] = 1
    schema: str
    """Revision of the tables."""
    tables: tuple[Columns, ...]


class Rows(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the archive holds of one table: how many rows and parts, and SHA-256 (hex) over the parts."""

    name: str
    rows: int
    parts: int
    sha256: str


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part that is a file of the site's folder, or the opening; size in bytes, SHA-256 as hex."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole archive: whose, of when, how long the log was, and a digest of each part."""

    format: Literal[1] = 1
    site: str
    origin: str
    """Name of the log."""
    medium: str
    """Id under which the archive stands in the register of media."""
    made: dt.datetime
    version: str
    """Version of keshou that wrote it."""
    schema: str
    size: int
    """Entries in the log."""
    root: str
    """Root over them, hex."""
    checkpoint: str
    """The checkpoint signed last; empty when none was."""
    erased: int
    """Number of the last erasure that the archive knows of."""
    tables: tuple[Rows, ...]
    files: tuple[File, ...]


def key_of(site: str, public_key: bytes) -> VerifierKey:
    """Return the key that checks manifests of `site`."""
    return VerifierKey(f"keshou/{site}/backup", public_key)


def sign(manifest: Manifest, signer: Signer) -> bytes:
    """Return the manifest as it stands in the archive."""
    text = _TITLE + msgspec.json.encode(manifest).decode() + "\n"
    return sign_note(text, key_of(manifest.site, signer.public_key).name, signer)


def verify(note: bytes, site: str, public_key: bytes) -> Manifest:
    """Return the manifest that `site` signed.

    Raises:
        ArchiveError: it did not, or it is of another form.

    """
    try:
        text = verify_note(note, [key_of(site, public_key)])
        manifest = msgspec.json.decode(text.removeprefix(_TITLE), type=Manifest)
    except (LedgerError, msgspec.DecodeError) as error:
        raise ArchiveError(
            "the archive's manifest is not signed by this site", hint="restore it with the keys of the site it is of"
        ) from error
    if not text.startswith(_TITLE) or manifest.site != site:
        raise ArchiveError(f"the archive is of site `{manifest.site}`, not of `{site}`")
    return manifest
