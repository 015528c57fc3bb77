# SPDX-License-Identifier: Apache-2.0
"""A site that an older version made is carried over whole, or stays as it was; never while somebody serves it."""

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

import alembic.command
import pytest
import sqlalchemy as sa

from cli_caller import Caller
from keshou.app.settings import database_url, read_settings
from keshou.cli.sample.people import Subscriber
from keshou.cli.sample.tables import write_subscribers_csv
from keshou.db import Database, Transaction
from keshou.migrations import run as schema

OLDER = ["0001", "0008", "0017", "0028", "0029"]
"""Schemas of sites that were found in use."""
_SEEN = ("--by", "officer", "--purpose", "service", "--json")


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, people: list[Subscriber], tmp_path: Path) -> Caller:
    """A site with rules and users, on either database."""
    if request.param == "sqlite":
        call: Caller = request.getfixturevalue("keshou")
        return call
    request.getfixturevalue("nowhere")
    home = tmp_path / "site"
    Caller(None)("init", home, "--sample", "--database", request.getfixturevalue("postgresql_url")).ok()
    call = Caller(home)
    call("publish", "--by", "officer").ok()
    write_subscribers_csv(tmp_path / "people.csv", people)
    call("import", tmp_path / "people.csv", "--by", "intake").ok()
    return call


@contextlib.contextmanager
def tables(home: Path):  # type: ignore[no-untyped-def]
    with (
        contextlib.closing(Database(database_url(read_settings(home), home))) as database,
        database.transaction() as tx,
    ):
        yield tx


def make_older(home: Path, revision: str) -> None:
    """Take a site's tables back to what an older version had."""
    with tables(home) as tx:
        config = schema._config()
        config.attributes["connection"] = tx.connection
        alembic.command.downgrade(config, revision)


def make_earliest(tx: Transaction) -> None:
    """Give two tables the form that they had before the first migration was settled."""
    do = tx.connection.exec_driver_sql
    do("ALTER TABLE declaration ADD COLUMN notice_complete BOOLEAN")
    do("DROP TABLE log_request")
    do("CREATE TABLE log_request (request_id TEXT NOT NULL PRIMARY KEY, idx BIGINT NOT NULL)")


def everything(call: Caller, people: list[Subscriber]) -> object:
    """Return what may be read of some users, values and all."""
    return [call("user", "show", each.user_id, *_SEEN).ok().json["values"] for each in people[:3]]


def publish_again(call: Caller) -> None:
    path = call.folder / "operator.toml"
    path.write_text(path.read_text("utf-8").replace("effective = 2026-01-01", "effective = 2099-01-01"), "utf-8")
    call("publish", "--by", "officer").ok()


@pytest.mark.parametrize("revision", OLDER)
def test_a_site_of_an_older_version_is_carried_over_with_all_that_it_holds(
    site: Caller, people: list[Subscriber], revision: str
) -> None:
    before = everything(site, people)
    make_older(site.folder, revision)
    if revision == OLDER[0]:
        with tables(site.folder) as tx:
            make_earliest(tx)
    refused = site("user", "show", people[0].user_id, *_SEEN)
    assert (refused.status, "keshou upgrade --backup FILE" in refused.err) == (2, True)
    assert site("upgrade").status == 2, "nobody said where the backup goes"
    archive = site.folder.parent / "before.age"
    done = site("upgrade", "--backup", archive, "--by", "officer", "--json").ok().json
    assert (done["from"], done["to"], done["file"]) == (revision, schema.newest(), str(archive))
    assert done["entries"] > 0
    assert everything(site, people) == before
    site("ledger", "verify").ok()
    publish_again(site)
    [medium] = site("media", "list", "--json").ok().json
    assert (medium["id"], medium["holder"]) == (done["medium"], "officer")
    assert site("check-backup", archive, "--by", "officer").ok()
    again = site("upgrade", "--json").ok().json
    assert (again["from"], again["entries"]) == (schema.newest(), 0)


@pytest.mark.parametrize("revision", OLDER)
def test_the_backup_that_an_upgrade_made_is_put_back_by_the_newer_version(
    keshou: Caller, people: list[Subscriber], revision: str
) -> None:
    before = everything(keshou, people)
    make_older(keshou.folder, revision)
    if revision == OLDER[0]:
        with tables(keshou.folder) as tx:
            make_earliest(tx)
    folder = keshou.folder.parent / "kept"
    folder.mkdir()
    made = keshou("upgrade", "--backup", folder, "--json").ok().json["file"]
    new = Caller(keshou.folder.parent / "new")
    new("restore", made, "--keys", keshou.folder / "keys").ok()
    assert everything(new, people) == before
    new("ledger", "verify").ok()


def test_nothing_is_upgraded_while_somebody_has_the_site_open(site: Caller, tmp_path: Path) -> None:
    archive = tmp_path / "one.age"
    make_older(site.folder, "0029")
    settings = read_settings(site.folder)
    with contextlib.closing(Database(database_url(settings, site.folder))) as opened, opened.reading() as tx:
        assert schema.revision(tx) == "0029"
        held = site("upgrade", "--backup", archive)
        assert (held.status, "stop every server" in held.err) == (4, True)
        assert not archive.exists()
        assert not list(tmp_path.glob(".one*"))
    with tables(site.folder) as tx:
        assert schema.revision(tx) == "0029"
    site("upgrade", "--without-backup").ok()


def _break_log(tx: Transaction) -> None:
    tx.execute(sa.text("UPDATE log_entry SET leaf = :it WHERE idx = 3"), {"it": bytes(32)})


def _drop_column(tx: Transaction) -> None:
    tx.connection.exec_driver_sql("ALTER TABLE webhook_delivery DROP COLUMN tries")


def _forget_a_fact(tx: Transaction) -> None:
    tx.execute(sa.text("DELETE FROM site_fact WHERE revision = (SELECT MIN(revision) FROM site_fact)"))


@pytest.mark.parametrize("harm", [_break_log, _drop_column, _forget_a_fact])
def test_what_is_not_what_was_written_is_not_carried_over(site: Caller, harm: Callable[[Transaction], None]) -> None:
    make_older(site.folder, "0029")
    with tables(site.folder) as tx:
        harm(tx)
    archive = site.folder.parent / "one.age"
    assert site("upgrade", "--backup", archive).status == 3
    assert not archive.exists()
    with tables(site.folder) as tx:
        assert schema.revision(tx) == "0029"


def test_a_database_that_was_put_back_is_not_carried_over(keshou: Caller, people: list[Subscriber]) -> None:
    copy = keshou.folder.parent / "copy.db"
    shutil.copyfile(keshou.folder / "keshou.db", copy)
    keshou("user", "cancel", people[0].user_id, "--by", "officer").ok()
    for path in keshou.folder.glob("keshou.db*"):
        path.unlink()
    shutil.copyfile(copy, keshou.folder / "keshou.db")
    make_older(keshou.folder, "0029")
    assert keshou("upgrade", "--without-backup").status == 3


def test_an_empty_or_a_newer_database_is_told_apart_from_an_older_one(keshou: Caller) -> None:
    with tables(keshou.folder) as tx:
        tx.connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'of-tomorrow'")
    for words in (("upgrade", "--without-backup"), ("media", "list")):
        newer = keshou(*words)
        assert (newer.status, "newer than this version" in newer.err) == (2, True)
    with tables(keshou.folder) as tx:
        tx.connection.exec_driver_sql("DROP TABLE alembic_version")
    for words in (("upgrade", "--without-backup"), ("media", "list")):
        bare = keshou(*words)
        assert (bare.status, "holds no site" in bare.err) == (2, True)
