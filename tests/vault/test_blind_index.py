# SPDX-License-Identifier: Apache-2.0
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keshou.db import Database
from keshou.law.terms import RetentionClass
from keshou.vault.blind_index import FINDABLE, LAST_FOUR, Finding, Kind, findable, normalise
from keshou.vault.errors import VaultError
from keshou.vault.keys import FileKeys
from keshou.vault.sealer import Sealer
from keshou.vault.store import Vault
from keshou.vault.suite import INTERNATIONAL

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
    (Kind.PHONE, "+44 (0)20 7946 0000", "+442079460000"),
    (Kind.PHONE, "+1 (206) 555-0100", "+12065550100"),
    (Kind.PHONE, "+86 (0)10 8888 8888", "+861088888888"),
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
    sealer = Sealer(keys, "main", Finding(last_four=tuple(FINDABLE)))
    tags = {sealer.tags(1, item, "19912345678")[0][2] for item in FINDABLE}
    ends = {sealer.tags(1, item, "19912345678")[1][2] for item in FINDABLE}
    assert len(tags | ends) == 2 * len(FINDABLE)
    assert len(tags | {sealer.ref("19912345678")}) == len(FINDABLE) + 1
    assert {len(tag) for tag in tags} == {16}


@pytest.mark.parametrize("item", ["person_name", "sex", "home_address", "birth_date", "unheard_of"])
def test_users_cannot_be_found_by_what_many_share(item: str) -> None:
    with pytest.raises(VaultError, match=item):
        findable(item)


def test_names_and_last_four_are_found_only_where_the_operator_chose_it() -> None:
    assert Finding().texts("user_name", "孔丘") == {}
    assert Finding().texts("mobile_number", "15499990001") == {"mobile_number": "+8615499990001"}
    for item in ("user_name", "mobile_number" + LAST_FOUR):
        with pytest.raises(VaultError):
            Finding().asked(item, "0001")
    chosen = Finding(names=True, variants=True, last_four=("mobile_number",))
    assert chosen.texts("user_name", "張國榮") == chosen.texts("user_name", " 张国荣 ") == {"user_name": "张国荣"}
    assert Finding(names=True).texts("user_name", "張國榮") == {"user_name": "張國榮"}
    assert chosen.texts("mobile_number", "154 9999 0001")["mobile_number" + LAST_FOUR] == "0001"
    assert chosen.asked("mobile_number" + LAST_FOUR, " 0001 ")[1] == "0001"
    for wrong in ("001", "90001", "15499990001", ""):
        with pytest.raises(VaultError, match="four characters"):
            chosen.asked("mobile_number" + LAST_FOUR, wrong)
    with pytest.raises(VaultError, match="sex"):
        Finding(last_four=("sex",))


def test_who_is_indexed_by_version_1_is_found_still(
    database: Database, keys: FileKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = Vault(keys, "main")
    with monkeypatch.context() as patch, database.transaction() as tx:
        (user,) = vault.admit(tx, ["u1"])
        old = vault._sealer._tag("mobile_number", "+8615499990001", INTERNATIONAL, 1)
        patch.setattr(vault._sealer, "tags", lambda user, item, value: [(user, item, old)])
        vault.seal(tx, [(user, RetentionClass.SERVICE, {"mobile_number": "154 9999 0001"})])
    with database.reading() as tx:
        assert vault.find(tx, "mobile_number", "+86 154 9999 0001") == [user]


def test_last_four_follow_their_value_and_go_with_it(database: Database, keys: FileKeys, now: dt.datetime) -> None:
    vault = Vault(keys, "main", Finding(last_four=("mobile_number",)))
    last = "mobile_number" + LAST_FOUR
    with database.transaction() as tx:
        users = vault.admit(tx, ["u1", "u2", "u3"])
        for user, number in zip(users, ("15499990001", "15488880001", "15499990002"), strict=True):
            vault.seal(tx, [(user, RetentionClass.SERVICE, {"mobile_number": number})])
        assert vault.find(tx, last, "0001") == users[:2]
        vault.seal(tx, [(users[0], RetentionClass.SERVICE, {"mobile_number": "15499990003"})])
        assert (vault.find(tx, last, "0001"), vault.find(tx, last, "0003")) == (users[1:2], users[:1])
        vault.remove(tx, users[1], ["mobile_number"])
        vault.shred(tx, users[0], [RetentionClass.SERVICE], now)
        assert vault.find(tx, last, "0001") == vault.find(tx, last, "0003") == []
        assert vault.find(tx, last, "0002") == users[2:]
