# SPDX-License-Identifier: Apache-2.0
"""A filter is what the gate says of each column and each user, and its making is recorded."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from house import act, newcomer, ready

from keshou.app.row_filter import filter_rows
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import ConsentWithdrawn, StaffAppointed
from keshou.law.terms import ActKind
from keshou.permits.errors import FilterError
from keshou.permits.filter import RowFilter, Table

LIFE = dt.timedelta(minutes=1)
TABLE = Table(
    name="customers",
    user_column="customer_id",
    columns={"full_name": "user_name", "phone": "mobile_number", "plan": "tariff_plan"},
)


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path) as site:
        for user, *purposes in (("A-1", "marketing"), ("A-2",), ("A-3", "marketing")):
            site.do(newcomer(site, user, None, *purposes))
        yield site


def made(site: Site, *users: str, by: str = "lister", purpose: str = "service", table: Table = TABLE) -> RowFilter:
    question = act(ActKind.USE, "", "mobile_number", by=by, purpose=purpose)
    return filter_rows(site, msgspec.structs.replace(question, when=site.now()), table, users, LIFE)


def test_columns_that_the_purpose_does_not_need_are_left_out(site: Site) -> None:
    found = made(site, "A-1", purpose="marketing")
    assert [each.name for each in found.columns] == ["phone", "plan"]
    assert found.left_out == ("full_name",)
    assert found.users == ("A-1",)


def test_users_who_did_not_agree_or_are_unknown_are_left_out(site: Site) -> None:
    found = made(site, "A-3", "A-2", "nobody", "A-1", "A-1", purpose="marketing")
    assert found.users == ("A-3", "A-1")


def test_a_withdrawal_is_in_the_next_filter(site: Site) -> None:
    assert made(site, "A-1", "A-3", purpose="marketing").users == ("A-1", "A-3")
    revision = site.record("A-1", ConsentWithdrawn(at=site.now(), purpose="marketing"))
    after = made(site, "A-1", "A-3", purpose="marketing")
    assert after.users == ("A-3",)
    assert after.revision >= revision


def test_a_post_without_a_grant_gets_nothing(site: Site) -> None:
    found = made(site, "A-1", by="judge")
    assert (found.users, found.columns) == ((), ())
    assert set(found.left_out) == set(TABLE.columns)


def test_columns_are_masked_where_the_grant_is_not_for_full_values(site: Site) -> None:
    site.record_site(StaffAppointed(at=site.now(), staff="biller2", post="program"), by="officer")
    assert {each.masked for each in made(site, "A-1", by="biller2").columns} == {True}
    assert {each.masked for each in made(site, "A-1", by="lister").columns} == {False}


def test_making_a_filter_is_recorded_with_how_many_were_let_through(site: Site) -> None:
    found = made(site, "A-1", "A-2", "A-3", purpose="marketing")
    with site.reading() as tx:
        body = site.ledger.entry(tx, found.entry)
    assert b'"purpose":"marketing"' in body
    assert b"A-1" not in body
    assert found.until - site.now() <= LIFE


def test_a_filter_of_nobody_or_nothing_cannot_be_asked_for(site: Site) -> None:
    with pytest.raises(FilterError):
        made(site)
    with pytest.raises(FilterError):
        made(site, "A-1", table=Table(name="customers", user_column="customer_id", columns={}))


def test_a_column_said_to_hold_what_nobody_knows_is_left_out(site: Site) -> None:
    table = Table(name="customers", user_column="customer_id", columns={"phone": "mobile_number", "x": "no_such_item"})
    found = made(site, "A-1", table=table)
    assert found.left_out == ("x",)
    assert found.users == ("A-1",)
