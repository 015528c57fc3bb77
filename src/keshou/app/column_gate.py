# SPDX-License-Identifier: Apache-2.0
"""Very many questions at once, decided on standings that are kept as columns from one request to the next.

Nothing is done and nothing recorded. A user's row is as of some revision, like everything in memory: where it is older
than what the caller must see, it is fetched again, and only then.
"""

import datetime as dt
import itertools
import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from keshou.acts.known import View as Seen
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.gate import calendar
from keshou.gate.act import Act, counted_as
from keshou.gate.alike import codes_alike
from keshou.gate.columns import NEVER, Numbers, micros
from keshou.gate.conditions import ERASING_KINDS, Words
from keshou.gate.decide import Gate, StaleStandingError
from keshou.gate.pairs import NOBODY, SeenProfiles, Slots, codes_of_pairs
from keshou.gate.standing import UNKNOWN, UserStanding
from keshou.gate.view import Prepared, View
from keshou.law.terms import BULK_KINDS

_MOST_READY = 1 << 16


class Pairs(NamedTuple):
    """Questions and users, and which row asks which of them."""

    acts: Sequence[Act]
    """Acts of one time, whatever time they tell; the user of each plays no part but for whether it names one."""
    which: Numbers
    users: Sequence[str]
    of_user: Numbers
    """Numbers in `users`."""
    alike: bool = False
    """Whether what is denied whoever the user is tells nothing of the user; see `gate.alike`."""


class Decided(NamedTuple):
    """What came of it, and the state it was decided on."""

    codes: Words
    rules: int
    revision: int


class _Late(Exception):  # noqa: N818 - never leaves this file
    """Memory is not enough: these users have to be fetched."""

    def __init__(self, users: Sequence[str]) -> None:
        super().__init__()
        self.users = users


class ColumnGate:
    """Decides pairs of acts and users of one site; may be used by several threads."""

    def __init__(self, site: Site) -> None:
        self._site, self._known = site, site._known  # noqa: SLF001 - of the same room
        self._lock = threading.Lock()
        self._kept = _Kept()
        self._ready: tuple[View | None, dict[int, tuple[Act, Prepared]]] = None, {}
        """The view asked last, and by identity the plain acts prepared for it."""

    def decide(self, pairs: Pairs, seen_size: int, now: dt.datetime) -> Decided:
        """Return the reason code of each row on facts at least as new as the log of `seen_size` entries.

        Raises:
            StaleStandingError: the log has not reached `seen_size`.
            UnreachableError: the database does not answer; then nothing is decided.
            ClockError: the clock is too far behind the log's newest entry.

        """
        gate = self._known.gate
        now = self._site.ledger.latest.present(now)
        adding = _Adding.of(pairs, now)
        if gate.revision >= seen_size:
            counted = self._known.counted_known(gate, adding.acts, adding.users_of, adding.users_at)
            if counted is not None:
                try:
                    return self._judge(gate, adding.whole(counted), self._slots(gate, gate.users, pairs.users), now)
                except _Late:
                    pass
        with self._site.reading() as tx:
            view = self._known.view(tx, self._site.ledger.head(tx))
            if view.gate.revision < seen_size:
                raise StaleStandingError(view.gate.revision, seen_size)
            now = self._site.ledger.latest.present(now)
            adding = _Adding.of(pairs, now)
            summed = self._known.counted(tx, view, adding.acts)
            pairs = adding.whole(view.together(summed, adding.users_of, adding.users_at))
            slots = self._fetched(view, tx, pairs.users)
            try:
                found = self._judge(view.gate, pairs, slots, now)
            except _Late as late:
                view.load(tx, late.users)
                found = self._judge(view.gate, pairs, slots, now, alone=True)
            self._known.adopt(view, view.gate.revision, only_if_newest=True)
        return found

    def _slots(self, gate: Gate, standings: Mapping[str, UserStanding], users: Sequence[str]) -> Slots:
        with self._lock:
            kept = self._with_room(len(users))
            rows = kept.rows_of(users)
            missing = kept.missing(users, rows, gate.revision, standings)
            if missing:
                raise _Late(missing)
            return kept.slots(rows)

    def _fetched(self, view: Seen, tx: Transaction, users: Sequence[str]) -> Slots:
        """Return the users' slots, having fetched those that memory does not have."""
        revision = view.gate.revision
        with self._lock:
            kept = self._with_room(len(users))
            missing = kept.missing(users, kept.rows_of(users), revision, view.users)
        view.load(tx, missing)
        with self._lock:
            for user in missing:
                kept.put(user, view.users.get(user) or UNKNOWN, revision)
            return kept.slots(kept.rows_of(users))

    def _with_room(self, coming: int) -> "_Kept":
        if len(self._kept.rows) > 1 and len(self._kept.rows) + coming > self._site.settings.standings:
            self._kept = _Kept()
        return self._kept

    def _judge(self, gate: Gate, pairs: Pairs, slots: Slots, now: dt.datetime, *, alone: bool = False) -> Decided:
        view = gate.timeline.latest
        if view is None or not view.start <= now < view.end:
            view = gate.timeline.at(now)
        prepared = self._prepared(view, pairs.acts, now)
        over = micros(calendar.ended_before(calendar.day_of(now), view.retention)) if view.retention else -NEVER
        codes = codes_of_pairs(view, prepared, slots, (pairs.which, pairs.of_user), over)
        apart = self._apart(view, pairs, slots, now)
        if apart is not None:
            if not alone:
                raise _Late([pairs.users[each] for each in np.unique(pairs.of_user[apart]).tolist()])
            self._one_by_one(gate, pairs, apart, now, codes)
        if pairs.alike:
            codes = codes_alike(view, pairs.acts, prepared, pairs.which, codes)
        return Decided(codes, view.edition.version, gate.revision)

    def _prepared(self, view: View, acts: Sequence[Act], now: dt.datetime) -> list[Prepared]:
        """Return each act with everything decided but the user's own state; plain ones are kept while `view` holds."""
        if self._ready[0] is not view:
            self._ready = view, {}
        known, found = self._ready[1], []
        for act in acts:
            kept = known.get(id(act))
            if kept is None or kept[0] is not act:
                kept = act, view.prepare(msgspec.structs.replace(act, when=now))
                if (
                    act.user
                    and act.kind not in BULK_KINDS
                    and act.count == 1
                    and not (act.recipient or act.review or act.ground)
                ):
                    known[id(act)] = kept
            found.append(kept[1])
        if len(known) > _MOST_READY:
            self._ready = view, {}
        return found

    def _apart(self, view: View, pairs: Pairs, slots: Slots, now: dt.datetime) -> Numbers | None:
        """Return the rows that are decided one by one: a fact is dated after the act, or something names users."""
        late = slots.last > micros(now)
        named = np.zeros(len(pairs.acts), np.bool_)
        for place, act in enumerate(pairs.acts):
            if act.user and (act.ground or act.kind in ERASING_KINDS):
                named[place] = bool(view.named(act))
        if not late.any() and not named.any():
            return None
        found: Numbers = np.flatnonzero(late[pairs.of_user] | named[pairs.which])
        return found if len(found) else None

    def _one_by_one(self, gate: Gate, pairs: Pairs, apart: Numbers, now: dt.datetime, codes: Words) -> None:
        """Decide rows as the gate for single acts does, each different pair once."""
        asked = pairs.which[apart].astype(np.int64) * len(pairs.users) + pairs.of_user[apart]
        different, place = np.unique(asked, return_inverse=True)
        found = []
        for pair in different.tolist():
            which, user = divmod(pair, len(pairs.users))
            act = msgspec.structs.replace(pairs.acts[which], user=pairs.users[user], when=now)
            view, prepared, standing = gate.look(self._known.named(act))
            found.append(view.edition.answers.of(prepared.word | gate.word_of(act, view, prepared, standing)).code)
        codes[apart] = np.array(found, np.uint64)[place]


class _Adding(NamedTuple):
    """Those acts of some pairs that add up with others, dated: with which is a matter of when."""

    pairs: Pairs
    places: Sequence[int]
    """Where they are among the acts of `pairs`."""
    acts: Sequence[Act]

    @classmethod
    def of(cls, pairs: Pairs, now: dt.datetime) -> "_Adding":
        """Return those of `pairs`, asked at `now`."""
        places = [
            place for place, act in enumerate(pairs.acts) if act.kind in BULK_KINDS and counted_as(act) is not None
        ]
        return cls(pairs, places, [msgspec.structs.replace(pairs.acts[place], when=now) for place in places])

    def users_of(self, lists: Sequence[Sequence[int]]) -> list[int]:
        """Return of how many users each list of them is."""
        return users_of(self.pairs, [[self.places[each] for each in places] for places in lists])

    def users_at(self, places: Sequence[int]) -> set[str]:
        """Return the different users of a list of them."""
        found = np.unique(self.pairs.of_user[np.isin(self.pairs.which, [self.places[each] for each in places])])
        return {self.pairs.users[each] for each in found.tolist()} - {""}

    def whole(self, counted: Sequence[Act]) -> Pairs:
        """Return all pairs, with `counted` in their places."""
        acts = list(self.pairs.acts)
        for place, act in zip(self.places, counted, strict=True):
            acts[place] = act
        return self.pairs._replace(acts=acts)


def users_of(pairs: Pairs, lists: Sequence[Sequence[int]]) -> list[int]:
    """Return how many different users each list of acts is asked about, all in one pass over the rows.

    A list is places of `pairs.acts`, and no place is in two.
    """
    of_act = np.full(len(pairs.acts), -1, np.int64)
    for number, places in enumerate(lists):
        of_act[list(places)] = number
    somebody = np.fromiter(map(bool, pairs.users), np.bool_, len(pairs.users))
    of_row = of_act[pairs.which]
    counted = (of_row >= 0) & somebody[pairs.of_user]
    different = np.unique(of_row[counted] * len(pairs.users) + pairs.of_user[counted])
    found: list[int] = np.bincount(different // max(1, len(pairs.users)), minlength=len(lists)).tolist()
    return found


class _Kept:
    """Users' standings as columns that grow; used by one thread at a time."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.seen = SeenProfiles()
        self._standings: list[UserStanding] = []
        self._places = np.zeros(0, np.int32)
        self._moments = np.zeros((3, 0), np.int64)
        """By row: when the last fact came true, when the last service ended, as of which revision."""
        self.put("", UNKNOWN, NEVER)
        self._places[0] = NOBODY

    def rows_of(self, users: Sequence[str]) -> Numbers:
        """Return the row of each of `users`, -1 where there is none."""
        return np.fromiter(map(self.rows.get, users, itertools.repeat(-1)), np.int64, len(users))

    def missing(
        self, users: Sequence[str], rows: Numbers, revision: int, standings: Mapping[str, UserStanding]
    ) -> list[str]:
        """Return those of `users` who are neither here nor among `standings` as of `revision`.

        The others are taken in, and their rows put into `rows`.
        """
        old = np.flatnonzero((rows < 0) | (self._moments[2][rows] < revision))
        missing = []
        for place in old.tolist():
            user = users[place]
            standing = standings.get(user)
            if standing is None or standing is UNKNOWN:
                missing.append(user)
            elif rows[place] >= 0 and self._standings[rows[place]] is standing:
                self._moments[2, rows[place]] = revision
            else:
                rows[place] = self.put(user, standing, revision)
        return missing

    def put(self, user: str, standing: UserStanding, revision: int) -> int:
        """Take note of a user's standing as of `revision`; return the row."""
        row = self.rows.setdefault(user, len(self.rows))
        if row == len(self._standings):
            self._standings.append(standing)
            self._grow(row + 1)
        self._standings[row] = standing
        self._places[row] = self.seen.place(standing.profile)
        ended = NEVER if standing.ended is None else micros(standing.ended)
        self._moments[:, row] = micros(standing.last), ended, revision
        return row

    def slots(self, rows: Numbers) -> Slots:
        """Return the columns of the users in `rows`."""
        last, ended, _ = self._moments[:, rows]
        return Slots(self.seen, self._places[rows], last, ended)

    def _grow(self, needed: int) -> None:
        if needed > len(self._places):
            room = max(1024, 2 * needed)
            self._places = np.resize(self._places, room)
            more = np.zeros((3, room), np.int64)
            more[:, : self._moments.shape[1]] = self._moments
            self._moments = more
