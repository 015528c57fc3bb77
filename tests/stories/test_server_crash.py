# SPDX-License-Identifier: Apache-2.0
"""The database server dies in the middle of acts and comes back: nothing acknowledged is lost, nothing is half done."""

import threading
import time
from contextlib import closing
from pathlib import Path

from house import SITE, act, declared, newcomer

from keshou.app import clock
from keshou.app.create import begin
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.errors import KeshouError, UnreachableError
from keshou.gate.facts import StaffAppointed
from keshou.law.terms import ActKind
from keshou.migrations.run import upgrade
from keshou.vault.keys import FileKeys
from postgresql import Cluster


def test_a_server_killed_in_the_middle_of_acts_loses_none_that_was_acknowledged(tmp_path: Path) -> None:
    with Cluster(durable=True) as cluster:
        cluster.create("crash")
        with closing(Database(cluster.url("crash"))) as database:
            site = _site(database, tmp_path)
            acknowledged: dict[str, str] = {}
            refused: list[BaseException] = []
            for round_ in range(3):
                _kill_midway(site, cluster, f"r{round_}", acknowledged, refused)
                _wait_for(site)
                _check(site, acknowledged)
            assert len(acknowledged) > 100
            assert refused, "nobody was ever refused: the server died too late"
            assert all(isinstance(each, UnreachableError) for each in refused)
            site.close()


def _site(database: Database, folder: Path) -> Site:
    upgrade(database)
    keys = FileKeys.create(folder / "keys", SITE, clock.now())
    with database.transaction() as tx:
        begin(tx, Settings(site=SITE), keys)
    site = Site(folder, Settings(site=SITE), database, keys, clock.now)
    site.publish(declared(), by="officer")
    site.record_site(StaffAppointed(at=clock.now(), staff="clerk1", post="clerk"), by="officer")
    return site


def _kill_midway(
    site: Site, cluster: Cluster, name: str, acknowledged: dict[str, str], refused: list[BaseException]
) -> None:
    stop = threading.Event()

    def work(number: int) -> None:
        count = 0
        while not stop.is_set():
            user, plan = f"{name}-{number}-{count}", f"P-{count}"
            try:
                site.do(newcomer(site, user))
                acknowledged[user] = "P-19"
                site.perform(act(ActKind.CORRECT, user, "tariff_plan"), {"tariff_plan": plan})
                acknowledged[user] = plan
            except KeshouError as error:
                refused.append(error)
            count += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.7)
    cluster.kill()
    time.sleep(0.1)
    stop.set()
    for thread in threads:
        thread.join()
    cluster.start()


def _wait_for(site: Site) -> None:
    """Ask until the server answers again; connections that died with it are dropped one by one."""
    for _ in range(100):
        try:
            site.rules()
        except UnreachableError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server does not answer")


def _check(site: Site, acknowledged: dict[str, str]) -> None:
    site.audit()
    for user, plan in list(acknowledged.items())[-20:]:
        shown = site.perform(act(ActKind.USE, user, "tariff_plan", "user_name")).values
        later = f"P-{user.rpartition('-')[2]}"
        assert shown["tariff_plan"] in (plan, later)
        assert shown["user_name"]
