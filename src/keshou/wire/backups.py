# SPDX-License-Identifier: Apache-2.0
"""Backups over the wire: asked for, told of, copied, checked, removed."""

import datetime as dt
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from keshou.backup.asked.store import BackupJob
from keshou.gate.media import Medium
from keshou.wire.words import Id, Moment, Revision

_Age = Annotated[str, Meta(pattern="^age1[02-9ac-hj-np-z]{58}$", max_length=62)]


class BackupRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A backup is to be made."""

    place: Id = "site"
    """Where it is kept, for the register of media."""
    to: Annotated[list[_Age], Meta(max_length=16)] = []
    """age recipients to whom it is sealed beside the site's own key."""
    until: Moment | None = None
    """By when it is to be destroyed."""


class CopyRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The caller is to take a copy of a backup somewhere."""

    place: Id
    until: Moment | None = None


class RemovalRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The archive is to be removed from the server's machine, before a witness."""

    witness: Id


class CopyShape(msgspec.Struct, frozen=True, kw_only=True):
    """A copy that somebody took, as the register has it."""

    id: str
    place: str
    holder: str
    taken: dt.datetime
    state: str


class BackupShape(msgspec.Struct, frozen=True, kw_only=True):
    """A backup as it stands."""

    id: str
    """Under which it stands in the register of media."""
    by: str
    state: Literal["making", "made", "failed", "removed"]
    asked: dt.datetime
    ended: dt.datetime | None
    file: str
    size: int
    sha256: str
    entries: Revision
    """How many entries the log had."""
    erased: Revision
    """Number of the last erasure that it knows of."""
    failure: str
    """Why it was not made; empty else."""
    here: bool
    """Whether the archive lies on the machine that answers."""
    copies: list[CopyShape]
    to: list[str]
    """age recipients who open it beside the site's own key, as the register has them."""


class CheckedShape(msgspec.Struct, frozen=True, kw_only=True):
    """A backup was read back from its first byte to its last."""

    found: Literal["in_order", "seal_broken"]
    at: dt.datetime


def backup_shape(
    job: BackupJob,
    *,
    removed: bool,
    here: bool,
    register: dict[str, Medium],
    copies: dict[str, Medium],
    now: dt.datetime,
) -> BackupShape:
    """Return a backup as it is told at `now`."""
    own = register.get(job.medium)
    told = [
        CopyShape(
            id=each.id, place=each.place, holder=each.holder, taken=each.registered.at, state=each.state(now)
        )
        for each in copies.values()
    ]  # fmt: skip
    return BackupShape(
        id=job.medium, by=job.by, state="removed" if removed and job.state.value == "made" else job.state.value,
        asked=job.asked, ended=job.ended, file=job.file, size=job.size, sha256=job.sha256, entries=job.entries,
        erased=job.erased, failure=job.failure or "", here=here, copies=told,
        to=[] if own is None else list(own.registered.to),
    )  # fmt: skip
