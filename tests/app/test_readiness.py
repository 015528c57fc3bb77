# SPDX-License-Identifier: Apache-2.0
"""A site that can do no act does not say that it is ready, however well it can be read."""

import asyncio
import contextlib
import datetime as dt
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from keshou.app import clock
from keshou.app.create import create
from keshou.app.keys import open_keys
from keshou.app.last_signed import FILE
from keshou.app.readiness import Readiness, missing, refuse_read_only
from keshou.app.settings import read_settings
from keshou.app.site import Site
from keshou.db import Database, DiskFullError
from keshou.errors import KeshouError, UnreachableError
from keshou.gate.facts import StaffAppointed
from keshou.ledger.checkpoint import Checkpoint, sign_checkpoint

TEXT = (Path(__file__).parents[1] / "acts" / "operator.toml").read_text("utf-8")


def appoint(site: Site, who: str = "somebody") -> None:
    site.record_site(StaffAppointed(at=site.now(), staff=who, post="clerk"), by="officer")


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    create(tmp_path / "site", clock.now(), declaration=TEXT, database=url, language="en")
    return tmp_path / "site"


@contextlib.contextmanager
def full(home: Path) -> Iterator[None]:
    """Have the database take nothing any more, as on a full disk."""
    if not read_settings(home).database.startswith("postgresql"):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        compiled, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # or it is kept cut short, for everybody
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            sys.dont_write_bytecode = compiled
        return
    with contextlib.closing(Database(read_settings(home).database)) as database:
        with database.transaction() as tx:
            tx.connection.exec_driver_sql(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
            )
            for table in ("log_entry", "access_state"):
                tx.connection.exec_driver_sql(
                    f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION full_disk()"
                )
        yield
        with database.transaction() as tx:
            tx.connection.exec_driver_sql("DROP FUNCTION full_disk CASCADE")


def test_a_site_whose_acts_fail_on_a_full_disk_is_not_ready_until_there_is_room(home: Path) -> None:
    with Site.open(home) as site:
        appoint(site)
        assert missing(site) == ()
        with full(home):
            assert missing(site) == (), "nobody has tried yet"
            with pytest.raises(KeshouError):
                appoint(site, "another")
            assert missing(site) == ("writing",)
            with pytest.raises(DiskFullError):
                refuse_read_only(site)
            assert site.trouble() == "writing"
        assert missing(site) == (), "it is tried again by itself: no act comes to a site that is not ready"
        assert site.trouble() == "", "once is enough"
        refuse_read_only(site)


def test_what_is_wrong_with_one_act_alone_makes_nothing_unready(home: Path) -> None:
    with Site.open(home) as site:
        with pytest.raises(KeshouError):
            site.record("nobody", by="")
        assert missing(site) == ()


def test_a_server_that_stands_by_for_another_is_not_ready_and_is_not_served(
    tmp_path: Path, postgresql_url: str
) -> None:
    create(tmp_path / "site", clock.now(), declaration=TEXT, database=postgresql_url, language="en")
    with contextlib.closing(Database(postgresql_url)) as database, database.transaction() as tx:
        name = database.url.database
        tx.connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    with Site.open(tmp_path / "site") as site:
        assert missing(site) == ("writing",)
        with pytest.raises(UnreachableError, match="takes nothing"):
            refuse_read_only(site)


def test_a_file_that_may_only_be_read_is_not_ready_and_is_not_served() -> None:
    folder = Path(tempfile.mkdtemp(prefix="keshou-read-only-"))
    try:
        create(folder / "site", clock.now(), declaration=TEXT, language="en")
        with Site.open(folder / "site") as site:
            assert missing(site) == ()
            with _as_somebody_who_may_not_write(folder, folder / "site" / "keshou.db"):
                assert "writing" in missing(site)
                with pytest.raises(UnreachableError, match="takes nothing"):
                    refuse_read_only(site)
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _as_somebody_who_may_not_write(folder: Path, path: Path) -> Iterator[None]:
    """Take the right to write from a file, and from us the office that would not mind."""
    folder.chmod(0o755)
    path.chmod(0o444)
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)
        path.chmod(0o600)


def test_a_log_that_is_not_what_was_signed_makes_it_unready(home: Path) -> None:
    with Site.open(home) as site:
        appoint(site)
    kept = (home / FILE).read_bytes()
    with Site.open(home) as site:
        (home / FILE).write_bytes(_of_another_log(site))
        appoint(site, "another")
        until = time.monotonic() + 30
        while not site.trouble() and time.monotonic() < until:
            time.sleep(0.05)
        assert missing(site) == ("log",)
        (home / FILE).write_bytes(kept)


def _of_another_log(site: Site) -> bytes:
    """Return a checkpoint that the site's own key signed, of a log that is not this one."""
    return sign_checkpoint(
        Checkpoint(site.settings.log_origin, 1, bytes(32)), open_keys(site.settings, site.home).signer
    )


def test_a_log_whose_clock_lies_ahead_of_ours_makes_it_unready(home: Path) -> None:
    with Site.open(home) as site:
        appoint(site)
    behind = dt.timedelta(hours=1)
    with Site.open(home, now=lambda: clock.now() - behind) as site:
        assert missing(site) == ("clock",)
        behind = dt.timedelta(0)
        assert missing(site) == ()


def test_a_look_that_fails_itself_is_answered_with_the_part_it_was_at() -> None:
    assert asyncio.run(Readiness(None).missing()) == ("database",)  # type: ignore[arg-type]


def test_a_database_that_says_nothing_is_missing_within_the_limit(tmp_path: Path, postgresql_url: str) -> None:
    create(tmp_path / "site", clock.now(), declaration=TEXT, database=postgresql_url, language="en")
    with Site.open(tmp_path / "site") as site, contextlib.closing(Database(postgresql_url)) as other:
        readiness = Readiness(site, within=1.0)
        assert asyncio.run(readiness.missing()) == ()
        with other.transaction() as tx:
            asked = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            backends = [int(pid) for (pid,) in tx.ask(asked)]
        assert backends
        for pid in backends:
            os.kill(pid, signal.SIGSTOP)
        try:
            for _ in range(3):
                began = time.monotonic()
                [part] = asyncio.run(readiness.missing())
                assert part in {"database", "schema"}
                assert time.monotonic() - began < 5
        finally:
            for pid in backends:
                os.kill(pid, signal.SIGCONT)
        until = time.monotonic() + 60
        while asyncio.run(readiness.missing()) and time.monotonic() < until:
            time.sleep(0.1)
        assert asyncio.run(readiness.missing()) == ()
