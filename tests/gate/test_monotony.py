# SPDX-License-Identifier: Apache-2.0
"""What takes away an allowance, or adds a prohibition, never turns a denial into a permission."""

import datetime as dt
import functools
import random
from collections.abc import Callable
from typing import NamedTuple

import literal
import msgspec
import pytest
import worlds
from three_gates import compiled, names, of

from keshou.declaration import model as m
from keshou.gate import facts as f
from keshou.law.terms import ActKind

SEEDS, USERS, ACTS = 60, 3, 20
"""Random worlds for each change, users of each, and acts that are asked about each user."""
Change = Callable[[literal.World, random.Random], literal.World | None]
"""Takes away something that allows, or adds something that forbids; None where the world has nothing of the kind."""


def told_of_users(world: literal.World, *new: f.UserFact) -> literal.World:
    """Return the world in which `new` came true of all users who are on record from the beginning, for good."""
    users = dict(world.users)
    for user, facts in world.users.items():
        first = any(fact.at == worlds.START for fact in facts)
        if first and not any(isinstance(fact, f.Erased) for fact in facts):
            users[user] = [*facts, *new]
    return literal.World(world.published, world.site, users, world.law)


def told_of_the_operator(world: literal.World, *new: f.SiteFact) -> literal.World:
    return literal.World(world.published, [*world.site, *new], world.users, world.law)


def declared_otherwise(world: literal.World, change: Callable[[m.Declaration], m.Declaration]) -> literal.World:
    published = [msgspec.structs.replace(each, declaration=change(each.declaration)) for each in world.published]
    return literal.World(published, world.site, world.users, world.law)


def notice_or_consent_missing(world: literal.World, r: random.Random) -> literal.World | None:
    given = [
        (user, place)
        for user, facts in world.users.items()
        for place, fact in enumerate(facts)
        if isinstance(fact, f.ConsentGiven | f.NoticeShown)
    ]
    if not given:
        return None
    user, place = r.choice(given)
    if any(isinstance(fact, f.ConsentVoided) for fact in world.users[user]):
        return None
    left = [fact for at, fact in enumerate(world.users[user]) if at != place]
    return literal.World(world.published, world.site, world.users | {user: left}, world.law)


def appointment_or_ground_missing(world: literal.World, r: random.Random) -> literal.World | None:
    places = [place for place, fact in enumerate(world.site) if isinstance(fact, f.StaffAppointed | f.GroundRecorded)]
    if not places:
        return None
    site = list(world.site)
    gone = site.pop(r.choice(places))
    if isinstance(gone, f.StaffAppointed) and any(gone.staff in {_staff(each), _by(each)} for each in site):
        # Of two posts the other one is clear from then on; and what they shortened or ended of others' stays as it was.
        return None
    return literal.World(world.published, site, world.users, world.law)


def _staff(fact: f.SiteFact) -> str:
    return str(getattr(fact, "staff", ""))


def _by(fact: f.SiteFact) -> str:
    return str(getattr(fact, "by", ""))


def suspended(world: literal.World, r: random.Random) -> literal.World:
    return told_of_the_operator(world, f.SuspensionOrdered(at=worlds.moment(r), suspension="new"))


def agent_suspended(world: literal.World, r: random.Random) -> literal.World:
    return told_of_the_operator(world, f.AgentSuspended(at=worlds.moment(r), agent="store"))


def ground_ended(world: literal.World, r: random.Random) -> literal.World:
    at = worlds.moment(r)
    return told_of_the_operator(world, *(f.GroundEnded(at=at, ground=each) for each in ("one", "two")))


def consent_withdrawn(world: literal.World, r: random.Random) -> literal.World:
    items = frozenset(worlds.some(r, worlds.ITEMS, 1)) if worlds.chance(r, 0.3) else frozenset()
    at = worlds.moment(r)
    return told_of_users(
        world, *(f.ConsentWithdrawn(at=at, purpose=each, items=items) for each in worlds.some(r, worlds.PURPOSES, 1))
    )


def service_ended(world: literal.World, r: random.Random) -> literal.World:
    at = worlds.moment(r)
    return told_of_users(world, *(f.ServiceEnded(at=at, service=each) for each in worlds.SERVICES))


def one_version(change: Change) -> Change:
    """Keep a change to worlds of one version: of several, what a later one grants anew needs consent anew."""

    @functools.wraps(change)
    def changed(world: literal.World, r: random.Random) -> literal.World | None:
        return change(world, r) if len(world.published) == 1 else None

    return changed


@one_version
def grant_missing(world: literal.World, _r: random.Random) -> literal.World | None:
    return declared_otherwise(world, lambda rules: msgspec.structs.replace(rules, grants=rules.grants[1:]))


@one_version
def grant_ended(world: literal.World, r: random.Random) -> literal.World | None:
    day = worlds.day(r)

    def ended(rules: m.Declaration) -> m.Declaration:
        grants = [msgspec.structs.replace(each, until=min(day, each.until or day)) for each in rules.grants]
        return msgspec.structs.replace(rules, grants=tuple(grants))

    return declared_otherwise(world, ended)


def of_agents(world: literal.World, change: Callable[[m.Agent], m.Agent]) -> literal.World:
    return declared_otherwise(
        world, lambda rules: msgspec.structs.replace(rules, agents=tuple(map(change, rules.agents)))
    )


def qualification_missing(world: literal.World, _r: random.Random) -> literal.World:
    return of_agents(world, lambda agent: msgspec.structs.replace(agent, qualification=None))


def qualification_expired(world: literal.World, r: random.Random) -> literal.World:
    day = worlds.day(r)

    def expired(agent: m.Agent) -> m.Agent:
        held = agent.qualification
        until = None if held is None else msgspec.structs.replace(held, valid_until=min(day, held.valid_until))
        return msgspec.structs.replace(agent, qualification=until)

    return of_agents(world, expired)


def contract_expired(world: literal.World, r: random.Random) -> literal.World:
    day = worlds.day(r)

    def expired(agent: m.Agent) -> m.Agent:
        held = agent.contract
        until = None if held is None else msgspec.structs.replace(held, until=min(day, held.until))
        return msgspec.structs.replace(agent, contract=until)

    return of_agents(world, expired)


def with_fit_agents(world: literal.World) -> literal.World:
    """Return the world in which agents are qualified and under contract for everything, so that their staff act."""
    first = worlds.START.date()

    def fit(agent: m.Agent) -> m.Agent:
        qualification = m.Qualification(
            number="1", checked_on=first, checked_by="officer", valid_until=dt.date(2018, 1, 1)
        )
        contract = m.Contract(from_=first, until=dt.date(2017, 1, 1), protection_clause=True)
        return msgspec.structs.replace(
            agent, qualification=qualification, contract=contract, purposes=worlds.PURPOSES, acts=worlds.KINDS, items=()
        )

    return of_agents(world, fit)


class Case(NamedTuple):
    """A change, and the worlds and acts where it tells."""

    change: Change
    lifts: frozenset[str] = frozenset()
    """Prohibitions that stand until just that has happened."""
    bites: bool = True
    """Whether random worlds have enough of it for something permitted to be denied after it."""
    of_agents: bool = False
    """Whether it is about agents: then they are fit before it, and it is their staff who act."""


CASES = (
    Case(notice_or_consent_missing), Case(consent_withdrawn),
    Case(service_ended, frozenset({"registration_destroyed_early"})),
    Case(appointment_or_ground_missing, bites=False), Case(ground_ended, bites=False), Case(suspended),
    Case(grant_missing), Case(grant_ended), Case(agent_suspended, of_agents=True),
    Case(qualification_missing, of_agents=True), Case(qualification_expired, of_agents=True),
    Case(contract_expired, of_agents=True),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.change.__name__)
def test_no_change_that_takes_away_or_forbids_turns_a_denial_into_a_permission(case: Case) -> None:
    bitten = permitted = 0
    for seed in range(SEEDS):
        r = random.Random(seed)
        before = worlds.world(r, USERS)
        before = with_fit_agents(before) if case.of_agents else before
        after = case.change(before, r)
        if after is None:
            continue
        one, other = compiled(before), compiled(after)
        for _ in range(ACTS):
            act = worlds.act(r, before)
            if case.of_agents and worlds.chance(r, 0.7):
                act = msgspec.structs.replace(act, by="bo", post="", when=worlds.moment(r))
            for user in before.users:
                met, then = names(one, of(act, user)), names(other, of(act, user))
                bitten += bool(then and not met)
                permitted += not then
                may = not met or then or set(met) <= case.lifts
                assert may, f"seed {seed}: {of(act, user)} was denied for {met} and is permitted"
    assert permitted, "all is denied after it anyway"
    assert bitten or not case.bites, "nothing that was permitted is denied after it"


def test_a_hold_permits_nothing_and_forbids_nothing_but_erasing() -> None:
    forbidden = 0
    for seed in range(60):
        r = random.Random(seed)
        world = worlds.world(r, 3)
        new = msgspec.structs.replace(worlds.hold(r, worlds.START, worlds.moment(r)), hold="new")
        held = literal.World(world.published, [*world.site, new], world.users, world.law)
        before, after = compiled(world), compiled(held)
        for _ in range(30):
            act = of(worlds.act(r, world), r.choice([*world.users, ""]))
            one, other = names(before, act), names(after, act)
            assert set(one) <= set(other) <= {*one, "destruction_under_hold"}
            forbidden += one != other
            if act.kind not in {ActKind.DELETE, ActKind.DESTROY}:
                assert one == other
    assert forbidden > 20


def test_ending_a_service_permits_nothing_but_what_retention_forbade() -> None:
    for seed in range(60):
        r = random.Random(seed)
        before = worlds.world(r, 6)
        ends = [f.ServiceEnded(at=worlds.START + dt.timedelta(days=3), service=each) for each in worlds.SERVICES]
        started = {
            user: [x for x in facts if not isinstance(x, f.ServiceStarted) or x.at == worlds.START]
            for user, facts in before.users.items()
        }
        known = {user: facts for user, facts in started.items() if any(x.at == worlds.START for x in facts)}
        after = literal.World(before.published, before.site, {u: [*x, *ends] for u, x in known.items()}, before.law)
        one, other = compiled(literal.World(before.published, before.site, known, before.law)), compiled(after)
        for _ in range(25):
            act = worlds.act(r, before)
            for user in known:
                met, then = names(one, of(act, user)), names(other, of(act, user))
                assert not met or then or met == ["registration_destroyed_early"]
