# SPDX-License-Identifier: Apache-2.0
"""Tiles stand where other readers look for them, and hold what those expect."""

import random

import pytest

from keshou.ledger import merkle
from keshou.ledger.errors import FormatError
from keshou.ledger.tile import TileName, TileWriter, bundle, bundles_of, parse_path, tiles_of, unbundle

PATHS = [
    ("tile/0/000", TileName(0, 0)),
    ("tile/0/x001/x234/067", TileName(0, 1_234_067)),
    ("tile/15/x455/667", TileName(15, 455_667)),
    ("tile/15/x123/x456/789.p/41", TileName(15, 123_456_789, 41)),
    ("tile/63/x999/x999/x999/x999/x999/999.p/255", TileName(63, 999_999_999_999_999_999, 255)),
    ("tile/entries/x001/000.p/1", TileName(None, 1000, 1)),
]

NO_PATHS = [
    "tile/64/000",
    "tile/-1/000",
    "tile/00/000",
    "tile/0/x001/0002",
    "tile/0/x001/",
    "tile/0/001/002",
    "tile/0/x000/001",
    "tile/0/000.p/",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/01",
    "tile/0/0",
    "tile/0/000\n",
    "/tile/0/000",
    "tile/0/٠٠٠",
    "",
]


@pytest.mark.parametrize(("path", "name"), PATHS)
def test_a_path_names_its_tile_and_the_tile_its_path(path, name):
    assert parse_path(path) == name
    assert name.path == path


@pytest.mark.parametrize("path", NO_PATHS)
def test_what_is_no_path_of_a_tile_is_refused(path):
    with pytest.raises(FormatError):
        parse_path(path)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000])
def test_the_writer_gives_every_tile_a_reader_may_ask_for(size):
    writer = TileWriter(merkle.Frontier())
    writer.extend([bytes(32)] * size)
    have = {TileName(level, n) for level, n, _data in writer.take()}
    have |= {TileName(level, size >> 8 * (level + 1), len(data) // 32) for level, data in writer.edges.items() if data}
    if size % 256:
        have.add(TileName(0, size // 256, size % 256))
    assert set(tiles_of(size)) == have
    assert sum(name.width for name in bundles_of(size)) == size


def test_the_tiles_of_70000_are_full_ones_and_three_partial_ones():
    names = list(tiles_of(70_000))
    assert [name.path for name in names if name.width < 256] == [
        "tile/0/273.p/112",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ]
    assert len(names) == 273 + 1 + 1 + 1 + 1


def test_any_cutting_into_batches_gives_the_same_tiles():
    hashes = [merkle.leaf_hash(bytes([index % 251])) for index in range(2000)]
    whole = TileWriter(merkle.Frontier())
    whole.extend(hashes)
    chance, edges, full, frontier, at = random.Random(25), {0: b""}, [], merkle.Frontier(), 0
    while at < len(hashes):
        stop = min(len(hashes), at + chance.randrange(1, 700))
        edges[0] = b"".join(hashes[at - at % 256 : at])
        writer = TileWriter(frontier, lambda level: edges.get(level, b""))
        writer.extend(hashes[at:stop])
        edges.update(writer.edges)
        full += writer.take()
        at, frontier = stop, writer.frontier
    assert full == whole.take()
    assert frontier.root() == whole.frontier.root()
    assert edges[1] == whole.edges[1]


def test_a_bundle_is_lengths_and_entries_and_opens_again():
    entries = [b"one", b"two", b"three", b"", bytes(65_535)]
    assert bundle(entries[:3]).hex() == "00036f6e65000374776f00057468726565"
    assert unbundle(bundle(entries)) == entries
    with pytest.raises(FormatError):
        bundle([bytes(65_536)])


@pytest.mark.parametrize("cut", [1, 2, 4])
def test_a_cut_bundle_is_refused(cut):
    with pytest.raises(FormatError):
        unbundle(bundle([b"one", b"two"])[:-cut])
