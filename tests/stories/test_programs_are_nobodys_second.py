# SPDX-License-Identifier: Apache-2.0
"""Where two people are needed no program is the other one, and nobody is by a program whose key they made."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from journey import Story, at, sample

from keshou.accounts.account import AccountKind
from keshou.acts.request import ActError
from keshou.acts.separation import SeparationError
from keshou.app.handing_over import key_for
from keshou.app.new_program import add_program, make_key, revoke_key
from keshou.db import Database
from keshou.errors import InputError
from keshou.gate.facts import (
    AccessConfirmed,
    EmergencyOpened,
    EmergencyReviewed,
    MediumDestroyed,
    MediumRegistered,
    RecipientKeyVerified,
    ReviewApproved,
    ReviewAsked,
    ReviewRefused,
    SiteFact,
    StaffAppointed,
    StaffRemoved,
)
from keshou.gate.holds import Asked, HoldLifted
from keshou.handover.errors import HandoverError
from keshou.law.terms import ActKind
from keshou.programs.grant import CredentialKind, KeyGrant
from keshou.programs.scope import Scope

ROBOT = "robot"
MAKER = "network"
KEY = "age1" + "q" * 58
EXPORT: dict[str, Any] = {
    "kind": ActKind.EXPORT, "purpose": "service", "items": frozenset({"tariff_plan"}), "count": 60,
}  # fmt: skip


@pytest.fixture
def story(database: Database, tmp_path: Path) -> Iterator[Story]:
    """Give the sample's site with a program whose key the keeper of the network made; it holds every post it needs."""
    with Story.of_the_sample(database, tmp_path, "2026-03-02", access_review=sample().access_review) as story:
        given(story, ROBOT, MAKER)
        for post in ("care_agent", "reviewer", "retail_manager", "privacy_officer"):
            story.appoint(ROBOT, post)
        story.appoint(MAKER, "reviewer")
        yield story


def given(story: Story, program: str, by: str) -> str:
    """Add a program unless it is there, and make a key of its; return the key's id."""
    with story.site.writing() as tx:
        if program not in story.site.programs.makers(tx, story.now):
            add_program(story.site, tx, program, by)
        grant = KeyGrant(scopes=frozenset({Scope.ACT}), until=story.now + dt.timedelta(days=90))
        return make_key(story.site, tx, program, CredentialKind.KEY, grant, by=by)[0].id


def opened(story: Story, by: str) -> None:
    fact = EmergencyOpened(
        at=story.now, emergency="e1", staff=by, post="network_engineer", reason="network_outage", case="t-1",
        until=story.now + dt.timedelta(minutes=30),
    )  # fmt: skip
    story.happens(fact, by=by)


def held(story: Story, by: str) -> None:
    story.happens(story.site.holds.fact("h1", Asked("case", "d-1", purposes=("service",)), by), by=by)


def asked(story: Story, by: str) -> None:
    story.happens(ReviewAsked(at=story.now, review="r1", requester=by, **EXPORT), by=by)


def registered(story: Story, by: str) -> None:
    fact = MediumRegistered(
        at=story.now, medium="m1", form="flash", place="safe", holder="network", sealed=True,
    )  # fmt: skip
    story.happens(fact, by=by)


def reviewed(story: Story, by: str) -> SiteFact:
    return EmergencyReviewed(at=story.now, emergency="e1", by=by, found="justified")


def lifted(story: Story, by: str) -> SiteFact:
    return HoldLifted(at=story.now, hold="h1", by=by, reason="closed")


def approved(story: Story, by: str) -> SiteFact:
    requester = story.site.state().asked["r1"].requester
    until = story.now + dt.timedelta(hours=20)
    return ReviewApproved(at=story.now, review="r1", requester=requester, reviewer=by, until=until, **EXPORT)


def refused(story: Story, by: str) -> SiteFact:
    return ReviewRefused(at=story.now, review="r1", reviewer=by)


def verified(story: Story, by: str) -> SiteFact:
    return RecipientKeyVerified(
        at=story.now, recipient="portability_centre", key=KEY, verified_by=by, how="called_back"
    )  # fmt: skip


def confirmed(story: Story, by: str) -> SiteFact:
    return AccessConfirmed(at=story.now, staff="clerk", post="counter_clerk", by=by, until=at("2026-06-01"))


def nothing(_story: Story, _by: str) -> None:
    """Nothing has to come before."""


Begin = Callable[[Story, str], None]
End = Callable[[Story, str], SiteFact]
TWO: dict[str, tuple[Begin, End, str]] = {
    "emergency": (opened, reviewed, "care"),
    "hold": (held, lifted, "officer"),
    "approval": (asked, approved, "analyst"),
    "refusal": (asked, refused, "analyst"),
    "recipient's key": (nothing, verified, "officer"),
    "access": (nothing, confirmed, "manager"),
}


@pytest.mark.parametrize("what", TWO)
def test_a_program_is_the_second_person_of_nobody(story: Story, what: str) -> None:
    begin, end, first = TWO[what]
    begin(story, first)
    with pytest.raises(SeparationError, match="no second person"):
        story.happens(end(story, ROBOT), by=ROBOT)
    story.happens(end(story, "manager"), by="manager")


BY_A_PROGRAM = ("emergency", "hold", "approval", "refusal")


@pytest.mark.parametrize("what", BY_A_PROGRAM)
def test_who_made_a_program_s_key_is_not_the_other_person_of_what_it_did(story: Story, what: str) -> None:
    begin, end, _ = TWO[what]
    begin(story, ROBOT)
    with pytest.raises(SeparationError):
        story.happens(end(story, MAKER), by=MAKER)
    story.happens(end(story, "reviewer"), by="reviewer")


@pytest.mark.parametrize("what", BY_A_PROGRAM)
def test_revoking_the_key_afterwards_makes_nobody_another_person(story: Story, what: str) -> None:
    begin, end, _ = TWO[what]
    begin(story, ROBOT)
    story.on("2026-03-02", "11:00")
    with story.site.writing() as tx:
        for each in story.site.programs.credentials(tx, ROBOT):
            revoke_key(story.site, tx, each.id, MAKER)
    with pytest.raises(SeparationError):
        story.happens(end(story, MAKER), by=MAKER)


def test_whose_key_ended_before_is_another_person(story: Story) -> None:
    with story.site.writing() as tx:
        (key,) = story.site.programs.credentials(tx, ROBOT)
        revoke_key(story.site, tx, key.id, MAKER)
    given(story, ROBOT, "engineer")
    story.on("2026-03-02", "11:00")
    opened(story, ROBOT)
    with pytest.raises(SeparationError):
        story.happens(reviewed(story, "engineer"), by="engineer")
    story.happens(reviewed(story, MAKER), by=MAKER)


def test_a_program_s_program_is_the_same_hand(story: Story) -> None:
    given(story, "second_robot", ROBOT)
    story.appoint("second_robot", "care_agent")
    opened(story, "second_robot")
    for who in (MAKER, ROBOT):
        with pytest.raises(SeparationError):
            story.happens(reviewed(story, who), by=who)
    story.happens(reviewed(story, "officer"), by="officer")


def test_nobody_is_appointed_by_their_program_nor_it_by_them(story: Story) -> None:
    for staff, by in ((MAKER, ROBOT), (ROBOT, MAKER)):
        with pytest.raises(SeparationError, match="nobody appoints themselves"):
            story.happens(StaffAppointed(at=story.now, staff=staff, post="counter_clerk"), by=by)
    story.happens(StaffAppointed(at=story.now, staff="clerk", post="care_agent"), by=ROBOT)


def test_nobody_confirms_that_their_own_program_needs_its_post(story: Story) -> None:
    story.appoint(MAKER, "retail_manager")
    story.appoint(ROBOT, "counter_clerk")
    fact = msgspec.structs.replace(confirmed(story, MAKER), staff=ROBOT)
    with pytest.raises(SeparationError, match="their own access"):
        story.happens(fact, by=MAKER)
    story.happens(msgspec.structs.replace(confirmed(story, "manager"), staff=ROBOT), by="manager")


def test_who_verified_a_recipient_s_key_does_not_export_to_it_by_a_program(story: Story) -> None:
    story.happens(verified(story, MAKER), by=MAKER)
    asked_by = {"by": ROBOT}, {"by": "analyst", "via": ROBOT}
    for hand in asked_by:
        act = story.act(ActKind.EXPORT, "", "tariff_plan", purpose="service", recipient="portability_centre", **hand)
        with pytest.raises(HandoverError, match="does not export to it"):
            key_for(story.site, act)


def test_nobody_s_program_is_the_witness_of_a_destruction(story: Story) -> None:
    registered(story, MAKER)
    for witness in (ROBOT, MAKER):
        fact = MediumDestroyed(at=story.now, medium="m1", by=MAKER, witness=witness, manner="shredded")
        with pytest.raises(ActError, match="witness"):
            story.happens(fact, by=MAKER)


def test_no_program_gets_the_id_of_somebody_who_holds_a_post(story: Story) -> None:
    with pytest.raises(InputError, match="holds a post"), story.site.writing() as tx:
        add_program(story.site, tx, "clerk", MAKER)
    with story.site.writing() as tx:
        story.site.accounts.invite(tx, "zhou", AccountKind.STAFF, by="officer", now=story.now)
    with pytest.raises(InputError, match="is a person's"), story.site.writing() as tx:
        add_program(story.site, tx, "zhou", MAKER)
    story.happens(StaffRemoved(at=story.now, staff="clerk", post="counter_clerk"))
    with story.site.writing() as tx:
        add_program(story.site, tx, "clerk", MAKER)
        add_program(story.site, tx, ROBOT, MAKER)


def test_a_second_emergency_is_not_begun_by_one_s_program(story: Story) -> None:
    story.appoint(MAKER, "care_agent")
    opened(story, MAKER)
    fact = EmergencyOpened(
        at=story.now, emergency="e2", staff=ROBOT, post="network_engineer", reason="network_outage", case="t-2",
        until=story.now + dt.timedelta(minutes=30),
    )  # fmt: skip
    with pytest.raises(SeparationError, match="waits for its review"):
        story.happens(fact, by=ROBOT)
    story.happens(reviewed(story, "officer"), by="officer")
    story.happens(fact, by=ROBOT)
