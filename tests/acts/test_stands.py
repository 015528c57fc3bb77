# SPDX-License-Identifier: Apache-2.0
"""What is told to end must stand: every fact that ends something is refused at the door where there is nothing to end.

`BEGINNINGS` are the facts that end nothing. A new kind of fact is put there, or among `ENDINGS` with what refuses it.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from agents_house import rules
from house import START, Clock, open_site

from keshou.acts.request import ActError, RecordSite
from keshou.acts.stands import NothingToEndError
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate import facts as f
from keshou.gate.every_fact import AnySiteFact
from keshou.gate.holds import HoldLifted, HoldSet

NEVER = "never"
ENDINGS: tuple[f.SiteFact, ...] = (
    f.StaffRemoved(at=START, staff=NEVER, post="clerk"),
    f.StaffLeft(at=START, staff=NEVER),
    f.AgentReinstated(at=START, agent="courier"),
    f.SuspensionLifted(at=START, suspension=NEVER),
    f.GroundEnded(at=START, ground=NEVER),
    f.LinkRevoked(at=START, link=NEVER),
    HoldLifted(at=START, hold=NEVER, by="clerk1", reason="settled"),
    f.ReviewRefused(at=START, review=NEVER, reviewer="clerk1"),
    f.EmergencyReviewed(at=START, emergency=NEVER, by="clerk1", found="justified"),
    f.RecipientKeyEnded(at=START, recipient="bank"),
    f.MediumDestroyed(at=START, medium=NEVER, by="clerk1", witness="lister", manner="burnt"),
)
BEGINNINGS = {
    f.RulesPublished, f.StaffAppointed, f.AccessConfirmed, f.EmergencyOpened, f.AgentSuspended, f.ReviewAsked,
    f.ReviewApproved, f.ReviewUsed, f.SuspensionOrdered, f.GroundRecorded, HoldSet, f.MediumRegistered,
    f.MediumMoved, f.MediumChecked, f.Restored, f.RecipientKeyVerified, f.HandedOver, f.LinkMade,
}  # fmt: skip


def size(site: Site) -> int:
    with site.reading() as tx:
        return site.ledger.head(tx).size


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with open_site(database, tmp_path, Clock()) as site:
        site.publish(rules(), by="officer")
        people = [("clerk1", "clerk"), ("lister", "analyst")]
        site.record_site(*(f.StaffAppointed(at=START, staff=who, post=post) for who, post in people), by="officer")
        yield site


def test_every_kind_of_fact_is_said_to_end_something_or_not() -> None:
    assert {type(each) for each in ENDINGS} | BEGINNINGS == set(get_args(AnySiteFact))
    assert {type(each) for each in ENDINGS}.isdisjoint(BEGINNINGS)


@pytest.mark.parametrize("fact", ENDINGS, ids=lambda fact: type(fact).__name__)
def test_what_never_was_is_not_ended_and_no_entry_says_so(site: Site, fact: f.SiteFact) -> None:
    before = size(site)
    with pytest.raises(ActError):
        site.do(RecordSite(facts=(fact,), by="clerk1", must_stand=True))
    assert size(site) == before


def made(site: Site) -> f.LinkMade:
    until = site.now() + dt.timedelta(minutes=9)
    return f.LinkMade(
        at=site.now(), link="l", by="clerk1", purpose="service", items=frozenset({"tariff_plan"}), recipient="bank",
        most=1, until=until,
    )  # fmt: skip


def test_what_stands_is_ended_once(site: Site) -> None:
    site.record_site(f.SuspensionOrdered(at=site.now(), suspension="s"), by="clerk1")
    site.record_site(f.AgentSuspended(at=site.now(), agent="courier"), by="clerk1")
    site.record_site(made(site), by="clerk1")
    ends = (
        f.SuspensionLifted(at=site.now(), suspension="s"), f.AgentReinstated(at=site.now(), agent="courier"),
        f.LinkRevoked(at=site.now(), link="l"),
    )  # fmt: skip
    for fact in ends:
        site.do(RecordSite(facts=(fact,), by="clerk1", must_stand=True))
        with pytest.raises(NothingToEndError):
            site.do(RecordSite(facts=(fact,), by="clerk1", must_stand=True))


def test_a_link_that_is_over_is_ended_by_nobody(site: Site) -> None:
    fact = made(site)
    site.record_site(fact, by="clerk1")
    clock = site.ledger.latest.clock
    assert isinstance(clock, Clock)
    clock.moment = fact.until
    with pytest.raises(NothingToEndError):
        site.do(RecordSite(facts=(f.LinkRevoked(at=site.now(), link="l"),), by="clerk1", must_stand=True))
