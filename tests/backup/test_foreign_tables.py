# SPDX-License-Identifier: Apache-2.0
"""What somebody else put into a site's database is not carried, and no backup fails, or cannot be put back, for it."""

from pathlib import Path

import pytest
from homes import admit, lose_database, rows_of
from house import VALUES, Clock, act

from keshou.app.backup import back_up, check_back
from keshou.app.restore import Asked, restore
from keshou.app.site import Site
from keshou.backup.errors import ArchiveError
from keshou.backup.tables.store import FLEETING
from keshou.law.terms import ActKind
from keshou.migrations.run import newest, tables_at

NOTES = (
    "CREATE TABLE dba_notes (id INTEGER PRIMARY KEY, note TEXT)",
    "INSERT INTO dba_notes VALUES (1, 'looked at')",
    "ALTER TABLE account ADD COLUMN looked_at TEXT",
    "ALTER TABLE vault_key ADD COLUMN looked_at TEXT",
)


def change(site: Site, *statements: str) -> None:
    with site.writing() as tx:
        for each in statements:
            tx.connection.exec_driver_sql(each)


def test_only_our_own_tables_and_columns_are_carried(home: Path, tmp_path: Path, clock: Clock) -> None:
    with Site.open(home, clock) as site:
        admit(site, "u1")
        change(site, *NOTES)
        made = back_up(site, tmp_path / "one.age")
        assert "dba_notes" not in {each.name for each in made.manifest.tables}
        looked = check_back(site, made.path, by="officer")
        assert (looked.fact.found, looked.foreign) == ("in_order", ())
    lose_database(home)
    back = restore(made.path, home, clock(), Asked(accept_older=True, by="officer", reason="disk-7"))
    assert back.foreign == ()
    assert "dba_notes" not in rows_of(home)
    with Site.open(home, clock) as site:
        assert dict(site.perform(act(ActKind.USE, "u1", "user_name")).values) == {"user_name": VALUES["user_name"]}
        site.audit(by="clerk1")


def test_every_table_of_ours_is_carried_but_for_what_people_are_in_the_midst_of(
    home: Path, tmp_path: Path, clock: Clock
) -> None:
    with Site.open(home, clock) as site:
        made = back_up(site, tmp_path / "one.age")
    assert {each.name for each in made.manifest.tables} == tables_at(newest()).keys() - FLEETING
    assert rows_of(home).keys() - {"alembic_version"} == tables_at(newest()).keys()


@pytest.mark.parametrize("harm", ["DROP TABLE permit_redeemed", "ALTER TABLE account_event DROP COLUMN factors"])
def test_a_database_that_lacks_something_of_ours_gives_no_backup(
    home: Path, tmp_path: Path, clock: Clock, harm: str
) -> None:
    with Site.open(home, clock) as site:
        change(site, harm)
        with pytest.raises(ArchiveError, match="is not as it was made"):
            back_up(site, tmp_path / "one.age")
    assert not list(tmp_path.glob("*one.age*"))
