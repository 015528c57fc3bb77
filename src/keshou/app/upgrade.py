# SPDX-License-Identifier: Apache-2.0
"""Carry a site that an older version made over to this one, in one transaction that nobody else is in.

1. nobody else has the database open, and nobody can open it meanwhile;
2. unless somebody has a backup of their own, one is made of the state before: sealed, read back whole;
3. the tables become those of this version;
4. the log is hashed again whole, facts and rules are held against it, and it leads on from what was signed last;
5. the backup is written into the register of media, gets its name, and all of it is committed;
6. the site is opened as every command opens it, and signs its log.

Whatever fails before the sixth leaves the database as it was.
"""

import contextlib
import datetime as dt
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from keshou.acts.known import Known
from keshou.acts.perform import Acts
from keshou.acts.request import RecordSite
from keshou.app import archive_file, last_signed, mark
from keshou.app.archive_file import Progress
from keshou.app.erasures import backup_keys, refuse_put_back
from keshou.app.keys import open_keys
from keshou.app.settings import Settings, database_url, read_settings
from keshou.app.site import Site
from keshou.backup import erased
from keshou.backup.read import check
from keshou.backup.seal import recipients
from keshou.backup.store import Erasures
from keshou.db import Database, Transaction
from keshou.declaration.store import Declarations
from keshou.gate.facts import MediumRegistered
from keshou.gate.store import Standings
from keshou.law.load import load
from keshou.ledger.audit import audit
from keshou.ledger.store import Ledger
from keshou.migrations import early
from keshou.migrations import run as schema
from keshou.migrations.alone import HeldOpenError, alone
from keshou.vault.keys import FileKeys
from keshou.vault.store import Vault

MAKER = "upgrade"
"""Who makes the backup when nobody is named."""


class Asked(NamedTuple):
    """Where the backup goes, and who answers for it."""

    backup: Path | None = None
    """A new file, or a folder to name one in; None: somebody has a backup of their own."""
    by: str = MAKER
    place: str = "site"
    to: Sequence[str] = ()


class Upgraded(NamedTuple):
    """What became of a site."""

    before: str
    """The schema it had."""
    after: str
    size: int
    """Entries of the log that were hashed again; 0 when there was nothing to do."""
    medium: str = ""
    """Under which id the backup is registered; empty when none was made."""
    path: Path | None = None


def schema_of(home: Path) -> tuple[str, str]:
    """Return the schema of a site's database, and the one of this version.

    Raises:
        InputError: there is no site, its database holds none, or a newer version made it.
        IntegrityError: the database is another site's.
        UnreachableError: it cannot be reached.

    """
    settings = read_settings(home)
    mark.refuse_missing(settings, home)
    with contextlib.closing(Database(database_url(settings, home))) as database, database.reading() as tx:
        return _schema(tx, settings), schema.newest()


def upgrade(home: Path, now: dt.datetime, asked: Asked, on_progress: Progress = lambda _done, _all: None) -> Upgraded:
    """Carry the site in the folder `home` over to this version; nothing is done when it is of this version already.

    Raises:
        HeldOpenError: another process has the database open.
        InputError: as `schema_of`, or `asked` names no recipient that is one.
        NotEmptyError: the backup's file is there already.
        ArchiveError: what was read back is not what was written.
        IntegrityError: the log, the facts or the rules are not what was written.
        KeyMissingError: a key is not there.
        UnreachableError: something cannot be reached, read or written.

    """
    before, after = schema_of(home)
    if before == after:
        return Upgraded(before, after, 0)
    recipients(asked.to)
    settings = read_settings(home)
    upgrading = _Upgrading(home, settings, open_keys(settings, home), now)
    if asked.backup is None:
        with upgrading.alone() as tx:
            done = upgrading.migrate(tx)
    else:
        done = upgrading.with_backup(asked, asked.backup, on_progress)
    Site.open(home).close()
    return done


def _schema(tx: Transaction, settings: Settings) -> str:
    found = mark.schema_of(tx)
    mark.refuse_foreign(tx, settings.site)
    return found


class _Upgrading:
    """One site on its way."""

    def __init__(self, home: Path, settings: Settings, keys: FileKeys, now: dt.datetime) -> None:
        self._home, self._settings, self._keys, self._now = home, settings, keys, now
        tolerance = round(settings.clock_tolerance * 1_000_000)
        self._ledger = Ledger(settings.log_origin, keys.signer, tolerance=tolerance)
        self._sealed = backup_keys(keys)

    def with_backup(self, asked: Asked, dest: Path, on_progress: Progress) -> Upgraded:
        """Make a backup, then migrate; where it is not known whether that was committed, the backup stays."""
        medium = f"b-{secrets.token_hex(6)}"
        path = archive_file.path_in(dest, self._settings.site, medium)
        archive_file.refuse_taken(path)
        fact = MediumRegistered(
            at=self._now, medium=medium, form="backup", place=asked.place, holder=asked.by, sealed=True,
            to=tuple(asked.to),
        )  # fmt: skip
        named = False
        with archive_file.told(path), archive_file.part(path) as (file, part):
            try:
                with self.alone() as tx:
                    told = archive_file.of(tx, self._home, self._sealed, fact)
                    of = self._ledger, self._sealed
                    archive_file.write(tx, file, told, *of, to=asked.to, on_progress=on_progress)
                    with part.open("rb") as written:
                        check(written, self._sealed)
                    done = self.migrate(tx)
                    self._register(tx, fact, asked.by)
                    self._list(tx)
                    archive_file.lay_beside(self._home / erased.FILE, archive_file.list_of(path))
                    archive_file.name(part, path)
                    named = True
            except HeldOpenError:
                if named:
                    path.unlink(missing_ok=True)
                raise
        return done._replace(medium=medium, path=path)

    @contextlib.contextmanager
    def alone(self) -> Iterator[Transaction]:
        """Open the transaction that all is done in."""
        with alone(database_url(self._settings, self._home)) as tx:
            early.settle(tx)
            yield tx

    def migrate(self, tx: Transaction) -> Upgraded:
        """Bring the tables to this version, and hold all that is told in them against the log."""
        before = _schema(tx, self._settings)
        schema.upgrade_within(tx)
        schema.refuse_altered(tx)
        mark.refuse_unfit(tx, self._settings.site, self._keys)
        refuse_put_back(tx, self._home, self._settings.site)
        log = audit(tx, self._ledger.key, decode_entries=True)
        self._acts().audit(tx)
        kept = last_signed.read(self._home, self._ledger.key)
        if kept is not None:
            self._ledger.agree_with(tx, kept)
        return Upgraded(before, schema.newest(), log.size)

    def _acts(self) -> Acts:
        vault = Vault(self._keys, self._settings.site)
        known = Known(Standings(), Declarations(), vault, load(), self._settings.standings)
        return Acts(known, self._ledger, lambda *_: None)

    def _register(self, tx: Transaction, fact: MediumRegistered, by: str) -> None:
        self._acts().start(tx).perform([RecordSite(facts=(fact,), by=by)], self._now)

    def _list(self, tx: Transaction) -> None:
        """List what the database knows to be erased, as it lies beside every backup."""
        path, site = self._home / erased.FILE, self._settings.site
        erased.bring_up(path, site, self._keys.signer, lambda number: Erasures().after(tx, number))
