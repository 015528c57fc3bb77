# SPDX-License-Identifier: Apache-2.0
import hashlib

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from keshou.suite import CHINESE, INTERNATIONAL, Suite
from keshou.vault.envelope import DataKey, Envelope, Nonces, checked_key, key_context
from keshou.vault.errors import SealBrokenError

ABOUT = ("vault_value", "mobile_number", "service")
SECRET = bytes(range(32))


BOTH = pytest.mark.parametrize("suite", [INTERNATIONAL, CHINESE], ids=lambda suite: suite.name)


def seal(plaintext: bytes, site: str = "main", suite: Suite = INTERNATIONAL) -> bytes:
    return Envelope(site).seal(DataKey(SECRET, suite), ABOUT, 7, 1, plaintext, nonces=Nonces(1))


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_as_it_was(plaintext: bytes) -> None:
    assert Envelope("main").open(DataKey(SECRET), ABOUT, 7, 1, seal(plaintext)) == plaintext


def test_a_record_has_the_layout_that_is_documented() -> None:
    record = seal(b"abc")
    assert record[:4] == b"\x01\x01\x00\x01"
    nonce = record[4:16]
    parts = [record[:4], b"main", b"vault_value", b"mobile_number", b"service"]
    parts += [(7).to_bytes(8), (1).to_bytes(4), hashlib.sha256(b"kid" + SECRET).digest()[:16]]
    context = b"".join(len(part).to_bytes(2) + part for part in parts)
    body = AESGCM(SECRET).decrypt(nonce, record[16:], context)
    assert body == b"\0\0\0\x03abc" + bytes(25)


@pytest.mark.parametrize(
    ("about", "user", "version", "site"),
    [
        (("vault_valu", "mobile_number", "service"), 7, 1, "main"),
        (("vault_value", "fixed_line_number", "service"), 7, 1, "main"),
        (("vault_value", "mobile_number", "registration"), 7, 1, "main"),
        (("vault_valuem", "obile_number", "service"), 7, 1, "main"),
        (ABOUT, 8, 1, "main"),
        (ABOUT, 7, 2, "main"),
        (ABOUT, 7, 0, "main"),
        (ABOUT, 7, 1, "mainx"),
        (ABOUT, 7, 1, ""),
    ],
)
def test_a_record_opens_only_where_it_was_written(
    about: tuple[str, str, str], user: int, version: int, site: str
) -> None:
    with pytest.raises(SealBrokenError):
        Envelope(site).open(DataKey(SECRET), about, user, version, seal(b"value"))


def test_a_record_cut_at_any_length_or_lengthened_does_not_open() -> None:
    record = seal(b"value")
    for other in [*(record[:length] for length in range(len(record))), record + b"\0"]:
        with pytest.raises(SealBrokenError):
            Envelope("main").open(DataKey(SECRET), ABOUT, 7, 1, other)


def test_a_record_with_any_bit_changed_does_not_open() -> None:
    record = seal(b"value")
    for bit in range(len(record) * 8):
        flipped = bytearray(record)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealBrokenError):
            Envelope("main").open(DataKey(SECRET), ABOUT, 7, 1, bytes(flipped))


def test_every_cause_gives_the_same_error() -> None:
    record, told = seal(b"value"), set()
    for key, broken in ((SECRET, record[:10]), (SECRET, b"\x02" + record[1:]), (bytes(32), record), (SECRET, b"")):
        with pytest.raises(SealBrokenError) as caught:
            Envelope("main").open(DataKey(key), ABOUT, 7, 1, broken)
        told.add((str(caught.value), caught.value.hint, caught.value.__cause__))
    assert len(told) == 1


@BOTH
def test_a_record_of_one_suite_is_never_taken_for_one_of_the_other(suite: Suite) -> None:
    other = CHINESE if suite is INTERNATIONAL else INTERNATIONAL
    record, key = seal(b"value", suite=suite), DataKey(SECRET, suite)
    assert record[1] == suite.algorithm
    assert Envelope("main").open(key, ABOUT, 7, 1, record) == b"value"
    relabelled = record[:1] + bytes([other.algorithm]) + record[2:]
    for wrong, altered in ((DataKey(SECRET, other), record), (DataKey(SECRET, other), relabelled), (key, relabelled)):
        with pytest.raises(SealBrokenError):
            Envelope("main").open(wrong, ABOUT, 7, 1, altered)


@BOTH
def test_a_key_tells_its_suite_by_its_id_alone(suite: Suite) -> None:
    assert checked_key(SECRET, DataKey(SECRET, suite).kid).suite is suite
    assert DataKey(SECRET, INTERNATIONAL).kid != DataKey(SECRET, CHINESE).kid


def test_a_key_is_held_to_its_id() -> None:
    assert checked_key(SECRET, DataKey(SECRET).kid).kid == DataKey(SECRET).kid
    for kid in (bytes(16), b"", DataKey(SECRET).kid[:15]):
        with pytest.raises(SealBrokenError):
            checked_key(SECRET, kid)


def test_the_key_id_is_authenticated_so_that_a_record_belongs_to_one_key() -> None:
    key, other = DataKey(SECRET), DataKey(SECRET)
    other.kid = bytes(16)
    with pytest.raises(SealBrokenError):
        Envelope("main").open(other, ABOUT, 7, 1, seal(b"value"))
    assert Envelope("main").open(key, ABOUT, 7, 1, seal(b"value")) == b"value"


def test_length_tells_little() -> None:
    sizes = [len(seal(bytes(length))) for length in range(62)]
    assert set(sizes) == {64, 96, 128}
    assert len(set(sizes[:29])) == 1


def test_uses_of_a_key_are_independent() -> None:
    key = DataKey(SECRET)
    assert len({key.derive(b"a"), key.derive(b"b"), SECRET, DataKey(bytes(32)).derive(b"a")}) == 4


def test_contexts_of_wrapped_keys_differ_by_user_and_class() -> None:
    assert len({key_context(1, "service"), key_context(2, "service"), key_context(1, "record")}) == 3


def test_no_repr_shows_a_key() -> None:
    assert SECRET.hex() not in repr(DataKey(SECRET))
    assert repr(SECRET)[2:-1] not in repr(DataKey(SECRET))
