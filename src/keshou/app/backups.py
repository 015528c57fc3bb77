# SPDX-License-Identifier: Apache-2.0
"""Backups asked of the server: one at a time, made beside everything else into the folder that the settings name.

Whoever asks is told the id of the medium at once, and finds under it what came of it. The archive stays where it is
made until somebody takes a copy, which is a medium of its own in the register, or removes it before a witness.
"""

import contextlib
import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from keshou.app.archive_file import LIST_SUFFIX
from keshou.app.backup import Made, back_up, clear, file_name
from keshou.app.in_place import sync
from keshou.app.media import media_of
from keshou.app.site import Site
from keshou.backup.asked.store import BackupJob, Failure, State
from keshou.backup.seal import recipients
from keshou.db import DatabaseError, Transaction
from keshou.errors import InputError, IntegrityError, KeshouError, UnreachableError
from keshou.gate.facts import MediumDestroyed
from keshou.gate.media import Medium

_log = logging.getLogger(__name__)
T = TypeVar("T")
_BEAT = 10.0
"""Seconds between two words that one is being made still."""
_BLOCK = 1 << 20
_FAILURES: tuple[tuple[type[BaseException], Failure], ...] = (
    (IntegrityError, Failure.INTEGRITY), (UnreachableError, Failure.UNREACHABLE),
    (DatabaseError, Failure.UNREACHABLE), (OSError, Failure.UNREACHABLE),
)  # fmt: skip


class Wanted(NamedTuple):
    """A backup that somebody wants."""

    medium: str
    by: str
    place: str
    to: Sequence[str] = ()
    until: dt.datetime | None = None


class BusyError(InputError):
    """Another backup is being made."""

    def __init__(self) -> None:
        super().__init__("another backup is being made", hint="wait until it is done")


class StillMadeError(InputError):
    """A backup that is not done yet cannot be destroyed."""

    def __init__(self) -> None:
        super().__init__("the backup is being made still", hint="wait until it is done")


class _StoppedError(Exception):
    """Leaves a backup because the server stops."""


class Backups:
    """Makes backups for one process until it is closed; the site closes it before itself."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        site.on_close(self.close)

    def start(self, wanted: Wanted, is_new: Callable[[Transaction], bool] = lambda _: True) -> BackupJob | None:
        """Begin a backup and return it; it is made after this returns. None when `is_new` says that it was begun.

        Raises:
            BusyError: another is being made, by this process or any other on the database.
            InputError: it is to be sealed to what is no recipient.
            UnreachableError: the folder cannot be made.

        """
        site = self._site
        recipients(wanted.to)
        folder(site)
        self._clear()
        with site.writing() as tx:
            if not is_new(tx):
                return None
            job = site.jobs.backups.add(tx, wanted.medium, wanted.by, file_name(site, wanted.medium), site.now())
            if job is None:
                raise BusyError
        thread = threading.Thread(target=self._make, args=(wanted, job), name="keshou-backup", daemon=True)
        self._threads = [each for each in self._threads if each.is_alive()] + [thread]
        thread.start()
        return job

    def _clear(self) -> None:
        """Leave nothing of what a killed server was making, and write down that it was not made."""
        site = self._site
        with site.reading() as tx:
            silent = site.jobs.backups.silent(tx, site.now())
        for job in silent:
            try:
                clear(folder(site) / job.file)
                medium = media_of(site).get(job.medium)
                if medium is not None and medium.destroyed is None:
                    gone = MediumDestroyed(
                        at=site.now(), medium=job.medium, by=job.by, witness=job.by, manner="not_made"
                    )
                    site.record_site(gone, by=job.by)
            except KeshouError as error:  # the next backup tries again
                _log.warning("what is left of a backup was not removed: %s", type(error).__name__)
                continue
            with site.writing() as tx:
                site.jobs.backups.end(tx, msgspec.structs.replace(job, ended=site.now()))

    def close(self) -> None:
        """Stop what is being made; nothing of it is left."""
        self._closing.set()
        for each in self._threads:
            each.join()

    def _make(self, wanted: Wanted, job: BackupJob) -> None:
        site = self._site
        with self._told(wanted.medium):
            try:
                made = back_up(
                    site, folder(site) / job.file, by=wanted.by, place=wanted.place, to=wanted.to,
                    until=wanted.until, medium=wanted.medium, on_progress=self._go_on,
                )  # fmt: skip
                ended = _made(job, made)
            except _StoppedError:
                ended = msgspec.structs.replace(job, state=State.FAILED, failure=Failure.INTERRUPTED)
            except Exception as error:
                _log.error("a backup was not made: %s", type(error).__name__)
                failure = next((each for kind, each in _FAILURES if isinstance(error, kind)), Failure.INTERNAL)
                ended = msgspec.structs.replace(job, state=State.FAILED, failure=failure)
        with contextlib.suppress(KeshouError), site.writing() as tx:
            site.jobs.backups.end(tx, msgspec.structs.replace(ended, ended=site.now()))

    def _go_on(self, _done: int, _all: int) -> None:
        if self._closing.is_set():
            raise _StoppedError

    @contextlib.contextmanager
    def _told(self, medium: str) -> Iterator[None]:
        """Say now and then within the block that the backup is being made still."""
        over = threading.Event()

        def tell() -> None:
            while not over.wait(_BEAT):
                with contextlib.suppress(KeshouError), self._site.writing() as tx:
                    self._site.jobs.backups.beat(tx, medium, self._site.now())

        thread = threading.Thread(target=tell, name="keshou-backup-beat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def _made(job: BackupJob, made: Made) -> BackupJob:
    return msgspec.structs.replace(
        job, state=State.MADE, size=made.bytes, sha256=made.sha256, entries=made.manifest.size,
        erased=made.manifest.erased,
    )  # fmt: skip


def folder(site: Site) -> Path:
    """Return the folder of backups; it is made, for its owner alone, when it is not there.

    Raises:
        UnreachableError: it cannot be made.

    """
    found = site.home / site.settings.server.backups
    try:
        found.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UnreachableError(f"the folder of backups cannot be made: {error.strerror}") from error
    return found


def every(site: Site) -> list[BackupJob]:
    """Return every backup that was asked of the server, the newest first."""
    with site.reading() as tx:
        return site.jobs.backups.jobs(tx, site.now())


def find(site: Site, medium: str) -> BackupJob | None:
    """Return one; None when none of that id was asked for."""
    with site.reading() as tx:
        return site.jobs.backups.job(tx, medium, site.now())


def path_of(site: Site, job: BackupJob) -> Path | None:
    """Return where an archive lies; None when it is not on this machine, was not made, or is on record as destroyed."""
    path = folder(site) / job.file
    lies = job.state is State.MADE and path.is_file() and not is_removed(site, job.medium)
    return path if lies else None


def copies_of(site: Site, medium: str) -> dict[str, Medium]:
    """Return the copies of a backup that stand in the register, by id.

    No request chooses the form of a backup: whatever else has such an id is no copy.
    """
    return {
        name: each for name, each in media_of(site).items()
        if name.startswith(f"{medium}-") and each.registered.form == "backup"
    }  # fmt: skip


def blocks(path: Path, start: int, stop: int) -> Iterator[bytes]:
    """Yield a file from byte `start` up to `stop`, a block at a time."""
    with path.open("rb") as file:
        file.seek(start)
        while data := file.read(min(_BLOCK, stop - file.tell())):
            yield data


def is_removed(site: Site, medium: str) -> bool:
    """Say whether a backup that was made is on record as destroyed."""
    found = media_of(site).get(medium)
    return found is not None and found.destroyed is not None and found.destroyed.manner != "not_made"


def archive_of(site: Site, medium: str) -> Path | None:
    """Return where the archive of a backup lies in the folder of backups, or would; None for what is no backup.

    Whoever made it, it has the name there that a backup has unless it is given another. No request chooses the form of
    a backup, and an id that leads out of the folder is none.
    """
    found, name = media_of(site).get(medium), file_name(site, medium)
    is_one = found is not None and found.registered.form == "backup" and Path(name).name == name
    return site.home / site.settings.server.backups / name if is_one else None


def destroy(site: Site, medium: str, write_down: Callable[[], T]) -> T:
    """Have it written down that a medium is destroyed; of a backup, the archive goes from the folder of backups too.

    What is on record as destroyed already, and lies there still, goes first.

    Raises:
        StillMadeError: it is a backup that is being made; nothing was written down.
        UnreachableError: as `unlink`.

    """
    job = find(site, medium)
    if job is not None and job.state is State.MAKING:
        raise StillMadeError
    path = archive_of(site, medium)
    if path is None:
        return write_down()
    if is_removed(site, medium):
        unlink(path)
    found = write_down()
    unlink(path)
    return found


def unlink(path: Path) -> None:
    """Remove an archive and its list from this machine; its destruction is on record already.

    Raises:
        UnreachableError: the file is there still.

    """
    try:
        path.unlink(missing_ok=True)
        path.with_name(path.name + LIST_SUFFIX).unlink(missing_ok=True)
    except OSError as error:
        raise UnreachableError(
            f"the archive was not removed: {error.strerror}", hint="its removal is on record: remove it by hand"
        ) from error
    with contextlib.suppress(OSError):
        sync(path.parent)
