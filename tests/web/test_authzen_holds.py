# SPDX-License-Identifier: Apache-2.0
"""Questions in columns where a hold names some of the users."""

from pathlib import Path

from callers import served
from house import newcomer, ready
from litestar.testing import TestClient
from test_authzen_columns import ASKED, CALLERS, answers, stream, table_of

from keshou.db import Database
from keshou.gate.holds import Asked, HoldLifted

COLUMNS = ("user", "kind", "by", "purpose", "items")


def test_a_hold_that_names_users_denies_theirs_alone_until_it_is_lifted(database: Database, tmp_path: Path) -> None:
    rows = [{**ASKED, "user": user, "kind": "destroy"} for user in ("u1", "u2", "u1", "u2")]
    with ready(database, tmp_path) as site, TestClient(served(site, CALLERS), base_url="http://127.0.0.1") as client:
        site.do_all([newcomer(site, user) for user in ("u1", "u2")])

        def told() -> list[bool]:
            found: list[bool] = answers(client, stream(table_of(rows, COLUMNS))).column("decision").to_pylist()
            return found

        assert told() == [True] * 4
        site.record_site(site.holds.fact("h1", Asked("case", "d-1", users=("u1",)), "clerk1"), by="clerk1")
        assert told() == [False, True, False, True]
        site.record_site(HoldLifted(at=site.now(), hold="h1", by="judge", reason="closed"), by="judge")
        assert told() == [True] * 4
