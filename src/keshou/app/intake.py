# SPDX-License-Identifier: Apache-2.0
"""Take in the users an operator already has, from a table: every row held against the rules, then brought to the gate.

The table is read twice: first every row is checked and nothing is done; then the rows go in. With ``stop`` one bad
row keeps all of them out; with ``skip`` the others go in. A row is told by its number and a code, never by a value.
"""

import datetime as dt
import hashlib
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from keshou.acts.request import Job, Perform
from keshou.app.intake_row import Columns, Parsed, faults_in, parse
from keshou.app.site import Site
from keshou.app.table_file import Given, Row, read_header, read_rows
from keshou.declaration.model import Published
from keshou.errors import InputError
from keshou.gate.act import Act
from keshou.gate.decision import Decision, Deny
from keshou.gate.facts import CapacityLimited, ConsentGiven, NoticeShown, ServiceStarted, UserFact
from keshou.law.model import Citation
from keshou.law.terms import ActKind

_CHUNK = 1000
Advance = Callable[[int], None]
OnError = Literal["stop", "skip"]


class Fault(NamedTuple):
    """What is wrong with one row."""

    row: int
    """Counted from one, the header left out."""
    code: str
    column: str = ""
    purpose: str = ""
    """Of a denial: the purpose it was asked for."""
    cites: tuple[Citation, ...] = ()
    """Of a denial: the provisions it met."""


class Report(NamedTuple):
    """What became of a table."""

    rows: int
    taken: int
    """Users who are on record now through this table."""
    faults: tuple[Fault, ...]
    """In the order of the rows."""


class _RefusedError(Exception):
    """Leaves a transaction undone because the gate refused a row."""


class Intake:
    """One table for one site, by one member of staff."""

    def __init__(
        self,
        site: Site,
        path: Given,
        *,
        by: str,
        where: str = "",
        purposes: Collection[str] = (),
        mapping: Mapping[str, str] | None = None,
    ) -> None:
        rules = site.rules()
        if rules is None:
            raise InputError("no rules are published", hint="publish them first, with `keshou publish`")
        self._site, self._path, self._by, self._where = site, path, by, where
        self._rules: Published = rules
        self._columns = Columns.of(read_header(path), mapping or {}, rules.declaration, purposes)
        self._seen: set[bytes] = set()
        self._plans: dict[tuple[frozenset[str], frozenset[str]], list[tuple[str, frozenset[str]]]] = {}
        self._faults: list[Fault] = []
        self.rows = 0

    def run(
        self, on_error: OnError, on_check: Advance = lambda _: None, on_taken: Advance = lambda _: None, *,
        by_parts: bool = False,
    ) -> Report:  # fmt: skip
        """Check every row, then take in what may be taken in.

        With ``stop`` one transaction takes in all or none, for which everybody else waits. `by_parts` others go on
        between: the gate is asked about every row before the first goes in, and only what changes meanwhile can have
        one denied; that ends it there, and what went in before is in.
        """
        stops = on_error == "stop"
        self._check(on_check, ask=stops and by_parts)
        if stops and self._faults:
            taken = 0
        elif stops and not by_parts:
            taken = self._take_all(on_taken)
        else:
            taken = self._take_parts(on_taken, stops=stops)
        return Report(self.rows, taken, tuple(sorted(self._faults, key=lambda each: each.row)))

    def _check(self, on_check: Advance, *, ask: bool) -> None:
        for chunk in _chunks(read_rows(self._path)):
            for row in chunk:
                self._faults.extend(Fault(row.number, code, column) for code, column in self._wrong(row))
            self._find_known(chunk)
            if ask:
                self._ask(chunk)
            self.rows += len(chunk)
            on_check(len(chunk))

    def _wrong(self, row: Row) -> list[tuple[str, str]]:
        if row.fault:
            return [(row.fault, "")]
        wrong = faults_in(row.values, self._columns)
        mark = hashlib.blake2b(row.values[self._columns.user].encode(), digest_size=16).digest()
        if mark in self._seen:
            wrong.append(("user_twice", "user_id"))
        self._seen.add(mark)
        return wrong

    def _find_known(self, chunk: Sequence[Row]) -> None:
        users = {row.values[self._columns.user]: row.number for row in chunk if not row.fault}
        self._faults.extend(Fault(users[user], "user_known", "user_id") for user in _on_record(self._site, users))

    def _ask(self, chunk: Sequence[Row]) -> None:
        """Take note of what the gate would deny of the rows in which nothing else is wrong."""
        bad, now = {fault.row for fault in self._faults}, self._site.now()
        work = self._jobs_of((row for row in chunk if row.number not in bad), now)
        self._note([(number, job.act.purpose) for number, job in work], _supposed(self._site, [job for _, job in work]))

    def _jobs_of(self, rows: Iterable[Row], now: dt.datetime) -> list[tuple[int, Perform]]:
        return [(row.number, job) for row in rows for job in self._jobs(parse(row.values, self._columns), now)]

    def _work(self, on_taken: Advance) -> Iterator[tuple[list[tuple[int, str]], list[Job]]]:
        """Yield row number and purpose of each act, and the acts, some rows at a time."""
        bad = {fault.row for fault in self._faults}
        for chunk in _chunks(row for row in read_rows(self._path) if row.number not in bad):
            work = self._jobs_of(chunk, self._site.now())
            yield [(number, job.act.purpose) for number, job in work], [job for _, job in work]
            on_taken(len(chunk))

    def _take_parts(self, on_taken: Advance, *, stops: bool) -> int:
        taken = 0
        for chunk, jobs in self._work(on_taken):
            taken += self._note(chunk, [done.decision for done in self._site.do_all(jobs)])
            if stops and self._faults:
                break
        return taken

    def _take_all(self, on_taken: Advance) -> int:
        try:
            with self._site.as_one() as do:
                taken = sum(
                    self._note(chunk, [done.decision for done in do(jobs)]) for chunk, jobs in self._work(on_taken)
                )
                self._refuse_if_any()
        except _RefusedError:
            return 0
        return taken

    def _refuse_if_any(self) -> None:
        if self._faults:
            raise _RefusedError

    def _note(self, chunk: Sequence[tuple[int, str]], decisions: Sequence[Decision | None]) -> int:
        """Take note of what was denied; return of how many users nothing was."""
        numbers: set[int] = set()
        refused: set[int] = set()
        for (number, purpose), decision in zip(chunk, decisions, strict=True):
            if number in refused:
                continue
            if isinstance(decision, Deny):
                refused.add(number)
                cites = tuple(dict.fromkeys(reason.cite for reason in decision.reasons))
                self._faults.append(Fault(number, "denied", "", purpose, cites))
            else:
                numbers.add(number)
        return len(numbers)

    def _jobs(self, row: Parsed, now: dt.datetime) -> list[Perform]:
        """Return the acts that take a row in: as few as its items need purposes; the first admits the user."""
        items, agreed = frozenset(row.values), frozenset(row.consents)
        plan = self._plans.get((items, agreed))
        if plan is None:
            plan = self._plans[items, agreed] = list(_plan(items, agreed, self._columns.collected))
        return [
            Perform(
                act=Act(
                    kind=ActKind.COLLECT, user=row.user, items=part, purpose=purpose, by=self._by, when=now,
                    where=self._where,
                ),
                values={item: row.values[item] for item in part},
                facts=self._facts(row, now) if place == 0 else (),
                admit=place == 0,
            )
            for place, (purpose, part) in enumerate(plan)
        ]  # fmt: skip

    def _facts(self, row: Parsed, now: dt.datetime) -> tuple[UserFact, ...]:
        facts: list[UserFact] = []
        version = self._rules.version
        if row.consents:
            facts.append(NoticeShown(at=now, version=version, digest=self._rules.digest))
        facts += [
            ConsentGiven(at=now, purpose=purpose, version=version, strength=strength)
            for purpose, strength in row.consents.items()
        ]
        facts += [ServiceStarted(at=now, service=service) for service in row.services]
        if row.limited:
            facts.append(CapacityLimited(at=now))
        return tuple(facts)


def _on_record(site: Site, users: Collection[str]) -> Collection[str]:
    """Return those of `users` who are known already."""
    with site.reading() as tx:
        return site._known.vault.find_users(tx, users)  # noqa: SLF001 - of the same room; only presence is asked


def _supposed(site: Site, jobs: Sequence[Perform]) -> list[Decision]:
    """Return what the gate would answer on `jobs`, were they brought to it now."""
    return site._acts.suppose(site.database, jobs, site.now())  # noqa: SLF001 - of the same room; nothing is done


def _plan(
    items: frozenset[str], agreed: frozenset[str], collected: Mapping[str, frozenset[str]]
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield purposes and the items each is to collect: those agreed to first, then what needs most of the items."""
    left = items
    while left:
        able = [purpose for purpose, needed in collected.items() if needed & left]
        purpose = max(able, key=lambda each: (each in agreed, len(collected[each] & left)))
        yield purpose, collected[purpose] & left
        left -= collected[purpose]


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rows = iter(rows)
    while chunk := list(itertools.islice(rows, _CHUNK)):
        yield chunk
