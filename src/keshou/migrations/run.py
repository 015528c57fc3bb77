# SPDX-License-Identifier: Apache-2.0
"""Bring a database to the newest schema, through Alembic, from the package's own files."""

from pathlib import Path

import alembic.command
import alembic.config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from keshou.db import Database, Transaction
from keshou.errors import InputError


def upgrade(database: Database) -> None:
    """Create or upgrade the tables, in one transaction.

    Raises:
        InputError: the database was made by a newer Keshou.

    """
    with database.transaction() as tx:
        upgrade_within(tx)


def upgrade_within(tx: Transaction, to: str = "head") -> None:
    """Create or upgrade the tables up to a revision, as a part of `tx`.

    Raises:
        InputError: the database, or the revision wanted, is of a newer Keshou.

    """
    config = _config()
    _refuse_newer(config, revision(tx))
    _refuse_newer(config, None if to == "head" else to)
    config.attributes["connection"] = tx.connection
    alembic.command.upgrade(config, to)


def is_current(tx: Transaction) -> bool:
    """Say whether the tables are those of this version."""
    return revision(tx) == ScriptDirectory.from_config(_config()).get_current_head()


def revision(tx: Transaction) -> str | None:
    """Return the schema revision the database is at; None when it is empty."""
    return MigrationContext.configure(tx.connection).get_current_revision()


def _refuse_newer(config: alembic.config.Config, here: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if here is not None and here not in known:
        raise InputError(f"the database's schema {here} is newer than this version knows", hint="upgrade keshou")


def _config() -> alembic.config.Config:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
