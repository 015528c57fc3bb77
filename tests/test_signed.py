# SPDX-License-Identifier: Apache-2.0
"""Nothing that a token holds raises, whoever made it: it says something, or proves nothing."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st
from joserfc.jwk import OKPKey

from hostile import CLAIMS, HEADERS, JSON, objects, part, token
from keshou.signed import claims_of, header_of

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = OKPKey.import_key(PRIVATE)
LONGEST = 8192
GOOD = {"alg": "Ed25519", "typ": "JWT", "kid": "k1"}


@given(objects(HEADERS, **GOOD), objects(CLAIMS))
@example({"alg": "Ed25519", "crit": 5}, {})
@example({"alg": "Ed25519", "crit": [[]]}, {})
@example({"alg": ["Ed25519"]}, {})
@example(["alg"], {})
@example("alg", {})
@example({"alg": "Ed25519", "b64": None, "crit": ["b64"]}, {})
def test_a_header_of_any_kind_says_an_algorithm_or_nothing(header: Any, payload: Any) -> None:
    found = header_of(token(header, payload), LONGEST)
    assert found is None or isinstance(found["alg"], str)


@given(objects(HEADERS, **GOOD), objects(CLAIMS) | JSON)
@example({"alg": "Ed25519", "crit": 5}, {})
@example({"alg": "Ed25519", "kid": 5}, {})
@example(["alg"], {})
def test_what_the_key_signed_is_an_object_or_nothing_and_what_it_did_not_is_nothing(header: Any, payload: Any) -> None:
    found = claims_of(token(header, payload, PRIVATE.sign), KEY, ["Ed25519"])
    assert found is None or isinstance(found, dict)
    assert claims_of(token(header, payload), KEY, ["Ed25519"]) is None


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: f"{part(raw)}.{part(raw)}.{part(raw)}"))
@example("..")
@example("\ud800.a.b")
@example(f"{part(b'[' * 300)}.{part({})}.")
@example(f"{part(GOOD)}.{part(b'[' * 5000)}.")
def test_any_text_at_all_is_read_without_breaking(text: str) -> None:
    assert header_of(text, LONGEST) in (None, GOOD)
    assert claims_of(text, KEY, ["Ed25519"]) is None


def test_a_payload_too_deep_to_read_says_nothing_though_it_is_signed() -> None:
    assert claims_of(token(GOOD, b"[" * 5000, PRIVATE.sign), KEY, ["Ed25519"]) is None
    assert claims_of(token(GOOD, b'{"a":' * 1200 + b"1" + b"}" * 1200, PRIVATE.sign), KEY, ["Ed25519"]) is None


def test_a_good_token_is_read_and_one_too_long_is_not() -> None:
    good = token(GOOD, {"sub": "u1"}, PRIVATE.sign)
    assert header_of(good, LONGEST) == GOOD
    assert claims_of(good, KEY, ["Ed25519"]) == {"sub": "u1"}
    assert header_of(good, len(good) - 1) is None


@pytest.mark.parametrize("algorithm", ["none", "HS256", "ES256"])
def test_a_token_of_an_algorithm_that_is_not_asked_for_proves_nothing(algorithm: str) -> None:
    assert claims_of(token(GOOD | {"alg": algorithm}, {"sub": "u1"}, PRIVATE.sign), KEY, ["Ed25519"]) is None
