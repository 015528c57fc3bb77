# SPDX-License-Identifier: Apache-2.0
"""Both suites against what the standards print, and nonces that nobody can bring or repeat."""

import hashlib
import hmac
import inspect
import os

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from keshou.suite import CHINESE, INTERNATIONAL, Sm4Gcm, Suite, hmac_sm3, sm3
from keshou.vault.envelope import DataKey, Envelope, Nonces
from keshou.vault.errors import SealBrokenError
from keshou.vault.wrapping import SmWrappingKey, WrappingKey, wrapping_key

BOTH = pytest.mark.parametrize("suite", [INTERNATIONAL, CHINESE], ids=lambda suite: suite.name)
KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")


def test_sm3_is_that_of_its_standard() -> None:
    """GB/T 32905-2016, annex A: examples 1 and 2."""
    assert sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert sm3(b"abcd" * 16).hex() == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"


def test_sm4_is_that_of_its_standard() -> None:
    """GB/T 32907-2016, annex A: one block, and the same block a million times over would be example 2."""
    block = Cipher(algorithms.SM4(KEY), modes.ECB()).encryptor()  # noqa: S305 - the standard's example is one block
    assert block.update(KEY).hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_gcm_is_that_of_rfc_8998() -> None:
    """RFC 8998, appendix A.1."""
    nonce, about = bytes.fromhex("00001234567800000000abcd"), bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = bytes.fromhex("".join(letter * 16 for letter in "abcdefea"))
    sealed = bytes.fromhex(
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )
    assert Sm4Gcm(KEY).encrypt(nonce, plain, about) == sealed
    assert Sm4Gcm(KEY).decrypt(nonce, sealed, about) == plain
    for broken in (sealed[:-1], sealed[:15], b"", sealed[:-1] + bytes([sealed[-1] ^ 1]), b"\0" + sealed[1:]):
        with pytest.raises(InvalidTag):
            Sm4Gcm(KEY).decrypt(nonce, broken, about)


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_hmac_sm3_is_built_as_rfc_2104_says(key: bytes, data: bytes) -> None:
    """Written out from RFC 2104 with the standard's hash; 64-byte blocks (GB/T 32905-2016)."""
    block = (sm3(key) if len(key) > 64 else key).ljust(64, b"\0")
    inner = sm3(bytes(each ^ 0x36 for each in block) + data)
    assert hmac_sm3(key, data) == sm3(bytes(each ^ 0x5C for each in block) + inner)


@given(st.binary(max_size=60))
def test_what_is_derived_is_hkdf(info: bytes) -> None:
    """RFC 5869, with SHA-256 by a second implementation and with SM3 by the same."""
    secret = bytes(range(32))
    assert CHINESE.expand(secret, info) == HKDFExpand(SM3(), 32, info).derive(secret)
    assert INTERNATIONAL.expand(secret, info) == hmac.digest(secret, info + b"\x01", hashlib.sha256)


@BOTH
def test_what_a_key_wrapped_opens_for_its_context_alone(suite: Suite) -> None:
    one, other = wrapping_key(bytes(32), suite), wrapping_key(bytes(31) + b"\1", suite)
    wrapped = one.wrap(b"k" * 32, b"context")
    assert (wrapped[:2], len(wrapped)) == (bytes([1, suite.algorithm]), 2 + 24 + 32 + 16)
    assert one.unwrap(wrapped, b"context") == b"k" * 32
    assert one.wrap(b"k" * 32, b"context") != wrapped
    flipped = [wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1 :] for at in range(len(wrapped))]
    for key, altered, context in [(other, wrapped, b"context"), (one, wrapped, b"c"), (one, wrapped[:41], b"context")]:
        with pytest.raises(SealBrokenError):
            key.unwrap(altered, context)
    for altered in flipped:
        with pytest.raises(SealBrokenError):
            one.unwrap(altered, b"context")


def test_each_suite_has_its_own_way_to_wrap() -> None:
    assert isinstance(wrapping_key(bytes(32), INTERNATIONAL), WrappingKey)
    assert isinstance(wrapping_key(bytes(32), CHINESE), SmWrappingKey)


# Nonces


def test_a_nonce_is_the_systems_and_nobody_can_bring_one() -> None:
    assert list(inspect.signature(Nonces.__init__).parameters) == ["self", "count"]
    assert inspect.signature(Envelope.seal).parameters["nonces"].annotation is Nonces
    nonces = Nonces(1)
    nonces.take()
    with pytest.raises(IndexError):
        nonces.take()


@BOTH
def test_the_same_value_sealed_again_and_again_never_has_the_same_nonce(suite: Suite) -> None:
    key, nonces = DataKey(bytes(32), suite), Nonces(20_000)
    sealed = [Envelope("main").seal(key, ("t", "i", "c"), 7, 1, b"value", nonces=nonces) for _ in range(20_000)]
    assert len({record[4:16] for record in sealed}) == len(sealed)
    assert {record[:4] for record in sealed} == {bytes([1, suite.algorithm, 0, 1])}


def test_two_processes_of_one_memory_draw_different_nonces() -> None:
    """What a snapshot or a fork shares is memory, and no nonce comes from there."""
    reader, writer = os.pipe()
    child = os.fork()
    drawn = Nonces(4)
    if child == 0:
        os.write(writer, b"".join(drawn.take() for _ in range(4)))
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reader, 48)
    os.close(reader)
    os.close(writer)
    ours = {drawn.take() for _ in range(4)}
    assert ours & {theirs[at : at + 12] for at in range(0, 48, 12)} == set()
