# SPDX-License-Identifier: Apache-2.0
"""A rotation killed at any moment, while acts go on: nothing is lost, and the next one ends what it began."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from house import SITE, VALUES, act, newcomer, ready

from keshou.app import clock
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.findable import Part
from keshou.gate.decision import Permit
from keshou.law.terms import ActKind
from keshou.suite import SUITES
from keshou.vault.keys import FileKeys

WORKER = Path(__file__).with_name("rotating_worker.py")
ROUNDS = int(os.environ.get("KESHOU_CRASH_ROUNDS", "3"))
USERS = 16


@pytest.mark.parametrize("level", ["epoch", "data", "master", "index"])
def test_a_rotation_killed_at_random_points_loses_nothing_while_acts_go_on(
    database: Database, tmp_path: Path, level: str
) -> None:
    chosen = ({"item": "mobile_number", "last_four": True, "prefix": 7},)
    site = ready(database, tmp_path, clock.now, by=chosen)  # type: ignore[arg-type]
    users = [f"u{number}" for number in range(USERS)]
    site.do_all([newcomer(site, user) for user in users])
    chance, plans = random.Random(20130901), dict.fromkeys(users, VALUES["tariff_plan"])
    for round_ in range(ROUNDS):
        suite = ("international", "chinese")[round_ % 2] if level in ("data", "index") else "international"
        url = database.url.render_as_string(hide_password=False)
        _kill_midway([url, str(tmp_path), level, suite], chance, lambda: _act(site, plans, chance))
        _check(site, plans)
        fresh = _reopened(database, tmp_path, suite)
        _check(fresh, plans)
        _finish(fresh, level)
        _check(fresh, plans)
        _check(site, plans)
        site.audit(by="clerk1")
        fresh._sequencer.close()
    site._sequencer.close()


def _kill_midway(words: list[str], chance: random.Random, act_: Callable[[], None]) -> None:
    worker = subprocess.Popen([sys.executable, str(WORKER), *words], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    with worker, worker.stdout as told:
        for _ in range(chance.randrange(1, 25)):
            assert told.readline(), "the rotation ended by itself"
            act_()
        time.sleep(chance.random() / 100)
        worker.send_signal(signal.SIGKILL)
    assert worker.returncode == -signal.SIGKILL


def _act(site: Site, plans: dict[str, str], chance: random.Random) -> None:
    """Correct somebody's value and take somebody new in, in the process that knows of no rotation."""
    user = chance.choice(sorted(plans))
    plan = f"P-{chance.randrange(1000)}"
    done = site.perform(act(ActKind.CORRECT, user, "tariff_plan"), {"tariff_plan": plan})
    assert isinstance(done.decision, Permit)
    plans[user] = plan
    new = f"n{len(plans)}"
    site.do(newcomer(site, new))
    plans[new] = VALUES["tariff_plan"]


def _check(site: Site, plans: dict[str, str]) -> None:
    for user, plan in plans.items():
        done = site.perform(act(ActKind.USE, user, "tariff_plan", "user_name"))
        assert isinstance(done.decision, Permit)
        assert done.values["tariff_plan"] == plan
        assert done.values["user_name"]
    number = VALUES["mobile_number"]
    for sought, part in ((number, Part.WHOLE), (number[-4:], Part.LAST_FOUR), (number[:7], Part.PREFIX)):
        found = site.searches.find(act(ActKind.QUERY, "", "mobile_number"), sought, part)
        assert (found.decision.permitted, found.hits) == (True, len(plans)), part


def _reopened(database: Database, folder: Path, suite: str) -> Site:
    settings = Settings(site=SITE, suite=suite)  # type: ignore[arg-type]
    return Site(folder, settings, database, FileKeys.open(folder / "keys", SITE, suite=SUITES[suite]), clock.now)


def _finish(site: Site, level: str) -> None:
    if level == "master":
        site.keeper.rotate_master("file", "keeper")
        assert len(site.keeper.show().masters) == 1
        return
    keeper = site.keeper
    rotations = {"epoch": keeper.rotate_epochs, "data": keeper.renew_data_keys, "index": keeper.rotate_index}
    assert rotations[level]("keeper", lambda _: None).left == 0
    site.keeper.retire("keeper")
    shown = site.keeper.show()
    assert len(shown.epochs) == 1
    under = [number for number, rows in shown.indexes.items() if rows]
    assert under == [max(shown.indexes)]
    assert len(shown.indexes) <= 2, "the root and the newest"
    assert all(each.ended for each in shown.rotations)
