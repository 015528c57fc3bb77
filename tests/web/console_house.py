# SPDX-License-Identifier: Apache-2.0
"""The sample operator at work for a month, with people who sign in: what the console's tests and pictures look at."""

import contextlib
import datetime as dt
import random
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from keshou.accounts.account import AccountKind
from keshou.acts.request import Perform
from keshou.app import clock
from keshou.app.create import create
from keshou.app.new_account import invite
from keshou.app.site import Site
from keshou.cli.sample.people import Subscriber, subscribers
from keshou.cli.sample.staff import SETUP, appointments
from keshou.cli.setup import sample_declaration
from keshou.declaration.load import read
from keshou.declaration.model import Declaration
from keshou.gate.act import Act
from keshou.gate.facts import (
    ConsentGiven,
    ConsentWithdrawn,
    NoticeShown,
    ReviewAsked,
    ServiceStarted,
    StaffAppointed,
)
from keshou.law.terms import ActKind, ConsentStrength

if TYPE_CHECKING:  # whoever takes pictures has no database server at hand
    import pytest

    from postgresql import Cluster


PASSWORD = "teapot under the willow"
PEOPLE = ("officer", "auditor", "reviewer", "second", "clerk", "care", "analyst", "network")
DAY = dt.timedelta(days=1)
DAYS = 30
SETTINGS = """
[accounts]
second_factor = {second}
argon2_memory_kib = 8
argon2_passes = 1
"""
AGENT = "browser of a test"
_ITEMS = {"registration": ("user_name",), "service": ("tariff_plan", "mobile_number"), "billing": ("tariff_plan",)}


class Days:
    """A clock that the making of a site turns."""

    def __init__(self, moment: dt.datetime) -> None:
        self.moment = moment

    def __call__(self) -> dt.datetime:
        """Return the moment, a millisecond later than the last."""
        self.moment += dt.timedelta(milliseconds=1)
        return self.moment


def declared(effective: dt.datetime) -> Declaration:
    """Return the sample operator's declaration, in effect from a moment on."""
    found = read(sample_declaration()).declaration
    assert found is not None
    return msgspec.structs.replace(found, effective=effective)


def build(
    home: Path, database: str = "", *, users: int = 12, second: bool = False,
    rules: Callable[[Declaration], Declaration] = lambda found: found, **server: object,
) -> Path:  # fmt: skip
    """Make the site: rules, staff, accounts, users, acts permitted and denied over a month, a review that waits."""
    now = clock.now()
    time = Days(now - DAYS * DAY)
    create(home, time.moment, declaration=sample_declaration(), database=database)
    with (home / "keshou.toml").open("a") as settings:
        settings.write(SETTINGS.format(second=str(second).lower()) + "\n[server]\n")
        settings.writelines(f"{key} = {msgspec.json.encode(value).decode()}\n" for key, value in server.items())
    with Site.open(home, now=time) as site:
        site.publish(rules(declared(time.moment)), by="officer")
        posts = (*appointments(time()), StaffAppointed(at=time(), staff="officer", post="auditor"))
        site.record_site(*posts, by=SETUP)
        _people(site)
        if users:
            _month(site, time, users, now)
    return home


@contextlib.contextmanager
def at_home(
    request: "pytest.FixtureRequest", folders: "pytest.TempPathFactory", cluster: "Cluster", **more: Any
) -> Iterator[Path]:
    """Give a staffed site on the database that `request` is for (sqlite or postgresql); `more` goes to `build`."""
    folder = folders.mktemp("console") / "site"
    if request.param == "sqlite":
        yield build(folder, **more)
        return
    with cluster.database(f"keshou_{folder.parent.name}_{secrets.token_hex(3)}") as name:
        yield build(folder, cluster.url(name, tcp=True), **more)


def empty(home: Path, database: str = "") -> Path:
    """Make a site with nothing published, where somebody can sign in."""
    create(home, clock.now(), declaration=sample_declaration(), database=database)
    with (home / "keshou.toml").open("a") as settings:
        settings.write(SETTINGS.format(second="false"))
    with Site.open(home) as site:
        _people(site)
    return home


def _people(site: Site) -> None:
    for name in PEOPLE:
        with site.writing() as tx:
            text = invite(site, tx, name, AccountKind.STAFF, by=SETUP)
            account = site.accounts.invited(tx, text, site.now())
            assert account is not None
            site.accounts.accept(tx, text, site.accounts.hash(account, PASSWORD), AGENT, site.now())
    with site.writing() as tx:
        text = invite(site, tx, "inspector", AccountKind.INSPECTOR, by=SETUP)
        site.accounts.accept(tx, text, site.accounts.hashes.make(PASSWORD), AGENT, site.now())


def _month(site: Site, time: Days, users: int, now: dt.datetime) -> None:
    """Let users come, agree, withdraw; let staff act, sometimes beyond what they may."""
    chance = random.Random(24)
    people = list(subscribers(users))
    every = max(1, users // DAYS)
    for day in range(DAYS):
        time.moment = max(time.moment, now - (DAYS - day) * DAY + dt.timedelta(hours=1))
        for person in people[day * every : (day + 1) * every]:
            site.do(_newcomer(site, person))
        known = people[: (day + 1) * every]
        for _ in range(2 + int(chance.random() * 5)):
            person = known[int(chance.random() * len(known))]
            for act in _acts(site, person.user_id, chance):
                site.perform(act)
        if day % 9 == 5:
            fact = ConsentWithdrawn(at=site.now(), purpose="marketing")
            site.record(known[int(chance.random() * len(known))].user_id, fact)
    for kind, count in ((ActKind.EXPORT, 300), (ActKind.EXPORT, 1200)):
        site.record_site(
            ReviewAsked(
                at=site.now(), review=f"r-{count}", requester="analyst", kind=kind, purpose="marketing",
                items=frozenset({"mobile_number", "tariff_plan"}), count=count,
            ),
            by="analyst",
        )  # fmt: skip


def _newcomer(site: Site, person: Subscriber) -> Perform:
    rules, at = site.rules(), site.now()
    assert rules is not None
    agreed = ["registration", "service", *(["marketing"] if person.marketing_consent else [])]
    facts = (
        NoticeShown(at=at, version=rules.version, digest=rules.digest),
        *(
            ConsentGiven(at=at, purpose=each, version=rules.version, strength=ConsentStrength.EXPRESS)
            for each in agreed
        ),
        *(ServiceStarted(at=at, service=each) for each in person.services),
    )
    values = {"user_name": person.name, "mobile_number": person.mobile_number, "tariff_plan": person.tariff_plan}
    act = Act(
        kind=ActKind.COLLECT, user=person.user_id, items=frozenset(values), purpose="service", by="clerk",
        when=at, where="east_branch",
    )  # fmt: skip
    return Perform(act=act, values=values, facts=facts, admit=True)


def _acts(site: Site, user: str, chance: random.Random) -> list[Act]:
    """Return acts of which most are permitted."""

    def act(kind: ActKind, by: str, purpose: str, *items: str, where: str = "", post: str = "") -> Act:
        return Act(
            kind=kind, user=user, items=frozenset(items), purpose=purpose, by=by, when=site.now(), where=where,
            post=post,
        )  # fmt: skip

    usual: list[Callable[[], Act]] = [
        lambda: act(ActKind.USE, "billing", "service", "tariff_plan"),
        lambda: act(ActKind.QUERY, "clerk", "service", "tariff_plan", "mobile_number", where="east_branch"),
        lambda: act(ActKind.QUERY, "officer", "service", "tariff_plan", post="privacy_officer"),
    ]
    beyond: list[Callable[[], Act]] = [
        lambda: act(ActKind.USE, "analyst", "marketing", "mobile_number"),
        lambda: act(ActKind.SELL, "analyst", "marketing", "mobile_number"),
        lambda: act(ActKind.QUERY, "shop", "service", "tariff_plan", where="west_branch"),
        lambda: act(ActKind.USE, "billing", "billing", "tariff_plan"),
    ]
    chosen = [usual[int(chance.random() * len(usual))]]
    if chance.random() < 0.4:
        chosen.append(beyond[int(chance.random() * len(beyond))])
    return [each() for each in chosen]
