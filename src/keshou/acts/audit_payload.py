# SPDX-License-Identifier: Apache-2.0
"""Payloads held against the entries that commit to them, and opened against the facts they tell."""

from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from keshou.acts.draft import Payload
from keshou.db import Transaction
from keshou.errors import IntegrityError
from keshou.gate.every_fact import AnyUserFact
from keshou.gate.store import FactRow, Standings
from keshou.ledger.counted.store import Count
from keshou.ledger.counted.store import Row as Counts
from keshou.ledger.entry import SALT_SIZE, Header, commit, to_text
from keshou.ledger.events import is_judged
from keshou.ledger.merkle import Frontier, leaf_hash
from keshou.vault.errors import SealBrokenError
from keshou.vault.receipt import Receipt
from keshou.vault.store import Vault

_AT_ONCE = 256

Row = tuple[int, int, bytes, str | None]
"""Index of the entry, surrogate key of the user, sealed payload (empty unless payloads are opened), refusal."""


class FactsTamperedError(IntegrityError):
    """Stored facts, rules or payloads are not what the log tells: `index` is the first such entry, `what` says how."""

    def __init__(self, index: int, what: str) -> None:
        super().__init__(
            f"what is stored does not agree with entry {index} of the log: {what}",
            hint="let nothing be decided on it; keep the database as it is and compare it with a backup",
        )
        self.index = index
        self.what = what


class Opened(Payload, frozen=True, omit_defaults=True):
    """A payload read back, its facts as the facts they are."""

    facts: tuple[AnyUserFact, ...] = ()


class _Named(msgspec.Struct, frozen=True):
    user: str


_decode_named = msgspec.json.Decoder(_Named).decode


def user_of(payload: bytes) -> str:
    """Return the operator's id of the user whom an opened payload, its salt before it, is about."""
    return _decode_named(payload[SALT_SIZE:]).user


class Opener:
    """Opens payloads of the entries before the receipt's own; each opening is paid for."""

    def __init__(self, tx: Transaction, vault: Vault, receipt: Receipt) -> None:
        self._tx, self._vault, self._receipt = tx, vault, receipt

    def opens(self, index: int) -> bool:
        """Say whether the receipt was made after entry `index`."""
        return index < self._receipt.index

    def open(self, index: int, rows: Sequence[Row]) -> list[tuple[bytes, Opened]]:
        """Return commitment and content of each payload.

        Raises:
            FactsTamperedError: one was altered, its key is gone, it is about another user, or tells otherwise of it.
            ReceiptError: the receipt is spent.

        """
        try:
            sealed = self._vault.fetch_records(self._tx, [(user, held) for _, user, held, _ in rows])
            raw = [self._vault.open_record(each, self._receipt) for each in sealed]
            read = [_decode(each[SALT_SIZE:]) for each in raw]
        except (SealBrokenError, msgspec.DecodeError) as error:
            raise FactsTamperedError(index, "a payload was altered, or its key is gone") from error
        known = self._vault.find_users(self._tx, {each.user for each in read})
        if any(known.get(each.user) != user for each, (_, user, *_) in zip(read, rows, strict=True)):
            raise FactsTamperedError(index, "the operator's id of the user leads to somebody else")
        if any(not _agrees(each, refused) for each, (*_, refused) in zip(read, rows, strict=True)):
            raise FactsTamperedError(index, "which users were refused is not what the payloads tell")
        return [(commit(each[:SALT_SIZE], each[SALT_SIZE:]), payload) for each, payload in zip(raw, read, strict=True)]


_decode = msgspec.json.Decoder(Opened).decode


def _least(header: Header) -> int:
    """Return of how many users at least an entry about several has payloads.

    One that was denied, or that judged a table, counts strangers and rows as well.
    """
    return 2 if header.decision == "deny" or is_judged(header.event) else max(2, header.count)


def _agrees(payload: Opened, refused: str | None) -> bool:
    """Say whether what is kept in plain of who was refused is what the payload tells; of nobody, nothing need be."""
    return refused == (None if payload.refused is None else " ".join(payload.refused)) or not (
        refused or payload.refused
    )


class Missing:
    """Payloads of one kind that are not there, along the log, and how many erasures tell went with whom they erased."""

    def __init__(self) -> None:
        self._missing = self._since = self._went = 0
        self._first = self._last = -1
        self._untold = False

    @property
    def untold(self) -> int:
        """How many are missing that no erasure counts; only where some erasure counts nothing."""
        return self._missing - self._went

    def missing(self, index: int, number: int) -> None:
        """Take note of payloads that an entry should have."""
        if not self._since:
            self._first = index
        self._missing += number
        self._since += number

    def went(self, index: int, number: int) -> None:
        """Take note of an entry that says how many went with whom it erased: all of entries before it."""
        self._went += number
        self._last = index

    def anything_went(self, index: int) -> None:
        """Take note of an erasure that does not say how many went with it."""
        self._since, self._untold, self._last = 0, True, index

    def finish(self) -> None:
        """Refuse what does not add up.

        Raises:
            FactsTamperedError: more is missing than went, or less.

        """
        if self._since > self._went:
            more = self._since - self._went
            what = f"payloads are missing, here or later, that went with no erased user: {more}"
            raise FactsTamperedError(self._first, what)
        if self._missing < self._went:
            back = self._went - self._missing
            what = f"payloads are there, here or before, that went with erased users: {back}"
            raise FactsTamperedError(self._last, what)


def _told(index: int, header: Header, counted: Iterator[Counts]) -> Count | None:
    """Return how many payloads an entry says are kept under it, or went with whom it erased; None of one from before.

    Raises:
        FactsTamperedError: what is kept of it is not what the entry commits to.

    """
    rows = list(islice(counted, 2))
    if not rows and not header.payloads:
        return None
    if len(rows) != 1 or rows[0].number.committed(rows[0].salt) != header.payloads:
        raise FactsTamperedError(index, "how many payloads it has, or went with an erased user, is not what it tells")
    return rows[0].number


class Payloads:
    """What was found of payloads so far."""

    def __init__(self, tx: Transaction, standings: Standings, opener: Opener | None) -> None:
        self._tx, self._standings, self._opener = tx, standings, opener
        self._last_erased = standings.erased_at(tx)
        self._ones, self._manys = Missing(), Missing()
        self._unnumbered = 0
        self.opened = 0
        self.forgotten = 0

    @property
    def untold(self) -> int:
        """Return of how many payloads at least no erasure tells whether they went with whom it erased."""
        return self._ones.untold + self._manys.untold + self._unnumbered

    def check(
        self, index: int, header: Header, facts: Sequence[FactRow], rows: Iterator[Row], counted: Iterator[Counts]
    ) -> int | None:
        """Hold the payloads of one entry against its header and the stored facts; takes all of `rows` and `counted`.

        Return the user whose one payload lies under it; None where there is none, or it is about several.

        Raises:
            FactsTamperedError: one is missing, was added, or is not what the entry commits to.

        """
        told = _told(index, header, counted)
        if header.c and not header.obj:
            self._many(index, header, rows, told)
            return None
        self._erasure(index, header, facts, told)
        held = list(islice(rows, 2))
        if len(held) > (1 if header.c else 0):
            raise FactsTamperedError(index, "a payload was added that the entry does not commit to")
        if header.c and not held:
            self._gone(index, facts, told)
        elif header.c:
            self._one(index, header, facts, held)
        return held[0][1] if held else None

    def finish(self) -> None:
        """Hold the payloads that are missing against those that went with whoever was erased.

        Raises:
            FactsTamperedError: others are missing, or some that went are there; names the first that may be one.

        """
        self._ones.finish()
        self._manys.finish()

    def _erasure(self, index: int, header: Header, facts: Sequence[FactRow], told: Count | None) -> None:
        """Take note of an erasure; one from before erasures counted explains any number of what is missing before."""
        erased = any(row.kind == "erased" for row in facts)
        if told is not None and not erased:
            raise FactsTamperedError(index, "an erasure is missing")
        if told is not None:
            self._ones.went(index, told.one)
            self._manys.went(index, told.many)
        elif erased:
            self._ones.anything_went(index)
            self._manys.anything_went(index)

    def _one(self, index: int, header: Header, facts: Sequence[FactRow], held: Sequence[Row]) -> None:
        if any(row.user != held[0][1] for row in facts):
            raise FactsTamperedError(index, "a fact or the payload is of another user than the entry is about")
        if any(row.kind == "erased" for row in facts):
            raise FactsTamperedError(index, "an erased user has a payload")
        for leaf, payload in self._open(index, held):
            if to_text(leaf) != header.c:
                raise FactsTamperedError(index, "the payload is not what the entry commits to")
            if payload.facts != tuple(row.fact() for row in facts):
                raise FactsTamperedError(index, "a fact of the user is missing, or not the one the payload tells")

    def _many(self, index: int, header: Header, rows: Iterator[Row], told: Count | None) -> None:
        """Hold a bulk act's payloads, in the order of users, against the root that its entry commits to."""
        tree, count, opened = Frontier(), 0, False
        while held := list(islice(rows, _AT_ONCE)):
            count += len(held)
            for leaf, payload in self._open(index, held):
                opened = True
                tree.push(leaf_hash(leaf))
                if payload.facts:
                    raise FactsTamperedError(index, "a payload of a bulk act tells of facts")
        short = count < (_least(header) if told is None else told.many)
        if told is not None and count > told.many:
            raise FactsTamperedError(index, "a payload was added that the entry does not commit to")
        if not short and (not opened or to_text(tree.root()) == header.c):
            return
        if index >= self._last_erased or not (short or told is None):
            what = "payloads are missing" if short else "the payloads are not what the entry commits to"
            raise FactsTamperedError(index, what)
        self.forgotten += 1
        if told is None:
            self._unnumbered += 1
        else:
            self._manys.missing(index, told.many - count)

    def _gone(self, index: int, facts: Sequence[FactRow], told: Count | None) -> None:
        """Accept that a payload is gone where its user was erased then or later; without facts, where anybody was.

        How many may be gone in all is asked at the end.
        """
        erased = self._standings.erased_at(self._tx, facts[0].user) if facts else self._last_erased
        if erased <= index:
            raise FactsTamperedError(index, "the payload is missing")
        self.forgotten += 1
        if told is None and not any(row.kind == "erased" for row in facts):
            self._ones.missing(index, 1)

    def _open(self, index: int, held: Sequence[Row]) -> list[tuple[bytes, Opened]]:
        if self._opener is None or not self._opener.opens(index):
            return []
        found = self._opener.open(index, held)
        self.opened += len(found)
        return found
