# SPDX-License-Identifier: Apache-2.0
"""What users are, see, type and prove themselves by on their pages stands in no address, no log and no table."""

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from house import VALUES, Clock, newcomer
from own_house import browsing, house
from receivers import receiving

from keshou.app.site import Site
from keshou.db import Database
from planting import SHORTEST, Planted

USER = "A-18880101-000777"
RIGHT, LATE = "P-20-planted-to-be-found", "typed-when-it-was-over"


def stored(site: Site, database: Database) -> str:
    """Return every row of every table as text."""
    with site.reading() as tx:
        listing = (
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            if tx.postgresql
            else "SELECT name FROM sqlite_master WHERE type = 'table'"
        )
        tables = [name for (name,) in tx.connection.exec_driver_sql(listing)]
        rows = [tx.connection.exec_driver_sql(f'SELECT * FROM "{name}"').fetchall() for name in tables]  # noqa: S608
    assert len(tables) > 20
    return repr(rows)


def test_nothing_of_a_user_leaks_on_the_way_through_their_pages(
    database: Database, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    clock = Clock()
    addresses: list[str] = []
    with receiving() as gateway, house(database, tmp_path, clock, gateway) as site:
        site.do(newcomer(site, USER))
        with browsing(site, gateway) as browser:

            def note(response: Any) -> None:
                addresses.append(f"{response.request.url} {response.headers.get('location', '')}")

            browser.client.event_hooks["response"].append(note)
            browser.sign_in(USER)
            code = browser.code(1)
            browser.open("/me/held")
            assert VALUES["mobile_number"] in browser.send("/me/held").text
            browser.open("/me/correct/tariff_plan")
            browser.send("/me/correct/tariff_plan", value=RIGHT)
            page = browser.open("/me/copy")
            assert RIGHT in browser.send("/me/copy", at=page, kind="json").text
            page = browser.open("/me/correct/tariff_plan")
            clock.moment += dt.timedelta(hours=1)
            late = browser.send("/me/correct/tariff_plan", at=page, value=LATE)
            assert Planted([LATE, RIGHT]).find_in(late.text) == []
            tables = stored(site, database)
            visit = re.search(r"vs_[\w-]+", str(dict(browser.client.cookies)))
    secrets = [USER, RIGHT, LATE, code, *(each for each in VALUES.values() if len(each.encode()) >= SHORTEST)]
    planted = Planted([*secrets, *([visit[0]] if visit else [])])
    assert len(addresses) > 8
    assert planted.find_in("\n".join(addresses)) == []
    told = capfd.readouterr()
    assert '"route":"/me/correct/{item' in told.err
    assert planted.find_in(told.err + told.out) == []
    assert planted.find_in(tables) == []
