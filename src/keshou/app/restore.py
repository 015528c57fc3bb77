# SPDX-License-Identifier: Apache-2.0
"""Put an archive back, into an empty place only.

1. the archive is read from its first byte to its last and held against what the site signed;
2. its rows go into a new database; nobody can see it yet;
3. the log is hashed again whole, and held against every checkpoint that is known;
4. what was erased after the archive, by the list of erasures, is erased again, and the whole is written into the log;
5. where users are found under an index key that is no more, what finds them is made anew under the newest;
6. the database becomes the site's.

Killed at any moment, there is no database yet, and the same call does it again.
"""

import contextlib
import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from keshou.acts.audit_payload import user_of
from keshou.acts.known import Known
from keshou.acts.perform import Acts
from keshou.acts.request import EraseAgain, Job, Restore
from keshou.app import last_signed, mark, presence
from keshou.app.in_place import sync
from keshou.app.place import Place, find_place
from keshou.app.settings import Settings, database_url, sqlite_path
from keshou.backup import erased
from keshou.backup.errors import ListError, NotEmptyError, OlderError
from keshou.backup.read import Checked, check, put
from keshou.backup.store import Erasure, Erasures
from keshou.backup.tables.store import is_bare
from keshou.db import Database, Transaction, to_micros
from keshou.declaration.store import Declarations
from keshou.errors import UnreachableError
from keshou.gate.facts import Restored
from keshou.gate.store import Standings
from keshou.law.load import load
from keshou.law.terms import RetentionClass
from keshou.ledger.audit import audit
from keshou.ledger.checkpoint import Checkpoint, verify_checkpoint
from keshou.ledger.errors import ForkError
from keshou.ledger.rows import come_to
from keshou.ledger.store import Ledger
from keshou.migrations.run import tables_at, upgrade_within
from keshou.vault.errors import SealBrokenError
from keshou.vault.key_names import epoch_name, not_here
from keshou.vault.keys import FileKeys
from keshou.vault.numbers import skip_to
from keshou.vault.rotations.store import index_key_of
from keshou.vault.store import Vault

HAND = "restore"
"""Who puts an archive back when nobody is named."""
NO_REASON = "none"
_ANSWER = "or answer for the loss: --accept-older --by STAFF --reason ID"
_AT_ONCE = 500
_LOST = f"{last_signed.FILE}.lost-"

Progress = Callable[[int, int], None]


class Asked(NamedTuple):
    """What is known beside the archive, and who answers for putting it back."""

    checkpoints: Sequence[bytes] = ()
    """Signed checkpoints that were kept elsewhere."""
    lists: Sequence[Path] = ()
    """Copies of the list of erasures."""
    accept_older: bool = False
    by: str = HAND
    reason: str = NO_REASON


class Back(NamedTuple):
    """What was put back."""

    site: str
    archive: str
    size: int
    lost: Checkpoint | None
    """The longest checkpoint that the log does not lead to, which somebody answered for."""
    erased: int
    """How many erasures were done again."""
    listed: int
    """Number of the last erasure on the best list at hand."""
    database: str = ""
    """Which database was filled: the path of a file, or an address without a password."""
    foreign: tuple[str, ...] = ()
    """Tables of the archive, and columns as ``TABLE.COLUMN``, that are not Keshou's and were left aside."""


def restore(
    archive: Path,
    home: Path,
    now: dt.datetime,
    asked: Asked,
    *,
    keys: Path | None = None,
    database: str = "",
    on_progress: Progress = lambda _done, _all: None,
) -> Back:
    """Put `archive` back into the site's folder `home`, or make that folder, with the keys in the folder `keys`.

    `database` is an address to go before the one in the settings that the archive holds, for a new folder; what the
    environment names may not be another.

    Raises:
        NotEmptyError: there is a database already, or `home` is neither empty nor a site.
        ArchiveError: the archive is altered, cut short or another site's.
        OlderError: the log lies behind what is known of it, or no list of erasures reaches as far as the archive.
        ListError: a list of erasures is not the site's.
        InputError: `keys` or `database` are missing, or others than the place has already.
        KeyMissingError: the archive's newest epoch is not among the keys.
        UnreachableError: something cannot be read or written, or a process has the site open.

    """
    try:
        with archive.open("rb") as file, find_place(home, keys, database) as place:
            return _restore(file, place, _with_beside(archive, asked), now, on_progress)
    except OSError as error:
        raise UnreachableError(
            f"`{error.filename or archive}` cannot be read or written: {error.strerror}",
            hint="nothing was put back; mend it and call again",
        ) from error


def _restore(file: BinaryIO, place: Place, asked: Asked, now: dt.datetime, on_progress: Progress) -> Back:
    checked = check(file, place.backup_keys)
    settings = place.begin(checked.files)
    rows, done = sum(each.rows for each in checked.manifest.tables), 0

    def advance(some: int) -> None:
        nonlocal done
        done += some
        on_progress(done, rows)

    def fill(tx: Transaction) -> Back:
        if not is_bare(tx):
            raise NotEmptyError("the database holds tables already", hint="name an empty one, or empty it")
        file.seek(0)
        upgrade_within(tx, checked.manifest.schema)
        own = tables_at(checked.manifest.schema)
        foreign = put(tx, file, place.backup_keys, checked, own=own, advance=advance)
        upgrade_within(tx)
        mark.refuse_foreign(tx, settings.site)
        return _Putting(tx, settings, place, checked).finish(asked, now)._replace(foreign=foreign)

    path = sqlite_path(settings, place.folder)
    if path is not None:
        return _into_file(path, place, fill)
    with contextlib.closing(Database(database_url(settings, place.folder))) as database:
        presence.refuse_sessions(database)
        with database.transaction(slow=True) as tx:
            back = fill(tx)
            place.settle(is_older=back.lost is not None, lost=_LOST)
    return back._replace(database=database.shown)


def _into_file(path: Path, place: Place, fill: Callable[[Transaction], Back]) -> Back:
    """Fill a SQLite file beside `path`, and give it its name once it is whole and on the disk."""
    for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-journal")):
        if each.exists():
            raise NotEmptyError(f"there is a database already: {each}", hint="take it away first, and keep it")
    making = path.with_name(f".{path.name}-restoring")
    _remove(making)
    try:
        with contextlib.closing(Database(f"sqlite:///{making}")) as database, database.transaction() as tx:
            back = fill(tx)
        _refuse_held(making)
        sync(making)
        place.settle(is_older=back.lost is not None, lost=_LOST)
    except BaseException:
        _remove(making)
        raise
    wanted = place.moved(path)
    place.moved(making).rename(wanted)
    sync(wanted.parent)
    return back._replace(database=str(wanted))


def _refuse_held(path: Path) -> None:
    """Refuse a database of which something still lies beside its file."""
    if path.with_name(f"{path.name}-wal").exists():
        raise UnreachableError("the new database is still held by somebody", hint="call again")


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


class _Putting:
    """A database with an archive's rows, not yet to be seen."""

    def __init__(self, tx: Transaction, settings: Settings, place: Place, checked: Checked) -> None:
        self._tx, self._settings, self._place = tx, settings, place
        self._manifest = checked.manifest
        keys: FileKeys = place.keys
        tolerance = round(settings.clock_tolerance * 1_000_000)
        self._ledger = Ledger(settings.log_origin, keys.signer, tolerance=tolerance)
        self._vault = Vault(keys, settings.site)

    def finish(self, asked: Asked, now: dt.datetime) -> Back:
        """Hold the log against what is known, erase again what was erased since, and write that down."""
        log = audit(self._tx, self._ledger.key)
        self._refuse_dead(asked)
        lost = self._lost(asked)
        found, known = self._list(asked), Erasures().last(self._tx)
        later = list(enumerate(found.erasures[known:], known + 1))
        fact = Restored(
            at=now, archive=self._manifest.medium, by=asked.by, reason=asked.reason, size=log.size,
            lost_size=lost.size if lost else 0, lost_root=lost.root.hex() if lost else "", erased=len(later),
        )  # fmt: skip
        come_to(self._tx, epoch=max(self._place.keys.epochs), index_key=max(self._place.keys.index_numbers))
        self._record(fact, [each for _, each in later], now)
        Erasures().write(self._tx, [each for _, each in later])
        return Back(self._settings.site, fact.archive, log.size, lost, len(later), len(found.erasures))

    def _refuse_dead(self, asked: Asked) -> None:
        """Refuse an archive whose data keys are wrapped under epochs that are not here.

        Raises:
            KeyMissingError: one is newer than all that are here, so it was not destroyed, and nobody answers for it.
            OlderError: they were destroyed since, and nobody answers for it.

        """
        wrapped = {int(epoch) for (epoch,) in self._tx.ask("SELECT DISTINCT epoch FROM vault_key")}
        here = set(self._place.keys.epochs)
        dead = sorted(wrapped - here)
        if dead and not asked.accept_older:
            if dead[-1] > max(here):
                raise not_here(epoch_name(dead[-1]))
            told = ", ".join(map(str, dead))
            raise OlderError(
                f"the archive has keys of epochs that were destroyed ({told}): what they sealed is gone for good",
                hint=f"take an archive made after the epoch changed; {_ANSWER}",
            )

    def _lost(self, asked: Asked) -> Checkpoint | None:
        """Return the longest known checkpoint that the log does not lead to.

        Raises:
            OlderError: there is one, and nobody answers for it.

        """
        lost: list[Checkpoint] = []
        for note in [*asked.checkpoints, *self._place.checkpoints(_LOST, self._ledger.key)]:
            told = verify_checkpoint(note, self._ledger.key)
            try:
                self._ledger.agree_with(self._tx, note)
            except ForkError:
                lost.append(told)
        worst = max(lost, key=lambda each: each.size, default=None)
        if worst is not None and not asked.accept_older:
            raise OlderError(
                f"the archive's log of {self._manifest.size} entries is not, or does not reach, the one of "
                f"{worst.size} that was signed",
                hint=f"take a newer archive; {_ANSWER}",
            )
        return worst

    def _list(self, asked: Asked) -> erased.List:
        """Return the longest list at hand that goes on from what the archive knows.

        Raises:
            ListError: a list is not the site's, or tells otherwise than the archive.
            OlderError: none reaches as far as the archive, and nobody answers for it.

        """
        store = Erasures()
        known, chain = store.last(self._tx), erased.chain_of(store.after(self._tx, 0))
        best = erased.List()
        for data in self._place.lists(asked.lists):
            found = erased.read(data, self._settings.site, self._ledger.key.public_key)
            if known <= len(found.chains) and not erased.agrees(found, known, chain):
                raise ListError("a list of erasures tells otherwise than the archive", hint="name the site's newest")
            if len(found.chains) >= max(known, len(best.chains)):
                best = found
                self._place.keep_list(data)
        if len(best.chains) < known and not asked.accept_older:
            raise OlderError(
                "no list of erasures at hand reaches as far as the archive",
                hint=f"name one with --erased FILE; {_ANSWER}",
            )
        return best

    def _record(self, fact: Restored, later: Sequence[Erasure], now: dt.datetime) -> None:
        """Erase again, and write the restore into the log, all in this transaction."""
        law = load()
        known = Known(Standings(), Declarations(), self._vault, law, self._settings.standings)
        acts = Acts(known, self._ledger, lambda *_: None)
        gone = [each.user for each in later if not each.class_ and not each.item]
        held = [user for user in dict.fromkeys(gone) if self._is_held(user)]
        jobs: list[Job] = [EraseAgain(user=user, by=fact.by) for user in held]
        rest = [each for each in later if each.user not in set(held)]
        keys = tuple(dict.fromkeys((each.user, RetentionClass(each.class_)) for each in rest if each.class_))
        items = tuple((each.user, each.item) for each in rest if each.item)
        jobs.append(Restore(fact=fact, by=fact.by, keys=keys, items=items))
        acts.start(self._tx).perform(jobs, now)
        skip_to(self._tx, to_micros(now))  # whoever was admitted after the archive keeps the number for good
        self._find_again(known, now)

    def _find_again(self, known: Known, now: dt.datetime) -> None:
        """Make what finds users anew when it lies under index keys that were destroyed, or lost, since the archive."""
        tx, index, rotations = self._tx, self._vault.index, self._vault.rotations
        keys: FileKeys = self._place.keys
        if {*index.counts(tx), index_key_of(tx)} <= set(keys.index_numbers):
            return
        known.choose(tx, self._ledger.head(tx), now)
        after, number = 0, keys.current_index
        while stale := index.stale(tx, after, number, _AT_ONCE):
            index.write(tx, stale, self._ledger.newest_payloads, user_of)
            after = stale[-1]
        rotations.begin(tx, "index", number, now)
        rotations.end(tx, "index", now)

    def _is_held(self, user: int) -> bool:
        """Say whether anything of a user can still be opened; of others there is only something to delete."""
        try:
            return self._vault.fetch_record(self._tx, user, b"").epoch in self._place.keys.epochs
        except SealBrokenError:
            return False


def _with_beside(archive: Path, asked: Asked) -> Asked:
    """Add what lies beside the archive."""
    beside = archive.with_name(archive.name + ".erased")
    return asked._replace(lists=[*asked.lists, *([beside] if beside.is_file() else [])])
