# SPDX-License-Identifier: Apache-2.0
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keshou.db import Database
from keshou.declaration.findable import FINDABLE, LONGEST, Part
from keshou.declaration.findable import Written as Kind
from keshou.declaration.model import FoundBy
from keshou.law.terms import RetentionClass
from keshou.suite import INTERNATIONAL
from keshou.vault.blind_index import LAST_FOUR, SIMPLIFIED, WHOLE, Finding, Way, normalise
from keshou.vault.errors import VaultError
from keshou.vault.keys import FileKeys
from keshou.vault.sealer import Sealer
from keshou.vault.store import Vault

CASES = [
    (Kind.PHONE, "15412345678", "+8615412345678"),
    (Kind.PHONE, " 154 1234 5678 ", "+8615412345678"),
    (Kind.PHONE, "154-1234-5678", "+8615412345678"),
    (Kind.PHONE, "154\u20101234\u20135678", "+8615412345678"),
    (Kind.PHONE, "１５４１２３４５６７８", "+8615412345678"),
    (Kind.PHONE, "+8615412345678", "+8615412345678"),
    (Kind.PHONE, "＋８６ 15412345678", "+8615412345678"),
    (Kind.PHONE, "008615412345678", "+8615412345678"),
    (Kind.PHONE, "8615412345678", "+8615412345678"),
    (Kind.PHONE, "015412345678", "+8615412345678"),
    (Kind.PHONE, "(010) 0000 0003", "+861000000003"),
    (Kind.PHONE, "（０１０）００００－０００３", "+861000000003"),
    (Kind.PHONE, "+86-10-00000003", "+861000000003"),
    (Kind.PHONE, "0755-00000003", "+8675500000003"),
    (Kind.PHONE, "10000003", "10000003"),
    (Kind.PHONE, "+44 20 7946 0000", "+442079460000"),
    (Kind.PHONE, "0044 20 7946 0000", "+442079460000"),
    (Kind.PHONE, "+44 (0)20 7946 0000", "+442079460000"),
    (Kind.PHONE, "+1 (206) 555-0100", "+12065550100"),
    (Kind.PHONE, "+86 (0)10 0000 0003", "+861000000003"),
    (Kind.PHONE, "12911111111", "12911111111"),
    (Kind.DOCUMENT, " e 1234-5678 ", "E12345678"),
    (Kind.DOCUMENT, "Ｅ１２３４５６７８", "E12345678"),
    (Kind.DOCUMENT, "00000019000101000x", "00000019000101000X"),
    (Kind.MAIL, " Wang@Example.TEST ", "wang@example.test"),
    (Kind.MAIL, "ｗａｎｇ@example.test", "wang@example.test"),
    (Kind.ACCOUNT, " Wang_01 ", "Wang_01"),
    (Kind.ACCOUNT, "Ｗａｎｇ＿０１", "Wang_01"),
    (Kind.NAME, " 王　小 明 ", "王小明"),
    (Kind.NAME, "古丽米热·阿不都", "古丽米热阿不都"),
    (Kind.NAME, "Kong  QIU", "kongqiu"),
    (Kind.NAME, "古丽米热‧阿不都", "古丽米热阿不都"),
    (Kind.NAME, "葛\U000e0101某\u200d", "葛某"),
    (Kind.MAIL, "\ufeffwang@exam\u00adple.test", "wang@example.test"),
    (Kind.ACCOUNT, "Wang\u200b_01", "Wang_01"),
    (Kind.DOCUMENT, "\u2066E1234\u22125678\u2069", "E12345678"),
    (Kind.PHONE, "\u202d15412345678\u202c", "+8615412345678"),
    (Kind.PHONE, "154\u22121234\u22125678", "+8615412345678"),
    (Kind.PHONE, "\u200b+44 20 7946 0000", "+442079460000"),
    (Kind.PHONE, "86-10-0000 0003", "+861000000003"),
    (Kind.PHONE, "8601000000003", "+861000000003"),
    (Kind.PHONE, "+86 010 00000003", "+861000000003"),
    (Kind.PHONE, "86000003", "86000003"),
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


def test_a_value_under_two_items_or_in_two_ways_has_two_tags(keys: FileKeys) -> None:
    sealer = Sealer(keys, "main", Finding([FoundBy(item=item, last_four=True, prefix=7) for item in FINDABLE]))
    tags = [tag for item in FINDABLE for tag in sealer.tags(1, item, "15412345678")]
    assert [row[2] for row in tags] == [WHOLE, LAST_FOUR, "^7"] * len(FINDABLE)
    assert len({row[3] for row in tags} | {sealer.ref("15412345678")[0]}) == 3 * len(FINDABLE) + 1
    assert {len(row[3]) for row in tags} == {16}


@pytest.mark.parametrize("item", ["person_name", "sex", "home_address", "birth_date", "unheard_of"])
def test_users_cannot_be_found_by_what_many_share(item: str) -> None:
    for finding in (Finding(), Finding([FoundBy(item=item, last_four=True)])):
        with pytest.raises(VaultError, match=item):
            finding.asked(item, "0001")


NUMBER = "mobile_number"
CHOSEN = Finding([FoundBy(item="user_name", variants=True), FoundBy(item=NUMBER, last_four=True, prefix=7)])


def test_what_tells_more_is_indexed_and_searched_only_where_it_was_chosen() -> None:
    assert Finding().texts("user_name", "孔丘") == {}
    assert Finding().texts(NUMBER, "15499990001") == {Way(NUMBER): "+8615499990001"}
    for item, part in (("user_name", Part.WHOLE), (NUMBER, Part.LAST_FOUR), (NUMBER, Part.PREFIX)):
        with pytest.raises(VaultError, match=item):
            Finding().asked(item, "0001", part)
    assert CHOSEN.texts(NUMBER, "154 9999 0001") == {
        Way(NUMBER): "+8615499990001", Way(NUMBER, LAST_FOUR): "0001", Way(NUMBER, "^7"): "1549999",
    }  # fmt: skip
    assert CHOSEN.texts(NUMBER, "110") == {Way(NUMBER): "110"}
    assert CHOSEN.texts(NUMBER, "") == {}


def test_traditional_and_simplified_names_are_equal_where_that_was_chosen() -> None:
    simplified = {Way("user_name", SIMPLIFIED): "张国荣"}
    assert CHOSEN.texts("user_name", "張國榮") == CHOSEN.texts("user_name", " 张　国荣 ") == simplified
    assert CHOSEN.asked("user_name", "張国榮") == (Way("user_name", SIMPLIFIED), "张国荣")
    assert Finding([FoundBy(item="user_name")]).texts("user_name", "張國榮") == {Way("user_name"): "張國榮"}


@pytest.mark.parametrize(
    ("given", "part", "text"),
    [
        (" 0001 ", Part.LAST_FOUR, "0001"),
        ("００－０１", Part.LAST_FOUR, "0001"),
        ("1549999", Part.PREFIX, "1549999"),
        ("+86 154-9999", Part.PREFIX, "1549999"),
        ("0086 154 9999", Part.PREFIX, "1549999"),
        ("(010) 00001", Part.PREFIX, "1000001"),
        ("00442079", Part.PREFIX, "+442079"),
    ],
)
def test_a_part_of_a_number_is_given_as_people_write_it(given: str, part: Part, text: str) -> None:
    assert CHOSEN.asked(NUMBER, given, part)[1] == text


@pytest.mark.parametrize("wrong", ["001", "90001", "15499990001", "", "154999", "15499990"])
def test_a_part_of_another_length_finds_nobody(wrong: str) -> None:
    for part, length in ((Part.LAST_FOUR, 4), (Part.PREFIX, 7)):
        with pytest.raises(VaultError, match=f"{length} characters"):
            CHOSEN.asked(NUMBER, wrong, part)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.integers(3, 10))
def test_whoever_is_indexed_by_a_beginning_is_found_by_it_however_it_is_written(number: str, length: int) -> None:
    finding = Finding([FoundBy(item=NUMBER, prefix=length)])
    indexed = finding.texts(NUMBER, number)[Way(NUMBER, f"^{length}")]
    for written in (number[:length], "+86" + number[:length], number[:3] + "-" + number[3:length]):
        assert finding.asked(NUMBER, written, Part.PREFIX)[1] == indexed


def test_a_value_no_longer_than_the_beginning_is_not_indexed_by_it() -> None:
    finding = Finding([FoundBy(item=NUMBER, prefix=LONGEST)])
    assert finding.texts(NUMBER, "15499990001") == {Way(NUMBER): "+8615499990001"}


@pytest.mark.parametrize("version", [1, 2])
def test_who_is_indexed_by_an_earlier_version_is_found_still(
    database: Database, keys: FileKeys, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    vault = Vault(keys, "main")
    with monkeypatch.context() as patch, database.transaction() as tx:
        (user,) = vault.admit(tx, ["u1"])
        old = vault._sealer._tag(Way(NUMBER), "+8615499990001", INTERNATIONAL, 0, version)
        patch.setattr(vault._sealer, "tags", lambda user, item, value: [(user, item, "", old, 0)])
        vault.seal(tx, [(user, RetentionClass.SERVICE, {NUMBER: "154 9999 0001"})])
    with database.reading() as tx:
        assert vault.find(tx, NUMBER, "+86 154 9999 0001") == [user]


OLD = [
    (1, Kind.PHONE, "+44 (0)20 7946 0000", "+4402079460000"),
    (2, Kind.PHONE, "+44 (0)20 7946 0000", "+442079460000"),
    (2, Kind.PHONE, "861000000003", "861000000003"),
    (2, Kind.PHONE, "154\u22129999\u22120001", "154\u22129999\u22120001"),
    (2, Kind.DOCUMENT, "e1\u200b2", "E1\u200b2"),
    (2, Kind.NAME, "古丽 米热‧阿不都", "古丽米热‧阿不都"),
]


@pytest.mark.parametrize(("version", "kind", "written", "normal"), OLD)
def test_an_earlier_version_writes_as_it_did(version: int, kind: Kind, written: str, normal: str) -> None:
    assert normalise(kind, written, version) == normal


@pytest.mark.parametrize(("part", "of"), [(Part.LAST_FOUR, slice(-4, None)), (Part.PREFIX, slice(7))])
def test_parts_follow_their_value_and_go_with_it(
    database: Database, keys: FileKeys, now: dt.datetime, part: Part, of: slice
) -> None:
    vault = Vault(keys, "main", CHOSEN)

    def found(number: str) -> list[int]:
        return vault.find(tx, NUMBER, number[of], part)

    one, other, third = "15499990001", "15488880002", "15477770003"
    with database.transaction() as tx:
        vault.index.keep_only(tx, CHOSEN)
        users = vault.admit(tx, ["u1", "u2", "u3"])
        for user, number in zip(users, (one, one, other), strict=True):
            vault.seal(tx, [(user, RetentionClass.SERVICE, {NUMBER: number})])
        assert found(one) == users[:2]
        vault.seal(tx, [(users[0], RetentionClass.SERVICE, {NUMBER: third})])
        assert (found(one), found(third)) == (users[1:2], users[:1])
        vault.seal(tx, [(users[0], RetentionClass.SERVICE, {NUMBER: "110"})])
        assert found(third) == []
        vault.seal(tx, [(users[0], RetentionClass.SERVICE, {NUMBER: third})])
        vault.remove(tx, users[1], [NUMBER])
        vault.shred(tx, users[0], [RetentionClass.SERVICE], now)
        assert found(one) == found(third) == []
        assert found(other) == users[2:]
