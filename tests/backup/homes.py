# SPDX-License-Identifier: Apache-2.0
"""A small operator's site in a folder of its own, whose database can be taken away and put back."""

import datetime as dt
from pathlib import Path

import sqlalchemy as sa
from house import OPERATOR, START, Clock, act, declared, newcomer, take_later_acts

from keshou.acts.request import Erase
from keshou.app.create import create
from keshou.app.settings import database_url, read_settings, sqlite_path
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.decision import Permit
from keshou.gate.facts import StaffAppointed
from keshou.law.terms import ActKind

LATER = 800
"""Days after which what a user left may be destroyed, in the small operator's rules."""


def new_home(folder: Path, url: str, clock: Clock) -> Path:
    """Make a site with rules in force and a clerk; `url` empty means a SQLite file in the folder."""
    home = folder / "site"
    create(home, START, declaration=OPERATOR.read_text("utf-8"), database=url, language="en")
    take_later_acts(home)
    with Site.open(home, clock) as site:
        site.publish(declared(), by="officer")
        site.record_site(StaffAppointed(at=START, staff="clerk1", post="clerk"), by="officer")
    return home


def admit(site: Site, *users: str) -> None:
    """Take users in."""
    site.do_all([newcomer(site, user) for user in users])


def erase(site: Site, clock: Clock, user: str) -> None:
    """Cancel and erase a user, once the term has run."""
    site.cancel(user)
    clock.moment += dt.timedelta(days=LATER)
    assert isinstance(site.do(Erase(act=act(ActKind.DESTROY, user))).decision, Permit)


def lose_database(home: Path) -> None:
    """Take the database away, as a failed disk would."""
    settings = read_settings(home)
    path = sqlite_path(settings, home)
    if path is not None:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return
    database = Database(database_url(settings, home))
    with database.transaction() as tx:
        tables = sa.MetaData()
        tables.reflect(bind=tx.connection)
        tables.drop_all(bind=tx.connection)
    database.close()


def rows_of(home: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table."""
    database = Database(database_url(read_settings(home), home))
    with database.reading() as tx:
        tables = sa.MetaData()
        tables.reflect(bind=tx.connection)
        found = {
            name: [tuple(row) for row in tx.execute(sa.select(table).order_by(*table.primary_key.columns))]
            for name, table in tables.tables.items()
        }
    database.close()
    return found
