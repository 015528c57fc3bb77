# SPDX-License-Identifier: Apache-2.0
"""What a room sealed opens as it was, under its own key and context alone, and says its suite; older rows open too."""

import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from keshou.errors import IntegrityError
from keshou.sealing import Box, derive
from keshou.suite import CHINESE, INTERNATIONAL, SUITES, Sm4Gcm, Suite, hmac_sm3

KEY = derive(bytes(32), "a use")
BOTH = pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.name)


class BrokenError(IntegrityError):
    def __init__(self) -> None:
        super().__init__("not what was written")


BOXES = {name: Box(KEY, BrokenError, suite) for name, suite in SUITES.items()}


@BOTH
@given(value=st.binary(max_size=80), context=st.binary(max_size=20))
def test_what_is_sealed_opens_as_it_was_and_never_looks_the_same_twice(
    suite: Suite, value: bytes, context: bytes
) -> None:
    box = BOXES[suite.name]
    sealed = box.close(value, context)
    assert box.open(sealed, context) == value
    assert box.close(value, context) != sealed


@BOTH
def test_altered_in_any_bit_or_cut_anywhere_it_does_not_open(suite: Suite) -> None:
    sealed = BOXES[suite.name].close(b"value", b"context")
    altered = [
        sealed[:n] + bytes([sealed[n] ^ 1 << bit]) + sealed[n + 1 :] for n in range(len(sealed)) for bit in range(8)
    ]
    for each in [*altered, *(sealed[:n] for n in range(len(sealed))), sealed + b"x", sealed[4:]]:
        with pytest.raises(BrokenError):
            BOXES[suite.name].open(each, b"context")


@BOTH
@pytest.mark.parametrize("other", [derive(bytes(32), "another use"), derive(b"\1" * 32, "a use")])
def test_it_opens_in_no_other_context_and_under_no_other_key(suite: Suite, other: bytes) -> None:
    sealed = BOXES[suite.name].close(b"value", b"context")
    with pytest.raises(BrokenError):
        BOXES[suite.name].open(sealed, b"another")
    with pytest.raises(BrokenError):
        Box(other, BrokenError, suite).open(sealed, b"context")


def test_what_is_sealed_names_its_form_suite_and_key_and_is_in_that_suite() -> None:
    """Opened by the ciphers themselves, as the header says."""
    sealed = BOXES["international"].close(b"value", b"context")
    head, nonce, rest = sealed[:4], sealed[4:16], sealed[16:]
    assert head == bytes([1, INTERNATIONAL.algorithm, 0, 1])
    assert AESGCM(KEY).decrypt(nonce, rest, head + b"context") == b"value"

    sealed = BOXES["chinese"].close(b"value", b"context")
    head, nonce, rest = sealed[:4], sealed[4:16], sealed[16:]
    assert head == bytes([1, CHINESE.algorithm, 0, 1])
    sm4 = Sm4Gcm(hmac_sm3(KEY, b"keshou:sm4-gcm\x01")[:16])
    assert sm4.decrypt(nonce, rest, head + b"context") == b"value"


@BOTH
def test_a_site_that_changed_its_suite_opens_what_it_sealed_before(suite: Suite) -> None:
    for other in BOXES.values():
        assert BOXES[suite.name].open(other.close(b"value", b"context"), b"context") == b"value"


@BOTH
def test_what_was_sealed_before_there_was_a_header_opens_whatever_it_begins_with(suite: Suite) -> None:
    for nonce in (os.urandom(12), b"\1\1\0\1" + bytes(8), b"\1\2\0\1" + bytes(8)):
        older = nonce + AESGCM(KEY).encrypt(nonce, b"value", b"context")
        assert BOXES[suite.name].open(older, b"context") == b"value"
        with pytest.raises(BrokenError):
            BOXES[suite.name].open(older, b"another")
