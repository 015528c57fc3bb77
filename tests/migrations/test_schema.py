# SPDX-License-Identifier: Apache-2.0
"""The schema that migrations make is the one that the stores use."""

import importlib
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import keshou
from keshou.app import mark
from keshou.db import Database, metadata
from keshou.errors import InputError
from keshou.migrations.run import is_current, upgrade


def test_migrations_make_exactly_the_tables_the_stores_declare(database: Database) -> None:
    assert mark
    package = Path(keshou.__file__).parent
    for store in sorted(package.rglob("store.py")):
        importlib.import_module(".".join(("keshou", *store.relative_to(package).with_suffix("").parts)))
    with database.reading() as tx:
        context = MigrationContext.configure(tx.connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    upgrade(database)
    with database.reading() as tx:
        assert is_current(tx)


def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'of-tomorrow'")
    with pytest.raises(InputError, match="newer"):
        upgrade(database)
