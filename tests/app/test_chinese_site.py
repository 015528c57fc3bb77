# SPDX-License-Identifier: Apache-2.0
"""A site of the Chinese suite seals in it wherever it seals, also beside the vault."""

import datetime as dt
from pathlib import Path

import pytest
from house import SITE, START, Clock

from keshou.app.create import begin
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.links.link import Link, Shared
from keshou.links.store import new_token
from keshou.suite import SUITES
from keshou.vault.keys import FileKeys

ROOMS = ("links", "exports", "visits", "forms typed into", "outbox", "accounts")


def sealing(site: Site, room: str) -> bytes:
    """Return something that a room of the site sealed."""
    boxes = {
        "links": site.links._box, "exports": site.jobs.orders._box, "visits": site.visits._seal._box,
        "forms typed into": site.visits._seal._forms, "outbox": site.webhooks._seal._box,
        "accounts": site.accounts.secrets._box,
    }  # fmt: skip
    return boxes[room].close(b"value", b"context")


@pytest.mark.parametrize("name", SUITES)
@pytest.mark.parametrize("room", ROOMS)
def test_each_room_seals_in_the_sites_suite(database: Database, tmp_path: Path, name: str, room: str) -> None:
    with opened(database, tmp_path, name) as site:
        assert sealing(site, room)[:4] == bytes([1, SUITES[name].algorithm, 0, 1])


@pytest.mark.parametrize("name", SUITES)
def test_whose_record_a_link_opens_lies_sealed_in_the_suite(database: Database, tmp_path: Path, name: str) -> None:
    with opened(database, tmp_path, name) as site:
        shared = Shared(by="clerk1", post="clerk", purpose="service", items=("user_name",), recipient="")
        link = Link(id="l1", shared=shared, made=START, until=START + dt.timedelta(minutes=5), most=1)
        token = new_token()
        with site.writing() as tx:
            site.links.add(tx, "u1", link, token)
        with site.writing() as tx:
            ((sealed,),) = tx.ask("SELECT sealed FROM shared_link")
            taken = site.links.take(tx, token, START)
    assert bytes(sealed)[:4] == bytes([1, SUITES[name].algorithm, 0, 1])
    assert taken is not None
    assert taken.user == "u1"


def opened(database: Database, folder: Path, name: str) -> Site:
    """Return a new site of a suite, open."""
    keys = FileKeys.create(folder / "keys", SITE, START, SUITES[name])
    settings = Settings(site=SITE, suite=name)
    with database.transaction() as tx:
        begin(tx, settings, keys)
    return Site(folder, settings, database, keys, Clock())
