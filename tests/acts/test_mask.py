# SPDX-License-Identifier: Apache-2.0
"""Masks: what people in this field expect to see, for every item, and never more than is stated."""

import datetime as dt
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keshou.acts.mask import NOTHING, STAR, MaskError, _characters, masked, masks
from keshou.law.load import load

EXPECTED = [
    ("mobile_number", "15499990001", "154****0001"),
    ("mobile_number", "+8615499990001", "+86*******0001"),
    ("mobile_number", "10086", "*****"),
    ("user_name", "孔丘", "孔*"),
    ("user_name", "孔仲尼", "孔*尼"),
    ("user_name", "孔丘仲尼", "孔**尼"),
    ("user_name", "孔", "*"),
    ("user_name", "𠮷田丘", "𠮷*丘"),
    ("user_name", "葛\U000e0100飾", "葛\U000e0100*"),
    ("user_name", "古丽米热·阿不都热合曼", "古*********曼"),
    ("resident_id_number", "990101188001010018", "990101********0018"),
    ("resident_id_number", "990101800101001", "990101******001"),
    ("driver_licence_number", "990101 800101 001", "990101********001"),
    ("social_security_number", "９９０１０１８００１０１００１", "９９０１０１******００１"),
    ("bank_account_number", "999999000000017", "999999*****0017"),
    ("passport_number", "E00000001", "E0*****01"),
    ("bank_account_number", "9999990000000000017", "999999*********0017"),
    ("email_address", "kong.qiu@example.org", "k***@example.org"),
    ("email_address", "@example.org", NOTHING),
    ("email_address", "kong.qiu", NOTHING),
    ("home_address", "山东省曲阜市鼓楼区礼乐路1号", "山东省曲阜市鼓楼区****"),
    ("home_address", "北京市朝阳区礼乐路1号阳光小区3号楼", "北京市朝阳区****"),
    ("home_address", "南京市阳光小区3号楼", "南京市****"),
    ("home_address", "内蒙古自治区锡林郭勒盟正蓝旗礼乐街1号", "内蒙古自治区锡林郭勒盟正蓝旗****"),
    ("home_address", "浙江省杭州市上城区", NOTHING),
    ("home_address", "成都市礼乐路1号", "成都市****"),
    ("home_address", "1 Ritual Road, Qufu", NOTHING),
    ("date_of_birth", "1880-01-01", "1880******"),
    ("date_of_birth", "1880年1月2日", "1880*****"),
    ("date_of_birth", "18800102", "1880****"),
    ("date_of_birth", "1880/1/2", "1880****"),
    ("date_of_birth", "1/2/1880", NOTHING),
    ("date_of_birth", "02-01-1880", NOTHING),
    ("date_of_birth", "19021880", NOTHING),
    ("date_of_birth", "20-1-1880", NOTHING),
    ("date_of_birth", "2 Jan 1880", NOTHING),
    ("date_of_birth", "1880", NOTHING),
    ("login_account", "kongqiu", "k*****u"),
    ("login_account", "kong", "****"),
    ("ip_address", "192.0.2.17", "192.0.*.*"),
    ("ip_address", "2001:db8:0:0:0:0:0:1", "2001:db8:*:*:*:*:*:*"),
    ("ip_address", "localhost", NOTHING),
    ("mac_address", "00:00:5e:00:53:01", "00:00:5e:*:*:*"),
    ("tariff_plan", "P-19", "P-19"),
    ("account_password", "x", NOTHING),
    ("bill", "58.20", NOTHING),
    ("mobile_number", "", ""),
]


@pytest.mark.parametrize(("item", "value", "seen"), EXPECTED)
def test_a_value_is_masked_as_people_expect(item: str, value: str, seen: str) -> None:
    assert masked(item, value) == seen


def test_every_item_has_one_mask_and_no_mask_is_for_what_is_no_item() -> None:
    assert set(masks()) == set(load().items)
    named = [item for mask in {id(each): each for each in masks().values()}.values() for item in mask.items]
    assert len(named) == len(set(named))


def test_nothing_is_shown_of_what_has_no_mask_and_it_is_said_clearly() -> None:
    with pytest.raises(MaskError, match="no mask") as caught:
        masked("shoe_size", "secret-value")
    assert "secret-value" not in str(caught.value) + caught.value.hint


TEXTS = st.one_of(
    st.text(max_size=40),
    st.text("0123456789Xx +-", max_size=25),
    st.text("孔丘仲尼𠮷葛\U000e0100\u0301é·省市区县旗小路号1 ", max_size=25),
    st.from_regex(r"[a-z0-9.]{1,20}@[a-z]{1,10}\.org", fullmatch=True),
    st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", fullmatch=True),
)


@given(
    st.sampled_from(sorted(item for item, mask in masks().items() if mask.way in {"edges", "identity", "name"})), TEXTS
)
def test_edges_never_show_more_than_is_stated(item: str, value: str) -> None:
    mask, seen = masks()[item], _characters(value)
    first, last = (1, 1) if mask.way == "name" else (mask.first, mask.last)
    shown = masked(item, value)
    if shown == value == "":
        return
    kept = [place for place, (was, now) in enumerate(zip(seen, _characters(shown), strict=True)) if now != STAR != was]
    assert all(place < first or place >= len(seen) - last for place in kept)
    assert len(kept) <= first + last
    assert not kept or len(seen) - len(kept) >= mask.hidden
    if mask.way in {"edges", "identity"} and len(seen) < first + last + mask.hidden:
        assert not kept


@given(st.dates(dt.date(1800, 1, 1), dt.date(1909, 12, 31)), st.integers(0, 999), st.data())
def test_nothing_of_the_day_of_birth_is_seen_however_it_is_written(
    day: dt.date, number: int, data: st.DataObject
) -> None:
    old = f"990101{day:%y%m%d}{number:03}"
    assert masked("resident_id_number", old) == f"990101******{number:03}"
    form = data.draw(st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%m/%d/%Y", "%d%m%Y", "%m%d%Y", "%d %b %Y"]))
    shown = masked("date_of_birth", day.strftime(form))
    assert shown.strip("*") in ("", f"{day:%Y}")
    assert bool(shown.strip("*")) == form.startswith("%Y")


@given(st.sampled_from(sorted(item for item, mask in masks().items() if mask.way == "nothing")), TEXTS)
def test_of_what_is_hidden_not_even_the_length_is_seen(item: str, value: str) -> None:
    assert masked(item, value) == (NOTHING if value else "")


@given(TEXTS)
def test_an_address_shows_a_beginning_without_a_number_and_never_all_of_it(value: str) -> None:
    shown = masked("home_address", value)
    if value:
        assert shown.endswith(NOTHING)
        start = shown.removesuffix(NOTHING)
        assert value.strip().startswith(start)
        assert len(start) <= masks()["home_address"].first
        assert not any(each.isdigit() for each in start)
        assert start != value.strip() or not start


@given(TEXTS)
def test_mail_shows_one_character_of_who_it_is(value: str) -> None:
    shown = masked("email_address", value)
    if value and shown != NOTHING:
        local, _, domain = value.rpartition("@")
        assert shown == _characters(local)[0] + "***@" + domain


@given(TEXTS)
def test_a_character_is_never_torn(value: str) -> None:
    assert "".join(_characters(value)) == value
    for each in _characters(value)[1:]:
        assert unicodedata.category(each[0]) not in {"Mn", "Me"}
    masked("user_name", value).encode("utf-16-le", "surrogatepass")
