# SPDX-License-Identifier: Apache-2.0
"""A process that rotates a site's keys again and again and says how far it is; tests kill it at random."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "acts"))

from house import SITE

from keshou.app import clock, keeper
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.suite import SUITES
from keshou.vault.keys import FileKeys

keeper.REWRAPPED, keeper.RENEWED, keeper.REINDEXED = 7, 3, 3  # type: ignore[misc]


def main() -> None:
    """Rotate the level named for ever; print how many are done after each step, and ``whole`` after each rotation."""
    url, folder, level, suite = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    settings = Settings(site=SITE, suite=suite)  # type: ignore[arg-type]
    site = Site(folder, settings, Database(url), FileKeys.open(folder / "keys", SITE, suite=SUITES[suite]), clock.now)
    while True:
        if level == "master":
            site.keeper.rotate_master("file", "keeper")
        else:
            keeper_ = site.keeper
            rotations = {
                "epoch": keeper_.rotate_epochs,
                "data": keeper_.renew_data_keys,
                "index": keeper_.rotate_index,
            }
            rotations[level]("keeper", say)
            site.keeper.retire("keeper")
        say("whole")


def say(what: object) -> None:
    """Tell the test how far it is."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


main()
