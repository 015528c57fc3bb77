# SPDX-License-Identifier: Apache-2.0
"""A database that was put back by hand, older than what was signed since, is served to nobody."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from homes import admit, lose_database
from house import Clock, act

from keshou.app import last_signed
from keshou.app.backup import back_up
from keshou.app.restore import Asked, restore
from keshou.app.settings import database_url, read_settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.errors import ExitStatus, IntegrityError
from keshou.gate.decision import Deny
from keshou.gate.facts import ConsentWithdrawn, Restored
from keshou.gate.store import Standings
from keshou.law.terms import ActKind
from keshou.ledger.checkpoint import verify_checkpoint
from keshou.ledger.errors import ForkError


@contextmanager
def put_back_afterwards(home: Path) -> Iterator[None]:
    """Have the database after the block as it was before."""
    with opened(home) as database:
        tables = sa.MetaData()
        with database.reading() as tx:
            tables.reflect(bind=tx.connection)
            held = {name: tx.execute(sa.select(table)).all() for name, table in tables.tables.items()}
        yield
        with database.transaction() as tx:
            for name, table in tables.tables.items():
                tx.execute(sa.delete(table))
                tx.insert(table, [column.name for column in table.columns], [tuple(row) for row in held[name]])


@contextmanager
def opened(home: Path) -> Iterator[Database]:
    database = Database(database_url(read_settings(home), home))
    try:
        yield database
    finally:
        database.close()


@pytest.fixture
def older(home: Path, clock: Clock, tmp_path: Path) -> Path:
    """Return a site whose database knows nothing of a withdrawal that was signed, and a backup from before it."""
    with Site.open(home, clock) as site:
        admit(site, "u1")
        back_up(site, tmp_path / "old.age")
    with put_back_afterwards(home), Site.open(home, clock) as site:
        site.record("u1", ConsentWithdrawn(at=site.now(), purpose="service"))
        asked = act(ActKind.USE, "u1", "tariff_plan")
        assert isinstance(site.perform(asked).decision, Deny)
    return home


def test_a_database_older_than_what_was_signed_is_not_opened(older: Path, clock: Clock) -> None:
    signed = (older / last_signed.FILE).read_bytes()
    for _ in range(2):
        with pytest.raises(ForkError, match=r"a log of \d+ entries was signed, and only \d+ are stored") as told:
            Site.open(older, clock)
    assert told.value.status is ExitStatus.BROKEN
    assert "keshou restore" in told.value.hint
    assert (older / last_signed.FILE).read_bytes() == signed


def test_a_log_as_long_as_what_was_signed_and_not_the_same_is_not_opened(older: Path, clock: Clock) -> None:
    signed = (older / last_signed.FILE).read_bytes()
    (older / last_signed.FILE).unlink()
    with Site.open(older, clock) as site:
        admit(site, *(f"n{number}" for number in range(8)))
    (older / last_signed.FILE).write_bytes(signed)
    with pytest.raises(ForkError, match="does not extend"):
        Site.open(older, clock)


def test_whoever_answers_for_the_loss_has_it_written_down_and_the_site_opens_again(
    older: Path, clock: Clock, tmp_path: Path
) -> None:
    signed = (older / last_signed.FILE).read_bytes()
    lose_database(older)
    restore(tmp_path / "old.age", older, clock(), Asked(accept_older=True, by="officer", reason="disk-7"))
    with Site.open(older, clock) as site:
        lost = verify_checkpoint(signed, site.ledger.key)
        with site.reading() as tx:
            last = [fact for fact in Standings().site_facts(tx) if isinstance(fact, Restored)][-1]
        assert (last.lost_size, last.lost_root, last.reason) == (lost.size, lost.root.hex(), "disk-7")
        site.audit(by="clerk1")


def test_a_folder_that_keeps_no_checkpoint_it_can_read_is_not_opened(home: Path, clock: Clock) -> None:
    (home / last_signed.FILE).write_bytes(b"")
    with pytest.raises(IntegrityError, match=r"log\.checkpoint is no checkpoint"):
        Site.open(home, clock)
