# SPDX-License-Identifier: Apache-2.0
"""Nothing is put back under the feet of a process that has the site open: what it does would be lost."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from homes import admit, lose_database, new_home
from house import Clock

from keshou.app import presence
from keshou.app.backup import Made, back_up
from keshou.app.restore import Asked, restore
from keshou.app.site import Site
from keshou.errors import UnreachableError

_OPEN = "import sys, time, keshou\nsite = keshou.open(sys.argv[1])\nprint('open', flush=True)\ntime.sleep(600)"


def backed_up(home: Path, folder: Path, clock: Clock) -> Made:
    with Site.open(home, clock) as site:
        admit(site, "u1")
        return back_up(site, folder / "one.age")


def test_nothing_is_put_back_while_a_process_has_the_site_open(home: Path, tmp_path: Path, clock: Clock) -> None:
    made = backed_up(home, tmp_path, clock)
    with Site.open(home, clock), Site.open(home, clock), pytest.raises(UnreachableError, match="open"):
        restore(made.path, home, clock(), Asked())
    lose_database(home)
    assert restore(made.path, home, clock(), Asked()).size == made.manifest.size
    Site.open(home, clock).close()


def test_a_process_that_was_killed_holds_nothing(home: Path, tmp_path: Path, clock: Clock) -> None:
    made = backed_up(home, tmp_path, clock)
    with subprocess.Popen([sys.executable, "-c", _OPEN, str(home)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(UnreachableError, match="a process has this site open"):
            restore(made.path, home, clock(), Asked())
        other.send_signal(signal.SIGKILL)
    lose_database(home)
    assert restore(made.path, home, clock(), Asked()).size == made.manifest.size


def test_a_site_is_not_opened_while_an_archive_is_put_back(home: Path, tmp_path: Path, clock: Clock) -> None:
    made = backed_up(home, tmp_path, clock)
    lose_database(home)
    told: list[str] = []

    def look(_done: int, _all: int) -> None:
        with pytest.raises(UnreachableError, match="being put back"):
            Site.open(home, clock)
        told.append("refused")

    restore(made.path, home, clock(), Asked(), on_progress=look)
    assert told


def test_nothing_is_put_back_into_a_database_that_another_machine_is_connected_to(
    tmp_path: Path, postgresql_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "_PATIENCE", 0.2)
    home = new_home(tmp_path, postgresql_url, clock)
    made = backed_up(home, tmp_path, clock)
    other = tmp_path / "other"
    shutil.copytree(home, other)
    site = Site.open(other, clock)
    lose_database(home)
    with pytest.raises(UnreachableError, match="connected to this database"):
        restore(made.path, home, clock(), Asked())
    site._sequencer.close()
    site.pulse.close()
    site.database.close()
    assert restore(made.path, home, clock(), Asked()).size == made.manifest.size
