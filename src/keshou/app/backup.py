# SPDX-License-Identifier: Apache-2.0
"""Make a backup: one sealed file that holds one state of the site, read back before it is given its name.

1. the archive is written down in the register of media, so that it holds its own place there;
2. the log is signed and the list of erasures brought up;
3. one reading transaction is written, sealed, beside where the archive will be; nobody waits for it;
4. the file is synced, read back from its first byte to its last, and held against the manifest;
5. the list of erasures is laid beside it, and the file gets its name.

Whatever fails leaves no file, and the register tells that this one was not made.
"""

import contextlib
import datetime as dt
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, NamedTuple

from keshou.app.erasures import keys_of
from keshou.app.in_place import put, sync
from keshou.app.media import media_of
from keshou.app.settings import DECLARATION_FILE, SETTINGS_FILE
from keshou.app.site import Site
from keshou.backup.errors import ArchiveError, NotEmptyError
from keshou.backup.manifest import Manifest
from keshou.backup.read import check
from keshou.backup.seal import recipients, seal
from keshou.backup.write import Told, archive, count_rows
from keshou.errors import UnreachableError
from keshou.gate.facts import MediumChecked, MediumDestroyed, MediumRegistered
from keshou.migrations.run import revision
from keshou.webhooks.done import backup_made

MAKER = "backup"
"""Who makes a backup when nobody is named: the job that the clock starts."""
SUFFIX = ".age"
LIST_SUFFIX = ".erased"
_CARRIED = (SETTINGS_FILE, DECLARATION_FILE)
_BLOCK = 1 << 20

Progress = Callable[[int, int], None]
"""Told how many rows of how many are done: written and read back count each."""


class Made(NamedTuple):
    """A backup that was read back."""

    path: Path
    list_path: Path
    manifest: Manifest
    bytes: int
    sha256: str


def back_up(
    site: Site,
    dest: Path,
    *,
    by: str = MAKER,
    place: str = "site",
    to: Sequence[str] = (),
    until: dt.datetime | None = None,
    medium: str = "",
    on_progress: Progress = lambda _done, _all: None,
) -> Made:
    """Make a backup at `dest`, or under a name of its own in `dest` when that is a folder.

    It is sealed to the site's own backup key, and to the age recipients `to`. `until` is when it is to be destroyed,
    `medium` the id under which it is registered; empty: a new one.

    Raises:
        NotEmptyError: `dest` is there already, or another backup is being written to it.
        InputError: `to` has no age recipient, or an id is none.
        UnreachableError: it cannot be written; nothing is left.
        ArchiveError: what was read back is not what was written.

    """
    recipients(to)
    medium = medium or f"b-{secrets.token_hex(6)}"
    path = dest / file_name(site, medium) if dest.is_dir() else dest
    _refuse_taken(path)
    now = site.now()
    fact = MediumRegistered(
        at=now, medium=medium, form="backup", place=place, holder=by, sealed=True, until=until, to=tuple(to)
    )
    with _told(path), _part(path) as (file, part):
        site.record_site(fact, by=by)
        try:
            site.checkpoint()
            site.listed.bring_up()
            _write(site, file, fact, to, on_progress)
            manifest = _read_back(site, part, medium, on_progress)
            made = Made(path, path.with_name(path.name + LIST_SUFFIX), manifest, *_digest(part))
            site.listed.bring_up()
            _lay_beside(site.listed.path, made.list_path)
            _name(part, path)
            _refuse_destroyed(site, medium, path)
        except BaseException:
            with contextlib.suppress(Exception):
                gone = MediumDestroyed(at=site.now(), medium=medium, by=by, witness=by, manner="not_made")
                site.record_site(gone, by=by)
            raise
    with site.writing() as tx:
        told = backup_made(now, medium, by=by, place=place, size=made.bytes, sha256=made.sha256, to=to)
        site.webhooks.enqueue(tx, [told], now)
    site.messenger.wake()
    return made


def file_name(site: Site, medium: str) -> str:
    """Return the name that a backup has unless it is given another."""
    return f"keshou-{site.settings.site}-{medium}{SUFFIX}"


def check_back(site: Site, path: Path, *, by: str, medium: str = "") -> MediumChecked:
    """Read an archive whole, hold it against its manifest, and record what was found under the name of `by`.

    `medium` is the id under which it is registered, where that is known; else the archive tells it.

    Raises:
        ArchiveError: it is no archive of this site that is whole, and nobody said which it should be.
        UnreachableError: it cannot be read; nothing was recorded.

    """
    try:
        with path.open("rb") as file:
            told = check(file, keys_of(site.listed)).manifest.medium
    except OSError as error:
        raise UnreachableError(f"the backup cannot be read: {error.strerror}", hint="see where it is kept") from error
    except ArchiveError:
        if not medium:
            raise
        told = ""
    whole = bool(told) and medium in ("", told)
    fact = MediumChecked(
        at=site.now(), medium=medium or told, by=by, found="in_order" if whole else "seal_broken"
    )  # fmt: skip
    site.record_site(fact, by=by)
    return fact


def clear(path: Path) -> None:
    """Remove whatever a process that was killed left of the backup at `path`.

    Raises:
        NotEmptyError: it is being written still; nothing was removed.
        UnreachableError: something of it is there still.

    """
    with _told(path), contextlib.suppress(_ClearedError), _part(path):
        path.unlink(missing_ok=True)
        _part_of(path.with_name(path.name + LIST_SUFFIX)).unlink(missing_ok=True)
        raise _ClearedError


class _ClearedError(Exception):
    """Leaves a part, so that nothing of it is left."""


def _refuse_taken(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise _taken(path)


def _name(part: Path, path: Path) -> None:
    """Give a backup its name, unless somebody took it while it was made."""
    try:
        put(part, path)
    except FileExistsError:
        raise _taken(path) from None
    try:
        part.unlink(missing_ok=True)
        sync(path.parent)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _taken(path: Path) -> NotEmptyError:
    return NotEmptyError(f"`{path}` is there already", hint="a backup is never written over; name another file")


def _refuse_destroyed(site: Site, medium: str, path: Path) -> None:
    """Leave nothing of a backup that was written down as destroyed before it was done."""
    found = media_of(site).get(medium)
    if found is not None and found.destroyed is not None:
        path.unlink(missing_ok=True)
        raise NotEmptyError("the backup was written down as destroyed while it was made", hint="make another")


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnreachableError(
            f"the backup `{path}` cannot be written: {error.strerror or 'the disk refused it'}",
            hint="nothing of it was left; make room, or name another place",
        ) from error


@contextlib.contextmanager
def _part(path: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Give a file beside `path`, held by this process alone; it is gone when the block fails.

    What a killed process left there is begun anew.
    """
    part = _part_of(path)
    with _held(part, path) as file:
        try:
            file.truncate(0)
            yield file, part
        except BaseException:
            part.unlink(missing_ok=True)
            path.with_name(path.name + LIST_SUFFIX).unlink(missing_ok=True)
            raise


def _held(part: Path, path: Path) -> BinaryIO:
    """Open a part and hold it; never what has got its name as a backup meanwhile, which is not to be touched again."""
    while True:
        file = os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600), "w+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise NotEmptyError(f"another backup is being written to `{path}`") from None
        if _is_only(file, part):
            return file
        file.close()


def _is_only(file: BinaryIO, part: Path) -> bool:
    """Say whether a file that is held has the name of a part and no other; a part of two names loses this one."""
    held = os.fstat(file.fileno())
    try:
        here = part.lstat()
    except FileNotFoundError:
        return False
    if (held.st_dev, held.st_ino) != (here.st_dev, here.st_ino):
        return False
    if here.st_nlink > 1:
        part.unlink()
        return False
    return True


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _files(home: Path) -> Mapping[str, bytes]:
    """Return the files of the folder that are carried: never keys."""
    return {name: (home / name).read_bytes() for name in _CARRIED if (home / name).is_file()}


def _write(site: Site, file: BinaryIO, fact: MediumRegistered, to: Sequence[str], on_progress: Progress) -> None:
    keys = keys_of(site.listed)
    with site.reading() as tx:
        rows, done = 2 * count_rows(tx), 0

        def advance(some: int) -> None:
            nonlocal done
            done += some
            on_progress(done, rows)

        of = Told(keys.site, fact.medium, fact.at, version("keshou"), revision(tx) or "", _files(site.home))
        chunks = archive(tx, site.ledger, of, keys.signer, advance)
        seal(chunks, file, keys.secret, to)
    file.flush()
    os.fsync(file.fileno())


def _read_back(site: Site, part: Path, medium: str, on_progress: Progress) -> Manifest:
    with part.open("rb") as file:
        manifest = check(file, keys_of(site.listed)).manifest
    rows = sum(each.rows for each in manifest.tables)
    on_progress(2 * rows, 2 * rows)
    with site.reading() as tx:
        if site.ledger.root(tx, manifest.size).hex() != manifest.root:
            raise ArchiveError("the archive that was read back is not of this log")
    if manifest.medium != medium:
        raise ArchiveError("the archive that was read back is not the one that was written")
    return manifest


def _digest(path: Path) -> tuple[int, str]:
    digest, size = sha256(), 0
    with path.open("rb") as file:
        while data := file.read(_BLOCK):
            digest.update(data)
            size += len(data)
    return size, digest.hexdigest()


def _lay_beside(source: Path, path: Path) -> None:
    """Copy the list of erasures, whole or not at all."""
    made = _part_of(path)
    try:
        with made.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(source.read_bytes())
            file.flush()
            os.fsync(file.fileno())
        made.replace(path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise
