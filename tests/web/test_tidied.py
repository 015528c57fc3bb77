# SPDX-License-Identifier: Apache-2.0
"""A server that runs lets go what is over by itself, and several at one database let each thing go once."""

import contextlib
import datetime as dt
import time
from pathlib import Path

import pytest
from places import SERVER, begin, serving

from keshou.acts.request import Cancel
from keshou.app.holds import CLOCK
from keshou.app.site import Site
from keshou.gate.holds import Asked
from keshou.ledger.entry import decode

USERS = 12
WAIT = 60.0
OFTEN = 0.002
"""Minutes between two times, a tenth of a second."""


def released(site: Site) -> list[int]:
    """Return the places of the entries by which the passing of time let something go."""
    with site.reading() as tx:
        size = site.ledger.head(tx).size
        return [place for place in range(size) if decode(site.ledger.entry(tx, place)).who == CLOCK]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_a_hold_kept_goes_by_itself_once_its_time_is_over(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """On PostgreSQL by two servers of two processes each, all of which try; on SQLite by two processes."""
    database = request.getfixturevalue("postgresql_url") if kind == "postgresql" else ""
    home = tmp_path / "site"
    with begin(home, database, users=USERS, tidy_minutes=OFTEN) as site:
        users = [f"u{number}" for number in range(USERS)]
        until = site.now() + dt.timedelta(seconds=4)
        site.record_site(site.holds.fact("h1", Asked("case", "d-1", until=until, users=users), "clerk1"), by="clerk1")
        site.do_all([Cancel(user=each, by="user") for each in users])
        assert released(site) == []
        with contextlib.ExitStack() as stack:
            servers = [stack.enter_context(serving(home, "2", application=SERVER)) for _ in range(1 + bool(database))]
            end = time.monotonic() + WAIT
            while len(released(site)) < USERS and time.monotonic() < end:
                assert servers[0].get("/healthz")[0] == 200
                time.sleep(0.05)
            assert [server.stop() for server in servers] == [0] * len(servers)
            assert not [line for server in servers for line in server.log() if line["level"] in ("error", "critical")]
        assert len(released(site)) == USERS
        site.audit()
