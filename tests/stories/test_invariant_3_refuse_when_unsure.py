# SPDX-License-Identifier: Apache-2.0
"""Invariant 3, refuse when unsure: what is unknown, missing, unreachable or broken permits nothing."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import START, Clock, act, newcomer, ready
from msgspec.structs import replace

from keshou.acts.request import Perform
from keshou.app.site import Site
from keshou.db import Database
from keshou.errors import ExitStatus, InputError, UnreachableError
from keshou.gate.conditions import Condition, Conditions
from keshou.gate.decision import Deny
from keshou.gate.facts import ConsentGiven, NoticeShown, ServiceStarted
from keshou.gate.prohibitions import registry
from keshou.law.terms import ActKind

USE = act(ActKind.USE, "u1", "tariff_plan")


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path, Clock()) as site:
        site.do(newcomer(site, "u1"))
        yield site


def size(site: Site) -> int:
    with site.reading() as tx:
        return site.ledger.head(tx).size


UNKNOWN = {
    "purpose": replace(USE, purpose="charity"),
    "item": replace(USE, items=frozenset({"horoscope"})),
    "user": replace(USE, user="nobody"),
    "staff": replace(USE, by="stranger"),
    "post": replace(USE, post="director"),
    "recipient": replace(USE, recipient="somebody"),
}


def test_whatever_is_unknown_is_denied_and_named(site: Site) -> None:
    for name, asked in UNKNOWN.items():
        done = site.perform(asked)
        assert isinstance(done.decision, Deny)
        assert name in {reason.missing for reason in done.decision.reasons}, name
        assert not done.values


def test_an_act_without_items_is_denied(site: Site) -> None:
    assert isinstance(site.ask(replace(USE, items=frozenset())), Deny)


def test_one_missing_fact_is_enough_to_deny(database: Database, tmp_path: Path) -> None:
    with ready(database, tmp_path) as site:
        for place, kind in enumerate((NoticeShown, ConsentGiven, ServiceStarted)):
            taken = newcomer(site, f"m{place}")
            without = tuple(fact for fact in taken.facts if not isinstance(fact, kind))
            assert isinstance(site.do(replace(taken, facts=without)).decision, Deny), kind
        with site.reading() as tx:
            assert tx.connection.exec_driver_sql("SELECT COUNT(*) FROM vault_user").scalar() == 0


def test_facts_that_were_lost_permit_nothing_after_a_restart(site: Site, database: Database) -> None:
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("DELETE FROM user_fact WHERE kind = 'notice_shown'")
    other = Site(site.home, site.settings, database, site._known.vault._keys, site.now)
    assert {"miit24:9.2"} <= {str(each.cite) for each in other.ask(USE).reasons}  # type: ignore[union-attr]
    other._sequencer.close()


def test_a_question_that_cannot_be_read_is_an_error_and_not_an_answer(site: Site) -> None:
    before = size(site)
    for wrong in (
        replace(USE, when=dt.datetime(2026, 3, 2)),  # noqa: DTZ001 - that is what is wrong
        replace(USE, items=["tariff_plan"]),
        replace(USE, kind="peek"),
        replace(USE, count=0),
        replace(USE, purpose=None),
    ):
        with pytest.raises(InputError):
            site.ask(wrong)
    assert size(site) == before


def test_a_prohibition_that_errs_stops_the_act_and_nobody_elses(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = registry.PROHIBITIONS["disclosure"]

    def errs(c: Conditions) -> Condition:
        if c.discloses.any():
            raise ZeroDivisionError
        return right.rule(c)

    monkeypatch.setitem(registry.PROHIBITIONS, "disclosure", right._replace(rule=errs))
    with ready(database, tmp_path) as site:
        site.do(newcomer(site, "u1"))
        before = size(site)
        with pytest.raises(ZeroDivisionError):
            site.ask(replace(USE, kind=ActKind.DISCLOSE))
        good, bad = Perform(act=USE), Perform(act=replace(USE, kind=ActKind.DISCLOSE))
        with pytest.raises(ZeroDivisionError):
            site.do_all([good, bad, good])
        assert size(site) == before + 2
        assert site.perform(USE).values


def test_a_database_that_is_gone_gives_no_permission(site: Site, database: Database) -> None:
    assert site.perform(USE).values
    openings = site._known.vault.openings
    take_away(database)
    try:
        for attempt in (lambda: site.ask(USE), lambda: site.perform(USE), site.rules, lambda: site.cancel("u1")):
            with pytest.raises(UnreachableError) as caught:
                attempt()
            assert caught.value.status is ExitStatus.UNREACHABLE
        assert site._known.vault.openings == openings
    finally:
        give_back(database)
    assert site.perform(USE).values, "and goes on when it is back"


def take_away(database: Database) -> None:
    database.close()
    if database.postgresql:
        _allow_connections(database, "false")
        return
    path = Path(str(database.url.database))
    path.rename(path.with_suffix(".away"))
    path.mkdir()


def give_back(database: Database) -> None:
    if database.postgresql:
        _allow_connections(database, "true")
        return
    path = Path(str(database.url.database))
    path.rmdir()
    path.with_suffix(".away").rename(path)


def _allow_connections(database: Database, allowed: str) -> None:
    beside = Database(database.url.set(database="postgres").render_as_string(hide_password=False))
    with beside.transaction() as tx:
        tx.connection.exec_driver_sql(f'ALTER DATABASE "{database.url.database}" WITH ALLOW_CONNECTIONS {allowed}')
    beside.close()


def test_the_first_moment_is_no_exception(database: Database, tmp_path: Path) -> None:
    with ready(database, tmp_path) as site:
        site.do(newcomer(site, "u1"))
        decision = site.ask(replace(USE, when=START - dt.timedelta(days=1)))
        assert isinstance(decision, Deny)
        assert decision.rules == 0
