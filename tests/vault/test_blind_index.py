# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keshou.vault.blind_index import FINDABLE, Kind, findable, normalise
from keshou.vault.errors import VaultError
from keshou.vault.keys import FileKeys
from keshou.vault.sealer import Sealer

CASES = [
    (Kind.PHONE, "19912345678", "+8619912345678"),
    (Kind.PHONE, " 199 1234 5678 ", "+8619912345678"),
    (Kind.PHONE, "199-1234-5678", "+8619912345678"),
    (Kind.PHONE, "199\u20101234\u20135678", "+8619912345678"),
    (Kind.PHONE, "１９９１２３４５６７８", "+8619912345678"),
    (Kind.PHONE, "+8619912345678", "+8619912345678"),
    (Kind.PHONE, "＋８６ 19912345678", "+8619912345678"),
    (Kind.PHONE, "008619912345678", "+8619912345678"),
    (Kind.PHONE, "8619912345678", "+8619912345678"),
    (Kind.PHONE, "019912345678", "+8619912345678"),
    (Kind.PHONE, "(010) 8888 8888", "+861088888888"),
    (Kind.PHONE, "（０１０）８８８８－８８８８", "+861088888888"),
    (Kind.PHONE, "+86-10-88888888", "+861088888888"),
    (Kind.PHONE, "0755-88888888", "+8675588888888"),
    (Kind.PHONE, "88888888", "88888888"),
    (Kind.PHONE, "+44 20 7946 0000", "+442079460000"),
    (Kind.PHONE, "0044 20 7946 0000", "+442079460000"),
    (Kind.PHONE, "12911111111", "12911111111"),
    (Kind.DOCUMENT, " e 1234-5678 ", "E12345678"),
    (Kind.DOCUMENT, "Ｅ１２３４５６７８", "E12345678"),
    (Kind.DOCUMENT, "00000019000101000x", "00000019000101000X"),
    (Kind.MAIL, " Wang@Example.TEST ", "wang@example.test"),
    (Kind.MAIL, "ｗａｎｇ@example.test", "wang@example.test"),
    (Kind.ACCOUNT, " Wang_01 ", "Wang_01"),
    (Kind.ACCOUNT, "Ｗａｎｇ＿０１", "Wang_01"),
    (Kind.NAME, " 王　小 明 ", "王小明"),
]


@pytest.mark.parametrize(("kind", "written", "normal"), CASES)
def test_equal_values_are_written_alike(kind: Kind, written: str, normal: str) -> None:
    assert normalise(kind, written) == normal


_WRITTEN = st.text("aZ09 -.@_\u3000\uff21\uff41\uff10\uff0d\u738b", max_size=20)


@given(st.sampled_from([kind for kind in Kind if kind is not Kind.PHONE]), _WRITTEN)
def test_a_normal_value_stays_as_it_is(kind: Kind, text: str) -> None:
    once = normalise(kind, text)
    assert normalise(kind, once) == once


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_normal_number_stays_as_it_is(number: str) -> None:
    assert normalise(Kind.PHONE, normalise(Kind.PHONE, number)) == normalise(Kind.PHONE, number) == "+86" + number


def test_a_value_under_two_items_has_two_tags(keys: FileKeys) -> None:
    sealer = Sealer(keys, "main")
    tags = {sealer.tag(item, "19912345678") for item in FINDABLE}
    assert len(tags | {sealer.ref("19912345678")}) == len(FINDABLE) + 1
    assert {len(tag) for tag in tags} == {16}


@pytest.mark.parametrize("item", ["person_name", "sex", "home_address", "birth_date", "unheard_of"])
def test_users_cannot_be_found_by_what_many_share(item: str) -> None:
    with pytest.raises(VaultError, match=item):
        findable(item)
