# SPDX-License-Identifier: Apache-2.0
"""What an outsider runs without our database: files in, an answer or an error out.

The verifier key comes from another channel and never from the folder that is checked.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from keshou.ledger import proof as proof_file
from keshou.ledger.checkpoint import Checkpoint, verify_checkpoint
from keshou.ledger.errors import LedgerError, LedgerTamperedError
from keshou.ledger.merkle import HASH_SIZE, Frontier, check_consistency, leaf_hashes
from keshou.ledger.note import VerifierKey, parse_key
from keshou.ledger.tile import WIDTH, TileName, TileWriter, bundles_of, unbundle


class Verified(NamedTuple):
    """What was shown: which log, how many entries, the root over them."""

    origin: str
    size: int
    root: bytes


def verify_export(folder: Path, vkey: str) -> Verified:
    """Check an exported log.

    1. the checkpoint carries the signature of `vkey`
    2. the entries in the bundles, hashed again, give its root
    3. every tile of hashes is what the entries give

    Raises:
        FormatError: the checkpoint, a bundle or `vkey` is malformed.
        SignatureError: `vkey` did not sign the checkpoint.
        LedgerTamperedError: an entry or a tile is not what was signed.

    """
    checkpoint = verify_checkpoint(_read(folder / "checkpoint", 0), parse_key(vkey))
    writer = TileWriter(Frontier())
    for name in bundles_of(checkpoint.size):
        _check_bundle(folder, name, writer)
    for level, hashes in writer.edges.items():
        if hashes:
            _check_tile(
                folder, TileName(level, checkpoint.size // WIDTH ** (level + 1), len(hashes) // HASH_SIZE), hashes
            )
    root = writer.frontier.root()
    if root != checkpoint.root:
        raise LedgerTamperedError(0, f"the {checkpoint.size} entries do not give the signed root")
    return Verified(checkpoint.origin, checkpoint.size, root)


def verify_proof(data: bytes, entry: bytes, vkey: str) -> tuple[int, Checkpoint]:
    """Check a proof file against the entry's own bytes; return the entry's index and the signed checkpoint.

    Raises:
        LedgerError: it is not shown; see `keshou.ledger.proof.verify_proof`.

    """
    return proof_file.verify_proof(data, entry, parse_key(vkey))


def verify_consistency(old: bytes, new: bytes, proof: Sequence[bytes], vkey: str) -> tuple[Checkpoint, Checkpoint]:
    """Check that the log of the checkpoint `new` begins with the log of the checkpoint `old`; return both.

    Raises:
        LedgerError: a note is not the log's, or the proof does not hold.

    """
    key: VerifierKey = parse_key(vkey)
    before, after = verify_checkpoint(old, key), verify_checkpoint(new, key)
    check_consistency(before.size, after.size, proof, before.root, after.root)
    return before, after


def _check_bundle(folder: Path, name: TileName, writer: TileWriter) -> None:
    """Hash the entries of one bundle; compare their level-0 tile and whatever tiles they complete."""
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
