# SPDX-License-Identifier: Apache-2.0
"""A process that stops in the middle of an act holds up the others for so long and no longer; nothing is done."""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from house import SITE, act, newcomer, ready

from keshou.app.door import Door
from keshou.app.readiness import missing
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.errors import UnreachableError
from keshou.law.terms import ActKind
from keshou.vault.keys import FileKeys

USE = act(ActKind.USE, "u1", "tariff_plan")
PATIENCE = 0.5


@pytest.fixture
def site(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Return a site that waits for others for half a second, over connections made since."""
    with ready(database, tmp_path) as first:
        first.do(newcomer(first, "u1"))
    monkeypatch.setattr("keshou.turn.PATIENCE", PATIENCE)
    base = Database(database.url.render_as_string(hide_password=False))
    with Site(tmp_path, Settings(site=SITE), base, FileKeys.open(tmp_path / "keys", SITE), first.now) as site:
        yield site
        monkeypatch.undo()


@contextlib.contextmanager
def held(site: Site, database: Database) -> Iterator[None]:
    """Hold the log as a process does that stopped in the middle of an act, over a connection that is not ours."""
    if database.postgresql:
        url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url) as other:
            other.execute("SELECT size FROM log_state WHERE id = 1 FOR UPDATE")
            yield
            other.rollback()
        return
    with contextlib.closing(sqlite3.connect(str(database.url.database), isolation_level=None)) as file:
        file.execute("BEGIN IMMEDIATE")
        yield
        file.execute("ROLLBACK")


def size(site: Site) -> int:
    return site.pulse.look_now().size


def test_an_act_that_waits_for_a_process_that_stopped_is_told_so_and_is_not_done(
    site: Site, database: Database
) -> None:
    before = size(site)
    with held(site, database):
        began = time.monotonic()
        with pytest.raises(UnreachableError):
            site.perform(USE)
        assert time.monotonic() - began < 20 * PATIENCE
        assert site.ask(USE).permitted, "questions wait for nobody"
        with pytest.raises(UnreachableError), site.writing() as tx:
            site.ledger.lock(tx)
    assert size(site) == before
    assert site.perform(USE).values
    assert size(site) == before + 1


def test_a_log_that_is_held_and_does_not_grow_makes_a_site_unready_until_it_is_let_go(
    site: Site, database: Database
) -> None:
    site.door = Door(site.database, after=0.2, pause=0.0)
    assert missing(site) == ()
    with held(site, database):
        assert missing(site) == (), "somebody may be at work"
        time.sleep(0.3)
        assert missing(site) == ("door",)
    assert missing(site) == ()
    site.door = Door(site.database, after=0.0, pause=60.0)
    with held(site, database):
        assert missing(site) == ("door",)
    assert missing(site) == ("door",), "it is not tried again for everybody who asks"


def test_a_log_that_grows_is_not_stuck_however_often_it_is_held(site: Site, database: Database) -> None:
    site.door = Door(site.database, after=0.2, pause=0.0)
    for _ in range(3):
        with held(site, database):
            assert missing(site) == ()
            time.sleep(0.15)
        site.perform(USE)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_a_process_that_stopped_holds_is_let_go_by_the_server(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keshou.turn._LEFT", 0.3)
    url = database.url.render_as_string(hide_password=False)
    with contextlib.closing(Database(url)) as stopped, ready(database, tmp_path) as site:
        site.do(newcomer(site, "u1"))
        with pytest.raises(UnreachableError), stopped.transaction() as tx:  # noqa: PT012 - it is to fail at its end
            site.ledger.lock(tx)
            assert site.perform(USE).values
            site.ledger.head(tx)
        for way in (stopped.reading, lambda: stopped.transaction(slow=True)):
            with way() as tx:
                time.sleep(0.6)
                assert tx.ask("SELECT 1") == [(1,)]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_the_address_says_of_patience_counts(database: Database) -> None:
    url = database.url.update_query_dict({"options": "-c lock_timeout=1234", "keepalives_idle": "7"})
    with contextlib.closing(Database(url.render_as_string(hide_password=False))) as base, base.reading() as tx:
        assert tx.ask("SHOW lock_timeout") == [("1234ms",)]
        assert tx.ask("SHOW idle_in_transaction_session_timeout") == [("0",)]
