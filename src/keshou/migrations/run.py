# SPDX-License-Identifier: Apache-2.0
"""Bring a database to the newest schema, through Alembic, from the package's own files."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from keshou.db import Database, Transaction
from keshou.errors import InputError

if TYPE_CHECKING:
    from alembic.config import Config

_TABLE = "alembic_version"
_HERE = Path(__file__).parent


def upgrade(database: Database) -> None:
    """Create or upgrade the tables, in one transaction.

    Raises:
        InputError: the database was made by a newer Keshou.

    """
    with database.transaction(slow=True) as tx:
        upgrade_within(tx)


def upgrade_within(tx: Transaction, to: str = "head") -> None:
    """Create or upgrade the tables up to a revision, as a part of `tx`.

    Raises:
        InputError: the database, or the revision wanted, is of a newer Keshou.

    """
    import alembic.command  # noqa: PLC0415 - whoever opens a site needs none of it

    config = _config()
    _refuse_newer(config, revision(tx))
    _refuse_newer(config, None if to == "head" else to)
    config.attributes["connection"] = tx.connection
    alembic.command.upgrade(config, to)


def is_current(tx: Transaction) -> bool:
    """Say whether the tables are those of this version."""
    return revision(tx) == newest()


def revision(tx: Transaction) -> str | None:
    """Return the schema revision the database is at; None when it is empty."""
    if not sa.inspect(tx.connection).has_table(_TABLE):
        return None
    found: str | None = tx.connection.execute(sa.text(f"SELECT version_num FROM {_TABLE}")).scalar_one_or_none()  # noqa: S608
    return found


@cache
def newest() -> str:
    """Return the schema revision of this version: their files are named by number, one after the other."""
    return max(path.name.partition("_")[0] for path in (_HERE / "versions").glob("[0-9]*.py"))


def _refuse_newer(config: "Config", here: str | None) -> None:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if here is not None and here not in known:
        raise InputError(f"the database's schema {here} is newer than this version knows", hint="upgrade keshou")


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    return config
