# SPDX-License-Identifier: Apache-2.0
"""Publish the log as a folder of files that anybody can serve, mirror and check; show that it continues an older one.

Full tiles never change and are written once. The checkpoint is written last, so that whoever reads it finds every
tile it speaks of; a crash leaves the older checkpoint and all of its tiles.
"""

import os
import tempfile
from pathlib import Path

from keshou.db import Transaction
from keshou.ledger.checkpoint import verify_checkpoint
from keshou.ledger.consistency import write_consistency
from keshou.ledger.errors import EntryError, LedgerTamperedError
from keshou.ledger.merkle import HASH_SIZE
from keshou.ledger.rows import ask, read_head, read_tiles
from keshou.ledger.store import Ledger
from keshou.ledger.tile import WIDTH, TileName, bundle, bundles_of, tiles_of

_READ_ME = """\
This folder is the log {origin}: tiles, entry bundles and a signed checkpoint as C2SP tlog-tiles describes them.
Hashes are SHA-256 in an RFC 6962 tree. The file vkey repeats the log's verifier key; whoever checks the log takes
that key from another channel, since whoever can change this folder can change that file too.
"""


def export(tx: Transaction, ledger: Ledger, folder: Path) -> int:
    """Write the log up to its newest checkpoint into `folder`; return how many files were written.

    Raises:
        EntryError: nothing was signed yet.
        ForkError: the folder has a checkpoint that the stored log does not extend; nothing was written.
        LedgerTamperedError: an entry or a tile that is to be written is missing.

    """
    note = ledger.last_checkpoint(tx)
    if note is None:
        raise EntryError("no checkpoint was signed yet", hint="sign one first")
    published = folder / "checkpoint"
    if published.exists():
        ledger.agree_with(tx, published.read_bytes())
    size = verify_checkpoint(note, ledger.key).size
    written = _write_hashes(tx, folder, size) + _write_bundles(tx, folder, size)
    for name, data in (
        ("vkey", f"{ledger.key}\n".encode()),
        ("log.txt", _READ_ME.format(origin=ledger.origin).encode()),
        ("checkpoint", note),
    ):
        written += _write(folder / name, data)
    return written


def consistency_file(tx: Transaction, ledger: Ledger, older: bytes) -> bytes:
    """Return what shows that the log of the newest checkpoint begins with the signed checkpoint `older`.

    Raises:
        EntryError: what is signed is shorter.
        FormatError: `older` is no checkpoint of this log.
        SignatureError: this log did not sign `older`.
        ForkError: the log is shorter than `older` says, or begins otherwise.

    """
    ledger.agree_with(tx, older)
    return consistency_since(tx, ledger, verify_checkpoint(older, ledger.key).size)


def consistency_since(tx: Transaction, ledger: Ledger, old: int) -> bytes:
    """Return what shows that the log of the newest checkpoint begins with its first `old` entries; ``0 <= old``.

    Raises:
        EntryError: what is signed is shorter.

    """
    note = ledger.last_checkpoint(tx)
    new = 0 if note is None else verify_checkpoint(note, ledger.key).size
    if note is None or old > new:
        raise EntryError(f"no checkpoint covers {old} entries yet", hint="sign one first")
    return write_consistency(old, ledger.prove_consistency(tx, old, new) if old else [], note)


def read_piece(tx: Transaction, name: TileName, size: int) -> bytes:
    """Return a tile of hashes or a bundle of entries of the log, which has `size` entries or more.

    Raises:
        EntryError: it is not a tile of a log of `size` entries.
        LedgerTamperedError: an entry or the tile is missing.

    """
    level = name.level or 0
    if name.number * WIDTH + name.width > size // WIDTH**level:
        raise EntryError("the log does not have that tile yet")
    if name.level is None:
        return bundle(_entries(tx, name))
    place = (level, name.number)
    data = bytes(read_tiles(tx, [place], read_head(tx).size).get(place, b"")[: name.width * HASH_SIZE])
    if len(data) != name.width * HASH_SIZE:
        raise LedgerTamperedError(name.number * WIDTH ** (level + 1), f"the file {name.path} is missing")
    return data


def _write_hashes(tx: Transaction, folder: Path, size: int) -> int:
    written = 0
    for name in tiles_of(size):
        path = folder / name.path
        if not path.exists():
            written += _write(path, read_piece(tx, name, size))
    return written


def _write_bundles(tx: Transaction, folder: Path, size: int) -> int:
    written = 0
    for name in bundles_of(size):
        path = folder / name.path
        if not path.exists():
            written += _write(path, read_piece(tx, name, size))
    return written


def _entries(tx: Transaction, name: TileName) -> list[bytes]:
    start = name.number * WIDTH
    rows = ask(
        tx, "SELECT idx, body FROM log_entry WHERE idx >= ? AND idx < ? ORDER BY idx", (start, start + name.width)
    )
    for at, (index, _body) in enumerate(rows):
        if index != start + at:
            raise LedgerTamperedError(start + at, "the entry is missing")
    if len(rows) != name.width:
        raise LedgerTamperedError(start + len(rows), "the entry is missing")
    return [bytes(body) for _index, body in rows]


def _write(path: Path, data: bytes) -> int:
    """Write a file whole or not at all; return 1 if it was not there with these bytes already."""
    if path.exists() and path.read_bytes() == data:
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _settle(path.parent)
    return 1


def _settle(folder: Path) -> None:
    """Make the renaming itself survive power loss."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
