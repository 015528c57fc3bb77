# SPDX-License-Identifier: Apache-2.0
"""Invariant 8, erasure and proof live together: attempts to leave something behind, or to lose the proof."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import START, VALUES, Clock, act, newcomer, ready

from keshou.acts.request import ActError, Erase, Perform, Record
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.decision import Deny, Permit
from keshou.gate.facts import Erased, MessagesRefused, ServiceEnded
from keshou.law.terms import ActKind
from keshou.ledger.audit import audit

ERASE = Erase(act=act(ActKind.DESTROY, "u1"))


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    """Give a site with one user, whose services ended so long ago that everything may go."""
    with ready(database, tmp_path, clock) as site:
        site.do(newcomer(site, "u1"))
        site.cancel("u1")
        clock.moment += dt.timedelta(days=800)
        yield site


def rows(site: Site, table: str) -> int:
    with site.reading() as tx:
        return int(tx.connection.exec_driver_sql(f"SELECT COUNT(*) FROM {table}").scalar() or 0)  # noqa: S608


def nothing_is_left(site: Site) -> None:
    left = {table: rows(site, table) for table in ("vault_key", "vault_value", "vault_index", "log_payload")}
    assert not any(left.values()), left
    site.checkpoint()
    with site.reading() as tx:
        assert audit(tx, site.ledger.key, decode_entries=True).size == site.ledger.head(tx).size


def test_an_act_asked_right_after_the_erasure_makes_no_key_for_the_erased(site: Site) -> None:
    erased, used = site.do_all([ERASE, Perform(act=act(ActKind.USE, "u1", "tariff_plan"))])
    assert isinstance(erased.decision, Permit)
    assert isinstance(used.decision, Deny)
    nothing_is_left(site)


def test_what_was_shown_right_before_the_erasure_leaves_no_payload_behind(site: Site) -> None:
    shown, erased = site.do_all([Perform(act=act(ActKind.QUERY, "u1", "user_name")), ERASE])
    assert isinstance(shown.decision, Permit)
    assert isinstance(erased.decision, Permit)
    nothing_is_left(site)


def test_nothing_is_written_down_of_the_erased_any_more(site: Site) -> None:
    with pytest.raises(ActError, match="no such user"):
        site.do_all([ERASE, Record(user="u1", facts=(MessagesRefused(at=START),), by="user")])
    nothing_is_left(site)


def test_one_transaction_of_an_erasure_and_a_return_holds_the_newcomer_alone(site: Site) -> None:
    with site.as_one() as do:
        erased, admitted = do([ERASE, newcomer(site, "u1")])
    assert erased.decision
    assert isinstance(admitted.decision, Permit)
    assert site.perform(act(ActKind.USE, "u1", "tariff_plan")).values == {"tariff_plan": VALUES["tariff_plan"]}
    assert rows(site, "vault_key") == 3
    assert rows(site, "vault_user") == 2


def test_who_has_nothing_left_can_still_be_erased(site: Site) -> None:
    assert isinstance(site.perform(act(ActKind.DESTROY, "u1", "user_name", "resident_id_number")).decision, Permit)
    assert rows(site, "vault_key") == 1, "the key of the record is left"
    assert isinstance(site.do(Erase(act=act(ActKind.DESTROY, "u1", "user_name"))).decision, Permit)
    nothing_is_left(site)


@pytest.mark.parametrize("fact", [Erased(at=START), ServiceEnded(at=START, service="mobile")])
def test_nobody_is_erased_or_ended_by_a_fact_that_an_act_brings_along(site: Site, fact: Erased | ServiceEnded) -> None:
    site.do(newcomer(site, "u2"))
    with pytest.raises(ActError, match="acts of their own"):
        site.perform(act(ActKind.USE, "u2", "tariff_plan"), facts=[fact])
    assert site.perform(act(ActKind.USE, "u2", "tariff_plan")).values


def test_every_proof_made_before_the_erasure_holds_after_it(site: Site) -> None:
    site.checkpoint()
    with site.reading() as tx:
        size = site.ledger.head(tx).size
        before = [(site.ledger.entry(tx, n), site.ledger.prove_inclusion(tx, n, size)) for n in range(size)]
    site.do(ERASE)
    site.checkpoint()
    with site.reading() as tx:
        assert before == [(site.ledger.entry(tx, n), site.ledger.prove_inclusion(tx, n, size)) for n in range(size)]
        assert site.ledger.prove_consistency(tx, size, site.ledger.head(tx).size)
