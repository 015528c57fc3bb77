# SPDX-License-Identifier: Apache-2.0
"""What a room sealed opens as it was, under its own key and context alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keshou.errors import IntegrityError
from keshou.sealing import Box, derive


class BrokenError(IntegrityError):
    def __init__(self) -> None:
        super().__init__("not what was written")


BOX = Box(derive(bytes(32), "a use"), BrokenError)


@given(st.binary(max_size=80), st.binary(max_size=20))
def test_what_is_sealed_opens_as_it_was_and_never_looks_the_same_twice(value: bytes, context: bytes) -> None:
    sealed = BOX.close(value, context)
    assert BOX.open(sealed, context) == value
    assert BOX.close(value, context) != sealed


def test_altered_in_any_bit_or_cut_anywhere_it_does_not_open() -> None:
    sealed = BOX.close(b"value", b"context")
    altered = [
        sealed[:n] + bytes([sealed[n] ^ 1 << bit]) + sealed[n + 1 :] for n in range(len(sealed)) for bit in range(8)
    ]
    for each in [*altered, *(sealed[:n] for n in range(len(sealed))), sealed + b"x"]:
        with pytest.raises(BrokenError):
            BOX.open(each, b"context")


@pytest.mark.parametrize("other", [derive(bytes(32), "another use"), derive(b"\1" * 32, "a use")])
def test_it_opens_in_no_other_context_and_under_no_other_key(other: bytes) -> None:
    sealed = BOX.close(b"value", b"context")
    with pytest.raises(BrokenError):
        BOX.open(sealed, b"another")
    with pytest.raises(BrokenError):
        Box(other, BrokenError).open(sealed, b"context")
