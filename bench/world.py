# SPDX-License-Identifier: Apache-2.0
"""The world every engine is asked about: the sample operator, its staff, its users, and questions about them."""

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources

from keshou.cli.sample.people import Subscriber, subscribers
from keshou.declaration.canonical import digest
from keshou.declaration.load import read
from keshou.declaration.model import Declaration, Published
from keshou.gate.act import Act
from keshou.gate.decide import Gate
from keshou.gate.facts import (
    CapacityLimited,
    ConsentGiven,
    ConsentWithdrawn,
    MessagesRefused,
    NoticeShown,
    RulesPublished,
    ServiceEnded,
    ServiceStarted,
    SiteFact,
    StaffAppointed,
    SuspensionOrdered,
    UserFact,
)
from keshou.gate.rulebook import compile_rules
from keshou.gate.site import fold_site
from keshou.gate.standing import UserStanding, fold_user
from keshou.law.law import Law
from keshou.law.load import load
from keshou.law.terms import ActKind, ConsentStrength

USERS = 10_000
QUESTIONS = 4_096
SEED = 7
BEGAN = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
ASKED = dt.datetime(2026, 6, 1, 3, tzinfo=dt.UTC)
"""Eleven in the morning in China, within everybody's hours."""
STAFF_A_POST = 4
SUSPENDED = SuspensionOrdered(
    at=BEGAN, suspension="s1", kinds=frozenset({ActKind.EXPORT}), purposes=frozenset({"quality"})
)


@dataclass(frozen=True)
class World:
    """Rules, facts and questions."""

    law: Law
    declaration: Declaration
    published: Published
    site: tuple[SiteFact, ...]
    facts: dict[str, tuple[UserFact, ...]]
    standings: dict[str, UserStanding]
    acts: tuple[Act, ...]
    people: tuple[Subscriber, ...]

    def gate(self) -> Gate:
        """Return a gate over this world."""
        return Gate(compile_rules((self.published,), self.law), fold_site(self.site), self.standings, 100_000)


def sample_declaration() -> Declaration:
    """Return the declaration of the sample operator."""
    text = resources.files("keshou.cli.sample").joinpath("operator.toml").read_text("utf-8")
    declaration = read(text).declaration
    assert declaration is not None
    return declaration


def make_world(users: int = USERS, questions: int = QUESTIONS) -> World:
    """Make the world; the same every time."""
    chance = random.Random(SEED)
    declaration = sample_declaration()
    published = Published(1, digest(declaration), declaration.effective, declaration, notice_complete=True)
    people = tuple(subscribers(users, SEED))
    facts = {person.user_id: tuple(user_facts(person, published, chance)) for person in people}
    standings = {user: fold_user(each) for user, each in facts.items()}
    site = tuple(site_facts(published))
    acts = tuple(_questions(declaration, list(facts), questions, chance))
    return World(load(), declaration, published, site, facts, standings, acts, people)


def site_facts(published: Published) -> Iterator[SiteFact]:
    """Publish the rules, appoint staff to every post, and suspend one kind of act."""
    yield RulesPublished(at=BEGAN, version=1, digest=published.digest, effective=published.effective)
    for post in published.declaration.posts:
        for number in range(STAFF_A_POST):
            yield StaffAppointed(at=BEGAN, staff=f"{post.id}_{number}", post=post.id)
    yield SUSPENDED


def user_facts(person: Subscriber, published: Published, chance: random.Random) -> Iterator[UserFact]:
    """Tell a user's life: told, agreed in part, some withdrew, refused messages or left."""
    if chance.random() < 0.97:
        yield NoticeShown(at=BEGAN, version=1, digest=published.digest)
    for service in person.services:
        yield ServiceStarted(at=BEGAN, service=service)
    express, tacit = ConsentStrength.EXPRESS, ConsentStrength.TACIT
    for purpose in published.declaration.purposes:
        if purpose.id == "marketing" and person.marketing_consent is None:
            continue
        if chance.random() < 0.9:
            strength = express if chance.random() < 0.93 else tacit
            yield ConsentGiven(at=BEGAN, purpose=purpose.id, version=1, strength=strength)
    if person.limited_capacity:
        yield CapacityLimited(at=BEGAN)
    if chance.random() < 0.1:
        yield ConsentWithdrawn(at=BEGAN, purpose="billing", items=frozenset({"email_address"}))
    if chance.random() < 0.1:
        yield MessagesRefused(at=BEGAN)
    if chance.random() < 0.05:
        for service in person.services:
            yield ServiceEnded(at=BEGAN, service=service)


def _questions(declaration: Declaration, users: Sequence[str], count: int, chance: random.Random) -> Iterator[Act]:
    """Ask what staff ask: mostly what their post is for, now and then something else."""
    purposes = {each.id: each for each in declaration.purposes}
    kinds = [kind for kind in ActKind if kind not in {ActKind.SELL, ActKind.DISCLOSE, ActKind.PROVIDE}]
    for number in range(count):
        grant = chance.choice(declaration.grants)
        purpose = purposes[chance.choice(grant.purposes)]
        kind = chance.choice([each for each in grant.acts if each in kinds] or kinds)
        post = grant.post
        if chance.random() < 0.2:
            kind, post = chance.choice(kinds), chance.choice(declaration.posts).id
        needed = [need.item for need in purpose.needs if kind in (need.acts or purpose.acts)]
        wanted = [item for item in needed if not grant.items or item in grant.items] or ["call_detail_record"]
        if chance.random() < 0.05:
            wanted = ["cell_location"]
        user = chance.choice(users) if chance.random() < 0.99 else f"unknown{number}"
        yield Act(
            kind=kind,
            user=user,
            items=frozenset(chance.sample(wanted, min(len(wanted), chance.randint(1, 3)))),
            purpose=purpose.id,
            by=f"{post}_{chance.randrange(STAFF_A_POST)}",
            when=ASKED + dt.timedelta(milliseconds=number),
            where=grant.branches[0] if grant.branches else "",
        )
