# SPDX-License-Identifier: Apache-2.0
"""The same decisions over columns: for millions of rows a reason code each, zero where the act is permitted.

All users of one profile get the same answer to one act, so the prohibitions are asked once for each profile and act;
a row is then two look-ups. Users for whom that does not hold (a fact dated after the act, a ground or a hold that
names them) are decided one by one, by the gate for single acts.
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from keshou.errors import InputError
from keshou.gate import calendar
from keshou.gate.act import Act
from keshou.gate.columns import Numbers, UserColumns, micros
from keshou.gate.conditions import BITS, Words
from keshou.gate.decide import Gate
from keshou.gate.view import Prepared, View, user_word

CHUNK = 1 << 15
"""Rows worked on at a time, so that what lies between stays in the processor's cache."""

FEW_USERS = 1 << 17
"""Up to so many users an answer is laid out for each user first, which saves a look-up a row."""

_NOBODY = "\0"
_OVER = np.uint64(BITS["registration_over"])


class BatchGate:
    """Decides acts over columns of users; what `gate` holds of rules and facts of the operator is what it applies."""

    def __init__(self, gate: Gate, columns: UserColumns, named: Mapping[str, str] | None = None) -> None:
        self._columns = columns
        self.single = gate
        """The gate for single acts on the same rules and facts."""
        self._named = named or {}
        """What stands for a user in grounds and holds -> the user's id in the columns, where the two differ."""
        self._ids: dict[int, str] | None = None

    def someone_named(self) -> str:
        """Return what stands in recorded grounds for one of the users named there, empty when none is."""
        return next(iter(self._named), "")

    def codes(self, act: Act, rows: Numbers) -> Words:
        """Return the reason code of `act` for each of `rows`, which are rows of the columns.

        The act's own `user` plays no part, and `count` says how many users the whole concerns. A row outside the
        columns is somebody unknown.
        """
        return self.codes_of([act], None, rows)

    def codes_of(self, acts: Sequence[Act], which: Numbers | None, rows: Numbers) -> Words:
        """Return the reason code of each row, where row `i` asks ``acts[which[i]]`` about ``rows[i]``.

        Raises:
            InputError: the acts are not all of one time, or one cannot be read.

        """
        if len({act.when for act in acts}) != 1:
            raise InputError("the acts of one batch are not of one time", hint="decide each time on its own")
        slots, table = self._slots(acts)
        found = np.empty(len(rows), np.uint64)
        rows = self._within(rows)
        if which is None:
            _gather(table[0], slots, rows, found)
        else:
            _gather_many(table, slots, (which, rows), found)
        return found

    def _within(self, rows: Numbers) -> Numbers:
        """Return `rows` with every row outside the columns turned to the one that stands for the unknown."""
        last = self._columns.unknown
        if len(rows) and (rows.min() < 0 or rows.max() > last):
            rows = np.where((rows < 0) | (rows > last), last, rows)
        return rows

    def _slots(self, acts: Sequence[Act]) -> tuple[Numbers, Words]:
        """Return for each user a slot, and for each act and slot the code.

        Slots are the profiles, twice over where it matters whether the time of retention is over, and one more for
        each user who is decided alone.
        """
        view = self.single.timeline.at(acts[0].when)
        asked = [(act, view.prepare(msgspec.structs.replace(act, user=_NOBODY, user_ref=""))) for act in acts]
        alone = self._alone(view, acts)
        slots: Numbers = self._columns.which
        by_retention = any(prepared.by_retention for _, prepared in asked)
        if by_retention:
            slots = self._with_retention(view, acts[0], slots)
        table = np.stack([self._profile_codes(view, prepared, twice=by_retention) for _, prepared in asked])
        if alone:
            slots = slots.astype(np.min_scalar_type(table.shape[1] + len(alone)))
            slots[list(alone)] = np.arange(table.shape[1], table.shape[1] + len(alone))
            table = np.hstack([table, [[self._code(act, *user) for user in alone.values()] for act in acts]])
        return slots, table.astype(np.uint64)

    def _profile_codes(self, view: View, prepared: Prepared, *, twice: bool) -> Words:
        """Return the code of a prepared act for each profile."""
        profiles = self._columns.profiles
        words = np.fromiter((user_word(each, prepared.lens) for each in profiles), np.uint64, len(profiles))
        if twice:
            known = np.fromiter((each.known for each in profiles), np.bool_, len(profiles))
            over = words | (_OVER if prepared.by_retention else np.uint64(0)) * known
            words = np.stack([words, over], axis=1).ravel()
        return view.edition.answers.codes(words | np.uint64(prepared.word))

    def _with_retention(self, view: View, act: Act, slots: Numbers) -> Numbers:
        """Return slots that tell apart whose services ended longer ago than the time of retention."""
        over = np.zeros(len(slots), np.uint64)
        if view.retention is not None:
            before = micros(calendar.ended_before(calendar.day_of(act.when), view.retention))
            over = (self._columns.ended < before).astype(np.uint64)
        return slots.astype(np.uint64) * np.uint64(2) + over

    def _alone(self, view: View, acts: Sequence[Act]) -> dict[int, tuple[str, str]]:
        """Return the users who are decided one by one: row -> id, and the name in a ground or hold."""
        late = np.flatnonzero(self._columns.last > micros(acts[0].when))
        found = {int(row): (self._id(int(row)), "") for row in late}
        for act in acts:
            for name in view.named(act):
                user = self._named.get(name, name)
                if user in self._columns.rows:
                    found[self._columns.rows[user]] = (user, name)
        return found

    def _id(self, row: int) -> str:
        if self._ids is None:
            self._ids = self._columns.ids()
        return self._ids[row]

    def _code(self, act: Act, user: str, name: str) -> int:
        """Return the code of one user who is decided alone."""
        asked = msgspec.structs.replace(act, user=user, user_ref=name)
        view, prepared, standing = self.single.look(asked)
        word = prepared.word | self.single.word_of(asked, view, prepared, standing)
        return view.edition.answers.of(word).code


def _gather(codes: Words, slots: Numbers, rows: Numbers, found: Words) -> None:
    """Look each row's user up, and the user's code; rows lie within `slots`."""
    if len(slots) <= FEW_USERS:
        of_user = codes[slots]
        for start in range(0, len(rows), CHUNK):
            np.take(of_user, rows[start : start + CHUNK], out=found[start : start + CHUNK], mode="clip")
        return
    between = np.empty(CHUNK, slots.dtype)
    for start in range(0, len(rows), CHUNK):
        some = rows[start : start + CHUNK]
        slot = np.take(slots, some, out=between[: len(some)], mode="clip")
        np.take(codes, slot, out=found[start : start + CHUNK], mode="clip")


def _gather_many(table: Words, slots: Numbers, asked: tuple[Numbers, Numbers], found: Words) -> None:
    """Look each row's act and user up; the acts lie within `table`, the rows within `slots`."""
    which, rows = asked
    codes, width = table.ravel(), np.intp(table.shape[1])
    place = np.empty(CHUNK, np.intp)
    for start in range(0, len(rows), CHUNK):
        some = slice(start, start + CHUNK)
        here = place[: len(rows[some])]
        np.multiply(which[some], width, out=here, casting="unsafe")
        np.add(here, slots[rows[some]], out=here, casting="unsafe")
        np.take(codes, here, out=found[some], mode="clip")
