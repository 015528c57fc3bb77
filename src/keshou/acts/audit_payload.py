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


class Payloads:
    """What was found of payloads so far."""

    def __init__(self, tx: Transaction, standings: Standings, opener: Opener | None) -> None:
        self._tx, self._standings, self._opener = tx, standings, opener
        self._last_erased = standings.erased_at(tx)
        self.opened = 0
        self.forgotten = 0

    def check(self, index: int, header: Header, facts: Sequence[FactRow], rows: Iterator[Row]) -> None:
        """Hold the payloads of one entry against its header and the stored facts; takes all of `rows`.

        Raises:
            FactsTamperedError: one is missing, was added, or is not what the entry commits to.

        """
        if header.c and not header.obj:
            self._many(index, header, rows)
            return
        held = list(islice(rows, 2))
        if len(held) > (1 if header.c else 0):
            raise FactsTamperedError(index, "a payload was added that the entry does not commit to")
        if header.c and not held:
            self._gone(index, facts)
        elif header.c:
            self._one(index, header, facts, held)

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

    def _many(self, index: int, header: Header, rows: Iterator[Row]) -> None:
        """Hold a bulk act's payloads, in the order of users, against the root that its entry commits to."""
        tree, count, opened = Frontier(), 0, False
        while held := list(islice(rows, _AT_ONCE)):
            count += len(held)
            for leaf, payload in self._open(index, held):
                opened = True
                tree.push(leaf_hash(leaf))
                if payload.facts:
                    raise FactsTamperedError(index, "a payload of a bulk act tells of facts")
        short = count < _least(header)
        if not short and (not opened or to_text(tree.root()) == header.c):
            return
        if index >= self._last_erased:
            what = "payloads are missing" if short else "the payloads are not what the entry commits to"
            raise FactsTamperedError(index, what)
        self.forgotten += 1

    def _gone(self, index: int, facts: Sequence[FactRow]) -> None:
        """Accept that a payload is gone where its user was erased then or later; without facts, where anybody was."""
        erased = self._standings.erased_at(self._tx, facts[0].user) if facts else self._last_erased
        if erased <= index:
            raise FactsTamperedError(index, "the payload is missing")
        self.forgotten += 1

    def _open(self, index: int, held: Sequence[Row]) -> list[tuple[bytes, Opened]]:
        if self._opener is None or not self._opener.opens(index):
            return []
        found = self._opener.open(index, held)
        self.opened += len(found)
        return found
