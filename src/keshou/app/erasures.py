# SPDX-License-Identifier: Apache-2.0
"""From acts to the list of erasures: numbered in the database by the act's own transaction, then listed in the folder.

Whoever asked is answered after both. A process that ends between the two leaves the list short, and the next one to
open the site brings it up; an erasure that somebody was told of is on the list.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from keshou.acts.request import BulkPerform, Erase, Job, Perform
from keshou.acts.work import Pending
from keshou.backup import erased
from keshou.backup.manifest import LABEL, BackupKeys
from keshou.backup.store import Erasure, Erasures
from keshou.db import Database, Transaction
from keshou.errors import IntegrityError
from keshou.gate.decision import Permit
from keshou.law.terms import ActKind
from keshou.vault.keys import FileKeys

_ERASING = frozenset({ActKind.DELETE, ActKind.DESTROY})
_ACTS = frozenset({Perform, BulkPerform, Erase})


class Listed:
    """Keeps the list of erasures in a site's folder in step with its database."""

    def __init__(self, home: Path, database: Database, keys: FileKeys) -> None:
        self.path = home / erased.FILE
        self._keys = backup_keys(keys)
        self._database = database
        self._store = Erasures()
        self._waits = False

    def put(self, tx: Transaction, jobs: Sequence[Job], done: Sequence[Pending]) -> None:
        """Number what `jobs` are about to erase, in their own transaction."""
        found = [
            row
            for job, pending in zip(jobs, done, strict=True)
            if pending.draft.shredded or pending.draft.removed or (type(job) in _ACTS and job.act.kind in _ERASING)  # type: ignore[union-attr]
            for row in _erasures_of(job, pending)
        ]
        if found:
            self._store.write(tx, list(dict.fromkeys(found)))
            self._waits = True

    def committed(self) -> None:
        """List what was committed and is not listed yet.

        Raises:
            UnreachableError: the list cannot be written; it is tried again with the next that is committed.

        """
        if self._waits:
            self.bring_up()

    def bring_up(self) -> int:
        """List whatever the database knows and the list does not; return how many were added."""
        added = erased.bring_up(self.path, self._keys.site, self._keys.signer, self._after)
        self._waits = False
        return added

    def _after(self, number: int) -> Iterator[tuple[int, Erasure]]:
        with self._database.reading() as tx:
            yield from self._store.after(tx, number)


def keys_of(listed: Listed) -> BackupKeys:
    """Return what archives are sealed and signed with; a site shows it to nobody else."""
    return listed._keys  # noqa: SLF001 - of the same file


def backup_keys(keys: FileKeys) -> BackupKeys:
    """Return what of a site's keys archives and the list of erasures need."""
    return BackupKeys(keys.site, keys.secret(LABEL), keys.signer)


def bring_up(home: Path, database: Database, keys: FileKeys) -> None:
    """List what the database knows; refuse one that knows less than the list.

    Raises:
        IntegrityError: it does.
        ListError: the file is not the site's list.

    """
    with database.reading() as tx:
        is_short = refuse_put_back(tx, home, keys.site)
    if is_short:
        Listed(home, database, keys).bring_up()


def refuse_put_back(tx: Transaction, home: Path, site: str) -> bool:
    """Refuse a database that knows less than the list: it was put back, with the erased in it.

    Return whether the list is short of what the database knows.

    Raises:
        IntegrityError: it knows less.
        ListError: the file is not the site's list.

    """
    known, listed = Erasures().last(tx), erased.last(home / erased.FILE, site)
    if listed > known:
        raise IntegrityError(
            f"{listed - known} erasures are on the list that this database does not know: it was put back",
            hint="take the database away and put back an archive with `keshou restore`, which does them again",
        )
    return listed < known


def _erasures_of(job: Job, pending: Pending) -> Iterator[Erasure]:
    """Yield what a job erases: users as a whole, keys, single values."""
    draft, revision = pending.draft, pending.place + 1
    if draft.done is not None:
        return
    if isinstance(job, Erase) and draft.shredded:
        yield Erasure(revision, draft.users[0][0])
    yield from (Erasure(revision, each.user, each.class_.value, each.kid) for each in draft.shredded)
    yield from (Erasure(revision, user, item=item) for user, item in draft.removed)
    if isinstance(job, Perform | BulkPerform) and job.act.kind in _ERASING and type(draft.decision) is Permit:
        for user in [key for key, payload in draft.users if payload.user not in draft.refused]:
            yield from (Erasure(revision, user, item=item) for item in sorted(job.act.items))
