# SPDX-License-Identifier: Apache-2.0
"""The lives of a few users, in any order: they come, agree, are corrected and found, leave, are held, are erased.

Meanwhile time passes, keys are rotated and destroyed, and now and then the database is lost and an archive put back.
A simple model says after each step what is held of whom and what it says, who is found by it, what may be used and
what may be erased; the site agrees. ``KESHOU_LIVES`` says how many times as many lives are led as by default.
"""

import copy
import datetime as dt
import itertools
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest
from homes import lose_database
from house import OPERATOR, START, VALUES, Clock, act, declared, newcomer
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from lives import CHINA, CLASS, NUMBERS, SERVICE, USERS, Hold, Person, World

from keshou.acts.mask import masked
from keshou.acts.request import ActError, Cancel, Erase, Perform
from keshou.app.backup import back_up
from keshou.app.create import create
from keshou.app.restore import Asked as Restoring
from keshou.app.restore import restore
from keshou.app.site import Site
from keshou.app.user_history import happening
from keshou.gate.decision import Deny
from keshou.gate.facts import ConsentGiven, ConsentWithdrawn, Corrected, ServiceStarted, StaffAppointed
from keshou.gate.holds import Asked, HoldLifted
from keshou.law.terms import ActKind, ConsentStrength, RetentionClass
from postgresql import Cluster

TIMES = int(os.environ.get("KESHOU_LIVES", "1"))
Opener = Callable[[Clock], AbstractContextManager[Path]]
some_user = st.sampled_from(USERS)
some_number = st.sampled_from(NUMBERS)


class Lives(RuleBasedStateMachine):
    """The machine; `opener` gives a site's folder, with rules in force and people in their posts."""

    opener: Opener

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.clock = Clock()
        self.home = self.stack.enter_context(type(self).opener(self.clock))
        self.site = Site.open(self.home, self.clock)
        self.world = World()
        self.ids = itertools.count(1)
        self.archive: tuple[Path, World] | None = None
        self.archives = self.restores = 0
        self.erased: set[int] = set()
        self.destroyed: dict[int, set[str]] = defaultdict(set)

    @property
    def people(self) -> dict[str, Person]:
        return self.world.people

    @property
    def holds(self) -> dict[str, Hold]:
        return self.world.holds

    def teardown(self) -> None:
        """Audit what came of it, and leave nothing behind."""
        try:
            for user in self.people:
                self.is_looked_at(user)
            self.site.audit(by="clerk1")
        finally:
            self.site.close()
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

    def destroy(self, person: Person, items: set[str]) -> None:
        """Take what is destroyed from what is held; no archive brings it back."""
        self.destroyed[person.id] |= person.held & items
        person.held -= items

    def let_go(self) -> None:
        for user, person in self.people.items():
            if person.kept_back and not person.in_use:
                self.destroy(person, {item for item in SERVICE if not self.keeps(user, item)})
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

    @rule(user=some_user, number=some_number)
    def comes(self, user: str, number: str) -> None:
        if user not in self.people:
            person = Person(number)
            assert self.site.do(newcomer(self.site, user, person.values, "marketing")).decision
            self.people[user] = person

    @rule(user=some_user)
    def is_looked_at(self, user: str) -> None:
        """Open what is held, in full and masked: it is what was written last, and of whom left nothing is shown."""
        person = self.people.get(user)
        for hand in ("clerk1", "biller"):
            done = self.site.perform(act(ActKind.USE, user, *VALUES, by=hand))
            assert done.decision is not None
            assert done.decision.permitted == (person is not None and person.in_use)
            shown = {item: person.values[item] for item in person.held} if person and person.in_use else {}
            full = hand == "clerk1"
            assert done.values == {item: value if full else masked(item, value) for item, value in shown.items()}

    @rule(
        user=some_user,
        change=st.one_of(
            st.tuples(st.just("mobile_number"), some_number),
            st.tuples(st.just("tariff_plan"), st.sampled_from(["P-1", "P-2"])),
            st.tuples(st.just("user_name"), st.sampled_from(["孟轲子舆", "荀况卿子"])),
        ),
        evidence=st.sampled_from(["", "slip-1"]),
    )
    def is_corrected(self, user: str, change: tuple[str, str], evidence: str) -> None:
        person, (item, value) = self.people.get(user), change
        if person is None or not person.in_use:
            return
        job = Perform(act=act(ActKind.CORRECT, user, item), values={item: value}, evidence=evidence)
        if item not in person.held:
            with pytest.raises(ActError):
                self.site.do(job)
            return
        done = self.site.do(job)
        assert done.decision is not None
        assert done.decision.permitted
        person.values = person.values | {item: value}
        told = happening(self.site, user, done.entry)
        assert told is not None
        assert [type(each) for each in told.facts] == ([Corrected] if evidence else [])

    @rule(number=some_number)
    def is_searched(self, number: str) -> None:
        found = self.site.searches.find(act(ActKind.QUERY, "", "mobile_number"), number)
        whose = {user for user, each in self.people.items()
                 if "mobile_number" in each.held and each.values["mobile_number"] == number}  # fmt: skip
        assert found.hits == len(whose)
        assert set(found.users) == whose, "staff may answer whom the operator still holds something of"
        assert {each.values["mobile_number"] for each in found.users.values()} <= {number}

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
        self.destroy(person, {item for item in SERVICE if not self.keeps(user, item)})
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
            self.erased.add(person.id)
            del self.people[user]

    @rule(level=st.sampled_from(["epoch", "data", "index"]))
    def keys_change(self, level: str) -> None:
        keeper = self.site.keeper
        rotations = {"epoch": keeper.rotate_epochs, "data": keeper.renew_data_keys, "index": keeper.rotate_index}
        assert rotations[level]("keeper", lambda _: None).left == 0

    @rule()
    def old_keys_are_destroyed(self) -> None:
        """Rotate and destroy what was before: an archive from before opens for nobody any more."""
        self.keys_change("epoch")
        self.keys_change("index")
        self.site.keeper.retire("keeper")
        self.archive = None

    @precondition(lambda self: self.people and self.archives < 2)
    @rule()
    def is_backed_up(self) -> None:
        self.archives += 1
        path = self.home.parent / f"archive-{self.archives}.age"
        back_up(self.site, path)
        self.archive = path, copy.deepcopy(self.world)

    @precondition(lambda self: self.archive and self.restores < 2)
    @rule()
    def is_lost_and_put_back(self) -> None:
        """What is put back is what the archive had, but for what was erased or destroyed since."""
        assert self.archive is not None
        self.restores += 1
        path, then = self.archive
        self.site.close()
        lose_database(self.home)
        restore(path, self.home, self.clock(), Restoring(accept_older=True, by="officer", reason="incident-1"))
        self.site = Site.open(self.home, self.clock)
        self.world = copy.deepcopy(then)
        for user, person in list(self.people.items()):
            if person.id in self.erased:
                del self.people[user]
            person.held -= self.destroyed[person.id]
            person.kept_back = person.kept_back and bool(person.held & SERVICE)

    @precondition(lambda self: self.people and self.archives < 2 and self.restores < 2)
    @rule(user=some_user)
    def is_erased_after_a_backup_and_not_put_back(self, user: str) -> None:
        """Go one whole way that chance seldom finds: leave, be kept long enough, be in an archive, be erased."""
        if user not in self.people:
            return
        self.leaves(user)
        self.time_passes(800)
        self.is_backed_up()
        self.asks_for_erasure(user)
        gone = user not in self.people
        self.is_lost_and_put_back()
        assert gone == (user not in self.people)

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
            max_examples=examples * TIMES, stateful_step_count=40, deadline=None, derandomize=TIMES == 1,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


def _begun(home: Path, url: str, clock: Clock) -> Path:
    """Make a site in which the lives begin; `url` empty means a SQLite file in the folder."""
    create(home, START, declaration=OPERATOR.read_text("utf-8"), database=url, language="en")
    with (home / "keshou.toml").open("a") as chosen:
        chosen.write("\n[finding]\nmost = 50\nper_hour = 100000\n")
    posts = [("clerk1", "clerk"), ("biller", "program"), ("judge", "reviewer")]
    with Site.open(home, clock) as site:
        site.publish(declared(), by="officer")
        site.record_site(*(StaffAppointed(at=START, staff=staff, post=post) for staff, post in posts), by="officer")
    return home


def test_any_lives_come_out_as_the_model_says_on_sqlite(tmp_path: Path) -> None:
    template = _begun(tmp_path / "site", "", Clock())

    @contextmanager
    def opened(_: Clock) -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(shutil.copytree(template, Path(folder) / "site"))

    _lives(opened, 25)


def test_any_lives_come_out_as_the_model_says_on_postgresql(
    postgresql_cluster: Cluster, postgresql_template: str
) -> None:
    count = itertools.count()

    @contextmanager
    def opened(clock: Clock) -> Iterator[Path]:
        name = f"keshou_lives_{next(count)}"
        with (
            postgresql_cluster.database(name, postgresql_template) as database,
            tempfile.TemporaryDirectory() as folder,
        ):
            yield _begun(Path(folder) / "site", postgresql_cluster.url(database), clock)

    _lives(opened, 8)


def test_the_model_begins_where_the_house_does() -> None:
    assert {"mobile_number", "tariff_plan"} == SERVICE
    assert START.tzinfo is dt.UTC


pytestmark = pytest.mark.timeout(600 * TIMES)
