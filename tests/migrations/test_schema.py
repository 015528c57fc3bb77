# SPDX-License-Identifier: Apache-2.0
"""The schema that migrations make is the one that the stores use."""

import importlib
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import keshou
from keshou.app import mark
from keshou.db import Database, metadata
from keshou.errors import InputError
from keshou.migrations import run
from keshou.migrations.run import is_current, upgrade, upgrade_within


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


def test_the_newest_schema_is_where_the_migrations_lead() -> None:
    folder = str(Path(run.__file__).parent)
    assert run.newest() == ScriptDirectory(folder).get_current_head()


def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'of-tomorrow'")
    with pytest.raises(InputError, match="newer"):
        upgrade(database)


def test_values_of_before_were_collected_when_the_log_says_else_when_their_user_was_taken_in(
    database: Database,
) -> None:
    with database.transaction() as tx:
        do = tx.connection.exec_driver_sql
        do("ALTER TABLE vault_value DROP COLUMN since")
        do("UPDATE alembic_version SET version_num = '0023'")
        entries = [
            (place, b"h", b'{"V":1,"event":"collect","t":%d}' % (1_700_000_000_000_000 + place)) for place in (4, 5)
        ]
        later = b'{"V":1,"decision":"%s","event":"%s","items":["y"],"t":%d}'
        told = [(b"permit", b"collect", 9), (b"deny", b"collect", 10), (b"permit", b"use", 11)]
        entries += [(place, b"h", later % (what, how, 1_700_000_000_000_000 + place)) for what, how, place in told]
        tx.insert(metadata.tables["log_entry"], ("idx", "leaf", "body"), entries)
        payloads = [(1, 4, b"p"), (2, 5, b"p"), *((2, place, b"p") for _, _, place in told)]
        tx.insert(metadata.tables["log_payload"], ("user", "idx", "sealed"), payloads)
        tx.insert(
            metadata.tables["vault_user"], ("user", "ref", "since", "index_key"), [(1, b"a", 4, 0), (2, b"b", 5, 0)]
        )
        values = [(user, item, "service", 1, b"s") for user in (1, 2) for item in ("x", "y")]
        tx.insert(metadata.tables["vault_value"], ("user", "item", "class", "version", "sealed"), values)
        upgrade_within(tx, "0024")
    with database.reading() as tx:
        found = tx.ask('SELECT "user", item, since FROM vault_value ORDER BY "user", item')
    first, second = 1_700_000_000_000_004, 1_700_000_000_000_005
    again = 1_700_000_000_000_009
    assert found == [(1, "x", first), (1, "y", first), (2, "x", second), (2, "y", again)]


def test_an_account_of_before_is_somebody_s_when_anything_left_tells_so(database: Database) -> None:
    importlib.import_module("keshou.accounts.store")
    before = importlib.import_module("keshou.migrations.versions.0029_say_which_accounts_somebody_had").down_revision
    account, event, link = (metadata.tables[each] for each in ("account", "account_event", "account_openid"))
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("ALTER TABLE account DROP COLUMN signed_in")
        tx.connection.execute(sa.text("UPDATE alembic_version SET version_num = :it"), {"it": before})
        invited = {"by_provider": None, "unlinked": None, "link_waits": None, "only_invited": None, "again": "hash"}
        rows = [
            {"id": name, "invitation": name.encode().ljust(32), "password": password}
            for name, password in invited.items()
        ]
        rows.append({"id": "accepted", "invitation": None, "password": "hash"})
        same = {"kind": "staff", "agent": "", "mail": "", "created": 1, "totp_step": 0}
        tx.execute(sa.insert(account), [row | same for row in rows])
        ways = [("s1", "by_provider", False), ("s2", "link_waits", True)]
        linked = [{"subject": subject, "account": name, "waits": waits} for subject, name, waits in ways]
        tx.execute(sa.insert(link), [each | {"issuer": "https://p", "created": 1} for each in linked])
        told = [{"account": "unlinked", "what": "unlinked"}, {"account": "only_invited", "what": "invited"}]
        told = [each | {"by": "keeper", "factors": ""} for each in told]
        tx.execute(sa.insert(event), [each | {"at": 1, "known_device": False} for each in told])
        upgrade_within(tx, "0029")
    with database.reading() as tx:
        found = tx.execute(sa.select(account.c.id).where(account.c.signed_in)).scalars()
        assert set(found) == {"accepted", "by_provider", "unlinked", "again"}


@pytest.mark.parametrize(
    ("rotations", "under", "found"),
    [
        ((), ((), (), ()), (1, 0)),
        ((("epoch", 3), ("index", 1)), ((1, 3), (0, 1), (1,)), (3, 1)),
        ((("data", 4),), ((3,), (2,), (3,)), (4, 3)),
        ((), ((1, 2), (1,), ()), (2, 1)),
    ],
)
def test_the_keys_a_database_of_before_came_to_are_the_newest_that_anything_lies_under(
    database: Database,
    rotations: tuple[tuple[str, int], ...],
    under: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]],
    found: tuple[int, int],
) -> None:
    keys, users, tags = under
    tables = metadata.tables
    with database.transaction() as tx:
        do = tx.connection.exec_driver_sql
        do("ALTER TABLE log_state DROP COLUMN epoch")
        do("ALTER TABLE log_state DROP COLUMN index_key")
        before = importlib.import_module("keshou.migrations.versions.0033_say_which_keys_the_database_has_come_to")
        do(f"UPDATE alembic_version SET version_num = '{before.down_revision}'")  # noqa: S608 - our own
        tx.insert(tables["log_state"], ("id", "size", "frontier", "last_time"), [(1, 0, b"", 0)])
        tx.insert(tables["vault_rotation"], ("level", "epoch", "begun", "ended"), [(*each, 1, 2) for each in rotations])
        columns = ("user", "class", "kid", "epoch", "wrapped")
        tx.insert(
            tables["vault_key"], columns, [(user, "service", b"k", epoch, b"w") for user, epoch in enumerate(keys)]
        )
        tx.insert(
            tables["vault_user"], ("user", "ref", "since", "index_key"),
            [(user, bytes([user]), 0, number) for user, number in enumerate(users)],
        )  # fmt: skip
        tx.insert(
            tables["vault_index"], ("user", "item", "way", "tag", "index_key"),
            [(user, "x", "", b"t", number) for user, number in enumerate(tags)],
        )  # fmt: skip
        upgrade_within(tx, "0033")
    with database.reading() as tx:
        assert tx.ask("SELECT epoch, index_key FROM log_state") == [found]
