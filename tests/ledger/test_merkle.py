# SPDX-License-Identifier: Apache-2.0
"""The tree gives the roots and proofs of RFC 6962, and refuses every altered one."""

import base64
import json
import random
from hashlib import sha256
from pathlib import Path

import pytest

from keshou.ledger import merkle
from keshou.ledger.errors import ProofError
from keshou.ledger.tile import TileName, TileWriter

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "transparency.json").read_text())


def slow_root(hashes: list[bytes]) -> bytes:
    """Follow RFC 6962 section 2.1 to the letter, slowly."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + slow_root(hashes[:k]) + slow_root(hashes[k:])).digest()


def leaves(number: int) -> list[bytes]:
    return [merkle.leaf_hash(index.to_bytes(8, "big")) for index in range(number)]


def source_of(hashes: list[bytes]) -> merkle.NodeSource:
    """Give the nodes of a tree held in memory."""
    levels = [hashes]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([merkle.node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return lambda height, index: levels[height][index]


def raw(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def hashes_of(case: dict) -> list[bytes]:
    return [raw(each) for each in case["proof"] or []]


@pytest.mark.parametrize("case", VECTORS["inclusion"], ids=lambda case: case["file"])
def test_a_foreign_inclusion_case_is_judged_as_its_makers_judge_it(case):
    arguments = (raw(case["leafHash"]), case["leafIdx"], case["treeSize"], hashes_of(case), raw(case["root"]))
    if case["wantErr"] or case.get("short_root"):
        with pytest.raises(ProofError):
            merkle.check_inclusion(*arguments)
    else:
        merkle.check_inclusion(*arguments)


@pytest.mark.parametrize("case", VECTORS["consistency"], ids=lambda case: case["file"])
def test_a_foreign_consistency_case_is_judged_as_its_makers_judge_it(case):
    arguments = (case["size1"], case["size2"], hashes_of(case), raw(case["root1"]), raw(case["root2"]))
    refused = case["wantErr"] or case.get("short_root")
    if case["size1"] == 0 and arguments[0] <= arguments[1] and not arguments[2]:
        refused = arguments[3] != merkle.EMPTY_ROOT or len(arguments[4]) != 32
        refused = refused or (case["size2"] == 0 and arguments[4] != merkle.EMPTY_ROOT)
    if refused:
        with pytest.raises(ProofError):
            merkle.check_consistency(*arguments)
    else:
        merkle.check_consistency(*arguments)


def test_the_eight_well_known_leaves_give_the_well_known_roots():
    hashes = [merkle.leaf_hash(bytes.fromhex(each)) for each in VECTORS["leaves_hex"]]
    frontier = merkle.Frontier()
    for size, root in enumerate(VECTORS["roots_sha256_hex"]):
        assert frontier.root().hex() == root
        if size < len(hashes):
            frontier.push(hashes[size])


def test_every_size_to_600_gives_the_root_of_the_slow_twin():
    hashes = leaves(600)
    frontier, writer = merkle.Frontier(), TileWriter(merkle.Frontier())
    for size in range(601):
        root = slow_root(hashes[:size])
        assert frontier.root() == root
        assert merkle.tree_root(source_of(hashes[:size]), size) == root
        assert merkle.Frontier.unpack(size, frontier.packed).root() == root
        if size < 600:
            frontier.push(hashes[size])
    writer.extend(hashes)
    assert writer.frontier.root() == frontier.root()


def test_random_proofs_hold_and_every_altered_one_is_refused():
    hashes, chance = leaves(600), random.Random(24)
    for _ in range(150):
        size = chance.randrange(2, 601)
        index, old = chance.randrange(size), chance.randrange(1, size)
        source, root = source_of(hashes[:size]), slow_root(hashes[:size])
        proof = merkle.prove_inclusion(source, index, size)
        merkle.check_inclusion(hashes[index], index, size, proof, root)
        for altered in alterations(proof, chance):
            with pytest.raises(ProofError):
                merkle.check_inclusion(hashes[index], index, size, altered, root)
        proof, old_root = merkle.prove_consistency(source, old, size), slow_root(hashes[:old])
        merkle.check_consistency(old, size, proof, old_root, root)
        for altered in alterations(proof, chance):
            with pytest.raises(ProofError):
                merkle.check_consistency(old, size, altered, old_root, root)


def alterations(proof, chance):
    """Yield the proof with each hash dropped, doubled, or one bit of it flipped, and with one more at the end."""
    for at, hash_ in enumerate(proof):
        flipped = bytearray(hash_)
        flipped[chance.randrange(32)] ^= 1 << chance.randrange(8)
        yield [*proof[:at], *proof[at + 1 :]]
        yield [*proof[:at], hash_, *proof[at:]]
        yield [*proof[:at], bytes(flipped), *proof[at + 1 :]]
        yield [*proof[:at], hash_[:-1], *proof[at + 1 :]]
    yield [*proof, bytes(32)]


def test_every_single_bit_of_a_proof_counts():
    hashes = leaves(11)
    root = slow_root(hashes)
    proof = merkle.prove_inclusion(source_of(hashes), 5, 11)
    for at, hash_ in enumerate(proof):
        for bit in range(256):
            flipped = (int.from_bytes(hash_, "big") ^ (1 << bit)).to_bytes(32, "big")
            with pytest.raises(ProofError):
                merkle.check_inclusion(hashes[5], 5, 11, [*proof[:at], flipped, *proof[at + 1 :]], root)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_proof_is_made_for_an_entry_that_is_not_there(index, size):
    with pytest.raises(ProofError):
        merkle.prove_inclusion(source_of(leaves(3)), index, size)


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (-1, 3)])
def test_no_proof_is_made_between_sizes_out_of_order(old, new):
    with pytest.raises(ProofError):
        merkle.prove_consistency(source_of(leaves(3)), old, new)


def test_a_frontier_of_the_wrong_length_is_refused():
    with pytest.raises(ProofError):
        merkle.Frontier(3, [bytes(32)])


def test_the_tiles_of_70000_leaves_are_those_others_compute():
    known, hashes = VECTORS["tiles_70000"], leaves(70_000)
    writer = TileWriter(merkle.Frontier())
    writer.extend(hashes)
    full = {TileName(level, n): data for level, n, data in writer.take()}
    assert writer.frontier.root().hex() == known["root"]
    assert sha256(full[TileName(0, 0)]).hexdigest() == known["sha256_of_tile_0_000"]
    assert sha256(b"".join(hashes[273 * 256 :])).hexdigest() == known["sha256_of_tile_0_273_p_112"]
    assert full[TileName(1, 0)][:32].hex() == known["tile_1_000_first_hash"]
    assert writer.edges[2].hex() == known["tile_2_000_p_1"]
    assert len(writer.edges[1]) == 17 * 32
