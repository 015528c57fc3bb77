# SPDX-License-Identifier: Apache-2.0
"""Equal spellings mean the same: every one is taken back to the same value, and nothing else is touched."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keshou.handover.forms import plain, read, write
from keshou.handover.marks import key_of, spelt

KNOWN = {
    "15499990001": {"15499990001", "154 9999 0001", "154-9999-0001", "0086 15499990001"},
    "154****0001": {"154****0001", "154 **** 0001", "154-****-0001", "0086 154****0001"},
    "99010118800101001X": {"99010118800101001X", "99010118800101001x", "990101 18800101 001X", "990101 18800101 001x"},
    "990101188001010018": {"990101188001010018", "990101 18800101 0018"},
    "Kong.Qiu@example.com": {"Kong.Qiu@example.com", "Kong.Qiu@EXAMPLE.COM"},
    "1880-01-02": {"1880-01-02", "1880/01/02", "1880.01.02", "1880年1月2日"},
    "曲阜市阙里街27号": {"曲阜市阙里街27号", "曲阜市阙里街 27 号", "曲阜市阙里街２７号", "曲阜市阙里街 ２７ 号"},
    "阙里(东门)": {"阙里(东门)", "阙里（东门）"},
}  # fmt: skip
LEFT_ALONE = (
    "", "孔丘仲尼", "P-19", "1.10", "12.50", "007", "2026-13-01", "1880-1-2", "25499990001", "1549999000", "a b",
    "买买提·艾力", "ABC 27", "@example.com", "+86 154 9999 0001", "1880-01-02T02:00:00Z", "154 99990001", "null",
)  # fmt: skip


@pytest.mark.parametrize("meant", KNOWN)
def test_each_value_has_just_these_spellings(meant: str) -> None:
    found = {write(meant, lambda _, a=a, b=b, c=c: (a, b, c)) for a in range(4) for b in range(2) for c in range(2)}
    assert found == KNOWN[meant]
    assert {plain(each) for each in found} == {meant}


@pytest.mark.parametrize("value", LEFT_ALONE)
def test_what_has_no_equal_spelling_is_left_to_the_letter(value: str) -> None:
    assert read(value).spots == ()
    assert write(value, lambda _: (3, 3, 3)) == value


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.text(st.sampled_from("孔丘街号东 0123456789aX*@.-/年月日（(),，：+８Ａ"), max_size=24), st.integers(0, 99))
def test_marking_never_changes_what_any_text_means(value: str, key: int) -> None:
    once = spelt(key_of(b"s" * 32, str(key)), value)
    assert plain(once) == plain(value)
    assert plain(plain(value)) == plain(value)
    assert spelt(key_of(b"s" * 32, str(key)), once) == once, "marking again chooses the same"


def test_a_number_with_a_plus_is_understood_and_none_is_written_so() -> None:
    """What begins with a plus is taken for a sum by programs for tables."""
    assert read("+86 15499990001") == ("15499990001", ((4, -1),))
    assert all(spelt(key_of(b"s" * 32, str(n)), "15499990001")[0].isdigit() for n in range(50))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=40))
def test_characters_that_carry_meaning_are_all_kept(value: str) -> None:
    once = spelt(key_of(b"s" * 32, "h"), value)
    if not read(value).spots:
        assert once == value
