# SPDX-License-Identifier: Apache-2.0
"""Read the whole stored log again and compare everything derived from it: the only check that finds edited bytes.

1. every entry is there, at its index, and its bytes hash to its stored leaf
2. every full tile, every partial tile and the frontier are what the leaves give
3. every checkpoint ever signed carries the log's signature and the root the log had at that size; so does every one
   that was kept elsewhere, and the log is as long as each says
4. the time of the last entry, by which a clock set back is found, is the latest that any entry tells

Roots that agree with each other say nothing about entries; so nothing is taken from a stored hash.
"""

from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from operator import attrgetter
from typing import NamedTuple

from keshou.db import Transaction
from keshou.ledger.checkpoint import Checkpoint, verify_checkpoint
from keshou.ledger.entry import decode
from keshou.ledger.errors import EntryError, LedgerError, LedgerTamperedError
from keshou.ledger.merkle import Frontier, chunks, leaf_hashes
from keshou.ledger.note import VerifierKey
from keshou.ledger.rows import Head, ask, pages, read_head
from keshou.ledger.tile import WIDTH, TileWriter

Progress = Callable[[int, int], None]
"""Told now and then how many entries of how many are done."""


class Audited(NamedTuple):
    """What was checked: entries, the root over them, signed checkpoints, and how many of the entries are covered."""

    size: int
    root: bytes
    checkpoints: int
    covered: int


def audit(
    tx: Transaction, key: VerifierKey, on_progress: Progress | None = None, *, decode_entries: bool = False,
    kept: Sequence[bytes] = (),
) -> Audited:  # fmt: skip
    """Check the stored log against itself and against every checkpoint of `key`, those `kept` elsewhere among them.

    `decode_entries` also checks that every entry is in canonical form, and step 4; it takes about half as long again.

    Raises:
        LedgerTamperedError: something stored is not what was written; names the first entry concerned.
        SignatureError: `key` did not sign one of `kept`.

    """
    head = _head(tx)
    writer = TileWriter(Frontier())
    checkpoints = _Checkpoints(tx, key, kept)
    checkpoints.pass_by(writer.frontier, [])
    latest = 0
    for page in _whole_pages(tx, head.size):
        before = Frontier(writer.frontier.size, writer.frontier.stack)
        leaves = _check_page(page)
        if decode_entries:
            latest = max(latest, *(_time_of(index, entry) for index, _, entry in page))
        writer.extend(leaves)
        _check_tiles(tx, writer)
        checkpoints.pass_by(before, leaves)
        if on_progress is not None:
            on_progress(writer.frontier.size, head.size)
    _check_end(tx, head, writer)
    if decode_entries and head.last_time != latest:
        raise LedgerTamperedError(head.size, "the time of the last entry is kept as another than the entries tell")
    checkpoints.finish(head.size)
    return Audited(head.size, head.root, checkpoints.seen, checkpoints.covered)


def _head(tx: Transaction) -> Head:
    try:
        return read_head(tx)
    except LedgerError as error:
        raise LedgerTamperedError(0, "the log's state is missing") from error


def _whole_pages(tx: Transaction, size: int) -> Iterator[list[tuple[int, bytes, bytes]]]:
    """Yield pages in which every row from 0 to `size` is there, once."""
    at = 0
    for page in pages(tx, 0, size):
        for row in page:
            if row[0] != at:
                raise LedgerTamperedError(at, "the entry is missing")
            at += 1
        if page:
            yield page
        if at < size and at % WIDTH:
            break
    if at != size:
        raise LedgerTamperedError(at, "the entry is missing")


def _check_page(page: list[tuple[int, bytes, bytes]]) -> list[bytes]:
    """Return the leaves that the entries of a page hash to, which are the stored ones."""
    indexes, stored, entries = zip(*page, strict=True)
    try:
        leaves = leaf_hashes(entries)
    except TypeError as error:  # SQLite keeps in any column what it is given
        first = next(at for at, entry in enumerate(entries) if not isinstance(entry, bytes | memoryview))
        raise LedgerTamperedError(indexes[first], "the entry is no bytes") from error
    if leaves != list(stored):
        first = next(at for at, leaf in enumerate(leaves) if leaf != stored[at])
        raise LedgerTamperedError(indexes[first], "the entry's bytes do not hash to its leaf")
    return leaves


def _time_of(index: int, entry: bytes) -> int:
    """Return the time that an entry in canonical form tells."""
    try:
        return decode(entry).t
    except EntryError as error:
        raise LedgerTamperedError(index, "the entry is not in canonical form") from error


def _check_tiles(tx: Transaction, writer: TileWriter) -> None:
    full = writer.take()
    if not full:
        return
    for level in {level for level, _n, _hashes in full}:
        mine = {n: hashes for at, n, hashes in full if at == level}
        rows = ask(
            tx, "SELECT n, hashes FROM log_tile WHERE level = ? AND n >= ? AND n <= ?", (level, min(mine), max(mine))
        )
        if {n: bytes(hashes) for n, hashes in rows} != mine:
            held = {n: bytes(hashes) for n, hashes in rows}
            bad = min(n for n in mine if held.get(n) != mine[n])
            first, what = _first_difference(level, bad, mine[bad], held.get(bad, b""))
            raise LedgerTamperedError(first, what)


def _first_difference(level: int, number: int, right: bytes, held: bytes) -> tuple[int, str]:
    """Return the first entry under the first hash of a tile that differs, and what to call it."""
    if not held:
        return number * WIDTH ** (level + 1), f"tile {number} of level {level} is missing"
    theirs = chunks(held)
    at = next((at for at, hash_ in enumerate(chunks(right)) if at >= len(theirs) or theirs[at] != hash_), 0)
    return (number * WIDTH + at) * WIDTH**level, f"tile {number} of level {level} is not what the entries give"


def _check_end(tx: Transaction, head: Head, writer: TileWriter) -> None:
    size = head.size
    if tuple(writer.frontier.stack) != head.frontier:
        raise LedgerTamperedError(_first_root(head, writer.frontier), "the frontier is not what the entries give")
    edges = {level: bytes(hashes) for level, hashes in ask(tx, "SELECT level, hashes FROM log_edge") if hashes}
    right = {level: hashes for level, hashes in writer.edges.items() if hashes}
    for level in sorted({*edges, *right}):
        if edges.get(level) != right.get(level):
            number = size // WIDTH ** (level + 1)
            start, _what = _first_difference(level, number, right.get(level, b""), edges.get(level, b""))
            raise LedgerTamperedError(start, f"the partial tile of level {level} is not what the entries give")
    extra = ask(tx, "SELECT MIN(idx) FROM log_entry WHERE idx >= ? OR idx < 0", (size,))[0][0]
    if extra is not None:
        raise LedgerTamperedError(extra, "there is an entry that the log's state does not know")
    _check_no_more_tiles(tx, size)


def _first_root(head: Head, right: Frontier) -> int:
    """Return the first entry under the first root of the frontier that differs."""
    start, bits = 0, [bit for bit in reversed(range(head.size.bit_length())) if head.size >> bit & 1]
    for at, bit in enumerate(bits):
        if head.frontier[at : at + 1] != (right.stack[at],):
            return start
        start += 1 << bit
    return head.size


def _check_no_more_tiles(tx: Transaction, size: int) -> None:
    for level, least, most, held in ask(tx, "SELECT level, MIN(n), MAX(n), COUNT(*) FROM log_tile GROUP BY level"):
        full = size // WIDTH ** (level + 1)
        if least < 0 or most >= full or held > full:
            raise LedgerTamperedError(size, f"there is a tile {most} of level {level} past the end of the log")


class _Checkpoints:
    """Every checkpoint, stored or kept elsewhere, smallest first, each held against the root as the leaves go by."""

    def __init__(self, tx: Transaction, key: VerifierKey, kept: Sequence[bytes]) -> None:
        self._key = key
        size = attrgetter("size")
        self._rows = merge(self._read(tx), sorted((verify_checkpoint(note, key) for note in kept), key=size), key=size)
        self._next = next(self._rows, None)
        self.seen = 0
        self.covered = 0

    def _read(self, tx: Transaction) -> Iterator[Checkpoint]:
        last = -1
        while rows := ask(tx, "SELECT size, note FROM log_checkpoint WHERE size > ? ORDER BY size LIMIT 1000", (last,)):
            for size, note in rows:
                yield self._open(size, bytes(note))
                last = size

    def _open(self, size: int, note: bytes) -> Checkpoint:
        try:
            checkpoint = verify_checkpoint(note, self._key)
        except LedgerError as error:
            raise LedgerTamperedError(size, f"the checkpoint of size {size} is not the log's: {error}") from error
        if checkpoint.size != size:
            raise LedgerTamperedError(size, f"the checkpoint kept as size {size} is one of size {checkpoint.size}")
        return checkpoint

    def pass_by(self, frontier: Frontier, leaves: list[bytes]) -> None:
        """Check every checkpoint whose size lies within the `leaves` that come after `frontier`."""
        start, end = frontier.size, frontier.size + len(leaves)
        if self._next is None or self._next.size > end:
            return
        growing = Frontier(start, frontier.stack)
        while self._next is not None and self._next.size <= end:
            for leaf in leaves[growing.size - start : self._next.size - start]:
                growing.push(leaf)
            self._check(self._next, growing)
            self._next = next(self._rows, None)

    def _check(self, checkpoint: Checkpoint, growing: Frontier) -> None:
        if growing.root() != checkpoint.root:
            what = f"the entries up to the checkpoint of size {checkpoint.size} are not those that were signed"
            raise LedgerTamperedError(self.covered, what)
        self.seen += checkpoint.size > self.covered
        self.covered = checkpoint.size

    def finish(self, size: int) -> None:
        """Refuse a checkpoint that is longer than the log."""
        if self._next is not None:
            raise LedgerTamperedError(size, f"a log of {self._next.size} entries was signed, and only {size} are there")
