# SPDX-License-Identifier: Apache-2.0
"""What an outsider runs without our database: files in, an answer or an error out.

The verifier key comes from another channel and never from the folder that is checked.
"""

from pathlib import Path
from typing import NamedTuple

from keshou.ledger import consistency as consistency_file
from keshou.ledger import proof as proof_file
from keshou.ledger.checkpoint import Checkpoint, verify_checkpoint
from keshou.ledger.errors import LedgerError, LedgerTamperedError, ProofError
from keshou.ledger.merkle import HASH_SIZE, Frontier, leaf_hashes
from keshou.ledger.note import parse_key
from keshou.ledger.tile import WIDTH, TileName, TileWriter, bundles_of, unbundle


class Verified(NamedTuple):
    """What was shown: which log, how many entries, the root over them."""

    origin: str
    size: int
    root: bytes
    older: int | None = None
    """Entries of the older checkpoint with which it was shown to begin, if one was given."""


def verify_export(folder: Path, vkey: str, older: bytes | None = None) -> Verified:
    """Check an exported log.

    1. the checkpoint carries the signature of `vkey`, and so does `older`, one that was kept before
    2. the entries in the bundles, hashed again, give its root
    3. every tile of hashes is what the entries give
    4. the first of the entries give the root of `older`

    Raises:
        FormatError: a checkpoint, a bundle or `vkey` is malformed.
        SignatureError: `vkey` did not sign a checkpoint.
        LedgerTamperedError: an entry or a tile is not what was signed.
        ProofError: the log does not begin with the older one, or is shorter.

    """
    key = parse_key(vkey)
    checkpoint = verify_checkpoint(_read(folder / "checkpoint", 0), key)
    before = None if older is None else verify_checkpoint(older, key)
    if before is not None and before.size > checkpoint.size:
        raise ProofError(f"no log of {checkpoint.size} entries can extend one of {before.size}")
    writer = TileWriter(Frontier())
    for name in bundles_of(checkpoint.size):
        begun = Frontier(writer.frontier.size, writer.frontier.stack)
        leaves = _check_bundle(folder, name, writer)
        if before is not None and begun.size < before.size <= begun.size + len(leaves):
            _check_beginning(before, begun, leaves)
    for level, hashes in writer.edges.items():
        if hashes:
            _check_tile(
                folder, TileName(level, checkpoint.size // WIDTH ** (level + 1), len(hashes) // HASH_SIZE), hashes
            )
    root = writer.frontier.root()
    if root != checkpoint.root:
        raise LedgerTamperedError(0, f"the {checkpoint.size} entries do not give the signed root")
    return Verified(checkpoint.origin, checkpoint.size, root, None if before is None else before.size)


def verify_proof(data: bytes, entry: bytes, vkey: str) -> tuple[int, Checkpoint]:
    """Check a proof file against the entry's own bytes; return the entry's index and the signed checkpoint.

    Raises:
        LedgerError: it is not shown; see `keshou.ledger.proof.verify_proof`.

    """
    return proof_file.verify_proof(data, entry, parse_key(vkey))


def verify_consistency(data: bytes, older: bytes, vkey: str) -> tuple[Checkpoint, Checkpoint]:
    """Check a consistency file against the checkpoint `older` that was kept; return the older and the newer.

    Raises:
        LedgerError: it is not shown; see `keshou.ledger.consistency.verify_consistency`.

    """
    return consistency_file.verify_consistency(data, older, parse_key(vkey))


def _check_bundle(folder: Path, name: TileName, writer: TileWriter) -> list[bytes]:
    """Hash the entries of one bundle; compare their level-0 tile and what tiles they complete; return the hashes."""
    start = name.number * WIDTH
    entries = unbundle(_read_tile(folder, name, start))
    if name.width < len(entries):
        entries = entries[: name.width]
    if len(entries) != name.width:
        raise LedgerTamperedError(start + len(entries), "the bundle holds fewer entries than the log has")
    leaves = leaf_hashes(entries)
    writer.extend(leaves)
    _check_tile(folder, name._replace(level=0), b"".join(leaves))
    for level, number, hashes in writer.take():
        if level:
            _check_tile(folder, TileName(level, number), hashes)
    return leaves


def _check_beginning(before: Checkpoint, begun: Frontier, leaves: list[bytes]) -> None:
    """Go on from the tree `begun` to the size of the older checkpoint; compare the root with what it signed."""
    for leaf in leaves[: before.size - begun.size]:
        begun.push(leaf)
    if begun.root() != before.root:
        raise ProofError(f"the log does not begin with the {before.size} entries that were signed before")


def _check_tile(folder: Path, name: TileName, right: bytes) -> None:
    level = name.level or 0
    start = name.number * WIDTH ** (level + 1)
    held = _read_tile(folder, name, start)[: len(right)]
    for at in range(0, len(right), HASH_SIZE):
        if held[at : at + HASH_SIZE] != right[at : at + HASH_SIZE]:
            index = start + at // HASH_SIZE * WIDTH**level
            raise LedgerTamperedError(index, f"the file {name.path} is not what the entries give")


def _read_tile(folder: Path, name: TileName, index: int) -> bytes:
    """Return a tile; a partial one may have been replaced by the full one since."""
    partial = folder / name.path
    return _read(partial if partial.exists() else folder / name.full.path, index)


def _read(path: Path, index: int) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise LedgerTamperedError(index, f"the file {path.name} is missing from the exported log") from error
    except OSError as error:
        raise LedgerError(f"{path} cannot be read") from error
