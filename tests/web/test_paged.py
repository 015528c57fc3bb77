# SPDX-License-Identifier: Apache-2.0
"""Lists come by pages: whole, in order, once, whatever is added meanwhile."""

import base64
import re

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from keshou.web.api.paged import PATTERN, after, cursor_of, name_after, page
from keshou.web.errors import MalformedError


@given(st.sets(st.text(min_size=1)), st.integers(1, 7))
def test_pages_hold_everything_once_and_in_order(names: set[str], limit: int) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        found = page(names, str, cursor, limit)
        assert len(found.items) <= limit
        seen += found.items
        cursor = found.next
        if not cursor:
            break
    assert seen == sorted(names)


def test_what_is_added_before_a_page_moves_nothing_in_the_next() -> None:
    first = page(["b", "d", "f"], str, "", 2)
    assert page(["a", "b", "c", "d", "f"], str, first.next, 2).items == ["f"]


@given(st.text(alphabet="AZaz09_-", min_size=1))
def test_a_cursor_is_read_or_refused(text: str) -> None:
    try:
        assert cursor_of(after(text)) == text
    except MalformedError:
        event("refused")


@pytest.mark.parametrize("cursor", ["A", "====", "a b", "%", "AB"])
def test_a_cursor_that_no_page_gave_is_refused(cursor: str) -> None:
    with pytest.raises(MalformedError):
        after(cursor)


@given(st.binary(max_size=40))
def test_whatever_the_document_calls_a_cursor_is_a_place_in_the_list(key: bytes) -> None:
    text = base64.urlsafe_b64encode(key).rstrip(b"=").decode()
    assert re.fullmatch(PATTERN, text)
    assert page(["b"], str, text, 1).items == (["b"] if not key or after(text) < "b" else [])


@given(st.binary(max_size=6), st.lists(st.text("az09-~", min_size=1, max_size=6), max_size=8))
def test_a_list_by_name_goes_on_from_any_cursor_by_text_that_a_database_takes(place: bytes, names: list[str]) -> None:
    cursor = cursor_of(place.decode(errors="surrogateescape"))
    since, key = name_after(cursor), after(cursor)
    assert "\0" not in since
    assert since.isascii()
    assert [each > since for each in names] == [each > key for each in names]
