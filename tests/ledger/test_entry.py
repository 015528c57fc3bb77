# SPDX-License-Identifier: Apache-2.0
"""An entry is one canonical encoding: it reads back, and no second encoding of it is accepted."""

import json
from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keshou.errors import KeshouError
from keshou.ledger.entry import Header, commit, decode, encode, fact_json, to_text
from keshou.ledger.errors import EntryError

ids = st.text(st.characters(codec="utf-8"), max_size=12)
some = st.lists(ids, max_size=3).map(tuple)
counts = st.integers(0, 2**53 - 1)
facts = st.dictionaries(
    st.text("abcdefgh_", min_size=1), st.recursive(ids | counts | st.booleans(), lambda x: st.lists(x, max_size=3))
)
headers = st.builds(
    Header,
    c=st.binary(min_size=32, max_size=32).map(to_text),
    cites=some,
    count=counts,
    decision=st.sampled_from(["", "permit", "deny"]),
    event=ids,
    fact=st.just(msgspec.UNSET) | facts.map(fact_json),
    items=some,
    keys=some,
    purpose=ids,
    revision=counts,
    t=counts,
    who=ids,
)


@given(headers)
def test_what_is_encoded_decodes_to_the_same_and_is_canonical_json(header):
    body = encode(header)
    assert encode(decode(body)) == body
    assert body == json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert body.startswith(b'{"V":1,')


BODY = encode(Header(event="query", t=1, items=("name",), count=3))

REFUSED = {
    "space": BODY.replace(b",", b", ", 1),
    "other order": b'{"V":1,"event":"query","count":3,"items":["name"],"t":1}',
    "default written out": b'{"V":1,"count":0,"event":"query","t":1}',
    "unknown name": b'{"V":1,"event":"query","t":1,"zeal":1}',
    "name twice": b'{"V":1,"event":"query","t":1,"t":1}',
    "other version": BODY.replace(b'"V":1', b'"V":2'),
    "no version": BODY.replace(b'"V":1,', b""),
    "no time": b'{"V":1,"event":"query"}',
    "escaped": BODY.replace(b"query", b"quer\\u0079"),
    "number with a point": BODY.replace(b'"t":1', b'"t":1.0'),
    "too large a number": BODY.replace(b'"t":1', b'"t":%d' % 2**53),
    "negative": BODY.replace(b'"t":1', b'"t":-1'),
    "unknown decision": b'{"V":1,"decision":"maybe","event":"query","t":1}',
    "fact out of order": b'{"V":1,"event":"fact:x","fact":{"b":1,"a":2},"t":1}',
    "fact with a space": b'{"V":1,"event":"fact:x","fact":{"a": 2},"t":1}',
    "fact with a point": b'{"V":1,"event":"fact:x","fact":{"a":2.5},"t":1}',
    "fact with a number twice": b'{"V":1,"event":"fact:x","fact":{"a":2,"a":2},"t":1}',
    "trailing": BODY + b"\n",
    "not text": b"\xff",
    "nothing": b"",
}


@pytest.mark.parametrize("case", REFUSED)
def test_no_second_encoding_is_accepted(case):
    assert REFUSED[case] != BODY
    with pytest.raises(EntryError):
        decode(REFUSED[case])


UNREADABLE = {
    "a whole number too large": {"a": 2**53},
    "too large, negative": {"a": -(2**53)},
    "far too large": {"a": 2**70},
    "a point": {"a": 2.5},
    "a whole number with a point": {"a": 2.0},
    "deep inside": {"a": [{"b": (1, frozenset({0.5}))}]},
    "not a number": {"a": float("nan")},
    "without end": [float("inf")],
    "no JSON at all": {"a": object()},
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_fact_that_would_not_read_back_is_refused_before_it_is_written(case):
    with pytest.raises(EntryError):
        fact_json(UNREADABLE[case])


@pytest.mark.parametrize("number", [0, -1, 2**53 - 1, 1 - 2**53])
def test_the_largest_numbers_a_fact_may_hold_read_back(number):
    fact = fact_json({"a": number, "b": frozenset({number})})
    assert decode(encode(Header(event="fact:x", t=1, fact=fact))).fact == fact


def test_an_entry_too_long_for_a_bundle_is_refused():
    with pytest.raises(EntryError):
        encode(Header(event="query", t=1, who="x" * 65_535))


def test_a_commitment_is_over_a_prefix_the_salt_and_the_payload():
    salt = bytes(range(32))
    assert commit(salt, b"payload") == sha256(b"\x02" + salt + b"payload").digest()
    assert commit(salt, b"payload") != commit(bytes(32), b"payload")


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_salt_of_another_length_is_refused(length):
    with pytest.raises(KeshouError):
        commit(bytes(length), b"")
