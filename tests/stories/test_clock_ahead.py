# SPDX-License-Identifier: Apache-2.0
"""A clock that is far ahead writes nothing, so that it does not stop the log; a machine that stood still goes on."""

import datetime as dt
from pathlib import Path

import msgspec
import pytest
from house import SITE, Clock, act, newcomer, ready

from keshou.app import clock
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.errors import UnreachableError
from keshou.gate.act import Act
from keshou.law.terms import ActKind
from keshou.ledger.errors import ClockError
from keshou.vault.keys import FileKeys

USE = act(ActKind.USE, "u1", "tariff_plan")
DAY = dt.timedelta(days=1)


def begin(database: Database, folder: Path, ago: dt.timedelta) -> None:
    """Make a site of which the newest entry is so old by the clock of this machine; later than the small operator."""
    with ready(database, folder, Clock(clock.now() - ago)) as site:
        site.do(newcomer(site, "u1"))


def another(database: Database, folder: Path, **settings: object) -> Site:
    """Open it as a server does, by the clock of its machine."""
    base = Database(database.url.render_as_string(hide_password=False))
    return Site(folder, Settings(site=SITE, **settings), base, FileKeys.open(folder / "keys", SITE))  # type: ignore[arg-type]


def fast(site: Site, by: dt.timedelta) -> Site:
    """Put the clock of a server ahead."""
    site.now = site.ledger.latest.over(lambda: clock.now() + by)
    return site


def now(site: Site) -> Act:
    return msgspec.structs.replace(USE, when=site.now())


def size(site: Site) -> int:
    return site.pulse.look_now().size


@pytest.mark.parametrize("ahead", [dt.timedelta(seconds=3), dt.timedelta(hours=8), 365 * DAY])
def test_a_server_whose_clock_is_ahead_of_the_database_writes_nothing_and_stops_nobody(
    database: Database, tmp_path: Path, ahead: dt.timedelta
) -> None:
    begin(database, tmp_path, DAY)
    with another(database, tmp_path) as right, fast(another(database, tmp_path), ahead) as wrong:
        before = size(wrong)
        if database.postgresql or ahead > 100 * DAY:
            with pytest.raises(UnreachableError, match="by this machine's clock") as caught:
                wrong.perform(USE)
            assert isinstance(caught.value, ClockError)
            assert f"{right.now() + ahead:%Y-%m-%d}" in str(caught.value)
            assert size(wrong) == before
            assert right.perform(USE).values
        else:  # it cannot be told from a machine that stood still; whoever is right is told what to do
            assert wrong.perform(USE).values
            with pytest.raises(ClockError, match="at the log's last entry") as caught:
                right.perform(USE)
            assert "a clock was ahead when that entry was written" in caught.value.hint


def test_a_machine_that_stood_still_for_long_goes_on_once_somebody_says_that_its_clock_is_right(
    database: Database, tmp_path: Path
) -> None:
    begin(database, tmp_path, 2 * DAY)
    with another(database, tmp_path, clock_leap=1.0) as site:
        if database.postgresql:  # the server's clock says the same
            assert site.perform(USE).values
            return
        assert site.ask(now(site)).permitted
        with pytest.raises(ClockError, match="so long after") as caught:
            site.perform(USE)
        assert "clock_leap" in caught.value.hint
    with another(database, tmp_path, clock_leap=3.0) as site:
        assert site.perform(USE).values
    with another(database, tmp_path, clock_leap=1.0) as site:
        assert site.perform(USE).values, "once is enough"


def test_after_a_clock_was_ahead_acts_go_on_where_the_settings_say_that_clocks_differ_so_far(
    database: Database, tmp_path: Path
) -> None:
    begin(database, tmp_path, -DAY)
    with another(database, tmp_path) as site:
        with pytest.raises(ClockError):
            site.perform(USE)
        with pytest.raises(ClockError):
            site.ask(now(site))
    with another(database, tmp_path, clock_tolerance=2.0 * 86_400) as site:
        latest = site.ledger.latest
        assert site.perform(USE).values
        assert site.ask(now(site)).permitted
        assert latest.moment > clock.now(), "dated at the entry that was ahead"
