# SPDX-License-Identifier: Apache-2.0
"""A process that does acts without end and says each one that was acknowledged; tests kill it at random."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "acts"))

import threading

from house import SITE, START, act, newcomer

from keshou.acts.request import Perform
from keshou.app import clock
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.law.terms import ActKind
from keshou.vault.keys import FileKeys


def main() -> None:
    """Take users in, correct and read them; print ``entry user value`` after each acknowledgement."""
    url, folder, round_ = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    keys = FileKeys.open(folder / "keys", SITE)
    site = Site(folder, Settings(site=SITE), Database(url), keys, clock.now)
    threads = [threading.Thread(target=work, args=(site, f"{round_}-{number}")) for number in range(4)]
    for thread in threads:
        thread.start()


def work(site: Site, name: str) -> None:
    """Do acts for ever."""
    number = 0
    while True:
        user, plan = f"k{name}-{number}", f"P-{number}"
        say(site.do(newcomer(site, user)).entry, user, "P-19")
        say(site.perform(act(ActKind.CORRECT, user, "tariff_plan"), {"tariff_plan": plan}).entry, user, plan)
        shown = site.do(Perform(act=act(ActKind.USE, user, "tariff_plan")))
        say(shown.entry, user, shown.values["tariff_plan"])
        number += 1


def say(entry: int, user: str, value: str) -> None:
    """Tell the test that an act was acknowledged."""
    sys.stdout.write(f"{entry} {user} {value}\n")
    sys.stdout.flush()


assert START
main()
