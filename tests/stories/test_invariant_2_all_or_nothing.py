# SPDX-License-Identifier: Apache-2.0
"""Invariant 2, all or nothing: the commit itself fails, or what comes after it does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from house import START, VALUES, act, declared, newcomer, ready
from msgspec.structs import replace

from keshou.app.site import Site
from keshou.db import Database
from keshou.errors import UnreachableError
from keshou.gate.decision import Deny, Permit
from keshou.gate.facts import ConsentWithdrawn, StaffRemoved
from keshou.law.terms import ActKind
from keshou.ledger.audit import audit
from keshou.vault.errors import SealBrokenError

FAILED = (ConnectionError, UnreachableError)
USE = act(ActKind.USE, "u1", "tariff_plan")


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path) as site:
        site.do(newcomer(site, "u1"))
        yield site


@contextmanager
def failing_commits(database: Database) -> Iterator[None]:
    """Let every commit of the database fail within the block."""

    def fail(_connection: object) -> None:
        raise ConnectionError("the disk is gone")

    sa.event.listen(database._engine, "commit", fail)
    try:
        yield
    finally:
        sa.event.remove(database._engine, "commit", fail)


DEEDS: dict[str, Callable[[Site], object]] = {
    "take in": lambda site: site.do(newcomer(site, "u2")),
    "correct": lambda site: site.perform(act(ActKind.CORRECT, "u1", "tariff_plan"), {"tariff_plan": "P-0"}),
    "withdraw": lambda site: site.record("u1", ConsentWithdrawn(at=START, purpose="service")),
    "dismiss": lambda site: site.record_site(StaffRemoved(at=START, staff="clerk1", post="clerk"), by="officer"),
    "publish": lambda site: site.publish(replace(declared(), purposes=declared().purposes[1:]), by="officer"),
    "cancel": lambda site: site.cancel("u1"),
}


def test_nothing_that_failed_to_commit_is_known_done_or_shown(site: Site, database: Database) -> None:
    before = size(site)
    for name, deed in DEEDS.items():
        with failing_commits(database), pytest.raises(FAILED):
            deed(site)
        assert size(site) == before, name
        for at_least in (None, 0):
            assert isinstance(site.ask(USE, at_least=at_least), Permit), name
    assert site.perform(USE).values == {"tariff_plan": VALUES["tariff_plan"]}
    assert isinstance(site.ask(act(ActKind.USE, "u2", "tariff_plan")), Deny)
    rules = site.rules()
    assert rules is not None
    assert rules.version == 1


def size(site: Site) -> int:
    with site.reading() as tx:
        return site.ledger.head(tx).size


def test_one_transaction_of_many_that_fails_to_commit_leaves_nothing_known(site: Site, database: Database) -> None:
    with failing_commits(database), pytest.raises(FAILED):
        _both(site)
    for user in ("x1", "x2"):
        assert isinstance(site.ask(act(ActKind.USE, user, "tariff_plan"), at_least=0), Deny)
        assert isinstance(site.do(newcomer(site, user)).decision, Permit)


def _both(site: Site) -> None:
    with site.as_one() as do:
        do([newcomer(site, "x1")])
        do([newcomer(site, "x2")])


def test_a_value_that_does_not_open_is_an_error_and_its_entry_stands(site: Site, database: Database) -> None:
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE vault_value SET version = version + 1")
    before = size(site)
    with pytest.raises(SealBrokenError):
        site.perform(USE)
    assert size(site) == before + 1, "an attempt to open is on record even when nothing came of it"
    site.checkpoint()
    with site.reading() as tx:
        audit(tx, site.ledger.key)
