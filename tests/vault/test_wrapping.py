# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keshou.vault.errors import SealBrokenError
from keshou.vault.wrapping import WrappingKey, join

# The two published vectors of C2SP XAES-256-GCM: with each of the two values of the mask's carry.
VECTORS = [
    (b"\x01", b"XAES-256-GCM", b"", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
    (b"\x03", b"XAES-256-GCM", b"c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
]


@pytest.mark.parametrize(("byte", "plaintext", "context", "expected"), VECTORS)
def test_it_is_xaes_256_gcm(byte: bytes, plaintext: bytes, context: bytes, expected: str) -> None:
    sealed = WrappingKey(byte * 32).encrypt(b"ABCDEFGHIJKLMNOPQRSTUVWX", plaintext, context)
    assert sealed.hex() == expected


def test_a_wrapped_key_altered_in_any_bit_or_cut_at_any_length_does_not_unwrap() -> None:
    key = WrappingKey(b"\x01" * 32)
    wrapped = key.wrap(b"d" * 32, b"c")
    altered = [wrapped[:length] for length in range(len(wrapped))] + [wrapped + b"\0"]
    for bit in range(len(wrapped) * 8):
        flipped = bytearray(wrapped)
        flipped[bit // 8] ^= 1 << bit % 8
        altered.append(bytes(flipped))
    for other in altered:
        with pytest.raises(SealBrokenError):
            key.unwrap(other, b"c")
    assert key.unwrap(wrapped, b"c") == b"d" * 32


def test_one_key_wrapped_twice_never_looks_the_same() -> None:
    key = WrappingKey(b"\x01" * 32)
    assert len({key.wrap(b"d" * 32, b"")[2:26] for _ in range(2000)}) == 2000


@given(st.lists(st.binary(max_size=8), max_size=5), st.lists(st.binary(max_size=8), max_size=5))
def test_different_parts_never_join_to_the_same_bytes(one: list[bytes], other: list[bytes]) -> None:
    assert (join(one) == join(other)) == (one == other)
