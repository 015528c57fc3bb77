# SPDX-License-Identifier: Apache-2.0
"""Legal holds of a site: what stands, what of a user it keeps, and what goes once none keeps it."""

import datetime as dt
from collections.abc import Callable, Container
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from keshou.acts.holding import kept_items
from keshou.acts.known import Known
from keshou.acts.request import ActError, Done, Job, RecordSite, Release
from keshou.acts.staying import Staying, Suspended, staying
from keshou.acts.work import Pending
from keshou.app.untold import Untold, counted
from keshou.db import Transaction
from keshou.gate.facts import SuspensionLifted
from keshou.gate.holds import Asked, Ground, HoldLifted, HoldSet, concerns, is_kept
from keshou.gate.site import SiteState
from keshou.gate.standing import fold_user
from keshou.law.terms import RetentionClass
from keshou.ledger.store import Ledger
from keshou.vault.kept_back.store import KeptBack
from keshou.vault.lookup import items_in

CLOCK = "keshou"
"""Who lets go what is due when it is the passing of time that makes it so."""
_AT_ONCE = 500
_SERVICE = RetentionClass.SERVICE


class Kept(NamedTuple):
    """A hold as the user is told of it."""

    ground: Ground
    cite: str
    since: dt.datetime
    until: dt.datetime | None
    items: tuple[str, ...]
    """What it keeps of what is held."""


class House(Protocol):
    """What of a site is looked at."""

    ledger: Ledger
    now: Callable[[], dt.datetime]

    def reading(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that writes nothing."""

    def writing(self) -> AbstractContextManager[Transaction]:
        """Open a transaction for what is no act."""

    def state(self) -> SiteState:
        """Return what holds of the operator now."""


class Holds:
    """Holds of one site; `do` brings a job to the door."""

    def __init__(self, house: House, known: Known, do: Callable[[Job], Pending]) -> None:
        self._house, self._known, self._do = house, known, do
        self._kept_back = KeptBack()

    def fact(self, name: str, asked: Asked, by: str) -> HoldSet:
        """Return the fact that sets a hold, with what its purposes and classes come to under any rules so far.

        Raises:
            ActError: no rules declared one of the purposes, or they keep nothing of the class.

        """
        return HoldSet(
            at=self._house.now(), hold=name, by=by, ground=asked.ground, document=asked.document, cite=asked.cite,
            until=asked.until, users=frozenset(asked.users), classes=frozenset(asked.classes),
            purposes=frozenset(asked.purposes), items=self._items(asked), silent=asked.silent,
        )  # fmt: skip

    def _items(self, asked: Asked) -> frozenset[str]:
        with self._house.reading() as tx:
            versions = self._known.view(tx, self._house.ledger.head(tx)).versions()
        return kept_items([each.declaration for each in versions.values()], asked.purposes, asked.classes)

    def of_user(self, user: str, within: Container[str] | None = None) -> list[Kept]:
        """Return the holds that keep something held of a user, of which the user may be told.

        With `within`, only what is among those items is told.
        """
        told = [each for each in self._house.state().holds() if not each.silent]
        if not told:
            return []
        with self._house.reading() as tx:
            key = self._known.vault.find_user(tx, user)
            held = {} if key is None else self._known.vault.items_of(tx, key)
        name = self._known.vault.blind(user)
        found = []
        for each in told:
            items = tuple(
                item
                for item, class_ in held.items()
                if is_kept(each, item, class_) and (within is None or item in within)
            )
            if items and concerns(each, (name,)):
                found.append(Kept(each.ground, each.cite, each.at, each.until, items))
        return found

    def suspended(self) -> Suspended:
        """Return what the authority asks not to destroy."""
        state = self._house.state()
        with self._house.reading() as tx:
            return self._staying(state, tx).suspended

    def _staying(self, state: SiteState, tx: Transaction) -> Staying:
        versions = self._known.view(tx, self._house.ledger.head(tx)).versions()
        return staying(state, (each.declaration for each in versions.values()))

    def suspended_of(self, user: str) -> tuple[str, ...]:
        """Return what services held of a user, who uses none any more, and the authority asks not to destroy."""
        asked = self.suspended()
        if asked == Suspended():
            return ()
        with self._house.reading() as tx:
            key = self._known.vault.find_user(tx, user)
            if key is None or fold_user(self._known.standings.user_facts(tx, key)).profile.in_use:
                return ()
            held = self._known.vault.items_of(tx, key)
        return tuple(item for item, class_ in held.items() if class_ is RetentionClass.SERVICE and asked.keeps(item))

    def after(self, job: Job, done: Done) -> Done:
        """Let go at once what the end of a hold or of a suspension makes due; return what became of the job."""
        if isinstance(job, RecordSite) and any(isinstance(each, HoldLifted | SuspensionLifted) for each in job.facts):
            self.release(job.by)
        return done

    def release(self, by: str = CLOCK, go_on: Callable[[], bool] = lambda: True) -> int:
        """Let go what nothing keeps any longer of users whose services ended; return of how many users something went.

        Each is an act of its own, committed by itself: what is interrupted, or ended by `go_on` before one of them,
        goes on the next time.
        """
        with counted() as untold:
            return self._let_go(by, go_on, untold)

    def _let_go(self, by: str, go_on: Callable[[], bool], untold: Untold) -> int:
        count, last = 0, 0
        while since := self._page(last):
            due, over = self._due(list(since))
            for user in due:
                if not go_on():
                    return count
                count += self._release(user, by, untold)
            if over:
                with self._house.writing() as tx:
                    self._kept_back.drop_as_of(tx, [(user, since[user]) for user in over])
            last = max(since)
        return count

    def _release(self, user: int, by: str, untold: Untold) -> int:
        try:
            untold.note(self._do(Release(user=user, by=by)))
        except ActError:  # another process was first, or a hold was set meanwhile
            return 0
        return 1

    def _page(self, after: int) -> dict[int, int]:
        with self._house.reading() as tx:
            return self._kept_back.after(tx, after, _AT_ONCE)

    def _due(self, users: list[int]) -> tuple[list[int], list[int]]:
        """Return of whom something is due, and of whom nothing is kept back any more."""
        state = self._house.state()
        due, over = [], []
        with self._house.reading() as tx:
            stays = self._staying(state, tx)
            names, held = self._kept_back.names_of(tx, users), items_in(tx, users, _SERVICE.value)
            facts = self._known.standings.facts_of(tx, users)
        for user in users:
            items, name = held.get(user, ()), names.get(user, "")
            if not items or not name or fold_user(facts.get(user, ())).profile.in_use:
                over.append(user)
            elif not all(stays.keeps(name, item, _SERVICE) for item in items):
                due.append(user)
        return due, over
