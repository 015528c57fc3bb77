# SPDX-License-Identifier: Apache-2.0
"""What is written on the command line -> an act: words for its parts, and times with their zone."""

import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from keshou.acts.value import HOW_IDS_ARE, is_id
from keshou.errors import InputError
from keshou.gate.act import OWN_HAND, Act
from keshou.gate.calendar import may_be_told
from keshou.law.terms import ActKind


def code(word: str | None) -> str | None:
    """Return the id of whoever acts or is named, as it is written on the command line.

    Raises:
        InputError: it is empty, or a name where a code belongs.

    """
    if word is not None and not is_id(word):
        raise InputError("an id that is not one", hint=HOW_IDS_ARE)
    return word


def staff(word: str | None) -> str | None:
    """Return the id of the member of staff or program that is named, as `code` does.

    Raises:
        InputError: it is no id, or stands for users themselves.

    """
    if word == OWN_HAND:
        raise InputError(
            f"`{OWN_HAND}` stands for users themselves (miit24:13.1.3)",
            hint="name the member of staff or program who does it",
        )
    return code(word)


def staff_or_none(word: str | None) -> str | None:
    """Return what `staff` does; empty where nobody is named."""
    return staff(word) if word else word


By = Annotated[
    str, typer.Option(help="Who acts: id of the member of staff or program.", metavar="STAFF", callback=code)
]
Purpose = Annotated[str, typer.Option(help="What for: id of a declared purpose.", metavar="ID")]
Items = Annotated[list[str], typer.Option("--item", help="Kind of information; may be given again.", metavar="ID")]
Where = Annotated[str, typer.Option(help="Where: id of the branch or system.", metavar="ID")]
Post = Annotated[str, typer.Option(help="The post in which STAFF acts, when holding several.", metavar="ID")]
Kind = Annotated[ActKind, typer.Option(help="What is done.")]
At = Annotated[
    str | None, typer.Option(help="The moment, with its zone: 2026-11-22T10:00:00+08:00; else now.", metavar="TIME")
]
Recipient = Annotated[str, typer.Option(help="To whom: id of a declared recipient.", metavar="ID")]
Review = Annotated[str, typer.Option(help="The approved review of a bulk act.", metavar="ID")]
Ground = Annotated[str, typer.Option(help="The recorded ground in higher law.", metavar="ID")]


MOST_MINUTES = 10 * 366 * 24 * 60
"""The longest that minutes are counted for: ten years."""


def moment(text: str | None, now: dt.datetime) -> dt.datetime:
    """Read a moment; `now` when there is none.

    Raises:
        InputError: it is no moment, or it has no zone, or lies beyond those to reckon with.

    """
    if text is None:
        return now
    hint = "write it with its zone, e.g. 2026-11-22T10:00:00+08:00"
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError("what stands for a time is none", hint=hint) from error
    if found.tzinfo is None:
        raise InputError("a time without a zone", hint=hint)
    if not may_be_told(found):
        raise InputError(
            "a time that lies too far back, or ahead", hint="give one from the year 1970 on and before 3000, or no end"
        )
    return found.astimezone(dt.UTC)


def act(
    kind: ActKind, user: str, items: Sequence[str], purpose: str, *, by: str, when: dt.datetime, **rest: str | int
) -> Act:
    """Return the act that was described."""
    parts: dict[str, object] = {"kind": kind, "user": user, "items": frozenset(items), "purpose": purpose, "by": by}
    return Act(**parts, when=when, **rest)  # type: ignore[arg-type]


def text_of(path: Path) -> str:
    """Return what a file says; ``-`` is standard input.

    Raises:
        InputError: it cannot be read, or is not in UTF-8.

    """
    try:
        return (sys.stdin.buffer.read() if str(path) == "-" else bytes_of(path)).decode()
    except UnicodeDecodeError:
        raise InputError("the file is not in UTF-8", hint="save it as UTF-8") from None


def bytes_of(path: Path) -> bytes:
    """Return what a file holds.

    Raises:
        InputError: it cannot be read.

    """
    try:
        return path.read_bytes()
    except OSError:
        raise InputError(f"`{path}` cannot be read", hint="check the name") from None


def refuse_unreadable(*paths: Path) -> None:
    """Refuse files that are named and cannot be read, before anything is begun.

    Raises:
        InputError: one cannot.

    """
    for path in paths:
        try:
            with path.open("rb"):
                pass
        except OSError:
            raise InputError(f"`{path}` cannot be read", hint="check the name") from None


def users_in(path: Path) -> tuple[str, ...]:
    """Return the users' ids that a file lists, one a line, each once."""
    return tuple(dict.fromkeys(line.strip() for line in text_of(path).splitlines() if line.strip()))
