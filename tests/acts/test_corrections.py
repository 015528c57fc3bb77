# SPDX-License-Identifier: Apache-2.0
"""What shows a correction to be right is on record with it: sealed with the act, told to the user, audited."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from house import Clock, act, newcomer, ready

from keshou.acts.audit_payload import FactsTamperedError
from keshou.acts.repeat import RequestTakenError
from keshou.acts.request import ActError, Done, Perform
from keshou.app.copy_sheet import sheet
from keshou.app.own_copy import own_copy
from keshou.app.site import Site
from keshou.app.user_history import happening
from keshou.db import Database
from keshou.gate.decision import Deny
from keshou.gate.facts import Corrected
from keshou.gate.store import user_fact
from keshou.language import Language
from keshou.law.terms import ActKind

SLIP = "counter-slip.90417"


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path, Clock()) as site:
        site.do(newcomer(site, "u1"))
        yield site


def correct(site: Site, evidence: str = SLIP, *, by: str = "user", request_id: str = "") -> Done:
    asked = act(ActKind.CORRECT, "u1", "tariff_plan", by=by)
    return site.do(Perform(act=asked, values={"tariff_plan": "P-20"}, evidence=evidence, request_id=request_id))


def shown(site: Site, entry: int) -> list[Corrected]:
    found = happening(site, "u1", entry)
    assert found is not None
    assert found.header.event == "correct"
    return [each for each in found.facts if isinstance(each, Corrected)]


def test_what_shows_a_correction_to_be_right_is_told_to_the_user_and_held_by_the_audit(site: Site) -> None:
    (fact,) = shown(site, correct(site).entry)
    assert (fact.purpose, fact.items, fact.evidence) == ("service", {"tariff_plan"}, SLIP)
    assert shown(site, correct(site, "").entry) == []
    site.audit(by="clerk1")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_users_own_copy_names_it(site: Site, language: Language) -> None:
    correct(site)
    copy = own_copy(site, "u1", by="user")
    told = next(each for each in sheet(site, copy, language).tables if each.key == "consents")
    assert [row for row in told.rows if any(SLIP in cell for cell in row)]


def test_it_is_in_no_entry_of_the_log(site: Site) -> None:
    entry = correct(site).entry
    with site.reading() as tx:
        assert SLIP.encode() not in site.ledger.entry(tx, entry)


def test_a_denied_correction_leaves_nothing_that_shows_it_to_be_right(site: Site) -> None:
    done = correct(site, by="judge")
    assert isinstance(done.decision, Deny)
    assert shown(site, done.entry) == []


def test_whoever_alters_what_shows_it_is_found_out(site: Site) -> None:
    entry = correct(site).entry
    with site.database.transaction() as tx:
        mine = user_fact.c.kind == "corrected"
        body = str(tx.execute(sa.select(user_fact.c.body).where(mine)).scalar_one())
        tx.execute(sa.update(user_fact).where(mine).values(body=body.replace(SLIP, "another-slip")))
    with pytest.raises(FactsTamperedError) as raised:
        site.audit(by="clerk1")
    assert raised.value.index == entry


@pytest.mark.parametrize("evidence", ["passport 990101 188001010018", "证件", "x" * 65, "-\n"])
def test_it_is_named_by_an_id_and_nothing_is_done_otherwise(site: Site, evidence: str) -> None:
    with pytest.raises(ActError):
        correct(site, evidence)
    assert site.perform(act(ActKind.USE, "u1", "tariff_plan")).values == {"tariff_plan": "P-19"}


def test_nothing_but_a_correction_is_shown_to_be_right(site: Site) -> None:
    with pytest.raises(ActError):
        site.do(Perform(act=act(ActKind.USE, "u1", "tariff_plan"), evidence=SLIP))
    alone = Corrected(at=site.now(), purpose="service", items=frozenset({"tariff_plan"}), evidence=SLIP)
    with pytest.raises(ActError):
        site.record("u1", alone)
    with pytest.raises(ActError):
        site.perform(act(ActKind.CORRECT, "u1", "tariff_plan"), {"tariff_plan": "P-20"}, facts=[alone])


def test_the_same_request_shown_by_something_else_is_another_request(site: Site) -> None:
    first = correct(site, request_id="r1")
    assert correct(site, request_id="r1").entry == first.entry
    with pytest.raises(RequestTakenError):
        correct(site, "another-slip", request_id="r1")
