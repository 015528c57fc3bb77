# SPDX-License-Identifier: Apache-2.0
"""Nothing is written down as true in another's name, nor brought in with an act where recording would refuse it."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from house import START, Clock, act, newcomer, open_site, ready

from keshou.acts.new_ids import IdTakenError
from keshou.acts.request import ActError, Audit, Cancel, Job, Judged, KeysChanged, Publish, Record, RecordSite
from keshou.acts.truth import UnknownAgentError
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.act import OWN_HAND
from keshou.gate.facts import (
    AgentReinstated,
    AgentSuspended,
    ConsentGiven,
    GroundEnded,
    GroundRecorded,
    NoticeShown,
    ReviewApproved,
    ReviewAsked,
    SiteFact,
    StaffAppointed,
    SuspensionOrdered,
)
from keshou.law.terms import ActKind, ConsentStrength

EXPORT, PLAN = ActKind.EXPORT, frozenset({"tariff_plan"})
LATER = START + dt.timedelta(hours=2)
APPROVAL = ReviewApproved(
    at=START, review="v", requester="lister", reviewer="judge", kind=EXPORT, purpose="service", items=PLAN, count=9,
    until=LATER,
)  # fmt: skip
GROUND = GroundRecorded(
    at=START, ground="g", cite="csl:28", rank="law", recorded_by="officer", kinds=frozenset({EXPORT}),
    purposes=frozenset({"service"}), items=PLAN, until=LATER,
)  # fmt: skip


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path) as site:
        yield site


@pytest.mark.parametrize("fact", [APPROVAL, GROUND])
def test_who_wants_the_act_cannot_record_what_another_is_to_answer_for(
    site: Site, fact: ReviewApproved | GroundRecorded
) -> None:
    with pytest.raises(ActError, match="in another's name"):
        site.record_site(fact, by="lister")


@pytest.mark.parametrize(
    "cite", ["npcsc2012:2.1", "npcsc2012:5", "npcsc2012:6", "npcsc2012:7", "miit24:9.5", "npcsc2012:99"]
)
def test_a_provision_that_provides_nothing_otherwise_is_not_written_down_as_a_ground(site: Site, cite: str) -> None:
    with pytest.raises(ActError, match="does not provide otherwise"):
        site.record_site(msgspec.structs.replace(GROUND, cite=cite), by="officer")
    site.record_site(msgspec.structs.replace(GROUND, cite="npcsc2012:10.1"), by="officer")


def test_nobody_is_appointed_under_the_name_that_stands_for_users(site: Site) -> None:
    with pytest.raises(ActError, match="stands for users"):
        site.record_site(StaffAppointed(at=START, staff="user", post="lister"), by="officer")


@pytest.mark.parametrize(
    ("appointed", "message"),
    [({"post": "king"}, "no such post"), ({"post": "analyst", "branch": "atlantis"}, "no such branch or department")],
)
def test_nobody_is_appointed_to_what_the_rules_in_force_do_not_declare(
    site: Site, appointed: dict[str, str], message: str
) -> None:
    with pytest.raises(ActError, match=message):
        site.record_site(StaffAppointed(at=START, staff="mei", **appointed), by="officer")
    assert site.state().appointments("mei") == []


@pytest.mark.parametrize("fact", [AgentSuspended(at=START, agent="ghost"), AgentReinstated(at=START, agent="ghost")])
def test_nobody_is_found_unfit_or_fit_who_is_no_agent(site: Site, fact: AgentSuspended | AgentReinstated) -> None:
    with site.reading() as tx:
        size = site.ledger.head(tx).size
    with pytest.raises(UnknownAgentError):
        site.record_site(fact, by="officer")
    with site.reading() as tx:
        assert site.ledger.head(tx).size == size


def test_before_the_first_rules_people_are_appointed_to_posts_that_are_still_to_be_declared(
    database: Database, tmp_path: Path
) -> None:
    with open_site(database, tmp_path, Clock(START)) as site:
        site.record_site(StaffAppointed(at=START, staff="mei", post="lister"), by="officer")
        assert [each.post for each in site.state().appointments("mei")] == ["lister"]


@pytest.mark.parametrize(
    ("consent", "message"),
    [({"version": 9}, "no rules of version 9"), ({"purpose": "none"}, "no such purpose")],
)
def test_an_act_brings_no_consent_along_that_could_not_be_recorded(
    site: Site, consent: dict[str, object], message: str
) -> None:
    site.do(newcomer(site, "u1"))
    told = {"at": START, "purpose": "marketing", "version": 1, "strength": ConsentStrength.EXPRESS} | consent
    with pytest.raises(ActError, match=message):
        site.perform(act(ActKind.USE, "u1", "tariff_plan"), facts=[ConsentGiven(**told)])  # type: ignore[arg-type]


def test_a_ground_or_an_approval_never_stands_in_the_place_of_another_of_its_id(site: Site) -> None:
    site.record_site(GROUND, by="officer")
    wider = msgspec.structs.replace(GROUND, kinds=frozenset({EXPORT, ActKind.PROVIDE}))
    site.record_site(APPROVAL, by="judge")
    more = msgspec.structs.replace(APPROVAL, count=10)
    for _ in range(2):
        with pytest.raises(IdTakenError, match="a ground of that id was written down before"):
            site.record_site(wider, by="officer")
        with pytest.raises(IdTakenError, match="a review of that id was written down before"):
            site.record_site(more, by="judge")
        site.record_site(GroundEnded(at=site.now(), ground="g"), by="officer")
    assert site.state().grounds() == []
    approved = site.state().review("v")
    assert approved is not None
    assert approved.count == APPROVAL.count


@pytest.mark.parametrize("by", ["", "孔丘仲尼", "a b", "x" * 65])
def test_nobody_and_no_name_writes_anything_down_at_the_door(site: Site, by: str) -> None:
    site.do(newcomer(site, "u1"))
    rules, act_ = site.rules(), act(ActKind.USE, "u1", "tariff_plan", by=by)
    assert rules is not None
    jobs: list[Job] = [
        RecordSite(facts=(SuspensionOrdered(at=START, suspension="s"),), by=by),
        Record(user="u1", facts=(NoticeShown(at=START, version=1, digest=rules.digest),), by=by),
        Publish(declaration=rules.declaration, by=by), Cancel(user="u1", by=by), Audit(by=by),
        KeysChanged(by=by, level="epoch"), Judged(act=act_, permitted=1, denied={}),
    ]  # fmt: skip
    size = site.perform(act(ActKind.USE, "u1", "tariff_plan")).entry
    for job in jobs:
        with pytest.raises(ActError, match="an id that is not one"):
            site.do(job)
    assert site.perform(act(ActKind.USE, "u1", "tariff_plan")).entry == size + 1


def test_users_own_hand_writes_down_nothing_of_the_operator_or_the_authority(site: Site) -> None:
    site.do(newcomer(site, "u1"))
    rules, act_ = site.rules(), act(ActKind.QUERY, "u1", "tariff_plan", by=OWN_HAND)
    assert rules is not None
    jobs: list[Job] = [
        RecordSite(facts=(SuspensionOrdered(at=START, suspension="s"),), by=OWN_HAND),
        Publish(declaration=rules.declaration, by=OWN_HAND), Audit(by=OWN_HAND),
        KeysChanged(by=OWN_HAND, level="epoch"), Judged(act=act_, permitted=1, denied={}),
    ]  # fmt: skip
    for job in jobs:
        with pytest.raises(ActError, match="stands for users themselves"):
            site.do(job)
    assert not list(site.state().suspensions())
    told = NoticeShown(at=START, version=1, digest=rules.digest)
    assert site.do(Record(user="u1", facts=(told,), by=OWN_HAND, just_now=True)).entry
    assert site.do(Cancel(user="u1", by=OWN_HAND)).entry


@pytest.mark.parametrize(
    "fact",
    [
        msgspec.structs.replace(GROUND, purposes=frozenset({"service", "孔丘仲尼"})),
        msgspec.structs.replace(GROUND, items=frozenset({"15499990001 0"})),
        msgspec.structs.replace(GROUND, recipient="孔丘仲尼"),
        ReviewAsked(at=START, review="v", requester="officer", kind=EXPORT, purpose="孔丘仲尼", items=PLAN, count=1),
        StaffAppointed(at=START, staff="mei", post="lister", branch="孔丘仲尼"),
    ],
)
def test_no_fact_of_the_operator_holds_a_name_where_an_id_belongs(site: Site, fact: SiteFact) -> None:
    with pytest.raises(ActError, match="an id that is not one"):
        site.record_site(fact, by="officer")
