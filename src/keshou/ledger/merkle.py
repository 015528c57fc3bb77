# SPDX-License-Identifier: Apache-2.0
r"""RFC 6962 tree: hashes, roots, proofs, and their verification, which raises.

::

            root of 7            inner nodes hash 0x01 || left || right,
           /         \            leaves hash 0x00 || entry;
        0..3         4..6        the left part is the largest power of two
        /   \       /    \        strictly below the size, and a lone right
     0..1  2..3   4..5    6      part is carried up as it is

A *node source* gives the root of any complete subtree: ``source(height, index)`` is the root over leaves
``index * 2**height`` up to ``(index + 1) * 2**height``.

Source: RFC 6962 section 2.1, RFC 9162 sections 2.1.3.2 and 2.1.4.2.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

from keshou.ledger.errors import ProofError

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

NodeSource = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry as a leaf."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Sequence[bytes]) -> list[bytes]:
    """Return the leaf hash of each entry; the fast way for many."""
    hash_ = sha256
    return [hash_(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over its two parts, 32 bytes each."""
    return sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over `hashes`, whose number is a power of two."""
    hash_ = sha256
    while len(hashes) > 1:
        pairs = iter(hashes)
        hashes = [hash_(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return hashes[0]


def split(size: int) -> int:
    """Return the number of leaves of the left part: the largest power of two below `size`, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


class Frontier:
    """All a writer needs to extend the tree: the roots of its complete subtrees, largest (leftmost) first.

    There is one root for each set bit of `size`. Persisted as `packed`.
    """

    __slots__ = ("size", "stack")

    def __init__(self, size: int = 0, stack: Sequence[bytes] = ()) -> None:
        if size < 0 or len(stack) != size.bit_count():
            raise ProofError(f"a frontier of {len(stack)} roots cannot belong to a tree of {size}")
        self.size = size
        self.stack = list(stack)

    @classmethod
    def unpack(cls, size: int, packed: bytes) -> "Frontier":
        """Return the frontier stored as `packed` for a tree of `size`."""
        return cls(size, chunks(packed))

    @property
    def packed(self) -> bytes:
        """The roots one after the other, 32 bytes each."""
        return b"".join(self.stack)

    def push(self, root: bytes, height: int = 0) -> None:
        """Append a complete subtree of ``2**height`` leaves; `size` is a multiple of that number."""
        parent = self.size >> height
        while parent & 1:
            root = node_hash(self.stack.pop(), root)
            parent >>= 1
        self.stack.append(root)
        self.size += 1 << height

    def trim(self, height: int) -> None:
        """Drop the leaves past the last multiple of ``2**height``."""
        extra = self.size & ((1 << height) - 1)
        if extra:
            del self.stack[-extra.bit_count() :]
            self.size -= extra

    def root(self) -> bytes:
        """Return the root of the tree."""
        if not self.stack:
            return EMPTY_ROOT
        root = self.stack[-1]
        for left in reversed(self.stack[:-1]):
            root = node_hash(left, root)
        return root


def root_over(leaves: Sequence[bytes]) -> bytes:
    """Return the root over `leaves`, as they are before they are hashed."""
    tree = Frontier()
    for leaf in leaves:
        tree.push(leaf_hash(leaf))
    return tree.root()


def chunks(packed: bytes) -> list[bytes]:
    """Return the 32-byte hashes of which `packed` consists; a rest that is no whole hash is the last one."""
    return [packed[at : at + HASH_SIZE] for at in range(0, len(packed), HASH_SIZE)]


def range_root(source: NodeSource, start: int, stop: int) -> bytes:
    """Return the root over leaves `start` to `stop`, a part as the tree splits it; ``0 <= start < stop``."""
    width = stop - start
    if width & (width - 1) == 0:
        height = width.bit_length() - 1
        return source(height, start >> height)
    middle = start + split(width)
    return node_hash(range_root(source, start, middle), range_root(source, middle, stop))


def tree_root(source: NodeSource, size: int) -> bytes:
    """Return the root of the tree of `size` leaves."""
    return range_root(source, 0, size) if size else EMPTY_ROOT


def prove_inclusion(source: NodeSource, index: int, size: int) -> list[bytes]:
    """Return the siblings from leaf `index` up to the root of the tree of `size`; ``0 <= index < size``.

    Raises:
        ProofError: there is no such leaf in that tree.

    """
    if not 0 <= index < size:
        raise ProofError(f"entry {index} is not in a log of {size} entries")
    start, stop, siblings = 0, size, []
    while stop - start > 1:
        middle = start + split(stop - start)
        if index < middle:
            siblings.append((middle, stop))
            stop = middle
        else:
            siblings.append((start, middle))
            start = middle
    return [range_root(source, *sibling) for sibling in reversed(siblings)]


def prove_consistency(source: NodeSource, old: int, new: int) -> list[bytes]:
    """Return what shows that the tree of `new` leaves begins with the tree of `old`; ``0 < old <= new``.

    Raises:
        ProofError: the sizes are not so.

    """
    if not 0 < old <= new:
        raise ProofError(f"no log of {new} entries can be shown to extend one of {old}")
    start, stop, parts = 0, new, []
    whole = True
    while stop != old:
        middle = start + split(stop - start)
        if old <= middle:
            parts.append((middle, stop))
            stop = middle
        else:
            parts.append((start, middle))
            start, whole = middle, False
    if not whole:
        parts.append((start, stop))
    return [range_root(source, *part) for part in reversed(parts)]


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that `leaf` is leaf `index` of the tree of `size` whose root is `root`.

    Raises:
        ProofError: it is not shown to be.

    """
    if not 0 <= index < size:
        raise ProofError(f"entry {index} is not in a log of {size} entries")
    _check_lengths((leaf, root, *proof))
    if len(proof) != _inclusion_length(index, size):
        raise ProofError(f"the proof for entry {index} of {size} has {len(proof)} hashes")
    at, last, computed = index, size - 1, leaf
    for sibling in proof:
        if at & 1 or at == last:
            computed = node_hash(sibling, computed)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        at, last = at >> 1, last >> 1
    if last != 0 or computed != root:
        raise ProofError(f"the proof does not lead from entry {index} to the root of {size} entries")


def check_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Check that the tree of `new` leaves begins with the tree of `old`; ``0 <= old <= new``.

    From the empty tree everything follows, with an empty proof; equal sizes need an empty proof and equal roots.

    Raises:
        ProofError: it is not shown to.

    """
    if not 0 <= old <= new:
        raise ProofError(f"no log of {new} entries can extend one of {old}")
    _check_lengths((old_root, new_root, *proof))
    if old in {0, new}:
        _check_trivial(old, new, proof, old_root, new_root)
        return
    if not proof:
        raise ProofError("the proof is empty")
    computed_old, computed_new = _climb(old, new, [old_root, *proof] if old & (old - 1) == 0 else proof)
    if computed_old != old_root or computed_new != new_root:
        raise ProofError(f"the log of {new} entries does not begin with the log of {old}")


def _check_trivial(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    if proof:
        raise ProofError("nothing was to be proven, yet the proof has hashes")
    if (old == 0 and old_root != EMPTY_ROOT) or (old == new and old_root != new_root):
        raise ProofError(f"two roots for a log of {old} entries")


def _climb(old: int, new: int, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the roots of the old and the new tree that `proof` leads to."""
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    computed_old = computed_new = proof[0]
    for sibling in proof[1:]:
        if last == 0:
            raise ProofError("the proof is too long")
        if at & 1 or at == last:
            computed_old, computed_new = node_hash(sibling, computed_old), node_hash(sibling, computed_new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            computed_new = node_hash(computed_new, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofError("the proof is too short")
    return computed_old, computed_new


def _inclusion_length(index: int, size: int) -> int:
    inner = (index ^ (size - 1)).bit_length()
    return inner + (index >> inner).bit_count()


def _check_lengths(hashes: Sequence[bytes]) -> None:
    if any(not isinstance(each, bytes) or len(each) != HASH_SIZE for each in hashes):
        raise ProofError("a hash that is not 32 bytes")
