# SPDX-License-Identifier: Apache-2.0
"""One operator's Keshou, assembled: what embedders, the command line and the server hold in their hand."""

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from keshou.accounts.openid.store import OpenIdAccounts
from keshou.accounts.passkeys.place import place_of
from keshou.accounts.passkeys.store import Passkeys
from keshou.accounts.store import Accounts
from keshou.acts.audit import FactsAudited
from keshou.acts.known import Known
from keshou.acts.perform import Acts
from keshou.acts.request import Audit, Cancel, Done, Job, Perform, Publish, Record, RecordSite, written_down
from keshou.acts.work import Pending, Work
from keshou.app import clock, last_signed
from keshou.app.asking import Asking
from keshou.app.bell import Bells
from keshou.app.code_post import CodePost, senders_of
from keshou.app.counter import Counter
from keshou.app.door import Door
from keshou.app.erasures import Listed
from keshou.app.following import Following
from keshou.app.holds import Holds
from keshou.app.jobs import Jobs
from keshou.app.keeper import Keeper
from keshou.app.lapses import Lapses
from keshou.app.openid import provider_of
from keshou.app.opening import opening
from keshou.app.outbox import Outbox
from keshou.app.pulse import Pulse
from keshou.app.retention import RetentionSchedule
from keshou.app.search import Searches
from keshou.app.sequencer import Sequencer
from keshou.app.settings import Settings
from keshou.app.tidying import Tidying
from keshou.db import Database, Transaction, to_micros, touch_access
from keshou.declaration.model import Declaration, Published
from keshou.declaration.store import Declarations
from keshou.gate.act import OWN_HAND, Act
from keshou.gate.facts import SiteFact, UserFact
from keshou.gate.site import SiteState
from keshou.gate.store import Standings
from keshou.law.load import load
from keshou.ledger.audit import Audited, Progress, audit
from keshou.ledger.entry import decode
from keshou.ledger.store import Ledger
from keshou.links.store import Links
from keshou.once.store import Once
from keshou.permits.keys import LABEL, SigningKeys
from keshou.permits.permit import Issuer
from keshou.programs.store import Programs
from keshou.shapes import lay_out
from keshou.tally.store import Tally
from keshou.vault.keys import FileKeys
from keshou.vault.receipt import Receipt
from keshou.vault.store import Vault
from keshou.visits.store import Visits
from keshou.webhooks.deliver import Messenger
from keshou.webhooks.store import Webhooks

_FEW = 64
"""Sealed values that are opened where they are waited for; more of them are opened in a thread of their own."""


class Site(Asking):
    """A site, open: ask, perform, record, prove. Close it, or use it as a context manager.

    Every method may be called from several threads. `now` gives the present moment, which is never before the newest
    entry that this process has seen while clocks differ by no more than they may; a test may give its own clock.
    """

    def __init__(
        self, home: Path, settings: Settings, database: Database, keys: FileKeys,
        now: Callable[[], dt.datetime] = clock.now,
        *, leave: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        lay_out()
        self._leave = leave
        self.home, self.settings, self.database, self.secret = home, settings, database, keys.secret
        self.law, self.declarations, self.suite = load(), Declarations(), (suite := keys.suite)
        self.links, self.jobs = Links(keys.secret("links"), suite), Jobs(keys.secret, suite)
        tolerance, leap = round(settings.clock_tolerance * 1_000_000), round(settings.clock_leap * 86_400_000_000)
        real = now is clock.now  # a time that is given is nobody's clock
        self.ledger = Ledger(settings.log_origin, keys.signer, tolerance=tolerance, leap=leap if real else None)
        self.now = now = self.ledger.latest.over(now)
        self._known = Known(Standings(), self.declarations, Vault(keys, settings.site), self.law, settings.standings)
        self.webhooks = Webhooks(keys.secret("webhooks"), settings.log_origin, settings.webhooks.under(home), suite)
        self.rules_known = self._known.rules_known  # the rules in force, when memory is as new as asked
        self._lapses = Lapses(self.webhooks, self._known, self.ledger, self.writing, now=now)
        self.messenger = Messenger(self.webhooks, self.writing, self.reading, now, lapses=self._lapses.tell)
        self._outbox = Outbox(self.webhooks, self.messenger.wake)
        self.programs = Programs(keys.secret("programs"), settings.url, settings.programs)
        self.listed = Listed(home, database, keys)
        self._acts = Acts(self._known, self.ledger, self._told, self.programs.makers)
        self.visits = Visits(keys.secret("visits"), settings.url, settings.visits, suite)
        self._following = Following(self.visits, self.links, self.jobs.samples)
        self.door = Door(database)
        self.pulse, self.tally = Pulse(database, note=self.ledger.latest.note), Tally(self.ledger)
        self._counter, self._bells = Counter(self._count), Bells()
        self.once, self.imports = Once(keys.secret("once")), self.jobs.imports
        self._closing: list[Callable[[], None]] = []
        accounts, of_keys = keys.secret("accounts"), settings.accounts.passkeys
        self.accounts, self.keeper = Accounts(accounts, settings.accounts, home, suite), Keeper(self, keys, self._known)
        self.passkeys = Passkeys(accounts, place_of(of_keys, settings.url), "Keshou", of_keys)
        self.openid = OpenIdAccounts(accounts, settings.accounts.openid)
        self.provider = provider_of(settings.accounts.openid, settings.url, home)
        signing = SigningKeys(keys.secret(LABEL), settings.log_origin)
        self.permits = Issuer(settings.log_origin, signing, dt.timedelta(minutes=settings.server.permit_minutes))
        self._sequencer: Sequencer[Job, Pending] = Sequencer(
            database, self._write, self._sign, most=settings.batch, every=settings.checkpoint_every
        )
        self.holds = Holds(self, self._known, self._sequencer.do)
        self.retention = RetentionSchedule(self, self._known, self._sequencer.do)
        self.tidying = Tidying(self, self._lapses.tell, self._count)
        self.searches = Searches(self, settings.finding, self._sequencer.do, self._acts.found)
        self.codes = CodePost(
            self.visits, senders_of(settings.visits, home, now), writing=self.writing, is_known=self._is_known,
            perform=self.perform, find=self.searches.ids, now=now, state=self.state,
        )  # fmt: skip

    @classmethod
    def open(cls, home: Path | str | None = None, now: Callable[[], dt.datetime] = clock.now) -> Self:
        """Open the site in the folder `home` (else ``KESHOU_HOME``, else the working folder).

        Raises:
            InputError: there is no site, its settings are wrong, or its database has an older or newer schema.
            UnreachableError: the database or the keys cannot be reached, or an archive is being put back.
            IntegrityError: the database belongs to another site, or is an older copy of this site's.

        """
        with opening(home) as found:
            return cls(found.home, found.settings, found.database, found.keys, now, leave=found.leave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Finish the acts that wait, sign the log as it stands, close the database."""
        self._counter.close()
        self.tidying.close()
        for each in self._closing:
            each()
        self.messenger.close()
        self.codes.close()
        try:
            self._sequencer.close()
            self.checkpoint()
        finally:
            self.pulse.close()
            self.database.close()
            self._leave()

    def on_close(self, first: Callable[[], None]) -> None:
        """Have `first` done before the site is closed."""
        self._closing.append(first)

    # Doing -----------------------------------------------------------------------------------------------------

    def perform(
        self, act: Act, values: Mapping[str, str] | None = None, *, facts: Sequence[UserFact] = (), admit: bool = False,
        request_id: str = "",
    ) -> Done:  # fmt: skip
        """Ask and, when permitted, do; decision, effect and entry are committed before this returns.

        Raises:
            ActError: the act is not well formed; nothing was done and nothing recorded.

        """
        job = Perform(act=act, values=values or {}, facts=tuple(facts), admit=admit, request_id=request_id)
        return self.do(job)

    def record(self, user: str, *facts: UserFact, by: str = OWN_HAND, where: str = "") -> int:
        """Write down what came true of a user; return the revision from which it holds. Raises as `written_down`."""
        return written_down(self.do(Record(user=user, facts=facts, by=by, where=where))).entry + 1

    def record_site(self, *facts: SiteFact, by: str, where: str = "") -> int:
        """Write down what came true of staff, agents, reviews, suspensions or grounds; return the revision."""
        return self.do(RecordSite(facts=facts, by=by, where=where)).entry + 1

    def publish(self, declaration: Declaration, *, by: str) -> Done:
        """Publish `declaration` as the next version of the rules."""
        return self.do(Publish(declaration=declaration, by=by))

    def cancel(
        self, user: str, *, by: str = OWN_HAND, services: Sequence[str] = (), post: str = "", where: str = "",
        review: str = "",
    ) -> Done:  # fmt: skip
        """End the user's services and shred what the service class holds; by another, as the gate permits."""
        return self.do(Cancel(user=user, by=by, services=tuple(services), post=post, where=where, review=review))

    def do(self, job: Job) -> Done:
        """Bring one job to the door; return what became of it, after its commit."""
        return self.holds.after(job, self._acts.finish(self._sequencer.do(job)))

    def do_all(self, jobs: Sequence[Job]) -> list[Done]:
        """Bring many jobs to the door in order; each is committed when this returns."""
        return [self._acts.finish(done) for done in self._sequencer.do_all(jobs)]

    def submit(self, job: Job, done: Callable[[Pending | None, BaseException | None], None]) -> None:
        """Bring one job to the door without waiting; `done` is told of its commit, or what went wrong.

        `done` is called by the thread that writes, for which everybody waits: it only passes on what it is given.
        `finish` makes the answer of it, in whatever thread.

        Raises:
            UnreachableError: the site is closed; then `done` is not called.

        """
        self._sequencer.submit(job, done)

    def finish(self, pending: Pending) -> Done:
        """Return what a caller is told of a committed job; what it shows is opened against its entry, once."""
        return self._acts.finish(pending)

    async def perform_async(self, job: Job) -> Done:
        """Bring one job to the door; return what became of it, after its commit. The event loop goes on meanwhile.

        A caller that is cancelled is not told; the job is done nevertheless. Sealed values are opened in the event
        loop when they are few (some microseconds each), else in a thread.
        """
        future, bell = self._bells.here()
        self._sequencer.submit(job, lambda pending, error: bell.put(future, pending, error))
        pending: Pending = await future
        if sum(len(sealed.values) for _, sealed in pending.draft.shown) <= _FEW:
            return self._acts.finish(pending)
        return await asyncio.to_thread(self._acts.finish, pending)

    @contextmanager
    def as_one(self) -> Iterator[Callable[[Sequence[Job]], list[Done]]]:
        """Do any number of jobs in one single transaction that commits at the end of the block.

        The block is given a function that takes jobs and returns what will become of them; nothing is committed, and
        no value shown, before the block ends. An exception leaves nothing done.
        """
        with self._sequencer.turn:
            with self.database.transaction() as tx:
                work = self._acts.start(tx)
                yield lambda jobs: [self._acts.finish(each, show=False) for each in work.perform(jobs, self.now())]
                work.refuse_spoiled()
            self._committed(work)

    # Reading and proving ---------------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open a transaction that sees one state of the database, for the stores' reading methods."""
        with self.database.reading() as tx:
            yield tx

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Open a transaction for what is no act on users' information: accounts, sessions, keys, subscriptions."""
        with self._sequencer.turn, self.database.transaction() as tx:
            yield tx

    def trouble(self) -> str:
        """Return ``log`` where nothing is written any more, ``writing`` where the last act was not; empty: neither."""
        return self._sequencer.trouble

    def try_writing(self) -> None:
        """Write a change of access, which makes others look again and no more; `trouble` is over when that is done."""
        self._sequencer.try_writing(touch_access)

    def rules(self) -> Published | None:
        """Return the rules in force now; None when none are."""
        with self.database.reading() as tx:
            return self.declarations.current(tx, self.now())

    def state(self) -> SiteState:
        """Return what holds of the operator now: posts held, reviews, suspensions, grounds."""
        with self.database.reading() as tx:
            return self.state_in(tx)

    def state_in(self, tx: Transaction) -> SiteState:
        """Return what `state` does, as `tx` sees it."""
        view = self._known.view(tx, self.ledger.head(tx))
        return view.gate.timeline.at(max(self.now(), self.ledger.latest.moment)).state

    def checkpoint(self) -> bytes | None:
        """Sign the log as it stands and keep the checkpoint; None while the log is empty.

        Raises:
            ForkError: the log does not extend what was signed last, in the database or in the folder.

        """
        with self.reading() as tx:
            due = last_signed.is_due(tx, self.ledger, self.home)
        if not due:
            return last_signed.read(self.home, self.ledger.key)
        with self.database.transaction() as tx:
            return last_signed.sign(tx, self.ledger, self.home, to_micros(self.now()))

    def audit(self, *, by: str = "", on_progress: Progress | None = None) -> tuple[Audited, FactsAudited]:
        """Read the whole log again, hold it against what was signed last, and the stored facts and rules against it.

        With `by` (whoever answers for it, in a post) the payloads are opened too and held against users' facts; that
        is written into the log first.

        Raises:
            LedgerTamperedError: something stored is not what was written; it names the first such entry.
            FactsTamperedError: a fact, a rule or a payload is not what its entry tells.

        """
        receipt = None
        if by:
            entry = self.do(Audit(by=by)).entry
            with self.reading() as tx:
                receipt = Receipt(entry, decode(self.ledger.entry(tx, entry)).count)
        kept = last_signed.read(self.home, self.ledger.key)
        with self.reading() as tx:
            signed = () if kept is None else (kept,)
            log = audit(tx, self.ledger.key, on_progress, decode_entries=True, kept=signed)
            return log, self._acts.audit(tx, receipt)

    def tidy(self) -> None:
        """Tell what lapsed; drop and let go what is over: sessions, links, events, holds, terms; count the rest."""
        self.tidying.tidy()

    def catch_up(self) -> int:
        """Count some more of the log by day; return how many are left, which are counted in the background."""
        left = self._count()
        if left:
            self._counter.wake()
        return left

    def _count(self) -> int:
        with self.writing() as tx:
            return self.tally.catch_up(tx)

    def _sign(self) -> None:
        self.listed.committed()
        self.checkpoint()

    def _write(self, tx: Transaction, jobs: Sequence[Job]) -> tuple[Sequence[Pending], Callable[[], None]]:
        work = self._acts.start(tx)
        return work.perform(jobs, self.now()), lambda: self._committed(work)

    def _told(self, tx: Transaction, jobs: Sequence[Job], done: Sequence[Pending], now: dt.datetime) -> None:
        """Do what follows from `jobs`, in their own transaction: others are told, and of the erased nothing stays."""
        self._outbox.put(tx, jobs, done, now)
        self.listed.put(tx, jobs, done)
        self._following.put(tx, jobs, done, now)

    def _is_known(self, tx: Transaction, user: str) -> bool:
        return self._known.vault.find_user(tx, user) is not None

    def _committed(self, work: Work) -> None:
        work.committed()
        self._outbox.committed()
        self.listed.committed()
