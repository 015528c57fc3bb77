# SPDX-License-Identifier: Apache-2.0
"""What is done with a site's keys while it runs: look at them, give each level new ones, destroy old ones.

Every change is written into the log before it begins, and none holds up the acts for longer than some milliseconds:
keys are wrapped anew outside of any transaction, and put in place only where nothing changed meanwhile.
"""

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from keshou.acts.audit_payload import user_of
from keshou.acts.known import Known
from keshou.acts.request import Done, Job, KeysChanged
from keshou.app.certifying import certify, destroyed
from keshou.app.keys import open_keys
from keshou.app.keys_told import Indexed, KeyPlace, KeysShown, MasterShown, Retired, Rotated, Unindexed
from keshou.app.settings import Settings
from keshou.db import Transaction
from keshou.errors import InputError
from keshou.ledger.certificate import Certificate
from keshou.ledger.rows import come_to
from keshou.ledger.store import Ledger
from keshou.vault.errors import KeyMissingError
from keshou.vault.keys import ROOT, FileKeys
from keshou.vault.masters.shares import Split
from keshou.vault.rotations.store import Renewed, Rotation
from keshou.vault.sealer import Place

REWRAPPED, RENEWED, REINDEXED, SWEPT = 120, 50, 100, 500
"""In one transaction: keys wrapped anew, users whose keys are made anew, or whose tags are; rows that are removed."""
TOLD = 100
"""How many keys that do not open are named at most."""
Advance = Callable[[int], None]
"""Told how many more are done."""


class House(Protocol):
    """What of a site its keeper uses."""

    home: Path
    settings: Settings
    ledger: Ledger
    now: Callable[[], dt.datetime]

    def do(self, job: Job) -> Done:
        """Bring one job to the door."""

    def reading(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that writes nothing."""

    def writing(self) -> AbstractContextManager[Transaction]:
        """Open a transaction beside the acts."""


class Keeper:
    """The keeper of one site's keys."""

    def __init__(self, house: House, keys: FileKeys, known: Known) -> None:
        self._house = house
        self._keys = keys
        self._known = known
        self._rotations = known.vault.rotations
        self._index = known.vault.index

    def show(self) -> KeysShown:
        """Return which keys there are; no key is in it."""
        self._keys.look_again()
        with self._house.reading() as tx:
            living, found, rotations = self._rotations.living(tx), self._index.counts(tx), self._rotations.all(tx)
            self._known.choose(tx, self._house.ledger.head(tx), self._house.now())
            taken_back = self._index.taken_back(tx)
        epochs = {number: living.get(number, 0) for number in self._keys.epochs}
        numbers = sorted({*self._keys.index_files, *found})  # also of a key that is not here: nobody is found so
        indexes = {number: found.get(number, 0) for number in numbers}
        shown, broken = tuple(rotations.values()), self._broken()
        return KeysShown(self._keys.suite.name, self._masters(), epochs, indexes, taken_back, shown, broken)

    def lacking(self) -> tuple[str, ...]:
        """Return the names of the key files that the database came to and that are not here; empty when all are.

        Nothing can be done here before they are: see `FileKeys.follow`.
        """
        with contextlib.suppress(KeyMissingError), self._reading():
            return ()
        return self._keys.lacking()

    def rotate_master(self, source: str, by: str, split: Split | None = None) -> MasterShown:
        """Put a new master key in place of the old one, in `source`; return it.

        `by` is who answers for it. With source ``shares``, `split` says how many holders there are and where their
        shares are written. Broken off, it goes on when it is asked for again.

        Raises:
            KeyMissingError: a place of a master key cannot be reached.
            KeyFileError: a place is not set up, or another process changes the keys.

        """
        house = self._house
        house.do(KeysChanged(by=by, level="master"))
        number = open_keys(house.settings, house.home, split).rotate_master(source, house.now())
        return next(each for each in self._masters() if each.number == number)

    def rotate_epochs(self, by: str, advance: Advance) -> Rotated:
        """Wrap every living data key under a new epoch; one that was broken off goes on.

        Raises:
            InputError: data keys are being made anew; that has to be finished first.

        """
        epoch = self._begin("epoch", by)
        after, moved, left = (0, ""), 0, list[Place]()
        while True:
            with self._reading() as tx:
                # A SQLite file has one writer at a time: acts wait for a piece, where PostgreSQL works beside them.
                stale = self._rotations.stale(tx, after, epoch, REWRAPPED if tx.postgresql else REWRAPPED // 2)
            if not stale:
                return self._end("epoch", epoch, moved, left)
            rows = list(self._rotations.rewrapped(stale))
            with self._writing() as tx:
                # In turn with the acts: two that change the same rows in another order would stop each other.
                self._refuse_late(tx, "epoch", epoch)
                self._rotations.put(tx, rows)
            after = stale[-1][:2]
            moved += len(rows)
            left.extend({row[:2] for row in stale} - {row[3:5] for row in rows})
            advance(len(stale))

    def renew_data_keys(self, by: str, advance: Advance) -> Rotated:
        """Give every user new data keys in the site's suite and seal their values anew; broken off, it goes on.

        Raises:
            InputError: keys are being wrapped under a new epoch; that has to be finished first.

        """
        epoch = self._begin("data", by)
        after, keys, left = 0, 0, list[Place]()
        while True:
            with self._reading() as tx:
                users = self._rotations.users(tx, after, epoch, RENEWED)
            if not users:
                return self._end("data", epoch, keys, left)
            with self._writing() as tx:  # nobody else seals for these users meanwhile
                done = self._renew(tx, users, epoch)
            after, keys = users[-1], keys + done.keys
            left.extend(done.left)
            advance(len(users))

    def rotate_index(self, by: str, advance: Advance) -> Indexed:
        """Write everything that finds users anew, under a new index key, as the rules declare; broken off, it goes on.

        Raises:
            InputError: another rotation is under way; that has to be finished first.

        """
        number = self._begin("index", by)
        users, left = 0, set[int]()
        while True:
            some = self._reindex(number, left, advance)
            users += some
            with self._writing() as tx:
                self._refuse_late(tx, "index", number)
                # Whoever writes holds the log's lock and looks for new keys: nothing is written under older ones now.
                if set(self._index.stale(tx, 0, number, len(left) + 1)) <= left:
                    self._index.end(tx, whole=not left)
                    self._rotations.end(tx, "index", self._house.now())
                    return Indexed(number, users, len(left))

    def _reindex(self, number: int, left: set[int], advance: Advance) -> int:
        """Make everything anew that does not lie under index key `number`; return of how many users."""
        after = users = 0
        while True:
            with self._reading() as tx:
                stale = self._index.stale(tx, after, number, REINDEXED)
            if not stale:
                return users
            with self._writing() as tx:
                self._refuse_late(tx, "index", number)
                done = self._index.write(tx, stale, self._house.ledger.newest_payloads, user_of)
            after = stale[-1]
            users += done.users
            left.update(done.left)
            advance(len(stale))

    def sweep(self, go_on: Callable[[], bool] = lambda: True) -> int:
        """Remove what finds users in ways that the rules took back, some rows at a time; return how many went."""
        gone = 0
        while True:
            with self._writing() as tx:
                some = self._index.sweep(tx, SWEPT)
            gone += some
            if some < SWEPT or not go_on():
                return gone

    def retire(self, by: str, *, give_up: bool = False) -> Retired:
        """Destroy every epoch and index key but the current ones; return which. What is under them is dead then.

        The root of the index stays, since more is derived from it than what finds users. With `give_up` a data key
        that does not open holds nothing up, when no other lies under an older epoch: that is on record with its number.
        What another process destroyed is passed over. Nobody else changes keys meanwhile, so that what the entry names
        is there to be destroyed.

        Raises:
            InputError: a living data key, or something that finds users, still lies under one of them.
            KeyFileError: another process changes the keys.

        """
        with self._keys.destroying() as destroy:
            given_up = self._give_up(by) if give_up else ()
            shown = self.show()
            epochs, indexes = self._doomed(shown.epochs, shown.broken), self._doomed_indexes(shown.indexes)
            if not epochs and not indexes:
                return Retired((), ())
            self._house.do(KeysChanged(by=by, level="retire", epochs=epochs, indexes=indexes))
            with self._house.writing() as tx:
                # Whoever makes keys holds the log's lock and looks for new ones: none is made under these any more.
                self._house.ledger.lock(tx)
                living, found = self._rotations.living(tx), self._index.counts(tx)
                self._doomed({number: living.get(number, 0) for number in self._keys.epochs}, ())
                self._doomed_indexes({number: found.get(number, 0) for number in self._keys.index_files})
                destroy(epochs, indexes)
        return Retired(epochs, indexes, given_up)

    def _give_up(self, by: str) -> tuple[KeyPlace, ...]:
        """Let the data keys under older epochs be lost that do not open, when no other lies there; return which."""
        given_up = self._broken()
        if given_up:
            self._house.do(KeysChanged(by=by, level="give_up", count=len(given_up)))
            with self._house.writing() as tx:
                self._house.ledger.lock(tx)
                still = set(self._rotations.broken(tx))
                self._rotations.give_up(tx, [place for place in given_up if place in still])
        return given_up

    def certify(self, index: int) -> tuple[Certificate, bytes]:
        """Return a certificate that entry `index` destroyed users' keys or values: what it says, and a signed note.

        Raises:
            EntryError: it destroyed none.
            KeysAliveError: one of them is in the key table still, or again.

        """
        self._keys.look_again()
        with self._house.reading() as tx:
            return certify(tx, self._house.ledger, index, self._keys.epochs)

    def destroyed(self, index: int) -> list[bytes]:
        """Return the ids of the keys that entry `index` destroyed, as its certificate names them.

        Raises:
            EntryError: it destroyed nothing, or is of a time when of very many keys only the root was kept.

        """
        with self._house.reading() as tx:
            return destroyed(tx, self._house.ledger, index)

    def stale(self) -> int:
        """Return how many data keys a rotation that is under way has still to do, or a new one would have to."""
        shown = self.show()
        return sum(count for number, count in shown.epochs.items() if number != max(shown.epochs)) or sum(
            shown.epochs.values()
        )

    def _broken(self) -> tuple[KeyPlace, ...]:
        """Return the data keys that lie under an older epoch, when none of them opens."""
        with self._house.reading() as tx:
            return tuple(KeyPlace(*place) for place in self._rotations.broken(tx))

    def _renew(self, tx: Transaction, users: list[int], epoch: int) -> Renewed:
        ledger = self._house.ledger
        self._refuse_late(tx, "data", epoch)
        done = self._rotations.renew(tx, users, epoch, lambda user: ledger.payloads(tx, user))
        ledger.replace_payloads(tx, done.payloads)
        return done

    @contextmanager
    def _reading(self) -> Iterator[Transaction]:
        """Open a transaction that writes nothing, from which on keys are those that the database has come to."""
        with self._house.reading() as tx:
            head = self._house.ledger.head(tx)
            self._rotations.follow(head.epoch, head.index_key)
            yield tx

    @contextmanager
    def _writing(self) -> Iterator[Transaction]:
        """Open a transaction in turn with the acts, in which the index is as the rules declare it now."""
        with self._house.writing() as tx:
            head = self._house.ledger.lock(tx)
            self._known.choose(tx, head, self._house.now())
            yield tx

    def indexed(self) -> int:
        """Return of how many users a rotation of the index key has still to make anew what finds them."""
        with self._house.reading() as tx:
            return self._index.left(tx)

    def unindexed(self) -> Unindexed:
        """Return what a rotation of the index key has to mend: of what the rules declare now, or will."""
        with self._house.reading() as tx:
            view = self._known.view(tx, self._house.ledger.head(tx))
            return Unindexed(*self._index.unfinished(tx, view.indexed(self._house.now())))

    def _begin(self, level: str, by: str) -> int:
        """Begin a rotation, or go on with the one that was broken off; return the epoch, or index key, aimed at."""
        self._keys.look_again()
        with self._house.reading() as tx:
            self._under_way(tx, level)
        self._house.do(KeysChanged(by=by, level=level))
        with self._writing() as tx:  # in turn with whoever else begins one
            self._keys.look_again()
            under_way, now = self._under_way(tx, level), self._house.now()
            if under_way is not None:
                epoch = under_way.epoch
            else:
                epoch = self._keys.new_index(now) if level == "index" else self._keys.new_epoch(now)
                self._rotations.begin(tx, level, epoch, now)
                come_to(tx, **{"index_key" if level == "index" else "epoch": epoch})
            if level == "index":
                self._index.begin(tx, again=under_way is not None)
        return epoch

    def _under_way(self, tx: Transaction, level: str) -> Rotation | None:
        """Return the rotation that is not finished; refuse one of another level."""
        rotations = self._rotations.all(tx)
        under_way = next((each for each in rotations.values() if each.ended is None), None)
        if under_way is not None and under_way.level != level:
            raise InputError(
                "another rotation was begun and is not finished", hint=f"first: keshou keys rotate {under_way.level}"
            )
        return under_way

    def _refuse_late(self, tx: Transaction, level: str, epoch: int) -> None:
        """Refuse to write for a rotation that another process finished meanwhile; hold the log's lock."""
        self._keys.look_again()
        found = self._rotations.all(tx).get(level)
        current = self._keys.current_index if level == "index" else self._keys.current_epoch
        if found is None or found.ended is not None or found.epoch != epoch or current != epoch:
            raise InputError(
                "this rotation was finished, or overtaken, by another process", hint="see: keshou keys show"
            )

    def _end(self, level: str, epoch: int, keys: int, left: list[Place]) -> Rotated:
        with self._writing() as tx:
            self._refuse_late(tx, level, epoch)
            self._rotations.end(tx, level, self._house.now())
        return Rotated(epoch, keys, len(left), tuple(KeyPlace(*place) for place in sorted(left)[:TOLD]))

    @staticmethod
    def _doomed(epochs: dict[int, int], broken: Sequence[KeyPlace]) -> tuple[int, ...]:
        """Return every epoch but the newest, none of which may have a living key; `broken` are those that are left."""
        doomed = tuple(number for number in epochs if number != max(epochs))
        if broken:
            told = ", ".join(f"{each.user} {each.class_}" for each in broken[:TOLD])
            raise InputError(
                f"{len(broken)} keys under an older epoch do not open, and no rotation moves them: {told}",
                hint="put their rows back from a backup, or erase what lies under them; or let it be lost for good: "
                "--give-up, which is on record",
            )
        if alive := sum(epochs[number] for number in doomed):
            raise InputError(
                f"{alive} living keys are wrapped under an older epoch", hint="first: keshou keys rotate epoch"
            )
        return doomed

    @staticmethod
    def _doomed_indexes(indexes: dict[int, int]) -> tuple[int, ...]:
        """Return every index key but the newest and the root; nothing that finds users may lie under an older one."""
        older = [number for number in indexes if number != max(indexes)]
        if sum(indexes[number] for number in older):
            raise InputError("users are still found under an older index key", hint="first: keshou keys rotate index")
        return tuple(sorted(number for number in older if number != ROOT))

    def _masters(self) -> tuple[MasterShown, ...]:
        found = [self._keys.masters.described(number) for number in self._keys.masters.numbers()]
        return tuple(MasterShown(each.number, each.source, each.created) for each in found)
