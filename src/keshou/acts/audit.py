# SPDX-License-Identifier: Apache-2.0
"""Hold the stored facts against the log: what the gate permits stands on facts, and each must be one an entry tells.

The log is walked once from its first entry to its last; stored facts and payloads come along in the same order:

1. the operator's facts are those in their entry's header: none missing, none added, none altered
2. every published declaration has the digest its entry tells, and its pages have the digests kept with them
3. a user's facts lie under an entry about that user, and an entry that tells of such facts has them; they are dated
   and for the purpose that the entry tells openly
4. what counts towards bulk acts is what the entries of exports, copies, deletions, destructions and ended services
   tell, and searches are counted
5. payloads lie under entries that commit to them; with a receipt they are opened, are what was committed to, and say
   what the stored facts say
6. every value held is of the moment of the last entry that collected it
7. as many payloads are missing as the entries of erasures say went with whom they erased

Whether the log itself is what was written is asked first, of `keshou.ledger.audit`. Nothing is changed.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import groupby
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from keshou.acts.adding_up import kind_of
from keshou.acts.audit_payload import FactsTamperedError, Opener, Payloads, Row
from keshou.acts.audit_told import check_told
from keshou.acts.audit_values import Values
from keshou.db import Transaction, from_micros
from keshou.declaration.store import Declarations
from keshou.gate.act import OWN_HAND
from keshou.gate.conditions import ERASING_KINDS
from keshou.gate.facts import Erased, ReviewUsed, RulesPublished, SiteFact, UserFact
from keshou.gate.store import FactRow, Standings
from keshou.gate.taking.store import Taking, Takings
from keshou.law.terms import BULK_KINDS, ActKind
from keshou.ledger.counted.store import Counted
from keshou.ledger.counted.store import Row as Counts
from keshou.ledger.entry import Header, decode
from keshou.ledger.errors import EntryError
from keshou.ledger.events import AGAIN, SEARCH, SERVICE_ENDED, is_fact, is_judged, of_facts
from keshou.ledger.rows import count_payloads, payload_rows
from keshou.ledger.store import Ledger
from keshou.vault.errors import SealBrokenError
from keshou.vault.receipt import Receipt
from keshou.vault.store import Vault

_PROGRESS = 4096
_Row = TypeVar("_Row")

Progress = Callable[[int, int], None]
"""Told now and then how many entries of how many are done."""


class FactsAudited(NamedTuple):
    """What was held against the log."""

    entries: int
    site_facts: int
    user_facts: int
    versions: int
    """Published versions of the rules."""
    payloads: int
    opened: int
    """Payloads opened and compared with the facts; where it is 0, users' facts were looked at from outside only."""
    forgotten: int
    """Entries whose payloads went, in whole or in part, with an erased user, so that no commitment can be checked."""
    untold: int
    """Payloads at least that are gone with users erased before erasures told how many went: whether all of these were
    theirs cannot be told."""


def openings(tx: Transaction) -> int:
    """Return how many openings a receipt must be good for; count them in the transaction that appends its entry."""
    return max(1, count_payloads(tx))


def audit_facts(
    tx: Transaction,
    ledger: Ledger,
    standings: Standings,
    declarations: Declarations,
    vault: Vault,
    *,
    on_progress: Progress | None = None,
    receipt: Receipt | None = None,
) -> FactsAudited:
    """Compare stored facts, rules and payloads with the entries that tell of them; memory does not grow with the log.

    With a `receipt` the payloads of the entries before the receipt's own are opened, one opening each.

    Raises:
        FactsTamperedError: something stored is not what its entry tells; names the first such entry.
        LedgerError: an entry is missing.
        ReceiptError: the receipt is good for too few openings.

    """
    opener = Opener(tx, vault, receipt) if receipt is not None else None
    walk = _Walk(tx, standings, declarations, vault, opener)
    size = ledger.head(tx).size
    entries = ledger.entries(tx, 0, size)
    try:
        for index, body in entries:
            walk.entry(index, _read(index, body))
            if on_progress is not None and (index + 1) % _PROGRESS == 0:
                on_progress(index + 1, size)
        walk.finish(size)
    finally:
        _close(entries)
        walk.close()
    if on_progress is not None:
        on_progress(size, size)
    return walk.result(size)


def _read(index: int, body: bytes) -> Header:
    try:
        return decode(body)
    except EntryError as error:
        raise FactsTamperedError(index, "the entry is not in canonical form") from error


def _close(rows: Iterator[object]) -> None:
    """Let go of a stream's cursor while its transaction is still open."""
    if isinstance(rows, Generator):
        rows.close()


class _Line(Generic[_Row]):
    """Stored rows in the order of the entries they belong to, handed out entry by entry."""

    def __init__(self, rows: Iterator[_Row], place: Callable[[_Row], int], what: str) -> None:
        self._rows, self._groups = rows, groupby(rows, place)
        self._next = next(self._groups, None)
        self._what = what
        self.seen = 0

    def at(self, index: int) -> Iterator[_Row]:
        """Yield the rows of entry `index`; ask for entries in order, and take all that is yielded.

        Raises:
            FactsTamperedError: there are rows of an entry before, that was not asked for.

        """
        if self._next is None or self._next[0] > index:
            return
        if self._next[0] < index:
            self.finish()
        for row in self._next[1]:
            self.seen += 1
            yield row
        self._next = next(self._groups, None)

    def close(self) -> None:
        """Let go of the rows."""
        _close(self._rows)

    def finish(self) -> None:
        """Refuse rows that are left."""
        if self._next is not None:
            raise FactsTamperedError(self._next[0], f"there is {self._what}, and no such entry")


class _Walk:
    """The stored tables on their way along the log."""

    def __init__(
        self, tx: Transaction, standings: Standings, declarations: Declarations, vault: Vault, opener: Opener | None
    ) -> None:
        self._tx, self._declarations, self._vault = tx, declarations, vault
        self._site = _Line(standings.site_rows(tx), _index_of, "a fact of the operator")
        self._users = _Line(standings.user_rows(tx), _index_of, "a fact of a user")
        rows = payload_rows(tx, sealed=opener is not None)
        self._sealed: _Line[Row] = _Line(rows, lambda row: row[0], "a payload")
        self._counted: _Line[Counts] = _Line(Counted().rows(tx), lambda row: row.entry, "a number of payloads")
        self._payloads = Payloads(tx, standings, opener)
        self._takings: _Line[Taking] = _Line(Takings().rows(tx), lambda row: row.entry, "a number that adds up")
        self._lines: tuple[_Line[Any], ...] = (self._site, self._users, self._sealed, self._takings, self._counted)
        self._values = Values(tx)
        self._versions: set[int] = set()

    def entry(self, index: int, header: Header) -> None:
        """Hold everything stored under one entry against its header."""
        self._site_facts(index, header)
        facts = self._user_facts(index, header)
        self._taking(index, header)
        user = self._payloads.check(index, header, facts, self._sealed.at(index), self._counted.at(index))
        self._values.entry(index, header, user)

    def finish(self, size: int) -> None:
        """Refuse whatever belongs to no entry.

        Raises:
            FactsTamperedError: there is something; a version of the rules without one is told at the log's end.

        """
        for line in self._lines:
            line.finish()
        self._payloads.finish()
        self._values.finish(size)
        for version in self._declarations.numbers(self._tx):
            if version not in self._versions:
                raise FactsTamperedError(size, f"there is version {version} of the rules, and no entry published it")

    def close(self) -> None:
        """Let go of what is being read."""
        for line in self._lines:
            line.close()

    def result(self, size: int) -> FactsAudited:
        """Return what was looked at."""
        payloads = (self._sealed.seen, self._payloads.opened, self._payloads.forgotten, self._payloads.untold)
        return FactsAudited(size, self._site.seen, self._users.seen, len(self._versions), *payloads)

    def _site_facts(self, index: int, header: Header) -> None:
        rows = list(self._site.at(index))
        facts = _sound(index, rows, "operator")
        if _uses_review(header):
            self._review_used(index, header, facts)
        elif is_fact(header.event) and header.fact is not msgspec.UNSET and not _counts_alone(header):
            _compare_site(index, bytes(header.fact), rows)
        elif rows:
            raise FactsTamperedError(index, "a fact of the operator was added that the entry does not tell")
        for fact in facts:
            if isinstance(fact, RulesPublished):
                self._rules(index, fact)

    def _review_used(self, index: int, header: Header, facts: Sequence[UserFact | SiteFact]) -> None:
        """Check that a bulk act used up the review it names; one that nobody approved is named by a token."""
        used = [fact for fact in facts if isinstance(fact, ReviewUsed)]
        if len(used) != 1 or len(facts) != 1 or used[0].at != from_micros(header.t):
            raise FactsTamperedError(index, "the use of a review is missing, or altered")
        if not self._is_named(used[0].review, header.review):
            raise FactsTamperedError(index, "another review than the entry tells was used up")

    def _is_named(self, word: str, name: str) -> bool:
        return word == name or (name.startswith("?") and self._vault.blind(word).startswith(name[1:]))

    def _taking(self, index: int, header: Header) -> None:
        """Check that an act counts towards a bulk act as its entry tells; one under a review may count or not."""
        if header.event == SEARCH:
            self._search(index, header)
            return
        users = _users_that_count(header)
        told = [Taking(index, header.who, kind_of(header.event), header.t, users)] if users > 0 else []
        held = list(self._takings.at(index))
        if held != told and (held or header.review == ""):
            raise FactsTamperedError(index, "what counts towards a bulk act is missing, altered or added")

    def _search(self, index: int, header: Header) -> None:
        told = [Taking(index, header.who, SEARCH, header.t, 1)] if header.fact is msgspec.UNSET else []
        if list(self._takings.at(index)) != told:
            raise FactsTamperedError(index, "a search is not counted as the entry tells")

    def _rules(self, index: int, fact: RulesPublished) -> None:
        held = self._declarations.stored(self._tx, fact.version)
        if held is None:
            raise FactsTamperedError(index, f"version {fact.version} of the rules is missing")
        if (held.digest, held.effective) != (fact.digest, fact.effective) or not held.whole:
            raise FactsTamperedError(index, f"version {fact.version} of the rules is not what was published")
        self._versions.add(fact.version)

    def _user_facts(self, index: int, header: Header) -> list[FactRow]:
        """Return the rows of the one user whom the entry is about."""
        rows = list(self._users.at(index))
        tells_site = header.fact is not msgspec.UNSET and not _counts_alone(header)
        about_one = bool(header.c and header.obj) and not tells_site and header.decision != "deny"
        if rows and (not about_one or len({row.user for row in rows}) != 1):
            raise FactsTamperedError(index, "a fact of a user was added that the entry does not tell")
        facts = _sound(index, rows, "user")
        if header.c and is_fact(header.event):
            kinds = of_facts(row.kind for row in rows)
            if kinds != header.event:
                raise FactsTamperedError(index, "a fact of a user is missing, or is not of the kind the entry tells")
        check_told(index, header, facts)
        if any(isinstance(fact, Erased) for fact in facts):
            self._erasure(index, header, rows)
        return rows

    def _erasure(self, index: int, header: Header, rows: Sequence[FactRow]) -> None:
        erasing = header.decision == "permit" and header.event in {"delete", "destroy", AGAIN} and len(rows) == 1
        if not erasing or _has_key(self._tx, self._vault, rows[0].user):
            raise FactsTamperedError(index, "an erasure was added that the entry does not tell, or of another user")


def _has_key(tx: Transaction, vault: Vault, user: int) -> bool:
    """Say whether anything sealed about a user's entries could still be opened."""
    try:
        vault.fetch_record(tx, user, b"")
    except SealBrokenError:
        return False
    return True


def _index_of(row: FactRow) -> int:
    return row.revision - 1


def _sound(index: int, rows: Sequence[FactRow], whose: str) -> list[UserFact | SiteFact]:
    """Return the facts of rows that are just as they are written, numbered from nought."""
    facts = [row.fact() for row in rows]
    if None in facts or [row.ordinal for row in rows] != list(range(len(rows))):
        raise FactsTamperedError(index, f"a fact of the {whose} is missing, or its row was altered")
    return [fact for fact in facts if fact is not None]


def _users_that_count(header: Header) -> int:
    """Return of how many users an entry tells that something adds up, but for what a review covered."""
    if is_judged(header.event) or header.event == SERVICE_ENDED:
        return 0 if header.fact is msgspec.UNSET else msgspec.json.decode(header.fact, type=_Counts).counts
    return header.count if _is_bulk(header) and header.decision == "permit" else 0


def _is_bulk(header: Header) -> bool:
    """Say whether the entry is of an act of which many make a bulk act.

    What users delete of their own is none, and no deletion was before entries told what it removed.
    """
    if header.event == ActKind.DELETE and (header.fact is msgspec.UNSET or header.who == OWN_HAND):
        return False
    return header.event in BULK_KINDS


def _counts_alone(header: Header) -> bool:
    """Say whether the entry counts something beside what it tells of one user, and tells no fact of the operator."""
    return header.event == SERVICE_ENDED or header.event in ERASING_KINDS


class _Counts(msgspec.Struct, frozen=True):
    """What of the outcome of a table, or of an ended service, counts towards a bulk act."""

    counts: int = 0


def _uses_review(header: Header) -> bool:
    """Say whether the entry is of an act that was let through, alone or as a whole, and used up an approved review."""
    through = header.decision == "permit" or header.fact is not msgspec.UNSET
    uses = through and (_is_bulk(header) or header.event == SERVICE_ENDED)
    return uses and header.review != "" and not header.review.startswith("?")


def _compare_site(index: int, told: bytes, rows: Sequence[FactRow]) -> None:
    bodies = b",".join(row.body.encode() for row in rows)
    held = b"[" + bodies + b"]" if told.startswith(b"[") else bodies
    if held == told:
        return
    what = "altered or added" if rows else "missing"
    raise FactsTamperedError(index, f"a fact of the operator is {what}")
