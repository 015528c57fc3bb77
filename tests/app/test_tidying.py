# SPDX-License-Identifier: Apache-2.0
"""What is over is dropped now and then by one process at a time, which stops when told and goes on after a failure."""

import datetime as dt
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from house import OPERATOR, Clock, newcomer, ready

from keshou.acts.request import Cancel
from keshou.app.create import create
from keshou.app.site import Site
from keshou.db import Database
from keshou.errors import UnreachableError
from keshou.gate.holds import Asked
from keshou.law.terms import RetentionClass
from keshou.once.errors import SecretToldError

USERS = ("u1", "u2", "u3")
WAIT = 30
OFTEN = 0.0002
"""Minutes: some ten milliseconds."""


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    """A site where a hold that is over keeps something of users who left."""
    clock = Clock()
    with ready(database, tmp_path, clock) as site:
        site.do_all([newcomer(site, each) for each in USERS])
        until = site.now() + dt.timedelta(hours=1)
        site.record_site(site.holds.fact("h1", Asked("case", "d-1", until=until, users=USERS), "clerk1"), by="clerk1")
        site.do_all([Cancel(user=each, by="user") for each in USERS])
        clock.moment += dt.timedelta(hours=2)
        yield site


def kept(site: Site) -> int:
    """Return of how many users something of the service is held."""
    with site.reading() as tx:
        keys = [site._known.vault.find_user(tx, each) for each in USERS]
        held = [site._known.vault.items_of(tx, key) for key in keys if key is not None]
    return sum(RetentionClass.SERVICE in each.values() for each in held)


def often(site: Site, minutes: float) -> None:
    server = msgspec.structs.replace(site.settings.server, tidy_minutes=minutes)
    site.settings = msgspec.structs.replace(site.settings, server=server)


def another(site: Site) -> Site:
    """Return what another process would open."""
    return Site(site.home, site.settings, Database(str_of(site.database)), site.keeper._keys, site.now)


def str_of(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def test_while_one_tidies_another_leaves_it_and_waits_for_nobody(site: Site) -> None:
    with another(site) as other:
        with site.tidying._alone() as mine:
            assert mine
            assert other.tidying.turn() is False
            assert kept(site) == len(USERS)
        assert other.tidying.turn() is True
    assert kept(site) == 0


def test_a_site_that_processes_have_open_is_tidied_all_the_same(tmp_path: Path) -> None:
    home, clock = tmp_path / "site", Clock()
    create(home, clock(), declaration=OPERATOR.read_text("utf-8"), language="en")
    with Site.open(home, clock) as site, Site.open(home, clock) as other:
        assert site.tidying.turn() is True
        with site.tidying._alone() as mine:
            assert mine
            assert other.tidying.turn() is False
        assert other.tidying.turn() is True


def test_a_failure_in_between_lets_the_next_one_in(site: Site) -> None:
    def fail() -> int:
        raise UnreachableError("gone")

    with another(site) as other:
        other.tidying._tell = fail
        with pytest.raises(UnreachableError):
            other.tidying.turn()
        assert site.tidying.turn() is True


def test_it_stops_before_the_next_user_when_told_and_the_rest_goes_the_next_time(site: Site) -> None:
    answers = iter([True, False, False, False])
    site.tidying.tidy(lambda: next(answers))
    assert kept(site) == len(USERS) - 1
    site.tidying.tidy()
    assert kept(site) == 0


def test_what_goes_wrong_is_said_once_by_its_name_alone_and_tried_again(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    failed, done, tell = [], threading.Event(), site._lapses.tell

    def fail_at_first() -> int:
        if len(failed) < 3:
            failed.append(1)
            raise UnreachableError("the number 15499990001 was not told")
        done.set()
        return tell()

    often(site, OFTEN)
    site.tidying._tell = fail_at_first
    with caplog.at_level(logging.ERROR):
        site.tidying.start()
        assert done.wait(WAIT)
        site.tidying.close()
    assert [each.getMessage() for each in caplog.records] == ["what is over is not dropped: UnreachableError"]


def test_with_no_minutes_between_it_never_begins(site: Site) -> None:
    often(site, 0)
    before = threading.active_count()
    site.tidying.start()
    assert threading.active_count() == before


def again(site: Site) -> str:
    """Send a request that leaves no entry once more; return how it is taken."""
    try:
        with site.writing() as tx:
            return "new" if site.once.begin(tx, "k1", "said", site.now()) is None else "answered"
    except SecretToldError:
        return "known"


@pytest.mark.parametrize(("once_days", "export_days", "known"), [(30, 7, 30), (3, 7, 7)])
def test_a_request_is_known_for_the_days_stated_and_while_the_export_named_after_it_is_kept(
    database: Database, tmp_path: Path, once_days: int, export_days: int, known: int
) -> None:
    clock = Clock()
    with ready(database, tmp_path, clock) as site:
        server = msgspec.structs.replace(site.settings.server, once_days=once_days, export_days=export_days)
        site.settings = msgspec.structs.replace(site.settings, server=server)
        assert again(site) == "new"
        clock.moment += dt.timedelta(days=known) - dt.timedelta(minutes=1)
        site.tidying.tidy()
        assert again(site) == "known"
        clock.moment += dt.timedelta(minutes=2)
        site.tidying.tidy()
        assert again(site) == "new"
