# SPDX-License-Identifier: Apache-2.0
"""What must stay true of the one door, and attempts to break it."""

import datetime as dt
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from house import SITE, START, VALUES, Clock, act, declared, newcomer, open_site, ready
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keshou.acts.request import ActError, Perform
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database, DatabaseError
from keshou.gate.act import Act
from keshou.gate.decision import Deny, Permit
from keshou.gate.facts import ConsentGiven, ConsentWithdrawn
from keshou.law.terms import ActKind, ConsentStrength
from keshou.ledger.audit import audit
from keshou.vault.keys import FileKeys
from planting import Planted

TABLES = (
    *("vault_user", "vault_key", "vault_value", "vault_index", "vault_shredded", "user_fact", "site_fact"),
    *("log_entry", "log_tile", "log_edge", "log_state", "log_payload", "log_request", "declaration"),
)


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path) as site:
        yield site


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.reading() as tx:
        return {
            table: sorted(
                (tuple(row) for row in tx.execute(sa.select(sa.literal_column("*")).select_from(sa.table(table)))),
                key=repr,
            )
            for table in TABLES
        }


def forbid(database: Database, table: str) -> None:
    """Make the database itself refuse to insert into a table."""
    with database.transaction() as tx:
        if tx.postgresql:
            tx.connection.exec_driver_sql(
                "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'full'; END $$ "
                "LANGUAGE plpgsql"
            )
            tx.connection.exec_driver_sql(
                f'CREATE TRIGGER refuse_{table} BEFORE INSERT OR UPDATE ON "{table}" '
                "FOR EACH ROW EXECUTE FUNCTION refuse()"
            )
            return
        for event in ("INSERT", "UPDATE"):
            tx.connection.exec_driver_sql(
                f'CREATE TRIGGER refuse_{event}_{table} BEFORE {event} ON "{table}" '
                "BEGIN SELECT RAISE(ABORT, 'full'); END"
            )


@pytest.mark.parametrize("table", ["vault_user", "vault_value", "log_entry", "log_state", "log_payload", "user_fact"])
def test_an_act_that_fails_at_any_table_leaves_nothing_anywhere(site: Site, database: Database, table: str) -> None:
    site.do(newcomer(site, "u1"))
    before = contents(database)
    forbid(database, table)
    with pytest.raises(DatabaseError, match="refused"):
        site.do(newcomer(site, "u2"))
    assert contents(database) == before
    assert isinstance(site.ask(act(ActKind.USE, "u2", "tariff_plan")), Deny), "a user who failed to come in is known"


def test_a_consent_whose_recording_failed_permits_nothing(site: Site, database: Database) -> None:
    site.do(newcomer(site, "u1"))
    use = act(ActKind.EXPORT, "u1", "tariff_plan", by="lister", purpose="marketing")
    forbid(database, "user_fact")
    given = ConsentGiven(at=START, purpose="marketing", version=1, strength=ConsentStrength.EXPRESS)
    with pytest.raises(DatabaseError, match="refused"):
        site.record("u1", given)
    for at_least in (None, 0):
        assert isinstance(site.ask(use, at_least=at_least), Deny)


def test_plaintext_leaves_the_vault_only_against_committed_entries(site: Site) -> None:
    vault = site._known.vault
    site.do_all([newcomer(site, f"u{number}") for number in range(4)])
    assert vault.openings == 0
    failures: list[BaseException] = []

    def use(user: str) -> None:
        try:
            for _ in range(25):
                assert site.perform(act(ActKind.USE, user, "tariff_plan")).values
                assert not site.perform(act(ActKind.USE, user, "tariff_plan", by="lister", purpose="marketing")).values
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=use, args=(f"u{number % 4}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert vault.openings == 8 * 25
    site.checkpoint()
    with site.reading() as tx:
        permitted = sum(b'"event":"use"' in body and b'"permit"' in body for _, body in site.ledger.entries(tx))
        assert vault.openings == permitted
        assert audit(tx, site.ledger.key, decode_entries=True).size == site.ledger.head(tx).size


def test_nothing_of_a_user_stands_in_plain_anywhere_outside_the_answer(
    site: Site, database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    user = "KS-PLANTED-USER-77120"
    values = {**VALUES, "user_name": "司马相如甲乙丙", "tariff_plan": "PLANTED-PLAN-314159"}
    planted = Planted([user, *values.values()])
    site.do(newcomer(site, user, values, "marketing"))
    assert site.perform(act(ActKind.USE, user, *values)).values == values
    site.perform(act(ActKind.SELL, user, "mobile_number"))
    site.perform(act(ActKind.CORRECT, user, "tariff_plan"), {"tariff_plan": values["tariff_plan"]})
    site.record(user, ConsentWithdrawn(at=START, purpose="marketing"))
    site.ask(act(ActKind.USE, user, "user_name", by="nobody"))
    site.cancel(user)
    site.checkpoint()
    assert planted.search_database(database) == []
    assert planted.search_files(tmp_path / "keys") == []
    assert planted.find_in(caplog.text) == []


def second(site: Site, database: Database, folder: Path) -> Site:
    """Open the same site once more, as another process would."""
    return Site(folder, Settings(site=SITE), Database(database.url.render_as_string(hide_password=False)),
                FileKeys.open(folder / "keys", SITE), site.now)  # fmt: skip


def test_what_one_process_writes_the_other_sees_before_it_answers(
    site: Site, database: Database, tmp_path: Path
) -> None:
    with second(site, database, tmp_path) as other:
        other.do(newcomer(site, "u1"))
        use = act(ActKind.USE, "u1", "tariff_plan")
        assert isinstance(site.ask(use), Permit)
        assert isinstance(other.ask(use), Permit)
        for one, two in ((site, other), (other, site)):
            revision = one.record("u1", ConsentWithdrawn(at=START, purpose="service"))
            assert isinstance(two.ask(use), Deny)
            assert isinstance(two.ask(use, at_least=revision), Deny)
            assert isinstance(two.perform(use).decision, Deny)
            two.record("u1", ConsentGiven(at=START, purpose="service", version=1, strength=ConsentStrength.EXPRESS))
            assert isinstance(one.perform(use).decision, Permit)
        replaced = declared(effective=dt.datetime(2026, 1, 2, tzinfo=dt.UTC))
        assert other.publish(replaced, by="officer").version == 2
        assert site.ask(msgspec.structs.replace(use, when=site.now())).rules == 2


def test_an_answer_that_must_be_newer_than_the_log_is_refused(site: Site) -> None:
    with pytest.raises(Exception, match="revision"):
        site.ask(act(ActKind.USE, "u1", "tariff_plan"), at_least=10_000)


def test_a_clock_set_back_stops_the_log_and_nothing_is_half_done(database: Database, tmp_path: Path) -> None:
    clock = Clock()
    with ready(database, tmp_path, clock) as site:
        site.do(newcomer(site, "u1"))
        before = contents(database)
        clock.moment -= dt.timedelta(minutes=5)
        with pytest.raises(Exception, match=r"clock|time"):
            site.perform(act(ActKind.USE, "u1", "tariff_plan"))
        assert contents(database) == before
        clock.moment += dt.timedelta(minutes=6)
        assert site.perform(act(ActKind.USE, "u1", "tariff_plan")).values


@given(
    acts=st.lists(
        st.tuples(
            st.sampled_from(list(ActKind)),
            st.sampled_from(["u1", "u2", "nobody", "u'1", ""]),
            st.sampled_from(["service", "marketing", "none"]),
            st.sampled_from(["clerk1", "lister", "user", "stranger"]),
            st.sets(st.sampled_from([*VALUES, "religion", "no_such_item"]), max_size=3),
        ),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_asked_a_denied_act_shows_and_changes_nothing(
    site: Site, acts: list[tuple[ActKind, str, str, str, set[str]]]
) -> None:
    for kind, user, purpose, by, items in acts:
        asked = Act(kind=kind, user=user, purpose=purpose, by=by, items=frozenset(items), when=START)
        values = dict.fromkeys(items, "v") if kind in (ActKind.COLLECT, ActKind.CORRECT) else {}
        with site.reading() as tx:
            held = tx.connection.exec_driver_sql("SELECT COUNT(*) FROM vault_value").scalar()
        try:
            done = site.do(Perform(act=asked, values=values))
        except ActError:
            assert not user, "only an act that names no user is not well formed"
            continue
        if isinstance(done.decision, Deny):
            with site.reading() as tx:
                assert tx.connection.exec_driver_sql("SELECT COUNT(*) FROM vault_value").scalar() == held
            assert not done.values
            assert done.decision.reasons


def test_a_site_closed_refuses_and_does_not_hang(database: Database, tmp_path: Path) -> None:
    site = open_site(database, tmp_path)
    site.close()
    with pytest.raises(Exception, match="closed"):
        site.perform(act(ActKind.USE, "u1", "tariff_plan"))
