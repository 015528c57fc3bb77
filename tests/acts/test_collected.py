# SPDX-License-Identifier: Apache-2.0
"""When each value was collected is kept with it: collecting anew renews it, and nothing else does."""

import datetime as dt
from pathlib import Path

from house import START, VALUES, Clock, act, newcomer, ready

from keshou.acts.request import Perform
from keshou.app.site import Site
from keshou.db import Database, from_micros
from keshou.law.terms import ActKind
from keshou.vault.lookup import collected_of

DAY = dt.timedelta(days=1)


def since(site: Site, user: int = 1) -> dict[str, dt.date]:
    """Return the day on which each item was collected."""
    with site.reading() as tx:
        return {each.item: from_micros(each.since).date() for each in collected_of(tx, [user])[user]}


def change(kind: ActKind, item: str, value: str) -> Perform:
    return Perform(act=act(kind, "u1", item), values={item: value})


def test_the_moment_is_that_of_collecting_and_correcting_keeps_it(database: Database, tmp_path: Path) -> None:
    clock = Clock()
    with ready(database, tmp_path, clock) as site:
        site.do(newcomer(site, "u1"))
        clock.moment = START + DAY
        site.do(change(ActKind.CORRECT, "tariff_plan", "P-1"))
        site.do(change(ActKind.COLLECT, "mobile_number", "15499990007"))
        first, second = START.date(), (START + DAY).date()
        assert since(site) == dict.fromkeys(VALUES, first) | {"mobile_number": second}


def test_of_several_in_one_transaction_the_last_collecting_counts(database: Database, tmp_path: Path) -> None:
    clock = Clock()
    with ready(database, tmp_path, clock) as site:
        site.do_all([newcomer(site, "u1"), newcomer(site, "u2")])
        clock.moment = START + DAY
        with site.as_one() as do:
            do([
                change(ActKind.COLLECT, "tariff_plan", "P-1"), change(ActKind.CORRECT, "tariff_plan", "P-2"),
                change(ActKind.CORRECT, "mobile_number", "15499990007"),
                change(ActKind.COLLECT, "mobile_number", "15499990008"),
                change(ActKind.CORRECT, "user_name", "孔仲尼"),
            ])  # fmt: skip
        first, second = START.date(), (START + DAY).date()
        assert since(site) == dict.fromkeys(VALUES, first) | {"mobile_number": second, "tariff_plan": second}
        assert since(site, 2) == dict.fromkeys(VALUES, first)
        shown = site.perform(act(ActKind.USE, "u1", "tariff_plan")).values
        assert shown == {"tariff_plan": "P-2"}


def test_one_collected_within_the_batch_and_corrected_after_others_were_shown(
    database: Database, tmp_path: Path
) -> None:
    clock = Clock()
    with ready(database, tmp_path, clock) as site:
        site.do(newcomer(site, "u1"))
        clock.moment = START + DAY
        with site.as_one() as do:
            do([
                change(ActKind.COLLECT, "tariff_plan", "P-1"), Perform(act=act(ActKind.USE, "u1", "tariff_plan")),
                change(ActKind.CORRECT, "tariff_plan", "P-2"),
            ])  # fmt: skip
        assert since(site)["tariff_plan"] == (START + DAY).date()


def test_new_keys_for_old_keep_the_moment(database: Database, tmp_path: Path) -> None:
    clock = Clock()
    with ready(database, tmp_path, clock) as site:
        site.do(newcomer(site, "u1"))
        before = since(site)
        clock.moment = START + DAY
        site.keeper.renew_data_keys("keeper", lambda _: None)
        site.keeper.rotate_epochs("keeper", lambda _: None)
        site.keeper.rotate_index("keeper", lambda _: None)
        assert since(site) == before
