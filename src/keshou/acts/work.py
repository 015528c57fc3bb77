# SPDX-License-Identifier: Apache-2.0
"""One transaction at the door: jobs become drafts, drafts become entries, and all of it commits or none.

The procedure, step by step:

1. take the log's lock and bring what is known of facts to the log's size;
2. for each job in order: fold the facts that come with it, ask the gate, prepare the effect;
3. settle: admit new users, fetch what is shown, seal new values, seal payloads, make pseudonyms and commitments;
4. append the entries, write facts under the revision each entry gives;
5. after the commit: what was folded becomes known to every caller.
"""

import datetime as dt
import gc
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import msgspec

from keshou.acts.adding_up import AddingUp
from keshou.acts.destroyed import to_keep
from keshou.acts.draft import Draft, counts_of, one_by_one, tell_count
from keshou.acts.hands import Hands, Makers
from keshou.acts.known import Known, View
from keshou.acts.listing import asked_of, of_its_list
from keshou.acts.naming import Names
from keshou.acts.repeat import Requests
from keshou.acts.request import ActError, Job, Perform
from keshou.db import Transaction, from_micros, to_micros
from keshou.gate.act import Act
from keshou.gate.facts import GroundRecorded, SiteFact, UserFact
from keshou.gate.holds import HoldSet
from keshou.law.terms import RetentionClass
from keshou.ledger import entry
from keshou.ledger.counted.store import Count, Counted
from keshou.ledger.merkle import root_over
from keshou.ledger.store import Ledger
from keshou.vault.destroyed.store import Destroyed
from keshou.vault.errors import SealBrokenError
from keshou.vault.lookup import Found
from keshou.vault.sealed import Sealed

_SALT, _PSEUDONYM = 32, 16
_encode = msgspec.json.Encoder().encode
_replace = msgspec.structs.replace


class Pending(NamedTuple):
    """What a job's caller is answered once it is committed; values are still sealed."""

    draft: Draft
    place: int
    """Index of its entry in the log."""


class Work:
    """The jobs of one transaction; made by `Acts.start`, dropped after its commit or rollback."""

    def __init__(
        self, tx: Transaction, known: Known, ledger: Ledger, effect: "Effect", tell: "Tell", *, makers: Makers
    ) -> None:
        self.tx = tx
        self.known = known
        self.ledger = ledger
        self._effect = effect
        self._tell = tell
        self._makers = makers
        self.head = ledger.lock(tx)
        self.view: View = known.view(tx, self.head)
        self.erased: list[str] = []
        self._drafts: list[Draft] = []
        self._settled = 0
        self._admitted: list[str] = []
        self._next_user = 0
        self._seals: dict[tuple[int, RetentionClass], dict[str, str]] = {}
        self._sealing: set[int] = set()
        self._mended: set[tuple[int, str]] = set()
        """User and item of values that wait and stand for what was collected before."""
        self._fetches: list[tuple[Draft, Sequence[tuple[str, int]], tuple[str, ...]]] = []
        self._fetching: set[int] = set()
        self._held: dict[int, set[str]] = {}
        self._found = Found()
        self._spoiled, self._moment = False, 0
        self._adding_up = AddingUp(tx, known.takings)

    def perform(self, jobs: Sequence[Job], now: dt.datetime) -> list[Pending]:
        """Do `jobs` in order and append their entries; nothing is committed yet.

        The present never lies before the log's last entry: a clock set back a little does not undo what is on record.

        Raises:
            ActError: a job is not well formed; the whole transaction must be given up then.
            ClockError: `now` lies too far before the log's last entry, or ahead.

        """
        self.refuse_spoiled()
        self._spoiled = True
        self.ledger.latest.check(self.tx, self.head, to_micros(now))
        with _undisturbed():
            done = self._perform(jobs, self._present(now))
        self._tell(self.tx, jobs, done, now)
        self._spoiled = False
        return done

    def _present(self, now: dt.datetime) -> dt.datetime:
        self._moment = max(to_micros(now), self.head.last_time)
        return from_micros(self._moment)

    @property
    def place(self) -> int:
        """Index that the entry of the next job will have."""
        return self.head.size + len(self._drafts)

    def refuse_spoiled(self) -> None:
        """Refuse to go on, or to commit, after a job failed half way.

        Raises:
            ActError: one did.

        """
        if self._spoiled:
            raise ActError("a job of this transaction failed; nothing of it is kept", hint="begin again without it")

    def _perform(self, jobs: Sequence[Job], now: dt.datetime) -> list[Pending]:
        self._drafts, self._settled = [], 0
        self.known.vault.index.choose(self.view.indexed(now))
        self.view.prepare(self.tx, jobs)
        self._look_up([job for job in jobs if isinstance(job, Perform) and job.values and not job.admit])
        requests = Requests(self.tx, self.ledger, self.known.vault, jobs)
        answers = [self._answer(job, requests, now) for job in jobs]
        with self.tx.unanswered():
            self._append(now, requests)
        return [Pending(draft, draft.place) for draft in answers]

    def _look_up(self, writing: Sequence[Perform]) -> None:
        """Fetch, for all jobs that write about known users, those users' keys and what is held of the items written."""
        users = {job.act.user for job in writing}
        keys = [self.view.keys[user] for user in users & self.view.keys.keys()]
        # What nobody ever declared is not held, and may be as much as a caller likes.
        items = self.names.items & {item for job in writing for item in job.values}
        self._found = self.known.vault.look_up(self.tx, keys, items)
        self._held = {key: set(self._found.values.get(key, ())) for key in keys}

    def _answer(self, job: Job, requests: Requests, now: dt.datetime) -> Draft:
        if job.request_id and (before := requests.before(job)) is not None:
            return before
        place = self.view.gate.revision = self.place
        draft = self._effect(self, job, now)
        draft.place = place
        if job.request_id:
            requests.note(job, draft)
        self._drafts.append(draft)
        if draft.counts:
            self._adding_up.note(_header(draft, 0), draft.counts)
        return draft

    def committed(self) -> None:
        """Let everybody know what this transaction brought; call after its commit and never before."""
        self.known.adopt(self.view, self.ledger.latest.of(self.head).size)
        for user in self.erased:
            self.known.drop(user)

    # What effects ask for

    def admit(self, user: str) -> int:
        """Give a new user a surrogate key."""
        if not self._admitted:
            self._next_user = self.known.vault.next_user(self.tx)
        self._admitted.append(user)
        return self._next_user + len(self._admitted) - 1

    def seal(self, key: int, class_: RetentionClass, item: str, value: str, *, mends: bool = False) -> None:
        """Have a value sealed when the batch settles; one that `mends` what was collected before keeps its moment."""
        if key in self._fetching:
            self.settle()
        waiting = self._seals.setdefault((key, class_), {})
        if not mends:
            self._mended.discard((key, item))
        elif item not in waiting:
            self._mended.add((key, item))
        waiting[item] = value
        self._sealing.add(key)
        if key in self._held:
            self._held[key].add(item)

    def held(self, key: int) -> set[str]:
        """Return the items held about a user, of those that any job writes; what waits to be sealed is among them."""
        found = self._held.get(key)
        if found is None:
            waiting = (self._seals.get((key, class_), {}) for class_ in RetentionClass)
            found = self._held[key] = {
                *self.known.vault.items_of(self.tx, key),
                *(each for of in waiting for each in of),
            }
        return found

    def removed(self, key: int) -> None:
        """Take note that something of a user was removed."""
        self._held.pop(key, None)

    def show(self, draft: Draft, users: Sequence[tuple[str, int]], items: tuple[str, ...]) -> None:
        """Have sealed values fetched when the batch settles, to be opened after the commit; `items` are in order."""
        keys = [key for _, key in users]
        if not self._sealing.isdisjoint(keys):
            self.settle()
        self._fetches.append((draft, users, items))
        self._fetching.update(keys)

    def facts(self, user: str) -> list[UserFact]:
        """Return a user's facts: those on record, then those of this batch."""
        return [*self.view.facts(self.tx, user), *self._added(self.view.keys.get(user, -1))]

    def facts_of(self, key: int) -> list[UserFact]:
        """Return the same of a user who is known by the surrogate key alone."""
        return [*self.known.standings.user_facts(self.tx, key), *self._added(key)]

    def _added(self, key: int) -> list[UserFact]:
        return [fact for draft in self._drafts for of, facts in draft.user_facts if of == key for fact in facts]

    def blinded(self, fact: SiteFact, users: Sequence[str] = ()) -> SiteFact:
        """Return a fact as it may stand in a table: ids of users replaced by their blind index.

        A review that is asked for is bound to `users`, where it is of a list.
        """
        fact = asked_of(fact, users, self.known.vault.blind)
        if isinstance(fact, GroundRecorded | HoldSet) and fact.users:
            return msgspec.structs.replace(fact, users=frozenset(map(self.known.vault.blind, fact.users)))
        return fact

    def counted(self, act: Act) -> Act:
        """Return `act` with what it adds up with, jobs of this transaction among it."""
        return self._adding_up.counted(self.view, act)

    def searched(self, act: Act) -> int:
        """Return how often whoever does `act` searched within the hour, in this transaction as well."""
        return self._adding_up.searched(self.view, act)

    def hands(self, since: dt.datetime) -> Hands:
        """Return who could act by which program at `since` or later."""
        return Hands(self._makers(self.tx, since))

    def of_its_list(self, act: Act, users: Iterable[str]) -> Act:
        """Return `act`, which is about `users`, with what stands for them where its review is of one list."""
        return of_its_list(self.view.gate, self.known.vault.blind, act, users)

    def settle(self) -> None:
        """Do what waits, so that later jobs of the batch find it done and keys may go."""
        if self._admitted:
            self._found.new.update(self.known.vault.admit(self.tx, self._admitted, since=self.head.size))
            self._admitted = []
        self._fetch()
        self._seal(self._drafts[self._settled :])
        self._settled = len(self._drafts)

    def settle_one(self, draft: Draft) -> None:
        """Make the pseudonym and commitment of a draft whose keys are about to be destroyed.

        A record key that opens no more does not keep its user from being erased: no payload stays of them in any case,
        and what stands for them here is then as good as any that a destroyed key made, since nobody can tell whose.
        """
        self.settle()
        try:
            self._seal([draft])
        except SealBrokenError:
            for (_, payload), salt in zip(draft.users, _salts(len(draft.users)), strict=True):
                draft.header["c"] = entry.to_text(entry.commit(salt, _encode(payload)))
                draft.header["obj"] = entry.to_text(os.urandom(_PSEUDONYM))

    def forget(self, draft: Draft, user: str, key: int) -> None:
        """Leave nothing that names the user whom `draft` erases, in what is kept and in what is still to be written."""
        self.forget_key(draft, key)
        self.view.forget(user)
        self.erased.append(user)

    def forget_key(self, erasing: Draft, key: int) -> None:
        """Leave no payload of the user whom a draft erases, stored or to be written; its entry says how many went.

        Else whoever can write to the database could take others' payloads away, as if they had been of this user.
        """
        gone = Counted().of(self.tx, key)
        for draft in self._drafts:
            left = [each for each in draft.sealed if each[0] != key]
            went = len(draft.sealed) - len(left)
            gone = gone.plus(Count(many=went) if len(draft.users) > 1 else Count(one=went))
            draft.sealed = left
        tell_count(erasing, gone)
        self.ledger.forget(self.tx, key)
        self.removed(key)

    @property
    def names(self) -> Names:
        """What of a caller's words may stand in the log."""
        return self.view.names()

    # Steps

    def _fetch(self) -> None:
        wanted: dict[tuple[str, ...], dict[int, None]] = {}
        for _, users, items in self._fetches:
            keys = wanted.setdefault(items, {})
            for _, key in users:
                keys[key] = None
        found: dict[tuple[str, ...], dict[int, Sealed]] = {}
        for items, keys in wanted.items():
            fetched, wrapped = self.known.vault.fetch_with_keys(self.tx, list(keys), items)
            found[items] = {each.user: each for each in fetched}
            self._found.keys.update(wrapped)
        for draft, users, items in self._fetches:
            of = found[items]
            draft.shown = [(user, of[key]) for user, key in users]
        self._fetches, self._fetching = [], set()

    def _seal(self, drafts: Sequence[Draft]) -> None:
        """Seal the values that wait and the payloads of `drafts`; put pseudonyms and commitments into their headers."""
        values = [(key, class_, of) for (key, class_), of in self._seals.items()]
        self._seals, self._sealing, mended, self._mended = {}, set(), self._mended, set()
        open_ = [draft for draft in drafts if draft.users and "c" not in draft.header]
        told = [each for draft in open_ for each in draft.users]
        rows = [(user, salt, _encode(payload)) for (user, payload), salt in zip(told, _salts(len(told)), strict=True)]
        leaves = [entry.commit(salt, body) for _, salt, body in rows]
        found, self._found = self._found, Found()
        made = self.known.vault.seal_all(self.tx, values, rows, found, since=self._moment, kept=mended)
        start = 0
        for draft in open_:
            if len(draft.users) == 1:
                sealed, name = made[start]
                draft.sealed = ((rows[start][0], sealed),)
                draft.header["c"], draft.header["obj"] = entry.to_text(leaves[start]), entry.to_text(name)
                start += 1
                continue
            stop = start + len(draft.users)
            draft.sealed = [
                (user, sealed) for (user, *_), (sealed, _) in zip(rows[start:stop], made[start:stop], strict=True)
            ]
            draft.header["c"], draft.header["obj"] = entry.to_text(root_over(leaves[start:stop])), ""
            tell_count(draft, Count(many=stop - start))
            start = stop

    def _append(self, now: dt.datetime, requests: Requests) -> None:
        self.settle()
        moment, drafts = to_micros(now), self._drafts
        bodies = [entry.encode(_header(draft, moment)) for draft in drafts]
        self.head = self.ledger.append(self.tx, self.head, bodies, moment)
        self._adding_up.write([(each.place, _header(each, moment), each.counts) for each in drafts if each.counts])
        self.ledger.write_payloads(
            self.tx,
            [(user, each.place, sealed) for each in drafts if not each.refused for user, sealed in each.sealed],
            [row for each in drafts if each.refused for row in one_by_one(each)],
        )
        Counted().keep(self.tx, counts_of(drafts))
        Destroyed().keep(self.tx, to_keep(drafts))
        requests.remember()
        standings = self.known.standings
        standings.write_user(
            self.tx, [(user, each.place + 1, facts) for each in drafts for user, facts in each.user_facts]
        )
        for each in drafts:
            if each.site_facts:
                standings.write_site(self.tx, each.place + 1, each.site_facts)


def _salts(count: int) -> Iterator[bytes]:
    """Yield fresh random salts, all taken from the system at once."""
    noise = os.urandom(_SALT * count)
    return (noise[at : at + _SALT] for at in range(0, len(noise), _SALT))


def _header(draft: Draft, moment: int) -> entry.Header:
    if draft.base is None:
        return entry.Header(t=moment, **draft.header)  # type: ignore[arg-type]
    return _replace(draft.base, t=moment, **draft.header)


Effect = Callable[[Work, Job, dt.datetime], Draft]
Tell = Callable[[Transaction, Sequence[Job], Sequence[Pending], dt.datetime], None]
"""Puts what jobs brought where others learn of it, in the same transaction: that, jobs, what became of them, now."""


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep Python from looking for cycles within the block.

    What a batch makes it also drops; searching while it grows would walk over every standing in memory each time,
    which took a third of a batch of a thousand acts.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
