# SPDX-License-Identifier: Apache-2.0
"""Tables and filters give each user the gate's answer of now, whatever this process knew of anybody before."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from house import START, Clock, act, between, grounded, newcomer, ready, reopened

from keshou.acts.events import OutdatedError
from keshou.acts.request import Judged, Publish
from keshou.app import row_filter, table_gate
from keshou.app.row_filter import filter_rows
from keshou.app.site import Site
from keshou.app.table_gate import Files, Upload, count_table, gate_table
from keshou.db import Database
from keshou.gate.act import Act
from keshou.gate.facts import ConsentGiven, ConsentWithdrawn, StaffAppointed
from keshou.gate.holds import Asked
from keshou.law.terms import ActKind, ConsentStrength
from keshou.ledger.entry import Header, decode
from keshou.permits.filter import RowFilter, Table

USERS = ("u1", "u2", "u3", "nobody")
DAY, LIFE = dt.timedelta(days=1), dt.timedelta(minutes=1)
PLANS = Table(name="plans", user_column="user", columns={"plan": "tariff_plan", "phone": "mobile_number"})
ROWS = "user,tariff_plan\n" + "".join(f"{user},P\n" for user in USERS)


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with ready(database, tmp_path, clock) as site:
        site.do_all([newcomer(site, user) for user in USERS[:3]])
        yield site


def asked(kind: ActKind = ActKind.USE, by: str = "lister", **more: Any) -> Act:
    """Return a question about a table; it tells a moment that plays no part."""
    return act(kind, "", "tariff_plan", by=by, **more)


def tabled(site: Site, question: Act, rows: str = ROWS, **more: Any) -> set[str]:
    """Return whose rows of a table are let through."""
    upload = Upload(rows.encode(), ".csv")
    gate_table(site, question, upload, "user", **more)
    return {line.split(",")[0].strip('"') for line in upload.kept.decode().splitlines()[1:]}


def filtered(site: Site, question: Act, table: Table = PLANS) -> RowFilter:
    return filter_rows(site, question, table, USERS, LIFE)


def permitted(site: Site, question: Act) -> set[str]:
    """Return to whom the gate for single acts says yes."""
    single = msgspec.structs.replace(question, when=site.now())
    return {user for user in USERS if site.ask(msgspec.structs.replace(single, user=user)).permitted}


def withdraw(site: Site, *users: str) -> None:
    for user in users:
        site.record(user, ConsentWithdrawn(at=site.now(), purpose="service"))


def agree(site: Site, user: str) -> None:
    given = ConsentGiven(at=site.now(), purpose="service", version=1, strength=ConsentStrength.EXPRESS)
    site.record(user, given)


def header(site: Site, entry: int) -> Header:
    with site.reading() as tx:
        return decode(site.ledger.entry(tx, entry))


def test_whom_a_ground_names_is_known_to_a_process_that_has_just_begun(site: Site) -> None:
    withdraw(site, "u1", "u2")
    grounded(site, "u1", "nobody")
    question = asked(ground="g1")
    for read in (tabled, lambda other, it: set(filtered(other, it).users)):
        with reopened(site) as other:
            assert read(other, question) == {"u1", "u3"}
    assert permitted(site, question) == {"u1", "u3"}


def test_whom_a_hold_names_is_spared_by_tables_and_filters_and_nobody_else_is(site: Site) -> None:
    site.record_site(site.holds.fact("h1", Asked("case", "d-1", users=("u1",)), "clerk1"), by="clerk1")
    site.record_site(StaffAppointed(at=site.now(), staff="clerk2", post="clerk"), by="officer")
    two, rows = USERS[:2], "user,tariff_plan\nu1,P\nu2,P\n"  # fewer than a bulk act, for each of two hands
    assert permitted(site, asked(ActKind.DELETE, by="clerk1")) & set(two) == {"u2"}
    with reopened(site) as other:
        assert tabled(other, asked(ActKind.DELETE, by="clerk1"), rows=rows) == {"u2"}
    with reopened(site) as other:
        found = filter_rows(other, asked(ActKind.DELETE, by="clerk2"), PLANS, two, LIFE)
        assert set(found.users) == {"u2"}


@pytest.mark.parametrize("named", [False, True])
def test_what_is_said_while_a_table_is_judged_is_in_the_answer(
    site: Site, monkeypatch: pytest.MonkeyPatch, *, named: bool
) -> None:
    if named:
        grounded(site, "u1")
    with reopened(site) as other:
        times = between(monkeypatch, table_gate, "_judge", lambda: withdraw(other, "u1", "u2"))
        assert tabled(site, asked(ground="g1" if named else "")) == ({"u1", "u3"} if named else {"u3"})
    assert len(times) == 2


@pytest.mark.parametrize("named", [False, True])
def test_what_is_said_while_a_filter_is_made_is_in_it(
    site: Site, monkeypatch: pytest.MonkeyPatch, *, named: bool
) -> None:
    if named:
        grounded(site, "u1")
    with reopened(site) as other:
        times = between(monkeypatch, row_filter, "judge", lambda: withdraw(other, "u1", "u2"))
        found = filtered(site, asked(ground="g1" if named else ""))
    assert found.users == (("u1", "u3") if named else ("u3",))
    assert len(times) == 2


def test_a_clock_that_lags_behind_the_log_makes_nobody_late(site: Site, clock: Clock) -> None:
    withdraw(site, "u2")
    clock.moment -= dt.timedelta(milliseconds=500)
    assert tabled(site, asked()) == {"u1", "u3"}
    assert filtered(site, asked()).users == ("u1", "u3")


def test_rows_are_let_through_as_of_now_whatever_moment_is_told(site: Site, clock: Clock) -> None:
    then = clock()
    clock.moment += DAY
    withdraw(site, "u1", "u2")
    for moment in (then, clock() + 100 * DAY):
        question = msgspec.structs.replace(asked(), when=moment)
        assert tabled(site, question) == {"u3"}
        assert filtered(site, question).users == ("u3",)


def test_another_moment_is_only_counted_on_what_was_true_then(site: Site, clock: Clock, tmp_path: Path) -> None:
    then = clock()
    clock.moment += DAY
    withdraw(site, "u1", "u2")
    agree(site, "u1")
    table = tmp_path / "plans.csv"
    table.write_text(ROWS)
    before = _size(site), sorted(tmp_path.glob("*.csv"))
    with reopened(site) as other:
        counted = [
            count_table(other, msgspec.structs.replace(asked(), when=moment), table, "user").permitted
            for moment in (then, clock(), then - 100 * DAY)
        ]
    assert counted == [3, 2, 0]
    assert (_size(site), sorted(tmp_path.glob("*.csv"))) == before


def _size(site: Site) -> int:
    with site.reading() as tx:
        return site.ledger.head(tx).size


def test_what_was_judged_as_of_another_moment_is_not_written_down(site: Site, clock: Clock) -> None:
    revision = _size(site)
    then = clock()
    clock.moment += DAY
    for moment in (then, then - DAY, clock() + DAY):
        judged = Judged(act=msgspec.structs.replace(asked(), when=moment), permitted=1, denied={}, revision=revision)
        with pytest.raises(OutdatedError, match="another moment"):
            site.do(judged)
    assert _size(site) == revision
    today = Judged(act=msgspec.structs.replace(asked(), when=clock()), permitted=1, denied={}, revision=revision)
    assert site.do(today).entry == revision


def test_what_ends_while_a_table_is_judged_has_ended_in_the_answer(
    site: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave = clock() + dt.timedelta(minutes=5)
    site.record_site(StaffAppointed(at=START, staff="helper", post="analyst", until=leave), by="officer")

    def later() -> None:
        clock.moment = leave

    times = between(monkeypatch, table_gate, "_judge", later)
    assert tabled(site, asked(by="helper")) == set()
    assert len(times) == 2


def test_the_entry_names_the_edition_that_decided(site: Site, clock: Clock, tmp_path: Path) -> None:
    rules = site.rules()
    assert rules is not None
    ahead = msgspec.structs.replace(rules.declaration, effective=clock() + DAY)
    site.do(Publish(declaration=ahead, by="officer"))
    table = tmp_path / "plans.csv"
    table.write_text(ROWS)
    for version in (1, 2):
        verdict = gate_table(site, asked(), Files(table, tmp_path / f"kept{version}.csv"), "user")
        found = filtered(site, asked())
        assert [header(site, each).rules for each in (verdict.entry, found.entry)] == [version, version]
        assert found.rules == version
        clock.moment += 2 * DAY
