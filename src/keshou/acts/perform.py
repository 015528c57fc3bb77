# SPDX-License-Identifier: Apache-2.0
"""class Acts: the procedure. `app` hands out Acts, never the Vault."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from keshou.acts import again, effects, ending, events, expiring, holding, searching
from keshou.acts.audit import FactsAudited, Progress, audit_facts
from keshou.acts.draft import Draft
from keshou.acts.hands import Makers, no_programs
from keshou.acts.known import Known
from keshou.acts.mask import masked
from keshou.acts.request import (
    Audit,
    BulkPerform,
    Cancel,
    Done,
    Erase,
    EraseAgain,
    Expire,
    Job,
    Judged,
    KeysChanged,
    Perform,
    Publish,
    Record,
    RecordSite,
    Release,
    Restore,
    Search,
)
from keshou.acts.supposing import suppose
from keshou.acts.truth import check_writer
from keshou.acts.work import Pending, Tell, Work
from keshou.db import Database, Transaction
from keshou.gate.act import Act, counted_as
from keshou.gate.decision import Decision, Permit
from keshou.ledger.store import Ledger
from keshou.vault.receipt import Receipt


class Acts:
    """The one door to users' information: ask; perform; finish once it is committed."""

    def __init__(self, known: Known, ledger: Ledger, tell: Tell, makers: Makers = no_programs) -> None:
        self._known = known
        self._ledger = ledger
        self._tell = tell
        self._makers = makers

    def ask(self, database: Database, act: Act, at_least: int | None, *, then: bool = False) -> Decision:
        """Return the gate's decision; nothing is done and nothing recorded."""
        return self._known.ask(database, self._ledger, self._known.named(act), at_least, then=then)

    def decide(
        self, database: Database, acts: Sequence[Act], size: int, *, alike: bool = False, then: bool = False
    ) -> list[Decision]:
        """Return the gate's decisions on facts at least as new as the log of `size` entries; nothing is recorded.

        With `alike` what is denied whoever the user is tells nothing of the user.
        """
        return self._known.decide(database, self._ledger, acts, size, alike=alike, then=then)

    def decide_known(
        self, acts: Sequence[Act], size: int, *, alike: bool = False, then: bool = False
    ) -> list[Decision] | None:
        """Return what `decide` would when memory is enough for it, else None; never waits for the database."""
        latest = None if then else self._ledger.latest
        return self._known.decide_known(acts, size, alike=alike, latest=latest)

    def suppose(self, database: Database, jobs: Sequence[Perform], now: dt.datetime) -> list[Decision]:
        """Return what the gate would answer on `jobs`, each as if those before it were done; nothing is done."""
        with database.reading() as tx:
            head = self._ledger.head(tx)
            view = self._known.view(tx, head)
            return suppose(tx, self._known, view, jobs, self._ledger.latest.present(now))

    def start(self, tx: Transaction) -> Work:
        """Take the log's lock in `tx` and return the work to be done under it."""
        return Work(tx, self._known, self._ledger, do, self._tell, makers=self._makers)

    def finish(self, pending: Pending, *, show: bool = True) -> Done:
        """Return what a caller is told about a committed job; what it shows is opened against its entry.

        With `show` false nothing is opened: for jobs of a transaction that is still open.
        """
        draft, place = pending
        if draft.done is not None:
            return draft.done
        values: Mapping[str, str] = {}
        by_user: Mapping[str, Mapping[str, str]] = {}
        if show and draft.shown:
            by_user = self._opened(draft, place)
            values = next(iter(by_user.values())) if len(by_user) == 1 else {}
        shredded = tuple((each.class_, each.kid.hex()) for each in draft.shredded) if draft.shredded else ()
        return Done(
            place, draft.decision, values, by_user, draft.refused, draft.version, shredded,
            stand_ins=frozenset(draft.stand_ins), in_full=_in_full(draft),
        )  # fmt: skip

    def audit(
        self, tx: Transaction, receipt: Receipt | None = None, on_progress: Progress | None = None
    ) -> FactsAudited:
        """Hold the stored facts, rules and payloads against the log; with a receipt, payloads are opened too."""
        known = self._known
        return audit_facts(
            tx,
            self._ledger,
            known.standings,
            known.declarations,
            known.vault,
            on_progress=on_progress,
            receipt=receipt,
        )

    def found(self, pending: Pending) -> list[str]:
        """Return the operator's ids of those whom a search found, opened against its entry."""
        return searching.opened(self._known.vault, pending.draft, pending.place)

    def _opened(self, draft: Draft, place: int) -> Mapping[str, Mapping[str, str]]:
        """Return what a permitted act shows, by user, opened against its entry."""
        receipt = Receipt(place, len(draft.shown))
        by_user = {user: self._known.vault.open(sealed, receipt) for user, sealed in draft.shown}
        if _in_full(draft) and not draft.stand_ins:
            return by_user
        keys = {user: sealed.user for user, sealed in draft.shown}
        return {user: self._seen(draft, keys[user], of) for user, of in by_user.items()}

    def _seen(self, draft: Draft, user: int, values: Mapping[str, str]) -> dict[str, str]:
        """Return a user's values as they are shown: a stand-in, in full, or masked."""
        full, given, own = _in_full(draft), draft.stand_ins, self._known.versions.own_items
        make = self._known.vault.stand_ins.make
        return {
            item: make(given[item], item, user) if item in given else value if full else masked(item, value, own)
            for item, value in values.items()
        }


def _in_full(draft: Draft) -> bool:
    """Say whether values are shown in full, but for those that stand-ins stand for."""
    return draft.rest_full or (isinstance(draft.decision, Permit) and draft.decision.full)


def do(work: Work, job: Job, now: dt.datetime) -> Draft:
    """Turn one job into a draft of its entry, with its effect in the vault prepared or done.

    What is performed happens when it is committed, whatever its caller believed: acts are dated `now`.
    """
    if isinstance(job, _ASKING):
        act = work.known.named(msgspec.structs.replace(job.act, when=now))
        job = msgspec.structs.replace(job, act=work.counted(act) if counted_as(act) is not None else act)
    else:
        by = job.act.by if isinstance(job, Judged) else job.by
        check_writer(work, by, own=isinstance(job, _OF_THEMSELVES))
    return _PROCEDURES[type(job)](work, job, now)


_ASKING = (Perform, BulkPerform, Erase, Search)
_OF_THEMSELVES = (Record, Cancel)
"""What users do by their own hand, beside what the gate is asked of."""

_PROCEDURES: dict[type[Job], Callable[[Work, Any, dt.datetime], Draft]] = {
    Perform: effects.perform,
    BulkPerform: effects.perform_bulk,
    Cancel: ending.cancel,
    Erase: effects.erase,
    Record: events.record,
    RecordSite: events.record_site,
    Publish: events.publish,
    Audit: events.audit,
    KeysChanged: events.keys_changed,
    Search: searching.search,
    Judged: events.judged,
    EraseAgain: again.erase_again,
    Restore: again.restore,
    Release: holding.release,
    Expire: expiring.expire,
}
