# SPDX-License-Identifier: Apache-2.0
"""The ways to come to a page: each database, size of screen and script with each other one."""

from typing import Literal, NamedTuple

from browser import DESKTOP, PHONE


class Way(NamedTuple):
    """One way to come: the database behind the server, the size of the screen, whether scripts run."""

    database: Literal["sqlite", "postgresql"]
    size: dict[str, int]
    script: bool

    @property
    def server(self) -> str:
        """Name of the fixture that serves a site on this database."""
        return "sqlite_url" if self.database == "sqlite" else "postgresql_served"


WAYS = {
    "sqlite-desktop-script": Way("sqlite", DESKTOP, script=True),
    "sqlite-phone-no_script": Way("sqlite", PHONE, script=False),
    "postgresql-phone-script": Way("postgresql", PHONE, script=True),
    "postgresql-desktop-no_script": Way("postgresql", DESKTOP, script=False),
}
