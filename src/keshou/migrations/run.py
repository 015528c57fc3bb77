# SPDX-License-Identifier: Apache-2.0
"""Bring a database to the newest schema, through Alembic, from the package's own files."""

import contextlib
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import sqlalchemy as sa

from keshou.db import Database, Transaction, metadata
from keshou.errors import InputError, IntegrityError

if TYPE_CHECKING:
    from alembic.config import Config

_TABLE = "alembic_version"
_OTHERS = frozenset({"remove_table", "remove_index"})
"""What a comparison finds of tables and indexes that are not ours."""
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
    refuse_newer(tx)
    if to not in {"head", *_known()}:
        raise _newer(to)
    config.attributes["connection"] = tx.connection
    alembic.command.upgrade(config, to)


def refuse_newer(tx: Transaction) -> None:
    """Refuse a database that a newer version made.

    Raises:
        InputError: it is one.

    """
    here = revision(tx)
    if here is not None and here not in _known():
        raise _newer(here)


@cache
def tables_at(to: str) -> Mapping[str, tuple[str, ...]]:
    """Return the tables that a schema revision has, by name, with the names of their columns.

    They are made in a file that is gone again: what somebody else put into a site's database is not among them.

    Raises:
        InputError: the revision is of a newer Keshou.

    """
    with (
        tempfile.TemporaryDirectory(prefix="keshou-schema-") as folder,
        contextlib.closing(Database(f"sqlite:///{folder}/schema.db")) as database,
        database.transaction() as tx,
    ):
        upgrade_within(tx, to)
        found = sa.MetaData()
        found.reflect(bind=tx.connection)
    tables = {str(name): tuple(map(str, table.columns.keys())) for name, table in found.tables.items()}
    return MappingProxyType({name: tables[name] for name in sorted(tables) if name != _TABLE})


def is_current(tx: Transaction) -> bool:
    """Say whether the tables are those of this version."""
    return revision(tx) == newest()


def revision(tx: Transaction) -> str | None:
    """Return the schema revision the database is at; None when it is empty."""
    if not sa.inspect(tx.connection).has_table(_TABLE):
        return None
    found: str | None = tx.connection.execute(sa.text(f"SELECT version_num FROM {_TABLE}")).scalar_one_or_none()  # noqa: S608
    return found


def refuse_altered(tx: Transaction) -> None:
    """Refuse tables that are not those which the stores declare; tables and indexes of somebody else's may lie beside.

    Every room's store must have been read before.

    Raises:
        IntegrityError: something is missing, or is otherwise.

    """
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - as above
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - as above

    context = MigrationContext.configure(tx.connection, opts={"compare_type": True})
    found = [each if isinstance(each, tuple) else each[0] for each in compare_metadata(context, metadata)]
    if any(str(each[0]) not in _OTHERS for each in found):
        raise IntegrityError(
            "the database's tables are not those that its schema says: somebody altered them",
            hint="nothing was changed; put an archive back with `keshou restore`",
        )


@cache
def newest() -> str:
    """Return the schema revision of this version: their files are named by number, one after the other."""
    return max(_known())


@cache
def _known() -> frozenset[str]:
    return frozenset(path.name.partition("_")[0] for path in (_HERE / "versions").glob("[0-9]*.py"))


def _newer(here: str) -> InputError:
    return InputError(f"the database's schema {here} is newer than this version knows", hint="upgrade keshou")


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    return config
