# SPDX-License-Identifier: Apache-2.0
"""A process killed at any moment leaves each act whole or absent, and a log that verifies."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from house import SITE, START, act, declared

from keshou.app import clock
from keshou.app.create import begin
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.decision import Permit
from keshou.gate.facts import StaffAppointed
from keshou.law.terms import ActKind
from keshou.ledger.audit import audit
from keshou.vault.keys import FileKeys

WORKER = Path(__file__).with_name("crash_worker.py")
ROUNDS = int(os.environ.get("KESHOU_CRASH_ROUNDS", "6"))
ACTS = int(os.environ.get("KESHOU_CRASH_ACTS", "1000"))


def test_killed_at_random_points_of_a_thousand_acts_every_act_is_whole_or_absent(
    database: Database, tmp_path: Path
) -> None:
    keys = FileKeys.create(tmp_path / "keys", SITE, START)
    with database.transaction() as tx:
        begin(tx, Settings(site=SITE), keys)
    site = Site(tmp_path, Settings(site=SITE), database, keys, clock.now)
    site.publish(declared(), by="officer")
    site.record_site(StaffAppointed(at=clock.now(), staff="clerk1", post="clerk"), by="officer")
    acknowledged: dict[int, tuple[str, str]] = {}
    chance = random.Random(20130901)
    for round_ in range(ROUNDS):
        said = _kill_midway(database, tmp_path, str(round_), 3 * ACTS // (2 * ROUNDS), chance)
        assert not acknowledged.keys() & said.keys(), "an index was given twice"
        acknowledged |= said
        _check(site, acknowledged)
    assert len(acknowledged) >= ACTS
    site._sequencer.close()


def _kill_midway(
    database: Database, folder: Path, round_: str, acts: int, chance: random.Random
) -> dict[int, tuple[str, str]]:
    url = database.url.render_as_string(hide_password=False)
    worker = subprocess.Popen(
        [sys.executable, str(WORKER), url, str(folder), round_], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    said: dict[int, tuple[str, str]] = {}
    with worker, worker.stdout as told:
        for line in told:
            _note(said, line)
            if len(said) >= acts:
                break
        time.sleep(chance.random() / 50)
        worker.send_signal(signal.SIGKILL)
        for line in told:
            _note(said, line)
    assert worker.returncode == -signal.SIGKILL
    return said


def _note(said: dict[int, tuple[str, str]], line: str) -> None:
    if line.endswith("\n"):
        entry, user, value = line.split()
        said[int(entry)] = (user, value)


def _check(site: Site, acknowledged: dict[int, tuple[str, str]]) -> None:
    with site.database.transaction() as tx:
        size = site.ledger.head(tx).size
        audit(tx, site.ledger.key)
        assert max(acknowledged) < size, "an acknowledged act is not in the log"
        _no_halves(site, tx, size)
    last = {user: value for _, (user, value) in sorted(acknowledged.items())}
    for user, value in random.Random(len(last)).sample(sorted(last.items()), 20):
        done = site.perform(act(ActKind.USE, user, "tariff_plan", "user_name"))
        assert isinstance(done.decision, Permit)
        assert done.values["user_name"], "an acknowledged user is not held whole"
        assert done.values["tariff_plan"] in (value, _later(user, value)), "an acknowledged value is lost"


def _later(user: str, value: str) -> str:
    """Return the plan that a correction gives, which may be committed and not yet acknowledged."""
    return f"P-{user.rpartition('-')[2]}" if value == "P-19" else value


def _no_halves(site: Site, tx: object, size: int) -> None:
    count = lambda sql: tx.connection.exec_driver_sql(sql).scalar()  # type: ignore[attr-defined]  # noqa: E731
    users = count("SELECT COUNT(*) FROM vault_user")
    assert count('SELECT COUNT(DISTINCT "user") FROM user_fact') == users
    assert count("SELECT COUNT(*) FROM vault_value") == 4 * users
    assert count("SELECT COUNT(*) FROM vault_key WHERE class = 'record'") == users
    assert count("SELECT MAX(revision) FROM user_fact") <= size
    assert count("SELECT COUNT(*) FROM log_entry") == size
    assert count("SELECT MAX(idx) FROM log_payload") < size
