# SPDX-License-Identifier: Apache-2.0
"""The sample repeats exactly, and nothing in it can be anybody's."""

import csv
import hashlib
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keshou.cli.sample import words
from keshou.cli.sample.documents import check_character, is_well_formed
from keshou.cli.sample.people import (
    FOREIGN_REGIONS,
    MOST,
    REGIONS,
    UNASSIGNED_PROVINCES,
    Subscriber,
    subscribers,
)
from keshou.cli.sample.tables import COLUMNS, USAGE_SCHEMA, usage_table, write_subscribers_csv, write_usage_parquet
from keshou.errors import InputError

# Every province code of GB/T 2260 in any edition, Hong Kong to Taiwan and the residence permits' own included.
PROVINCES = {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71}
PROVINCES |= {81, 82, 83}
DIGEST_OF_5000 = "0d38419a8a41e3886941f491241fb6940542107849ebbb0f40116d713f78704c"
DIGEST_OF_USAGE = "535d37ebddca208cdc2bda95d60ab85b5e72a6f906c39042946f7103bd3902e0"


@pytest.fixture(scope="module")
def people() -> list[Subscriber]:
    return list(subscribers(5000, seed=1))


def test_the_same_seed_gives_the_same_file_on_every_machine(tmp_path: Path, people: list[Subscriber]) -> None:
    assert write_subscribers_csv(tmp_path / "users.csv", people) == 5000
    assert hashlib.sha256((tmp_path / "users.csv").read_bytes()).hexdigest() == DIGEST_OF_5000


def test_another_seed_gives_other_people(people: list[Subscriber]) -> None:
    others = list(subscribers(100, seed=2))
    assert not {one.resident_id_number for one in others} & {one.resident_id_number for one in people}


def test_a_smaller_sample_is_the_beginning_of_a_larger_one(people: list[Subscriber]) -> None:
    assert list(subscribers(10, seed=1)) == people[:10]


def test_every_document_number_has_the_right_check_character(people: list[Subscriber]) -> None:
    assert all(is_well_formed(one.resident_id_number) for one in people)


def test_every_birth_lies_before_1910(people: list[Subscriber]) -> None:
    assert {1880, 1909} <= {int(one.resident_id_number[6:10]) for one in people} <= set(range(1880, 1910))


def _province(one: Subscriber) -> int:
    """Return the province in a document number: after the leading 9 on a foreigner's."""
    return int(one.resident_id_number[1:3] if one.document_type == "FOREIGN_PR" else one.resident_id_number[:2])


def test_no_region_was_ever_assigned(people: list[Subscriber]) -> None:
    assert not {int(code) for code in UNASSIGNED_PROVINCES} & PROVINCES
    for one in people:
        region = one.resident_id_number[:6]
        assert region in (FOREIGN_REGIONS if one.document_type == "FOREIGN_PR" else REGIONS)
        assert _province(one) not in PROVINCES
        if one.document_type == "FOREIGN_PR":
            assert region[0] == "9"
            assert 900 <= int(region[3:]) <= 999


def test_every_mobile_number_lies_in_the_range_no_carrier_has(people: list[Subscriber]) -> None:
    assert all(len(one.mobile_number) == 11 and one.mobile_number.isdigit() for one in people)
    assert {one.mobile_number[:3] for one in people} == {"154"}


def test_every_address_of_mail_lies_at_a_reserved_domain(people: list[Subscriber]) -> None:
    assert {one.email_address.split("@")[1] for one in people} == {"example.com", "example.net", "example.org"}


def test_every_home_lies_in_an_invented_district(people: list[Subscriber]) -> None:
    assert all(one.address.startswith(words.DISTRICTS) for one in people)


def test_every_cell_lies_in_a_test_network() -> None:
    cells = usage_table(5000, ["KS00000000"], seed=1)["cell_location"].cast(pa.string()).to_pylist()
    assert all(cell.startswith("001-01-") for cell in cells)


@pytest.mark.parametrize("field", ["user_id", "resident_id_number", "mobile_number", "email_address"])
def test_nothing_that_tells_users_apart_is_given_twice(people: list[Subscriber], field: str) -> None:
    assert len({getattr(one, field) for one in people}) == len(people)


@settings(deadline=None, max_examples=40)
@given(st.integers(0), st.integers(0, 300))
def test_the_promises_hold_for_every_seed(seed: int, count: int) -> None:
    people = list(subscribers(count, seed))
    assert len({one.resident_id_number for one in people}) == count
    assert len({one.mobile_number for one in people}) == count
    assert all(is_well_formed(one.resident_id_number) and one.mobile_number.startswith("154") for one in people)
    assert all(_province(one) not in PROVINCES for one in people)
    assert all(one.user_id.startswith("KS") and len(one.user_id) == 10 for one in people)


def test_the_smallest_sample_has_every_awkward_name(people: list[Subscriber]) -> None:
    assert tuple(one.name for one in people[: len(words.SPECIAL_NAMES)]) == words.SPECIAL_NAMES
    names = [one.name for one in people[:6]]
    assert any("𠮷" in name for name in names)
    assert any("䶮" in name for name in names)
    assert any("·" in name for name in names)
    assert {1, 60} <= {len(name) for name in names}


def test_every_kind_the_sample_promises_occurs(people: list[Subscriber]) -> None:
    assert {one.document_type for one in people} == {"CN_ID", "CN_ID_TEMP", "CN_HUKOU", "FOREIGN_PR"}
    assert {one.marketing_consent for one in people} == {"express", "tacit", None}
    assert {one.service_consent for one in people} == {"express", "tacit"}
    assert 0 < sum(one.limited_capacity for one in people) < 250
    assert {one.language for one in people} == {"zh", "en"}
    assert {one.joined[:4] for one in people} == {"2009", "2010", "2011", "2012", "2013"}


@pytest.mark.parametrize("count", [-1, MOST + 1])
def test_a_sample_too_large_to_keep_numbers_apart_is_refused(count: int) -> None:
    with pytest.raises(InputError):
        subscribers(count)


def test_the_table_reads_back_as_it_was_written(tmp_path: Path, people: list[Subscriber]) -> None:
    write_subscribers_csv(tmp_path / "users.csv", people)
    with (tmp_path / "users.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["user_name"] for row in rows] == [one.name for one in people]
    assert rows[0]["consents"].startswith("service:")
    assert any(row["consents"].endswith(";marketing:express") for row in rows)
    assert {row["limited_capacity"] for row in rows} == {"true", "false"}


def test_the_check_character_follows_the_standards_specimen_and_rejects_every_other() -> None:
    assert check_character("11010519491231002") == "X"
    accepted = [last for last in "0123456789Xx" if is_well_formed("11010519491231002" + last)]
    assert accepted == ["X"]
    assert not is_well_formed("110105194912310")
    assert not is_well_formed("１1010519491231002X")
    impossible = "11010519000229001"
    assert not is_well_formed(impossible + check_character(impossible))


def test_usage_repeats_and_has_the_stated_columns(tmp_path: Path, people: list[Subscriber]) -> None:
    table = usage_table(200_000, [one.user_id for one in people], seed=1)
    assert table.schema == USAGE_SCHEMA
    write_usage_parquet(tmp_path / "usage.parquet", table)
    assert pq.read_table(tmp_path / "usage.parquet").equals(table)
    digest = hashlib.sha256()
    for name in ("user_id", "cell_location"):
        digest.update("\n".join(table[name].cast(pa.string()).to_pylist()).encode())
    for name in ("service_use_time", "service_duration", "data_volume"):
        digest.update(table[name].cast(pa.int64()).to_numpy().astype("<i8").tobytes())
    assert digest.hexdigest() == DIGEST_OF_USAGE


def test_a_few_users_make_most_of_the_use(people: list[Subscriber]) -> None:
    table = usage_table(50_000, [one.user_id for one in people], seed=3)
    counts = sorted(pc.value_counts(table["user_id"].cast(pa.string())).field("counts").to_pylist(), reverse=True)
    assert sum(counts[:500]) > 50_000 * 0.4
    assert pc.min(table["service_duration"]).as_py() >= 1
    assert pc.max(table["service_duration"]).as_py() <= 3600


def test_use_without_users_is_refused() -> None:
    with pytest.raises(InputError):
        usage_table(1, [])
    assert usage_table(0, []).num_rows == 0


def test_a_hundred_thousand_users_take_under_ten_seconds(tmp_path: Path) -> None:
    began = time.process_time()
    assert write_subscribers_csv(tmp_path / "users.csv", subscribers(100_000, seed=7)) == 100_000
    assert time.process_time() - began < 10
