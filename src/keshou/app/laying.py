# SPDX-License-Identifier: Apache-2.0
"""The files of a handover on their way to their place: none is there that is not on record, and none is half there.

They are written into a folder of their own beside where they go, which carries the id of the handover; the handover is
recorded; they get their names, the sealed file last. A process that is killed leaves the folder: where the log has the
handover, whoever exports to that place next has the files put there, and where it has not, they are removed.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

from keshou.app import in_place
from keshou.app.in_place import sync
from keshou.app.sequencer import OutcomeUnknownError
from keshou.app.site import Site
from keshou.errors import KeshouError, UnreachableError
from keshou.gate.facts import HandedOver
from keshou.handover.errors import HandoverError

_FOLDER_MODE = 0o700


class Laid:
    """The files of one handover; a context manager, at whose end the folder is gone or holds what is on record."""

    def __init__(self, site: Site, handover: str, paths: Sequence[Path]) -> None:
        self._site, self._handover, self._paths = site, handover, tuple(paths)
        self._folder = paths[0].with_name(f"{_prefix(site)}{handover}")
        self._hold: int | None = None
        self._keep = False
        """Whether what lies in the folder is on record as handed over, or may be."""

    def __enter__(self) -> Self:
        """Make the folder.

        Raises:
            HandoverError: one of the files is there, or nothing can be written beside it.

        """
        if any(path.exists() or path.is_symlink() for path in self._paths):
            raise _taken()
        try:
            self._folder.mkdir(mode=_FOLDER_MODE)
        except OSError:
            raise HandoverError("nothing can be written there", hint="name another folder") from None
        self._hold = _held(self._folder)
        return self

    def __exit__(self, *_: object) -> None:
        if not self._keep:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._hold is not None:
            os.close(self._hold)

    def write(self, *bodies: bytes) -> None:
        """Write the files, safely on the disk.

        Raises:
            UnreachableError: they cannot be written.

        """
        try:
            for path, body in zip(self._paths, bodies, strict=True):
                in_place.make(self._folder / path.name, body)
            sync(self._folder)
            sync(self._folder.parent)
        except OSError as error:
            raise UnreachableError(
                f"the file cannot be written: {error.strerror or 'the disk refused it'}",
                hint="the export is on record, and no file was handed over; make room, then export again",
            ) from None

    def record(self, fact: HandedOver) -> None:
        """Record the handover; from then on the files are kept, whatever happens.

        Raises:
            UnreachableError: nobody knows whether it was recorded; they lie beside their place until somebody does.

        """
        self._keep = True
        try:
            self._site.record_site(fact, by=fact.by)
        except OutcomeUnknownError:
            raise UnreachableError(
                f"the database did not say whether it recorded the handover `{self._handover}`",
                hint="export to that folder again: its file is put there if it is on record, and removed if it is not",
            ) from None
        except KeshouError:
            self._keep = False
            raise

    def put(self) -> None:
        """Give the recorded files their names.

        Raises:
            HandoverError: a name was taken meanwhile; they lie beside it.
            UnreachableError: the disk refused it; they lie beside it.

        """
        try:
            _put(self._folder, self._paths)
        except FileExistsError:
            raise HandoverError(
                f"a file of that name came to be there; the file is on record as handed over in `{self._handover}`",
                hint=f"it lies whole in `{self._folder}`: make way, then export to that folder again, or take it there",
            ) from None
        except OSError as error:
            raise UnreachableError(
                f"the file cannot get its name: {error.strerror or 'the disk refused it'}; "
                f"it is on record as handed over in `{self._handover}`",
                hint=f"it lies whole in `{self._folder}`: export to that folder again, or take it there",
            ) from None
        self._keep = False


class Settled(NamedTuple):
    """What became of the files that earlier handovers left beside their place, though they are on record."""

    put: tuple[Path, ...] = ()
    """Sealed files that have their names now, each with what goes with it."""
    left: tuple[Path, ...] = ()
    """Folders with files whose names are taken, or could not be given."""


def settle(site: Site, place: Path) -> Settled:
    """Put what earlier handovers to `place` left beside it in its place where the log has it; else remove it.

    What another process is making now is left as it is.
    """
    put: list[Path] = []
    left: list[Path] = []
    for folder in sorted(place.glob(f"{_prefix(site)}h-*")):
        hold = _held_if_left(folder)
        if hold is None:
            continue
        try:
            # Looked up while it is held: whoever held it before may have recorded it until then.
            if folder.name.removeprefix(_prefix(site)) in site.state().handovers:
                (sealed, whole) = _put_left(folder)
                (put if whole else left).append(sealed if whole else folder)
            else:
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(hold)
    return Settled(tuple(put), tuple(left))


def _put_left(folder: Path) -> tuple[Path, bool]:
    """Give the files of a folder their names; return that of the sealed one, with which all begin, and whether."""
    paths = sorted((folder.with_name(each.name) for each in folder.iterdir()), key=lambda each: len(each.name))
    waiting = [path for path in paths if not _is_same(folder / path.name, path)]
    try:
        _put(folder, waiting)
    except OSError:
        return folder, False
    return (paths or [folder])[0], True


def _put(folder: Path, paths: Sequence[Path]) -> None:
    in_place.put_all({folder / path.name: path for path in reversed(paths)})
    shutil.rmtree(folder, ignore_errors=True)
    sync(folder.parent)


def _is_same(one: Path, other: Path) -> bool:
    try:
        return os.path.samestat(one.lstat(), other.lstat())
    except OSError:
        return False


def _prefix(site: Site) -> str:
    return f".handover-{site.settings.site}-"


def _held(folder: Path) -> int | None:
    """Hold a folder for as long as what is returned is open; None where others hold it, or none can be held."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _held_if_left(folder: Path) -> int | None:
    """Hold a folder that nobody holds; None where somebody does, or it is none of ours."""
    ours = _OURS.fullmatch(folder.name) and folder.lstat().st_uid == os.geteuid()
    return _held(folder) if ours else None


_OURS = re.compile(r"\.handover-[0-9a-f]{16}-h-[0-9a-f]{16}")


def _taken() -> HandoverError:
    return HandoverError("a file of that name is there", hint="nothing is written over; name another")
