# SPDX-License-Identifier: Apache-2.0
"""``keshou backup`` and ``keshou restore``: the whole site out into one sealed file, and back in."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text as Line

from keshou.app import clock
from keshou.app.backup import MAKER, back_up, check_back
from keshou.app.environment import told
from keshou.app.restore import HAND, NO_REASON, Asked, Back, restore
from keshou.cli import asked
from keshou.cli.terminal import BAD, GOOD, QUIET, Call, pairs
from keshou.cli.verb import verb
from keshou.errors import ExitStatus, InputError

_MADE = (
    ("文件", "file"), ("删除清单", "list of erasures"), ("介质编号", "medium"), ("字节", "bytes"),
    ("SHA-256", "SHA-256"), ("日志条目", "entries of the log"), ("已知删除", "erasures known"), ("行", "rows"),
)  # fmt: skip


def add_to(app: typer.Typer) -> None:
    """Put the verbs under the one name."""
    verb(app, "backup")(backup)
    verb(app, "check-backup")(check)
    verb(app, "restore")(put_back)


def backup(
    call: Call,
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="A new file, or a folder to name one in.")],
    *,
    by: Annotated[str, typer.Option(metavar="STAFF", help="Who makes it and holds it.", callback=asked.staff)] = MAKER,
    place: Annotated[str, typer.Option(metavar="ID", help="Where it is kept, for the register of media.")] = "site",
    to: Annotated[
        list[str], typer.Option("--to", metavar="AGE", help="Seal it also to this age recipient; may be given again.")
    ] = [],  # noqa: B006 - typer copies it
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="By when it is to be destroyed, with its zone.")
    ] = None,
) -> None:
    """Write the whole site into one sealed file and read it back; acts go on meanwhile. Keys are not in it."""
    with call.open() as site, call.counting(call.words("备份", "backing up")) as progress:
        end = asked.moment(until, site.now()) if until else None
        made = back_up(site, dest, by=by, place=place, to=to, until=end, on_progress=progress)
    manifest = made.manifest
    rows = sum(each.rows for each in manifest.tables)
    values = (str(made.path), str(made.list_path), manifest.medium, made.bytes, made.sha256, manifest.size,
              manifest.erased, rows)  # fmt: skip
    data = dict(zip(("file", "list", "medium", "bytes", "sha256", "entries", "erased", "rows"), values, strict=True))
    shown = {call.words(*name): value for name, value in zip(_MADE, values, strict=True)}
    done = call.words("已备份，并已读回核对", "backed up, read back and found whole")
    keys = call.words("密钥不在其中：另行备份", "the keys are not in it: keep a copy of them elsewhere")
    call.answer(data, Line(done, GOOD), pairs(shown), Line(keys, QUIET))


def check(
    call: Call,
    archive: Annotated[Path, typer.Argument(metavar="ARCHIVE", help="What `keshou backup` wrote.")],
    *,
    by: Annotated[str, typer.Option(metavar="STAFF", help="Who looks at it.", callback=asked.staff)],
    medium: Annotated[
        str, typer.Option(metavar="ID", help="The id in the register; needed where the archive does not tell it.")
    ] = "",
) -> ExitStatus:
    """Read an archive back whole, and write down in the register of media what was found.

    Exit status 1 when it is not whole, or another than it should be.
    """
    asked.refuse_unreadable(archive)
    with call.open() as site:
        fact, foreign = check_back(site, archive, by=by, medium=medium)
    whole = fact.found == "in_order"
    found = call.words("完好", "whole") if whole else call.words("已损坏或不是这一份", "broken, or another one")
    data = {"medium": fact.medium, "found": fact.found, "foreign": foreign}
    call.answer(data, Line(f"{fact.medium}  {found}", GOOD if whole else BAD), *_left_aside(call, foreign))
    return ExitStatus.DONE if whole else ExitStatus.NO


def put_back(
    call: Call,
    archive: Annotated[Path, typer.Argument(metavar="ARCHIVE", help="What `keshou backup` wrote.")],
    *,
    keys: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The keys, put back before; only for a new folder.")
    ] = None,
    database: Annotated[
        str, typer.Option(metavar="URL", help="Another database than the archive's settings name; for a new folder.")
    ] = "",
    checkpoint: Annotated[
        list[Path], typer.Option(metavar="FILE", help="A signed checkpoint that was kept; may be given again.")
    ] = [],  # noqa: B006 - typer copies it
    erased: Annotated[
        list[Path], typer.Option(metavar="FILE", help="A copy of the list of erasures; may be given again.")
    ] = [],  # noqa: B006 - as above
    accept_older: Annotated[
        bool, typer.Option("--accept-older", help="Answer for what was done after the archive and is lost.")
    ] = False,
    by: Annotated[
        str, typer.Option(metavar="STAFF", help="Who puts it back, and answers for it.", callback=asked.staff_or_none)
    ] = "",
    reason: Annotated[str, typer.Option(metavar="ID", help="Why, by its id in the operator's own books.")] = "",
) -> None:
    """Put an archive back where no database is; what was erased since is erased again before anything can be read."""
    if accept_older and not (by and reason):
        raise InputError("nobody answers for the loss", hint="give --by STAFF and --reason ID with --accept-older")
    asked.refuse_unreadable(archive, *erased)
    if keys is not None and not keys.is_dir():
        raise InputError(f"`{keys}` is no folder", hint="name the folder of the keys")
    home = call.home or Path(told("KESHOU_HOME") or ".")
    known = Asked(
        checkpoints=[asked.bytes_of(path) for path in checkpoint], lists=erased, accept_older=accept_older,
        by=by or HAND, reason=reason or NO_REASON,
    )  # fmt: skip
    with call.counting(call.words("恢复", "putting back")) as progress:
        back = restore(archive, home, clock.now(), known, keys=keys, database=database, on_progress=progress)
    with Call(home, call.json, call.language).open():
        pass  # signs the log as it stands
    _answer(call, home, back)


def _left_aside(call: Call, foreign: tuple[str, ...]) -> list[Line]:
    """Return the line that names what of an archive is not Keshou's, if anything is."""
    names = ", ".join(foreign)
    told = call.words(f"不属于恪守、恢复时放在一边的：{names}", f"not Keshou's, and left aside at a restore: {names}")
    return [Line(told, QUIET)] if foreign else []


def _answer(call: Call, home: Path, back: Back) -> None:
    words = call.words
    data = {
        "home": str(home), "database": back.database, "site": back.site, "medium": back.archive, "entries": back.size,
        "erased_again": back.erased, "erasures_listed": back.listed,
        "foreign": back.foreign,
        "lost_size": back.lost.size if back.lost else 0, "lost_root": back.lost.root.hex() if back.lost else "",
    }  # fmt: skip
    shown = {
        words("站点", "site"): back.site, words("数据库", "database"): back.database,
        words("介质编号", "medium"): back.archive,
        words("日志条目", "entries of the log"): back.size, words("重新删除", "erased again"): back.erased,
    }  # fmt: skip
    lost = []
    if back.lost:
        zh = f"曾签名的 {back.lost.size} 条日志未能恢复；已记入日志"
        lost.append(
            Line(words(zh, f"a log of {back.lost.size} entries was signed and is lost; that is on record"), BAD)
        )
    call.answer(data, Line(words("已恢复", "put back"), GOOD), pairs(shown), *lost, *_left_aside(call, back.foreign))
