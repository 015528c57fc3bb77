# SPDX-License-Identifier: Apache-2.0
"""Random worlds: declarations in several versions, facts, and acts, most of them nearly lawful."""

import datetime as dt
import random
from collections.abc import Sequence
from typing import Any

import msgspec
from literal import World

from keshou.declaration import model as m
from keshou.gate import facts as f
from keshou.gate.act import Act
from keshou.gate.holds import HoldLifted, HoldSet
from keshou.language import Text
from keshou.law.load import load
from keshou.law.terms import ActKind, ConsentStrength, OperatorKind, RetentionClass

T = Text("字", "word")
START = dt.datetime(2013, 9, 2, tzinfo=dt.UTC)
SPAN = 1500
ITEMS = ("user_name", "mobile_number", "resident_id_number", "tariff_plan", "cell_location", "shoe_size")
SERVICES = ("mobile", "broadband", "inner")
PURPOSES = ("register", "bill", "market")
POSTS = ("clerk", "officer", "shop")
STAFF = ("an", "bo", "ce", "program", "user")
KINDS = tuple(ActKind)
BRANCHES = ("", "east", "west")
GROUNDS = ("", "", "", "npcsc2012:6", "npcsc2012:6", "npcsc2012:10.1", "miit24:9.5", "otherlaw:1", "none")
CASES = ("npcsc2012:10.1", "npcsc2012:6", "law:1", "miit24:9.1")
BASES = ("", "", "otherlaw:1", "npcsc2012:6", "npcsc2012:10.1", "miit24:10", "approval")
DAYS = (50, 300, 1000, 1400)
"""How often access is reviewed; mostly so seldom that people get something done between."""
MINUTES = (8 * 60, 24 * 60 * 50, 24 * 60 * 500)
"""For how long something is lent; so long that the coarse grid of moments meets it."""
RECIPIENTS = ("", "partner", "abroad", "stranger")


def some(r: random.Random, values: Sequence[Any], least: int = 0) -> tuple[Any, ...]:
    return tuple(r.sample(values, r.randint(least, len(values))))


def chance(r: random.Random, part: float) -> bool:
    return r.random() < part


def moment(r: random.Random) -> dt.datetime:
    """Return a moment on a coarse grid, so that equal times and exact boundaries are frequent."""
    return START + dt.timedelta(days=r.randrange(0, SPAN, 50), hours=r.choice((0, 0, 8, 16)))


def day(r: random.Random) -> dt.date:
    return (START + dt.timedelta(days=r.randrange(0, SPAN, 50))).date()


def need(r: random.Random, item: str) -> m.Need:
    acts = some(r, KINDS, 3) if chance(r, 0.3) else ()
    kept = RetentionClass.REGISTRATION if chance(r, 0.3) else RetentionClass.SERVICE
    return m.Need(item=item, why=T, acts=acts, class_=kept)


def purpose(r: random.Random, name: str) -> m.Purpose:
    return m.Purpose(
        id=name,
        name=T,
        services=some(r, SERVICES),
        provides_service=chance(r, 0.7),
        commercial_messages=chance(r, 0.3),
        acts=some(r, KINDS, 4) if chance(r, 0.5) else KINDS,
        manner=T,
        refusal=T,
        consent=r.choice((*ConsentStrength, ConsentStrength.EXPRESS)),
        ground=r.choice(GROUNDS),
        retention=m.Retention(after="service_end", years=1),
        recipients=some(r, ("partner", "abroad")),
        needs=tuple(need(r, item) for item in some(r, ITEMS, 2)),
    )


def grant(r: random.Random, post: str) -> m.Grant:
    day_shift, night_shift = ("08:00", "20:00", "+08:00"), ("22:00", "06:00", "-03:30")
    start, end, offset = day_shift if chance(r, 0.5) else night_shift
    hours = m.Hours(from_=start, to=end, utc_offset=offset)
    return m.Grant(
        post=post,
        purposes=some(r, PURPOSES, 1),
        acts=KINDS if chance(r, 0.7) else some(r, KINDS, 2),
        items=() if chance(r, 0.6) else some(r, ITEMS, 1),
        full=chance(r, 0.5),
        hours=hours if chance(r, 0.2) else None,
        branches=some(r, BRANCHES[1:], 1) if chance(r, 0.2) else (),
        until=day(r) if chance(r, 0.2) else None,
    )


def agent(r: random.Random) -> m.Agent:
    qualification = m.Qualification(
        number="1", checked_on=day(r), checked_by="officer", valid_until=dt.date(2018, 1, 1)
    )
    contract = m.Contract(from_=day(r), until=dt.date(2017, 1, 1), protection_clause=chance(r, 0.8))
    return m.Agent(
        id="store",
        name=T if chance(r, 0.8) else Text("别", "other"),
        qualification=qualification if chance(r, 0.8) else None,
        contract=contract if chance(r, 0.8) else None,
        purposes=some(r, PURPOSES, 1),
        acts=KINDS if chance(r, 0.5) else some(r, KINDS),
        items=() if chance(r, 0.7) else some(r, ITEMS),
        stand_ins=some(r, ITEMS) if chance(r, 0.3) else (),
    )


def declaration(r: random.Random) -> m.Declaration:
    kinds = r.choice(((OperatorKind.TELECOM,), (OperatorKind.INTERNET,), (OperatorKind.NETWORK,), tuple(OperatorKind)))
    kind = r.choice(("mobile", "internet", "internet"))
    operator = m.Operator(id="op", name=T, kinds=kinds, adopts=("gbz28828",) if chance(r, 0.6) else ())
    return m.Declaration(
        schema=1,
        operator=operator,
        effective=START,
        services=tuple(m.Service(id=name, name=T, kind=kind, user_facing=name != "inner") for name in SERVICES),
        purposes=tuple(purpose(r, name) for name in PURPOSES[: r.randint(2, 3)]),
        recipients=(
            m.Recipient(id="partner", name=T, stand_ins=some(r, ITEMS) if chance(r, 0.3) else ()),
            m.Recipient(id="abroad", name=T, overseas=True, country="SG", basis=r.choice(BASES), approval=approval(r)),
        ),
        items=(
            m.CustomItem(id="shoe_size", label=T, class_="A1-3", identifies="combined", sensitive=chance(r, 0.5)),
        ),
        posts=(
            m.Post(id="clerk", name=T, department="head", duties=T),
            m.Post(id="officer", name=T, department="head", duties=T),
            m.Post(id="shop", name=T, department="east", duties=T, agent=r.choice(("store", "store", "nobody"))),
        ),
        grants=tuple(grant(r, post) for post in (*POSTS, *some(r, POSTS))),
        agents=(agent(r),),
        departments=tuple(
            m.Department(id=name, name=T, responsible=r.choice((*POSTS, "officer", "ghost")), since=START.date())
            for name in ("head", "east")
        ),
        review=bulk_review(r) if chance(r, 0.8) else None,
        access_review=access_review(r),
        emergency=emergency(r),
    )  # fmt: skip


def approval(r: random.Random) -> m.Approval | None:
    until = r.choice((None, day(r)))
    return m.Approval(number="1", authority=T, valid_until=until) if chance(r, 0.4) else None


def access_review(r: random.Random) -> m.AccessReview | None:
    if chance(r, 0.4):
        return None
    return m.AccessReview(every_days=r.choice(DAYS), heads_by=some(r, POSTS))


def emergency(r: random.Random) -> m.Emergency | None:
    minutes = r.choice(MINUTES)
    return m.Emergency(posts=some(r, POSTS, 2), minutes=minutes, reasons=("fire",)) if chance(r, 0.8) else None


def later_version(r: random.Random, old: m.Declaration) -> m.Declaration:
    """Change a declaration a little, so that much of what users agreed to stands."""
    place, new = r.randrange(len(old.purposes)), declaration(r)
    change: dict[str, Any] = r.choice((
        {"purposes": _swapped(old, place, new.purposes[place] if place < len(new.purposes) else old.purposes[place])},
        {"purposes": tuple(msgspec.structs.replace(each, needs=each.needs[1:]) for each in old.purposes)},
        {"purposes": _swapped(old, place, msgspec.structs.replace(old.purposes[place], manner=Text("别", "other")))},
        {"purposes": tuple(_needing_all(r, each) for each in old.purposes)},
        {"grants": new.grants},
        {"agents": new.agents, "review": new.review},
        {"agents": new.agents},
        {"operator": new.operator},
        {"access_review": new.access_review, "departments": new.departments},
        {"access_review": new.access_review, "emergency": new.emergency},
    ))  # fmt: skip
    return msgspec.structs.replace(old, **change)


def _swapped(old: m.Declaration, place: int, one: m.Purpose) -> tuple[m.Purpose, ...]:
    return (*old.purposes[:place], one, *old.purposes[place + 1 :])


def _needing_all(r: random.Random, one: m.Purpose) -> m.Purpose:
    missing = set(ITEMS) - {each.item for each in one.needs}
    return msgspec.structs.replace(one, needs=(*one.needs, *(need(r, item) for item in sorted(missing))))


def bulk_review(r: random.Random) -> m.Review:
    return m.Review(
        bulk_users=3, reviewers=some(r, POSTS, 1), valid_hours=24 * 200, window_users=r.choice((0, 0, 2, 9))
    )


def published(r: random.Random) -> list[m.Published]:
    current, found = declaration(r), []
    for version in range(1, r.randint(2, 4)):
        found.append(m.Published(version, f"digest{version}", START, current, chance(r, 0.85)))
        current = later_version(r, current)
    return found


def user_fact(r: random.Random, versions: int) -> f.UserFact:
    at, version, aim = moment(r), r.randint(1, versions), r.choice(PURPOSES)
    items = frozenset(some(r, ITEMS, 1)) if chance(r, 0.3) else frozenset()
    strength = r.choice((*ConsentStrength, ConsentStrength.EXPRESS))
    return r.choice((
        lambda: f.NoticeShown(at=at, version=version, digest=f"digest{version if chance(r, 0.9) else 9}"),
        lambda: f.ConsentGiven(at=at, purpose=aim, version=version, strength=strength, items=items),
        lambda: f.ConsentGiven(at=at, purpose=aim, version=version, strength=strength, items=items),
        lambda: f.ConsentWithdrawn(at=at, purpose=aim, items=items),
        lambda: f.ConsentVoided(at=at, purpose=aim, because="deceit"),
        lambda: f.MessagesRequested(at=at),
        lambda: f.MessagesRefused(at=at),
        lambda: f.ServiceStarted(at=at, service=r.choice(SERVICES)),
        lambda: f.ServiceEnded(at=at, service=r.choice(SERVICES)),
        lambda: f.CapacityLimited(at=at) if chance(r, 0.5) else f.CapacityFull(at=at),
        lambda: f.Corrected(at=at, purpose=aim, items=frozenset(ITEMS[:1]), evidence="slip"),
        lambda: f.Erased(at=at) if chance(r, 0.15) else f.MessagesRequested(at=at),
    ))()  # fmt: skip


def user_facts(r: random.Random, versions: int) -> list[f.UserFact]:
    """Return facts of a user who mostly agreed, with a few that change it."""
    if chance(r, 0.05):
        return []
    facts: list[f.UserFact] = []
    if chance(r, 0.85):
        version = r.randint(1, versions)
        facts.append(f.NoticeShown(at=START, version=version, digest=f"digest{version}"))
        facts += [f.ServiceStarted(at=START, service=each) for each in some(r, SERVICES, 1)]
        strength = r.choice((ConsentStrength.EXPRESS, ConsentStrength.EXPRESS, *ConsentStrength))
        facts += [f.ConsentGiven(at=START, purpose=each, version=version, strength=strength) for each in PURPOSES]
    return facts + [user_fact(r, versions) for _ in range(r.choice((0, 0, 1, 2, 5)))]


def site_fact(r: random.Random) -> f.SiteFact:
    at, until = moment(r), moment(r)
    aims, kinds = frozenset(some(r, PURPOSES, 1)), frozenset(some(r, KINDS, 2))
    name = r.choice(("one", "two"))
    return r.choice((
        lambda: f.StaffAppointed(at=at, staff=r.choice(STAFF), post=r.choice((*POSTS, "ghost")),
                                 branch=r.choice(BRANCHES), until=until if chance(r, 0.3) else None),
        lambda: f.StaffRemoved(at=at, staff=r.choice(STAFF), post=r.choice(POSTS)),
        lambda: f.StaffLeft(at=at, staff=r.choice(STAFF)),
        lambda: f.AccessConfirmed(at=at, staff=r.choice(STAFF[:4]), post=r.choice(POSTS), by=r.choice(STAFF[:4]),
                                  until=max(until, at + dt.timedelta(days=r.choice((1, 100, 1000))))),
        lambda: f.AccessConfirmed(at=at, staff="an", post="clerk", by=r.choice(("ce", "bo")),
                                  until=at + dt.timedelta(days=1000)),
        lambda: opened(r, at, until),
        lambda: opened(r, at, until),
        lambda: f.EmergencyReviewed(at=at, emergency=name, by=r.choice(STAFF), found="justified"),
        lambda: f.AgentSuspended(at=at, agent="store"),
        lambda: f.AgentReinstated(at=at, agent="store"),
        lambda: f.ReviewApproved(at=at, review=name, requester=r.choice(STAFF[:2]), reviewer=r.choice(STAFF[:3]),
                                 kind=r.choice((ActKind.EXPORT, ActKind.DELETE, ActKind.DESTROY)),
                                 purpose=r.choice(PURPOSES[:2]),
                                 items=frozenset(some(r, ITEMS, 4)), count=r.choice((3, 50)), until=until,
                                 recipient=r.choice(RECIPIENTS[:2])),
        lambda: f.ReviewUsed(at=at, review=name),
        lambda: f.SuspensionOrdered(at=at, suspension=name, kinds=kinds if chance(r, 0.8) else frozenset(),
                                    purposes=aims if chance(r, 0.8) else frozenset()),
        lambda: f.SuspensionLifted(at=at, suspension=name),
        lambda: f.GroundRecorded(at=at, ground=name, cite=r.choice(CASES),
                                 rank=r.choice(("law", "law", "administrative_regulation", "departmental_rule")),
                                 recorded_by=r.choice(("officer", "officer", "")), kinds=frozenset(some(r, KINDS, 6)),
                                 purposes=aims, items=frozenset(some(r, ITEMS, 4)), until=until,
                                 users=frozenset(some(r, ("u1", "u2", "u3"))), recipient=r.choice(RECIPIENTS[:2])),
        lambda: f.GroundEnded(at=at, ground=name),
        lambda: hold(r, at, until),
        lambda: hold(r, at, until),
        lambda: HoldLifted(at=at, hold=r.choice(("h1", "h2")), by="officer", reason="closed"),
    ))()  # fmt: skip


def hold(r: random.Random, at: dt.datetime, until: dt.datetime) -> HoldSet:
    users, items = frozenset(some(r, ("u1", "u2", "u3"))), frozenset(some(r, ITEMS))
    classes = frozenset(some(r, tuple(RetentionClass)[:2]))
    return HoldSet(
        at=at, hold=r.choice(("h1", "h2", "h3")), ground="case", document="d", by="officer", users=users, items=items,
        classes=classes, until=until if chance(r, 0.3) else None,
    )  # fmt: skip


def opened(r: random.Random, at: dt.datetime, until: dt.datetime) -> f.EmergencyOpened:
    return f.EmergencyOpened(
        at=at, emergency=r.choice(("one", "two")), staff=r.choice(STAFF), post=r.choice(POSTS),
        reason="fire" if chance(r, 0.9) else "flood", case="c1", until=max(until, at + dt.timedelta(days=100)),
    )  # fmt: skip


def site_facts(r: random.Random, versions: Sequence[m.Published]) -> list[f.SiteFact]:
    facts: list[f.SiteFact] = []
    for each in versions:
        at = START if each.version == 1 and chance(r, 0.9) else moment(r)
        digest = each.digest if chance(r, 0.97) else "forged"
        effective = at + dt.timedelta(days=r.choice((0, 0, 100)))
        facts.append(f.RulesPublished(at=at, version=each.version, digest=digest, effective=effective))
    posts = (("an", "clerk"), ("bo", "shop"), ("ce", "officer"), ("program", "clerk"))
    facts += [f.StaffAppointed(at=START, staff=staff, post=post) for staff, post in posts if chance(r, 0.9)]
    facts += tenure(r) if chance(r, 0.7) else []
    return facts + [site_fact(r) for _ in range(r.randint(0, 12))]


def tenure(r: random.Random) -> list[f.SiteFact]:
    """Return a time of somebody's: confirmed now and then, lending themselves something, looked at, gone."""
    staff, post = r.choice((("an", "clerk"), ("an", "clerk"), ("ce", "officer"), ("bo", "shop")))
    others = [each for each in ("an", "bo", "ce", "program") if each != staff]
    first, second = sorted((moment(r), moment(r)))
    until = second + dt.timedelta(days=r.choice((50, 300, 2000)))
    found: list[f.SiteFact] = [
        f.AccessConfirmed(at=at, staff=staff, post=post, by=by, until=until)
        for at in (first, second)
        for by in (*others, staff)
    ]
    wanted = r.choice(POSTS)
    for name, at in (("one", first), ("two", second))[: r.randint(1, 2)]:
        found.append(
            f.EmergencyOpened(at=at, emergency=name, staff=staff, post=wanted, reason="fire", case="c", until=until)
        )
    if chance(r, 0.4):
        found.append(f.EmergencyReviewed(at=second, emergency="one", by=r.choice(others), found="unjustified"))
    if chance(r, 0.3):
        found.append(f.StaffRemoved(at=second, staff=staff, post=post))
    elif chance(r, 0.3):
        found += [f.StaffLeft(at=second, staff=staff), f.StaffAppointed(at=second, staff=staff, post=post)]
    return found


def world(r: random.Random, users: int) -> World:
    versions = published(r)
    people = {f"u{place}": user_facts(r, len(versions)) for place in range(users)}
    return World(versions, site_facts(r, versions), people, load())


def items_of(r: random.Random, of: World, aim: str) -> frozenset[str]:
    """Return items, mostly some that the purpose needs."""
    declared = next((each for each in r.choice(of.published).declaration.purposes if each.id == aim), None)
    if declared is None or chance(r, 0.15):
        return frozenset(some(r, (*ITEMS, "nonsense")))
    needed = [each.item for each in declared.needs]
    return frozenset(r.sample(needed, min(r.randint(1, 3), len(needed))))


def actor(r: random.Random, of: World) -> tuple[str, str, dt.datetime]:
    """Return who acts in which post and when: often just when something of theirs begins, ends or lapses."""
    anybody = r.choice((*STAFF, "an", "an", "stranger"))
    theirs = [fact for fact in of.site if hasattr(fact, "staff")]
    if chance(r, 0.5) or not theirs:
        return anybody, r.choice(("", "", "", *POSTS)), moment(r) + dt.timedelta(hours=r.choice((0, 0, 5)))
    fact = r.choice(theirs)
    spans = [dt.timedelta(days=days) for days in (0, *DAYS)] + [dt.timedelta(minutes=each) for each in MINUTES]
    ends = [fact.at + span for span in spans] + [end for end in [getattr(fact, "until", None)] if end]
    return fact.staff, r.choice(("", getattr(fact, "post", ""), getattr(fact, "post", ""))), r.choice(ends)


def act(r: random.Random, of: World) -> Act:
    """Return an act that names no user yet."""
    aim = r.choice((*PURPOSES, *PURPOSES, "unheard_of"))
    kind = r.choice((*KINDS, ActKind.COLLECT, ActKind.USE, ActKind.USE))
    recipient = r.choice(RECIPIENTS[:3]) if kind is ActKind.PROVIDE or chance(r, 0.05) else ""
    by, post, when = actor(r, of)
    return Act(
        kind=kind,
        user="",
        items=items_of(r, of, aim),
        purpose=aim,
        by=by,
        when=when + dt.timedelta(microseconds=r.choice((-1, 0, 0, 1))),
        where=r.choice(BRANCHES),
        post=post,
        recipient=recipient if chance(r, 0.95) else "stranger",
        count=r.choice((1, 1, 1, 2, 3, 40)),
        so_far=r.choice((0, 0, 1, 2, 8)),
        review=r.choice(("", "one", "two")),
        ground=r.choice(("", "", "one", "two")),
    )
