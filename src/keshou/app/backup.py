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
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from keshou.app import archive_file
from keshou.app.erasures import keys_of
from keshou.app.media import media_of
from keshou.app.site import Site
from keshou.backup.errors import ArchiveError, NotEmptyError
from keshou.backup.manifest import Manifest
from keshou.backup.read import Checked, check
from keshou.backup.seal import recipients
from keshou.backup.tables.store import foreign_to
from keshou.errors import UnreachableError
from keshou.gate.facts import MediumChecked, MediumDestroyed, MediumRegistered
from keshou.migrations.run import tables_at
from keshou.webhooks.done import backup_made

MAKER = "backup"
"""Who makes a backup when nobody is named: the job that the clock starts."""

Progress = archive_file.Progress


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
    path = archive_file.path_in(dest, site.settings.site, medium)
    archive_file.refuse_taken(path)
    now = site.now()
    fact = MediumRegistered(
        at=now, medium=medium, form="backup", place=place, holder=by, sealed=True, until=until, to=tuple(to)
    )
    with archive_file.told(path), archive_file.part(path) as (file, part):
        site.record_site(fact, by=by)
        try:
            site.checkpoint()
            site.listed.bring_up()
            _write(site, file, fact, to, on_progress)
            manifest = _read_back(site, part, medium, on_progress)
            made = Made(path, archive_file.list_of(path), manifest, *archive_file.digest(part))
            site.listed.bring_up()
            archive_file.lay_beside(site.listed.path, made.list_path)
            archive_file.name(part, path)
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
    return archive_file.file_name(site.settings.site, medium)


class Looked(NamedTuple):
    """What was found when a backup was looked at again."""

    fact: MediumChecked
    foreign: tuple[str, ...] = ()
    """Tables, and columns as ``TABLE.COLUMN``, that are not Keshou's: a restore leaves them aside."""


def check_back(site: Site, path: Path, *, by: str, medium: str = "") -> Looked:
    """Read an archive whole, hold it against its manifest, and record what was found under the name of `by`.

    `medium` is the id under which it is registered, where that is known; else the archive tells it.

    Raises:
        ArchiveError: it is no archive of this site that is whole, and nobody said which it should be.
        InputError: it is of a newer Keshou, which alone can put it back; nothing was recorded.
        UnreachableError: it cannot be read; nothing was recorded.

    """
    foreign: tuple[str, ...] = ()
    try:
        with path.open("rb") as file:
            checked = check(file, keys_of(site.listed))
        told, foreign = checked.manifest.medium, _foreign(checked)
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
    return Looked(fact, foreign)


def clear(path: Path) -> None:
    """Remove whatever a process that was killed left of the backup at `path`.

    Raises:
        NotEmptyError: it is being written still; nothing was removed.
        UnreachableError: something of it is there still.

    """
    with archive_file.told(path), contextlib.suppress(_ClearedError), archive_file.part(path):
        path.unlink(missing_ok=True)
        archive_file.part_of(archive_file.list_of(path)).unlink(missing_ok=True)
        raise _ClearedError


class _ClearedError(Exception):
    """Leaves a part, so that nothing of it is left."""


def _refuse_destroyed(site: Site, medium: str, path: Path) -> None:
    """Leave nothing of a backup that was written down as destroyed before it was done."""
    found = media_of(site).get(medium)
    if found is not None and found.destroyed is not None:
        path.unlink(missing_ok=True)
        raise NotEmptyError("the backup was written down as destroyed while it was made", hint="make another")


def _write(site: Site, file: BinaryIO, fact: MediumRegistered, to: Sequence[str], on_progress: Progress) -> None:
    keys = keys_of(site.listed)
    with site.reading() as tx:
        told = archive_file.of(tx, site.home, keys, fact)
        archive_file.write(tx, file, told, site.ledger, keys, to=to, on_progress=on_progress)


def _read_back(site: Site, part: Path, medium: str, on_progress: Progress) -> Manifest:
    with part.open("rb") as file:
        checked = check(file, keys_of(site.listed))
    manifest, foreign = checked.manifest, _foreign(checked)
    if foreign:
        raise ArchiveError(f"the archive that was read back has what is not Keshou's: {', '.join(foreign)}")
    rows = sum(each.rows for each in manifest.tables)
    on_progress(2 * rows, 2 * rows)
    with site.reading() as tx:
        if site.ledger.root(tx, manifest.size).hex() != manifest.root:
            raise ArchiveError("the archive that was read back is not of this log")
    if manifest.medium != medium:
        raise ArchiveError("the archive that was read back is not the one that was written")
    return manifest


def _foreign(checked: Checked) -> tuple[str, ...]:
    """Return what of an archive a restore would leave aside, since it is not Keshou's.

    Raises:
        InputError: the archive is of a newer Keshou; this one cannot put it back.

    """
    return foreign_to(tables_at(checked.manifest.schema), checked.opening.tables)
