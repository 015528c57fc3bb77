# SPDX-License-Identifier: Apache-2.0
"""A site's visits by themselves, for tests of codes and of visits."""

import datetime as dt
from typing import Any

from signing_app import NOW, SECRET, URL

from keshou.db import Database
from keshou.visits.settings import VisitSettings
from keshou.visits.store import Visits
from keshou.visits.visitor import Started, Visitor

BROWSER, OTHER = "Browser/1.0", "Browser/2.0"
TABLES = ("visit", "visit_code", "visit_token", "visit_key")


def minutes(count: float) -> dt.timedelta:
    return dt.timedelta(minutes=count)


class House:
    """A site's visits, each step in a transaction of its own."""

    def __init__(self, database: Database, **settings: Any) -> None:
        self.database = database
        self.visits = Visits(SECRET, URL, VisitSettings(**settings))

    def start(self, user: str | None = "A-1", now: dt.datetime = NOW, source: str = "") -> Started:
        with self.database.transaction() as tx:
            return self.visits.start(tx, user, now, source)

    def expect(self, address: str, now: dt.datetime = NOW, source: str = "") -> tuple[str, bool]:
        with self.database.transaction() as tx:
            return self.visits.expect(tx, address, now, source)

    def redeem(self, ticket: str, code: str, now: dt.datetime = NOW, binding: str = BROWSER) -> str | None:
        with self.database.transaction() as tx:
            return self.visits.redeem(tx, ticket, code, binding, now)

    def find(self, token: str, now: dt.datetime = NOW, binding: str = BROWSER) -> Visitor | None:
        with self.database.transaction() as tx:
            return self.visits.find(tx, token, binding, now)

    def visit(self, user: str = "A-1", now: dt.datetime = NOW) -> str:
        started = self.start(user, now)
        assert started.code is not None
        token = self.redeem(started.ticket, started.code, now)
        assert token is not None
        return token

    def stored(self) -> str:
        with self.database.reading() as tx:
            return repr([tx.connection.exec_driver_sql(f"SELECT * FROM {table}").fetchall() for table in TABLES])  # noqa: S608
