# SPDX-License-Identifier: Apache-2.0
"""Tokens as nobody in good faith makes them: headers and payloads of every type that JSON has, signed or not."""

import base64
import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
"""Text of any characters, NUL and halves of surrogate pairs among them."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.integers(10**300, 10**301),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
HEADERS = ("alg", "kid", "typ", "crit", "b64", "jwk", "jku", "x5u", "x5c", "x5t", "cty")
CLAIMS = ("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "cid", "scope", "auth_time", "nonce", "sid", "events", "azp")


def objects(names: tuple[str, ...], **usual: Any) -> st.SearchStrategy[Any]:
    """Return objects with any of `names`, each with any value or its usual one; now and then no object at all."""
    each = {name: JSON | st.just(usual[name]) if name in usual else JSON for name in names}
    right = st.fixed_dictionaries({}, optional=each).map(lambda some: usual | some)
    return right | right | JSON | st.just([*usual]) | st.just(" ".join(usual))


def part(said: object) -> str:
    """Return something as one part of a token."""
    raw = said if isinstance(said, bytes) else json.dumps(said).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(header: object, payload: object, sign: Callable[[bytes], bytes] = lambda _: b"x" * 64) -> str:
    """Return a token of whatever `header` and `payload` are, signed by `sign`."""
    text = f"{part(header)}.{part(payload)}"
    return f"{text}.{part(sign(text.encode()))}"
