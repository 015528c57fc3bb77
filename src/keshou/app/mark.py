# SPDX-License-Identifier: Apache-2.0
"""The mark that ties a database to its site, so that one site's keys never meet another's tables."""

import sqlalchemy as sa

from keshou.db import Transaction, metadata
from keshou.errors import InputError, IntegrityError

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


def refuse_taken(tx: Transaction) -> None:
    """Refuse a database in which a site lives already.

    Raises:
        InputError: there is one.

    """
    if tx.execute(sa.select(_site.c.id)).first():
        raise InputError("this database holds a site already", hint="name an empty database")
