# SPDX-License-Identifier: Apache-2.0
"""A site for the server's measurements: the world's rules, staff and users, and a program with a key."""

import datetime as dt
import json
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path

import msgspec
from sites import BRANCH, CHUNK, CLERK, admission
from world import World

from keshou.acts.request import Job, Record
from keshou.app import clock
from keshou.app.create import create
from keshou.app.site import Site
from keshou.cli.sample.people import Subscriber
from keshou.declaration.model import Published
from keshou.gate.act import OWN_HAND, Act
from keshou.gate.facts import (
    CapacityLimited,
    ConsentGiven,
    ConsentWithdrawn,
    MessagesRefused,
    NoticeShown,
    RulesPublished,
    ServiceStarted,
    SiteFact,
    StaffAppointed,
    UserFact,
)
from keshou.gate.standing import fold_user
from keshou.law.terms import ConsentStrength
from keshou.programs.grant import KeyGrant
from keshou.programs.scope import Scope

PROGRAM = "crm"
SETTINGS = {"rate": "100000000/minute"}
"""The allowance of one caller is not what is measured."""
_ALWAYS = frozenset({"service", "billing", "care"})
_AGREED, _WITHDREW, _REFUSED = 0.9, 0.1, 0.1
"""Shares of users."""


class Filled(msgspec.Struct, frozen=True):
    """A site that is closed and ready to be served."""

    home: Path
    key: str
    """The program's."""
    world: World
    """What the site holds, for other engines."""


def fill(home: Path, world: World, database: str = "") -> Filled:
    """Make the site in `home`, with everybody of `world` in it."""
    began = clock.now() - dt.timedelta(days=1)
    text = resources.files("keshou.cli.sample").joinpath("operator.toml").read_text("utf-8")
    create(home, began, declaration=text, database=database, language="en")
    with (home / "keshou.toml").open("a") as settings:
        settings.write("\n[server]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in SETTINGS.items()))
    started = time.perf_counter()
    with Site.open(home, lambda: began + dt.timedelta(seconds=time.perf_counter() - started)) as site:
        site.publish(world.declaration, by="board")
        rules = site.rules()
        assert rules is not None
        staff = tuple(_staff(world, began))
        site.record_site(*(each for each in staff if not isinstance(each, RulesPublished)), by="board")
        facts = _admit(site, world, rules)
        _analyse(site)
        key = new_key(site)
    standings = {user: fold_user(each) for user, each in facts.items()}
    return Filled(home, key, replace(world, published=rules, site=staff, facts=facts, standings=standings))


def _staff(world: World, began: dt.datetime) -> Iterator[SiteFact]:
    """Tell what the world tells of the operator, as of when the site began, and of who fills and asks it."""
    for each in world.site:
        yield msgspec.structs.replace(each, at=began)
    yield StaffAppointed(at=began, staff=CLERK, post="counter_clerk", branch=BRANCH)
    yield StaffAppointed(at=began, staff=PROGRAM, post="privacy_officer")


def _admit(site: Site, world: World, rules: Published) -> dict[str, tuple[UserFact, ...]]:
    chance = random.Random(7)
    facts = {}
    for start in range(0, len(world.people), CHUNK):
        jobs: list[Job] = []
        for person in world.people[start : start + CHUNK]:
            told = tuple(_told(person, rules, site.now(), chance))
            later = tuple(_later(person, site.now(), chance))
            facts[person.user_id] = told + later
            jobs.append(msgspec.structs.replace(admission(person, rules, site.now()), facts=told))
            jobs += [Record(user=person.user_id, facts=later, by=OWN_HAND)] if later else []
        done = site.do_all(jobs)
        assert all(each.decision is None or each.decision.permitted for each in done)
    return facts


def _told(person: Subscriber, rules: Published, now: dt.datetime, chance: random.Random) -> Iterator[UserFact]:
    """Tell of the rules, the consents and the services with which one came in."""
    yield NoticeShown(at=now, version=rules.version, digest=rules.digest)
    for purpose in rules.declaration.purposes:
        if purpose.id in _ALWAYS or chance.random() < _AGREED:
            yield ConsentGiven(at=now, purpose=purpose.id, version=rules.version, strength=ConsentStrength.EXPRESS)
    for service in person.services:
        yield ServiceStarted(at=now, service=service)


def _later(person: Subscriber, now: dt.datetime, chance: random.Random) -> Iterator[UserFact]:
    if person.limited_capacity:
        yield CapacityLimited(at=now)
    if chance.random() < _WITHDREW:
        yield ConsentWithdrawn(at=now, purpose="billing", items=frozenset({"email_address"}))
    if chance.random() < _REFUSED:
        yield MessagesRefused(at=now)


def _analyse(site: Site) -> None:
    if site.database.postgresql:
        with site.writing() as tx:
            tx.connection.exec_driver_sql("ANALYZE")


def new_key(site: Site) -> str:
    """Make the program and a key of its own; return the key."""
    now = clock.now()
    grant = KeyGrant(scopes=frozenset({Scope.ACT, Scope.EVALUATE, Scope.ON_BEHALF}), until=now + dt.timedelta(days=30))
    with site.writing() as tx:
        site.programs.add(tx, PROGRAM, now)
        return site.programs.new_key(tx, PROGRAM, grant, now)[1]


def question(act: Act) -> dict[str, object]:
    """Return the protocol's words for `act`."""
    return {
        "subject": {"type": "staff", "id": act.by, "properties": {"where": act.where}},
        "action": {"name": act.kind},
        "resource": {"type": "personal_information", "id": act.user, "properties": {"items": sorted(act.items)}},
        "context": {"purpose": act.purpose},
    }
