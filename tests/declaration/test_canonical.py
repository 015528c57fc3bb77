# SPDX-License-Identifier: Apache-2.0
import datetime as dt
import json

import msgspec
import pytest
from declarations import BASE, declarations
from hypothesis import given

from keshou.declaration.canonical import decode, digest, encode
from keshou.declaration.errors import DeclarationError


@given(declarations())
def test_what_was_encoded_reads_back_equal_and_encodes_alike(declaration):
    again = decode(encode(declaration))
    assert again == declaration
    assert encode(again) == encode(declaration)


@given(declarations(), declarations())
def test_digests_are_equal_exactly_when_declarations_are(one, other):
    assert (digest(one) == digest(other)) == (one == other)


def test_the_zone_in_which_a_time_is_written_changes_nothing():
    shifted = msgspec.structs.replace(BASE, effective=BASE.effective.astimezone(dt.timezone(dt.timedelta(hours=-5))))
    assert encode(shifted) == encode(BASE)


def test_keys_are_sorted_at_every_depth():
    def keys(pairs):
        names = [name for name, _ in pairs]
        assert names == sorted(names)
        return dict(pairs)

    assert json.loads(encode(BASE), object_pairs_hook=keys)["operator"]["id"] == "carrier"


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"schema":2}'])
def test_what_is_no_declaration_does_not_read_back(data):
    with pytest.raises(DeclarationError, match="cannot be read"):
        decode(data)
