# SPDX-License-Identifier: Apache-2.0
"""Tiles: 256 hashes to a file, entry bundles beside them, and where each stands in the published folder.

Hash i of tile n at level L is the root over ``256**L`` leaves; level 0 has the leaf hashes themselves. Only full
tiles are hashed into the level above.

Source: C2SP tlog-tiles.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from keshou.ledger.errors import FormatError
from keshou.ledger.merkle import HASH_SIZE, Frontier, chunks, fold

WIDTH = 256
HEIGHT = 8
ENTRY_LIMIT = 65_535
"""Most bytes of an entry: a bundle writes its length in 16 bits."""

_LEVELS = 64
_PATH = re.compile(r"tile/(0|[1-9][0-9]?|entries)/((?:x[0-9]{3}/)*)([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class TileName(NamedTuple):
    """Which tile: `level` 0 to 63 or ``None`` for an entry bundle, its number, and how many of 256 it has."""

    level: int | None
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it stands, e.g. ``tile/0/x001/x234/067.p/41``."""
        rest, groups = self.number // 1000, f"{self.number % 1000:03d}"
        while rest:
            rest, groups = rest // 1000, f"x{rest % 1000:03d}/{groups}"
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{'entries' if self.level is None else self.level}/{groups}{partial}"

    @property
    def full(self) -> "TileName":
        """The same tile once it is full."""
        return self._replace(width=WIDTH)


def parse_path(path: str) -> TileName:
    """Return which tile stands at `path`.

    Raises:
        FormatError: no tile stands there.

    """
    match = _PATH.fullmatch(path, 0)
    if match is None or not path.isascii():
        raise FormatError(f"not the path of a tile: {path!r}")
    level = None if match[1] == "entries" else int(match[1])
    name = TileName(level, int(re.sub(r"[x/]", "", match[2]) + match[3]), int(match[4] or WIDTH))
    if name.path != path or (level is not None and level >= _LEVELS):
        raise FormatError(f"not the path of a tile: {path!r}")
    return name


def tiles_of(size: int) -> Iterator[TileName]:
    """Yield every tile of hashes that a reader of a tree of `size` may ask for."""
    level = 0
    while size:
        for number in range(size // WIDTH):
            yield TileName(level, number)
        if size % WIDTH:
            yield TileName(level, size // WIDTH, size % WIDTH)
        level, size = level + 1, size // WIDTH


def bundles_of(size: int) -> Iterator[TileName]:
    """Yield every entry bundle of a log of `size` entries."""
    return (name._replace(level=None) for name in _level_zero(size))


def _level_zero(size: int) -> Iterator[TileName]:
    for number in range(size // WIDTH):
        yield TileName(0, number)
    if size % WIDTH:
        yield TileName(0, size // WIDTH, size % WIDTH)


def bundle(entries: Sequence[bytes]) -> bytes:
    """Return the entries as a bundle: two bytes of length (big-endian), then the entry, for each.

    Raises:
        FormatError: an entry is longer than 65,535 bytes.

    """
    if any(len(entry) > ENTRY_LIMIT for entry in entries):
        raise FormatError("an entry is too long for a bundle")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unbundle(data: bytes) -> list[bytes]:
    """Return the entries of a bundle.

    Raises:
        FormatError: it ends in the middle of an entry.

    """
    entries, at, end = [], 0, len(data)
    while at < end:
        stop = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if stop > end:
            raise FormatError("a bundle ends in the middle of an entry")
        entries.append(data[at + 2 : stop])
        at = stop
    return entries


class TileWriter:
    """Extends a tree: gives the tiles that became full, the partial tiles that changed, and the new frontier.

    `edge` returns what a level's partial tile holds so far (the roots joined); it is asked only when a tile fills.
    """

    def __init__(self, frontier: Frontier, edge: Callable[[int], bytes] = lambda _level: b"") -> None:
        self.frontier = frontier
        self.full: list[tuple[int, int, bytes]] = []
        """Tiles that became full since last taken: level, number, 8,192 bytes."""
        self.edges: dict[int, bytes] = {}
        """Partial tiles above level 0 as they stand now, where they changed."""
        self._edge = edge

    def extend(self, leaves: list[bytes]) -> None:
        """Append leaf hashes."""
        frontier = self.frontier
        begun = frontier.size % WIDTH
        if begun + len(leaves) >= WIDTH:
            leaves = self._fill(leaves, begun)
        for leaf in leaves:
            frontier.push(leaf)

    def _fill(self, leaves: list[bytes], begun: int) -> list[bytes]:
        """Write every full tile of level 0; return the leaves that are left over."""
        if begun:
            leaves = chunks(self._edge(0)) + leaves
            self.frontier.trim(HEIGHT)
        whole = len(leaves) - len(leaves) % WIDTH
        for at in range(0, whole, WIDTH):
            tile = leaves[at : at + WIDTH]
            self.full.append((0, self.frontier.size // WIDTH, b"".join(tile)))
            root = fold(tile)
            self._raise(1, root)
            self.frontier.push(root, HEIGHT)
        return leaves[whole:]

    def _raise(self, level: int, root: bytes) -> None:
        """Put the root of a full tile into the level above; `frontier.size` is still the size before that tile."""
        held = (self.edges[level] if level in self.edges else self._edge(level)) + root
        if len(held) < WIDTH * HASH_SIZE:
            self.edges[level] = held
            return
        self.edges[level] = b""
        self.full.append((level, self.frontier.size // WIDTH ** (level + 1), held))
        self._raise(level + 1, fold(chunks(held)))

    def take(self) -> list[tuple[int, int, bytes]]:
        """Return the tiles that became full since last asked, lowest level first within one leaf."""
        full, self.full = self.full, []
        return full
