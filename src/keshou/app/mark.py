# SPDX-License-Identifier: Apache-2.0
"""The mark that ties a database to its site, so that one site's keys never meet another's tables."""

from pathlib import Path

import sqlalchemy as sa

from keshou.app.settings import Settings, sqlite_path
from keshou.db import Transaction, metadata
from keshou.errors import DamagedError, InputError, IntegrityError, UnreachableError
from keshou.ledger.rows import read_head
from keshou.migrations import run as schema
from keshou.vault.keys import FileKeys

_site = sa.Table(
    "site",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
)


def mark(tx: Transaction, site: str) -> None:
    """Write the site's id into its new database."""
    tx.insert(_site, ("id",), [(site,)])


def refuse_foreign(tx: Transaction, site: str) -> None:
    """Refuse a database that is not `site`'s.

    Raises:
        IntegrityError: it carries another id, or none.

    """
    if tx.execute(sa.select(_site.c.id)).scalars().all() != [site]:
        raise IntegrityError("the database belongs to another site", hint="check `database` in keshou.toml")


def refuse_missing(settings: Settings, home: Path) -> None:
    """Refuse to make a new SQLite file where a site's own should be.

    Raises:
        UnreachableError: it is not there.
        DamagedError: it is empty, which no site's ever is.

    """
    path = sqlite_path(settings, home)
    if path is not None and not path.is_file():
        raise UnreachableError(f"there is no database {path}", hint="put it back, or mend `database` in keshou.toml")
    if path is not None and path.stat().st_size == 0:
        raise DamagedError


def schema_of(tx: Transaction) -> str:
    """Return the schema of a site's database.

    Raises:
        InputError: it holds no site, or that of a newer version.

    """
    found = schema.revision(tx)
    if found is None:
        raise InputError("the database holds no site", hint="check `database` in keshou.toml")
    schema.refuse_newer(tx)
    return found


def refuse_unfit(tx: Transaction, site: str, keys: FileKeys) -> None:
    """Refuse a database of another schema, of another site, or that came to keys which are not here.

    Raises:
        InputError: its schema is not this version's, or there is none.
        IntegrityError: it is not `site`'s.
        KeyMissingError: one is not; what is sealed would be lost, and every user taken for unknown.

    """
    if schema_of(tx) != schema.newest():
        raise InputError(
            "the site was made by an older version of keshou",
            hint="stop all that serves it, then carry it over: keshou upgrade --backup FILE",
        )
    refuse_foreign(tx, site)
    head = read_head(tx)
    keys.follow(head.epoch, head.index_key)


def refuse_taken(tx: Transaction) -> None:
    """Refuse a database in which a site lives already.

    Raises:
        InputError: there is one.

    """
    if tx.execute(sa.select(_site.c.id)).first():
        raise InputError("this database holds a site already", hint="name an empty database")
