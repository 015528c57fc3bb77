# SPDX-License-Identifier: Apache-2.0
"""``keshou upgrade``: a site that an older version made is carried over to this one."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text as Line

from keshou.app import clock
from keshou.app.settings import find_home
from keshou.app.upgrade import MAKER, Asked, Upgraded, schema_of, upgrade
from keshou.cli import asked
from keshou.cli.terminal import GOOD, QUIET, Call, pairs
from keshou.cli.verb import verb
from keshou.errors import InputError


def add_to(app: typer.Typer) -> None:
    """Put the verb under the one name."""
    verb(app, "upgrade")(carry_over)


def carry_over(
    call: Call,
    *,
    backup: Annotated[
        Path | None, typer.Option(metavar="DEST", help="Make a backup first: a new file, or a folder to name one in.")
    ] = None,
    without_backup: Annotated[
        bool, typer.Option("--without-backup", help="You have a backup of your own, or need none.")
    ] = False,
    by: Annotated[str, typer.Option(metavar="STAFF", help="Who makes it and holds it.", callback=asked.staff)] = MAKER,
    place: Annotated[str, typer.Option(metavar="ID", help="Where it is kept, for the register of media.")] = "site",
    to: Annotated[
        list[str], typer.Option("--to", metavar="AGE", help="Seal it also to this age recipient; may be given again.")
    ] = [],  # noqa: B006 - typer copies it
) -> None:
    """Carry a site that an older version made over to this one: all of it, or nothing. Nobody may serve it meanwhile.

    A backup of the state before is made first; afterwards the whole log is verified.
    """
    if backup is not None and without_backup:
        raise InputError("--backup and --without-backup say opposite things", hint="leave one of them out")
    home = find_home(call.home)
    before, after = schema_of(home)
    if before != after and backup is None and not without_backup:
        raise InputError(
            "an upgrade is not begun without a backup",
            hint="name where it goes: --backup FILE; or say that you have one: --without-backup",
        )
    with call.counting(call.words("备份", "backing up")) as progress:
        done = upgrade(home, clock.now(), Asked(backup, by=by, place=place, to=to), progress)
    _answer(call, done)


def _answer(call: Call, done: Upgraded) -> None:
    words = call.words
    data = {
        "from": done.before, "to": done.after, "entries": done.size,
        "file": str(done.path or ""), "medium": done.medium,
    }  # fmt: skip
    if done.before == done.after:
        call.answer(data, Line(words("站点已经是这个版本的", "the site is of this version already"), GOOD))
        return
    shown: dict[str, object] = {
        words("结构", "schema"): f"{done.before} → {done.after}",
        words("日志条目，已核对", "entries of the log, verified"): done.size,
    }
    if done.path is not None:
        shown |= {words("备份", "backup"): done.path, words("介质编号", "medium"): done.medium}
    old = "备份里是升级前的站点，这个版本也能放回" if done.path else ""
    told = "the backup holds the site as it was before; this version puts it back too" if done.path else ""
    call.answer(
        data, Line(words("已升级", "upgraded"), GOOD), pairs(shown), *([Line(words(old, told), QUIET)] * bool(told))
    )
