# SPDX-License-Identifier: Apache-2.0
"""The lives of a few users, in any order: they come, agree, leave, are held, come back, are erased; time passes.

A simple model says after each step what is held of whom, what may be used, and what may be erased; the site agrees.
"""

import datetime as dt
import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest
from house import START, VALUES, Clock, act, newcomer, ready
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from keshou.acts.request import Cancel, Erase
from keshou.db import Database
from keshou.gate.decision import Deny
from keshou.gate.facts import ConsentGiven, ConsentWithdrawn, ServiceStarted
from keshou.gate.holds import Asked, HoldLifted
from keshou.law.terms import ActKind, ConsentStrength, RetentionClass
from postgresql import Cluster

USERS = ("u1", "u2", "u3")
CLASS = {item: RetentionClass.REGISTRATION if item in {"user_name", "resident_id_number"} else RetentionClass.SERVICE
         for item in VALUES}  # fmt: skip
SERVICE = {item for item, class_ in CLASS.items() if class_ is RetentionClass.SERVICE}
CHINA = dt.timezone(dt.timedelta(hours=8))
Opener = Callable[[], AbstractContextManager[Database]]
some_user = st.sampled_from(USERS)


class Person:
    """What the model knows of one user."""

    def __init__(self) -> None:
        self.in_use = self.market = True
        self.held = set(VALUES)
        self.kept_back = False
        self.ended: dt.date | None = None


class Hold:
    """What the model knows of one hold."""

    def __init__(self, users: set[str], classes: set[RetentionClass], until: dt.datetime | None) -> None:
        self.users, self.classes, self.until = users, classes, until
        self.lifted = False


class Lives(RuleBasedStateMachine):
    """The machine; `opener` gives an empty database."""

    opener: Opener

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.clock = Clock()
        self.site = self.stack.enter_context(ready(self.stack.enter_context(type(self).opener()), folder, self.clock))
        self.people: dict[str, Person] = {}
        self.holds: dict[str, Hold] = {}
        self.ids = itertools.count(1)

    def teardown(self) -> None:
        """Audit what came of it, and leave nothing behind."""
        try:
            self.site.audit(by="clerk1")
        finally:
            self.stack.close()

    # The model

    def keeps(self, user: str, item: str) -> bool:
        return any(
            not hold.lifted
            and (hold.until is None or self.clock.moment < hold.until)
            and (not hold.users or user in hold.users)
            and (not hold.classes or CLASS[item] in hold.classes)
            for hold in self.holds.values()
        )

    def let_go(self) -> None:
        for user, person in self.people.items():
            if person.kept_back and not person.in_use:
                person.held -= {item for item in SERVICE if not self.keeps(user, item)}
            person.kept_back = person.kept_back and not person.in_use and bool(person.held & SERVICE)

    def is_over(self, person: Person) -> bool:
        if person.in_use or person.ended is None:
            return False
        try:
            last = person.ended.replace(year=person.ended.year + 2)
        except ValueError:
            last = dt.date(person.ended.year + 2, 3, 1)
        return self.clock.moment.astimezone(CHINA).date() > last

    # What happens

    @rule(user=some_user)
    def comes(self, user: str) -> None:
        if user not in self.people:
            assert self.site.do(newcomer(self.site, user, None, "marketing")).decision
            self.people[user] = Person()

    @rule(user=some_user)
    def withdraws_or_agrees(self, user: str) -> None:
        if (person := self.people.get(user)) is None:
            return
        now = self.site.now()
        agreed = ConsentGiven(at=now, purpose="marketing", version=1, strength=ConsentStrength.EXPRESS)
        self.site.record(user, ConsentWithdrawn(at=now, purpose="marketing") if person.market else agreed)
        person.market = not person.market

    @rule(user=some_user)
    def leaves(self, user: str) -> None:
        person = self.people.get(user)
        if person is None or not person.in_use:
            return
        self.site.do(Cancel(user=user, by="user"))
        person.in_use, person.ended = False, self.clock.moment.astimezone(CHINA).date()
        person.held -= {item for item in SERVICE if not self.keeps(user, item)}
        person.kept_back = bool(person.held & SERVICE)

    @rule(user=some_user)
    def comes_back(self, user: str) -> None:
        person = self.people.get(user)
        if person is not None and not person.in_use:
            self.site.record(user, ServiceStarted(at=self.site.now(), service="mobile"))
            person.in_use = True

    @rule(
        users=st.sets(some_user),
        classes=st.sets(st.sampled_from([RetentionClass.SERVICE, RetentionClass.REGISTRATION])),
        days=st.sampled_from([None, 1, 40, 900]),
        silent=st.booleans(),
    )
    def is_held(self, users: set[str], classes: set[RetentionClass], days: int | None, *, silent: bool) -> None:
        users &= self.people.keys()
        until = None if days is None else self.clock.moment + dt.timedelta(days=days)
        purposes = () if users else ("service",)
        name = f"h{next(self.ids)}"
        asked = Asked("dispute", "d-1", "", until, users, classes, purposes, silent)
        self.site.record_site(self.site.holds.fact(name, asked, "clerk1"), by="clerk1")
        self.holds[name] = Hold(users, classes, until)

    @precondition(lambda self: self.holds)
    @rule(pick=st.integers(0, 99))
    def is_lifted(self, pick: int) -> None:
        standing = [name for name, each in self.holds.items()
                    if not each.lifted and (each.until is None or self.clock.moment < each.until)]  # fmt: skip
        if not standing:
            return
        name = standing[pick % len(standing)]
        self.site.record_site(HoldLifted(at=self.site.now(), hold=name, by="judge", reason="settled"), by="judge")
        self.holds[name].lifted = True
        self.let_go()

    @rule(days=st.sampled_from([1, 39, 800]))
    def time_passes(self, days: int) -> None:
        self.clock.moment += dt.timedelta(days=days)

    @rule()
    def the_clock_ticks(self) -> None:
        self.site.tidy()
        self.let_go()

    @rule(user=some_user)
    def asks_for_erasure(self, user: str) -> None:
        person = self.people.get(user)
        if person is None:
            return
        items = person.held or {"user_name"}
        stays = any(self.keeps(user, item) for item in items)
        early = any(CLASS[item] is RetentionClass.REGISTRATION for item in items) and not self.is_over(person)
        done = self.site.do(Erase(act=act(ActKind.DELETE, user, "user_name", by="user")))
        missing = {each.missing for each in done.decision.reasons} if isinstance(done.decision, Deny) else set()
        assert missing == {why for why, so in (("hold", stays), ("retention", early)) if so}
        if not missing:
            del self.people[user]

    # What must stay true

    @invariant()
    def what_is_held_is_what_the_model_says(self) -> None:
        vault = self.site._known.vault
        with self.site.reading() as tx:
            keys = vault.find_users(tx, USERS)
            held = {user: set(vault.items_of(tx, key)) for user, key in keys.items()}
        assert held == {user: person.held for user, person in self.people.items()}

    @invariant()
    def holds_permit_no_use(self) -> None:
        for user in USERS:
            person = self.people.get(user)
            asked = msgspec.structs.replace(act(ActKind.USE, user, "tariff_plan"), when=self.site.now())
            used = self.site.ask(asked).permitted
            assert used == (person is not None and person.in_use)

    @invariant()
    def the_preview_knows_what_is_held_back(self) -> None:
        today = self.clock.moment.astimezone(CHINA).date()
        found = self.site.retention.preview(today, today + dt.timedelta(days=1))
        left = [(user, person) for user, person in self.people.items() if person.kept_back and not person.in_use]
        waiting = [user for user, person in left if any(self.keeps(user, each) for each in person.held & SERVICE)]
        assert sum(each.users for each in found.held) >= len(waiting)


def _lives(opener: Opener, examples: int) -> None:
    machine = type("TheseLives", (Lives,), {"opener": staticmethod(opener)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=30, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


def test_any_lives_come_out_as_the_model_says_on_sqlite(sqlite_template: Path) -> None:
    @contextmanager
    def opened() -> Iterator[Database]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "keshou.db"
            shutil.copyfile(sqlite_template, path)
            yield Database(f"sqlite:///{path}")

    _lives(opened, 25)


def test_any_lives_come_out_as_the_model_says_on_postgresql(
    postgresql_cluster: Cluster, postgresql_template: str
) -> None:
    count = itertools.count()

    @contextmanager
    def opened() -> Iterator[Database]:
        with postgresql_cluster.database(f"keshou_lives_{next(count)}", postgresql_template) as name:
            yield Database(postgresql_cluster.url(name))

    _lives(opened, 8)


def test_the_model_begins_where_the_house_does() -> None:
    assert {"mobile_number", "tariff_plan"} == SERVICE
    assert START.tzinfo is dt.UTC


pytestmark = pytest.mark.timeout(600)
