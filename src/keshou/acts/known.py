# SPDX-License-Identifier: Apache-2.0
"""What this process knows of the facts: in memory, as of one revision, brought up to date before it is relied on.

Standings are read without a lock; they are written by one thread at a time, and only after a commit. What another
process wrote is seen because every transaction at the door, and every question that does not say how old an answer
may be, first compares its revision with the size of the log.
"""

import datetime as dt
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec

from keshou.acts.dating import dated
from keshou.acts.listing import UsersAt, counts, list_of, reviewed_by, users_in
from keshou.acts.naming import Names
from keshou.acts.overlay import Overlay
from keshou.acts.request import Job, users_named
from keshou.acts.sums import HOUR, Sums
from keshou.acts.together import UsersOf, together
from keshou.acts.user_refs import all_named, named
from keshou.acts.versions import Versions
from keshou.db import Database, Transaction, to_micros
from keshou.declaration.model import Published
from keshou.declaration.store import Declarations
from keshou.gate.act import Act, counted_as
from keshou.gate.alike import all_alike
from keshou.gate.decide import Gate
from keshou.gate.decision import Decision
from keshou.gate.facts import SiteFact, UserFact
from keshou.gate.rulebook import Rulebook, compile_rules
from keshou.gate.site import SiteStanding, fold_site
from keshou.gate.standing import UNKNOWN, UserStanding, fold_user
from keshou.gate.store import Standings
from keshou.gate.taking.store import Takings
from keshou.law.law import Law
from keshou.law.terms import BULK_KINDS, RetentionClass
from keshou.ledger.latest import Latest
from keshou.ledger.rows import Head
from keshou.ledger.store import Ledger
from keshou.vault.blind_index import Finding
from keshou.vault.store import Vault


class View:
    """What one transaction knows: everybody's knowledge, and on top of it what it did itself."""

    def __init__(self, known: "Known", gate: Gate, revision: int, tx: Transaction) -> None:
        self._known = known
        self.keys: dict[str, int] = {}
        """Operator's id of a user -> surrogate key, for users this transaction met."""
        self.users = Overlay(known.users)
        self.gate = gate.over(self.users, revision, lambda user: self.facts(tx, user))
        self.site_changed = False
        self._erased: set[str] = set()
        self._versions = known.versions
        self._names = known.names

    def prepare(self, tx: Transaction, jobs: Sequence[Job]) -> None:
        """Fetch the standing of every user that `jobs` name and that is not known yet."""
        self.load(tx, {user for job in jobs for user in users_named(job)})

    def load(self, tx: Transaction, users: Iterable[str]) -> None:
        """Fetch the standing of each of `users` that is not known yet."""
        wanted = [user for user in users if user and user not in self.keys]
        for user in wanted:
            if user not in self._erased and (key := self._known.keys.get(user)) is not None:
                self.keys[user] = key
        missing = [user for user in wanted if user not in self.keys or self.users.get(user) is None]
        if missing:
            found = self._known.read(tx, missing)
            self.keys |= {user: key for user, (key, _) in found.items()}
            self.users.update({user: standing for user, (_, standing) in found.items()})

    def become(self, user: str, key: int, standing: UserStanding) -> None:
        """Take note of what a user's standing is after a job."""
        self.keys[user] = key
        self.users[user] = standing

    def forget(self, user: str) -> None:
        """Take note that a user was erased: from now on somebody unknown, who may be taken in anew."""
        self._erased.add(user)
        self.keys.pop(user, None)
        self.users[user] = UNKNOWN

    def site_became(self, facts: Sequence[SiteFact], rulebook: Rulebook | None = None) -> None:
        """Take note of facts of the operator, staff, agents or authority."""
        self.site_changed = True
        self._names = None
        self.gate = self.gate.over(
            self.users, self.gate.revision, self.gate.history, self.gate.site.extended(facts), rulebook
        )

    @contextmanager
    def supposing(self, user: str, standing: UserStanding) -> Iterator[None]:
        """Let the gate see `user` so within the block, and as before after it."""
        before = dict.get(self.users, user)
        self.users[user] = standing
        try:
            yield
        finally:
            del self.users[user]
            if before is not None:
                self.users[user] = before

    def published(self, versions: Mapping[int, Published]) -> None:
        """Take note of the versions of the rules."""
        self._versions = Versions(versions)

    def versions(self) -> Mapping[int, Published]:
        """Return the published rules by version."""
        return self._versions.published

    def rules_at(self, when: dt.datetime) -> Published | None:
        """Return the version of the rules in force at `when`; None before the first."""
        return self._versions.at(when)

    def classes(self, version: int) -> Mapping[str, RetentionClass]:
        """Return with which class each item is kept under a version of the rules."""
        return self._versions.classes(version)

    def indexed(self, now: dt.datetime) -> Finding:
        """Return what users are to be found by: what the rules in force at `now` declare, and those to come."""
        return self._versions.indexed(now)

    def window_hours(self, when: dt.datetime) -> int:
        """Return within how many hours acts of one hand add up under the rules in force at `when`; 0: they do not."""
        return self._versions.window_hours(when)

    def who(self, act: Act) -> str:
        """Return the name under which whoever does `act` stands in the log."""
        return self.names().who(act)

    def so_far(self, tx: Transaction, act: Act, hours: int) -> int:
        """Return of how many users whoever does `act` did the like without a review in the `hours` before it."""
        until, kind = to_micros(act.when), counted_as(act) or act.kind
        return self._known.takings.so_far(tx, self.who(act), kind.value, until - hours * HOUR, until)

    def counted(self, tx: Transaction, act: Act) -> Act:
        """Return `act` with what it adds up with, when many small acts like it make a bulk act."""
        if counted_as(act) is None or (hours := self.window_hours(act.when)) < 1:
            return act
        return msgspec.structs.replace(act, so_far=self.so_far(tx, act, hours))

    def together(
        self, acts: Sequence[Act], users_of: UsersOf | None = None, users_at: UsersAt | None = None
    ) -> Sequence[Act]:
        """Return `acts`, which are asked at once, each with what its list comes to; `users_of` as `together` has it.

        `users_at` tells who is on a list.
        """
        at = users_at or users_in(acts)
        listed = list_of(self.gate, self._known.vault.blind, at)
        return together(acts, users_of or counts(at), self.who, reviewed_by(self.gate), listed)

    def names(self) -> Names:
        """Return what of a caller's words may stand in the log."""
        if self._names is None:
            self._names = self._known.named_by(self._versions.published, self.gate.site)
        return self._names

    def facts(self, tx: Transaction, user: str) -> Sequence[UserFact]:
        """Return a user's facts on record, in the order recorded."""
        self.load(tx, [user])
        key = self.keys.get(user)
        return self._known.standings.user_facts(tx, key) if key is not None else ()


class Known:
    """Standings, rulebook and site as of `revision`, shared by every caller of this process."""

    def __init__(self, standings: Standings, declarations: Declarations, vault: Vault, law: Law, most: int) -> None:
        self.standings = standings
        self.declarations = declarations
        self.vault = vault
        self.takings = Takings()
        self.law = law
        self._most = most
        self._lock = threading.Lock()
        self.keys: dict[str, int] = {}
        self.users: dict[str, UserStanding] = {}
        self._names: dict[int, str] = {}
        self._sums = Sums(-1, {})
        self._strangers: set[str] = set()
        """Asked about, and not on record as of `revision`."""
        self.revision = -1
        self.versions = Versions({})
        self.names: Names | None = None
        self.gate = Gate(compile_rules((), law), fold_site(()), {}, 0).over(self.users, 0)

    def ask(
        self, database: Database, ledger: Ledger, act: Act, at_least: int | None, *, then: bool = False
    ) -> Decision:
        """Decide `act` on facts that are at least as new as `at_least`, or as the log when it is None."""
        gate, latest = self.gate, None if then else ledger.latest
        (act,) = dated(latest, [act])
        if at_least is not None and gate.revision >= at_least and _knows(gate, act) and act.kind not in BULK_KINDS:
            return gate.decide(act, at_least=at_least)
        with database.reading() as tx:
            view = self.view(tx, ledger.head(tx))
            (act,) = dated(latest, [act])
            view.load(tx, [act.user])
            decision = view.gate.decide(view.together([view.counted(tx, act)])[0], at_least=at_least or 0)
            self.adopt(view, view.gate.revision, only_if_newest=True)
        return decision

    def decide(
        self, database: Database, ledger: Ledger, acts: Sequence[Act], size: int, *, alike: bool = False,
        then: bool = False,
    ) -> list[Decision]:  # fmt: skip
        """Decide `acts` on facts at least as new as the log of `size` entries, in memory when that is enough."""
        latest = None if then else ledger.latest
        found = self.decide_known(acts, size, alike=alike, latest=latest)
        if found is not None:
            return found
        with database.reading() as tx:
            view = self.view(tx, ledger.head(tx))
            users, acts = {act.user for act in acts}, dated(latest, acts)
            view.load(tx, users)
            asked = view.together(self.counted(tx, view, all_named(self.vault.blind, view.gate, acts)))
            found = [view.gate.decide(act, at_least=size) for act in asked]
            found = all_alike(view.gate, asked, found) if alike else found
            self.adopt(view, view.gate.revision, only_if_newest=True, strangers=users - view.keys.keys() - {""})
        return found

    def counted(self, tx: Transaction, view: View, acts: Sequence[Act]) -> Sequence[Act]:
        """Return `acts`, each with what it adds up with; that is kept for `counted_known`."""
        who, window = view.who, view.window_hours
        self._sums = sums = self._sums.learned(tx, self.takings, view.gate.revision, acts, who=who, window=window)
        found = sums.counted(acts, who, window)
        return found if found is not None else [view.counted(tx, act) for act in acts]

    def decide_known(
        self, acts: Sequence[Act], size: int, *, alike: bool = False, latest: Latest | None = None
    ) -> list[Decision] | None:
        """Decide `acts`, dated by `latest`, in memory when that is as new as `size` and knows every user and sum."""
        gate, strangers = self.gate, self._strangers
        if gate.revision < size:
            return None
        acts = all_named(self.vault.blind, gate, dated(latest, acts))
        adding = [place for place, act in enumerate(acts) if act.kind in BULK_KINDS]
        if adding:
            counted = self.counted_known(gate, [acts[place] for place in adding])
            if counted is None:
                return None
            acts = list(acts)
            for place, act in zip(adding, counted, strict=True):
                acts[place] = act
        found = gate.decide_all(acts, strangers)
        return all_alike(gate, acts, found) if alike and found is not None else found

    def rules_known(self, now: dt.datetime, size: int) -> Published | None:
        """Return the rules in force at `now` when memory is as new as a log of `size` entries; else None."""
        return None if self.revision < size else self.versions.at(now)

    def counted_known(
        self, gate: Gate, acts: Sequence[Act], users_of: UsersOf | None = None, users_at: UsersAt | None = None
    ) -> Sequence[Act] | None:
        """Return `acts`, asked at once, with what they add up with, when memory has every sum as of `gate`; else None.

        `users_of` and `users_at` as `View.together` has them; without, each act is about its own user.
        """
        names, versions, sums = self.names, self.versions, self._sums
        if not acts or names is None or sums.revision != gate.revision:
            return None if acts else acts
        counted = sums.counted(acts, names.who, versions.window_hours)
        if counted is None or (users_at is None and len(acts) == 1 and not acts[0].review):
            return counted  # one act of one user is of no list
        at = users_at or users_in(counted)
        return together(
            counted, users_of or counts(at), names.who, reviewed_by(gate), list_of(gate, self.vault.blind, at)
        )

    def named(self, act: Act) -> Act:
        """Return `act` with what stands for its user in recorded grounds and holds, where that may matter."""
        return named(self.vault.blind, act)

    def view(self, tx: Transaction, head: Head) -> View:
        """Return a view as of `head`, for one transaction; what changed since `revision` is fetched first.

        Raises:
            KeyMissingError: a key that the database has come to is not here.

        """
        self.vault.rotations.follow(head.epoch, head.index_key)
        with self._lock:
            if self.revision < head.size:
                self._catch_up(tx, head.size)
            return View(self, self.gate, head.size, tx)

    def choose(self, tx: Transaction, head: Head, now: dt.datetime) -> None:
        """Have the vault index what the rules declare, as of `head`."""
        self.vault.index.choose(self.view(tx, head).indexed(now))

    def read(
        self, tx: Transaction, users: Sequence[str], until: dt.datetime | None = None
    ) -> dict[str, tuple[int, UserStanding]]:
        """Return surrogate key and standing, now or at `until`, of those of `users` who are on record."""
        keys = self.vault.find_users(tx, users)
        facts = self.standings.facts_of(tx, list(keys.values()))
        return {user: (key, fold_user(facts.get(key, ()), until)) for user, key in keys.items()}

    def adopt(
        self, view: View, revision: int, *, only_if_newest: bool = False, strangers: Collection[str] = ()
    ) -> None:
        """Let everybody know what a view knows, as of `revision`; call after its commit.

        With `only_if_newest`, nothing is taken over when others have gone further meanwhile. `strangers` were looked
        for and are not on record.
        """
        with self._lock:
            if self.revision > revision:
                if not only_if_newest:
                    self._leave_out(view)
                return
            if only_if_newest and self.revision < revision:
                return
            if len(self.users) + len(view.users) + len(self._strangers) + len(strangers) > self._most:
                self._forget()
            if len(view.users) <= self._most:
                self.keys.update((user, view.keys[user]) for user in view.users if user in view.keys)
                self._names.update((view.keys[user], user) for user in view.users if user in view.keys)
                self.users.update(view.users)
            if view.users:
                self._strangers.difference_update(view.users)
            if strangers and len(strangers) + len(self._strangers) <= self._most:
                self._strangers.update(strangers)
            self.versions, self.names = view._versions, view._names  # noqa: SLF001 - of the same file
            changed = (view.gate.site, view.gate.rulebook) if view.site_changed else (None, None)
            self.gate = self.gate.over(self.users, revision, None, *changed)
            self.revision = revision

    def _leave_out(self, view: View) -> None:
        """Forget what a view did when others went further meanwhile; it is fetched again when asked for."""
        self._strangers.difference_update(view.users)
        for user in view.users:
            self.users.pop(user, None)
            self._names.pop(self.keys.pop(user, -1), None)

    def named_by(self, versions: Mapping[int, Published], site: SiteStanding) -> Names:
        """Return what of a caller's words may stand in the log under these rules and facts."""
        return Names(self.law, versions, site, self.vault.blind)

    def drop(self, user: str) -> None:
        """Forget a user whose keys were destroyed."""
        with self._lock:
            self.users.pop(user, None)
            self._names.pop(self.keys.pop(user, -1), None)

    def _catch_up(self, tx: Transaction, size: int) -> None:
        """Fetch what changed since `revision`, or everything the first time."""
        site = rulebook = None
        if self.revision < 0 or self._forget_changed(tx):
            site = fold_site(self.standings.site_facts(tx))
            versions = self.declarations.versions(tx)
            self.versions = Versions({each.version: each for each in versions})
            rulebook = compile_rules(versions, self.law)
            self.names = None
        self.gate = self.gate.over(self.users, size, None, site, rulebook)
        self.revision = size

    def _forget_changed(self, tx: Transaction) -> bool:
        """Forget users of whom something was recorded since; say whether anything was recorded of the operator."""
        changed = self.standings.changed_since(tx, self.revision)
        for key in changed.users:
            if (user := self._names.pop(key, None)) is not None:
                self.users.pop(user, None)
                self.keys.pop(user, None)
            else:  # whoever this is may have been a stranger before
                self._strangers = set()
        return changed.site

    def _forget(self) -> None:
        """Begin anew with nobody in memory; views that are open go on with what they had."""
        self.users, self.keys, self._names, self._strangers = {}, {}, {}, set()


def _knows(gate: Gate, act: Act) -> bool:
    """Say whether memory is enough to decide `act`: its user is known, and it is not dated before the last fact."""
    if not act.user:
        return True
    standing = gate.standing(act.user)
    return standing is not UNKNOWN and standing.last <= act.when
