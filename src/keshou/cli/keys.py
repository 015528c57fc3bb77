# SPDX-License-Identifier: Apache-2.0
"""``keshou keys``: look at the site's keys, give each level new ones, destroy what is to be dead."""

import datetime as dt
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import ConsoleRenderable
from rich.text import Text as Line

from keshou.app.keys import Split
from keshou.app.keys_told import KeyPlace, KeysShown, Rotated
from keshou.app.site import Site
from keshou.cli import asked
from keshou.cli.terminal import BAD, GOOD, STRONG, Advance, Call, pairs, table
from keshou.cli.verb import verb
from keshou.errors import ExitStatus, InputError

group = typer.Typer(help="The keys: show, rotate, retire.", no_args_is_help=True)
rotate = typer.Typer(help="Give one level of keys new ones, while acts go on.", no_args_is_help=True)
group.add_typer(rotate, name="rotate")

_SOURCES = {
    "file": ("文件", "file"),
    "pkcs11": ("令牌（PKCS#11）", "token (PKCS#11)"),
    "shares": ("分片", "shares"),
}
_LEVELS = {"epoch": ("世代密钥", "epoch"), "data": ("数据密钥", "data keys"), "index": ("索引密钥", "index key")}
_SUITES = {
    "international": ("国际（AES-256-GCM，SHA-256）", "international (AES-256-GCM, SHA-256)"),
    "chinese": ("商用密码（SM4-GCM，SM3）", "Chinese commercial (SM4-GCM, SM3)"),
}
By = Annotated[str, typer.Option(metavar="STAFF", help="Who answers for it.", callback=asked.staff)]


def add_to(app: typer.Typer) -> None:
    """Put the family under the one name."""
    app.add_typer(group, name="keys")


@verb(group, "show")
def show(call: Call) -> None:
    """Say which keys there are, where the master key lives, and which rotation is under way; no key is shown."""
    with call.open() as site:
        found = site.keeper.show()
        folder = site.home / site.settings.keys
    rotations = [{**each._asdict(), "ended": each.ended} for each in found.rotations]
    data = {
        "folder": str(folder),
        "suite": found.suite,
        "masters": [each._asdict() for each in found.masters],
        "epochs": [{"epoch": number, "keys": count} for number, count in found.epochs.items()],
        "indexes": [{"index": number, "rows": count} for number, count in found.indexes.items()],
        "taken_back": [{"item": item, "way": way, "rows": count} for (item, way), count in found.taken_back.items()],
        "rotations": rotations,
        "broken": _places(found.broken),
    }
    masters = table(call.words("主密钥", "master"), call.words("所在", "lives in"), call.words("建立于", "made"))
    for each in found.masters:
        masters.add_row(str(each.number), call.words(*_SOURCES[each.source]), _moment(each.created))
    epochs = table(call.words("世代", "epoch"), call.words("其下的数据密钥", "data keys under it"))
    for number, count in found.epochs.items():
        epochs.add_row(str(number), f"{count:,}")
    indexes = table(call.words("索引密钥", "index key"), call.words("其下的索引行", "rows that find users under it"))
    for number, count in found.indexes.items():
        indexes.add_row(str(number), f"{count:,}")
    done = table(call.words("轮换", "rotation"), call.words("开始", "begun"), call.words("完成", "done"))
    for last in found.rotations:
        ended = _moment(last.ended) if last.ended else call.words("尚未完成", "not finished")
        done.add_row(call.words(*_LEVELS[last.level]), _moment(last.begun), ended)
    suite = {call.words("密码套件", "suite"): call.words(*_SUITES[found.suite])}
    over = [*_taken_back(call, found), *(["", *_named(call, found.broken)] if found.broken else [])]
    call.answer(data, pairs(suite), "", masters, "", epochs, "", indexes, *over, *(("", done) if rotations else ()))


def _taken_back(call: Call, found: KeysShown) -> list[ConsoleRenderable | str]:
    """Return what is told of rows by which the rules let nobody be found any more."""
    if not found.taken_back:
        return []
    way, rows = ("规则已不用的查找方式", "way of finding that the rules took back"), ("索引行", "rows")
    over = table(call.words(*way), call.words(*rows))
    for (item, named), count in found.taken_back.items():
        over.add_row(f"{item} {named}", f"{count:,}")
    gone = (
        "不再有人能据此查找；服务器或 keshou tick 会清除",
        "nobody is found by them; the server, or keshou tick, removes them",
    )
    return ["", over, Line(call.words(*gone), BAD)]


def _places(broken: Sequence[KeyPlace]) -> list[dict[str, int | str]]:
    return [{"user": each.user, "class": each.class_} for each in broken]


def _named(call: Call, broken: Sequence[KeyPlace]) -> list[ConsoleRenderable | str]:
    """Return whose keys do not open; the user's number is the surrogate one of the tables."""
    named = table(
        call.words("打不开的密钥：用户编号", "keys that do not open: user's number"), call.words("类别", "class")
    )
    for each in broken:
        named.add_row(str(each.user), each.class_)
    return [named]


def _moment(when: dt.datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"


@verb(rotate, "epoch")
def epoch(call: Call, *, by: By) -> ExitStatus:
    """Wrap every data key under a new epoch, so that the old one can be destroyed; no value is touched."""
    with call.open() as site, _progress(call, site) as advance:
        done = site.keeper.rotate_epochs(by, advance)
    return _tell(call, done)


@verb(rotate, "data")
def data(call: Call, *, by: By) -> ExitStatus:
    """Give every user new data keys and seal their values anew, in the suite that the settings name."""
    with call.open() as site, _progress(call, site) as advance:
        done = site.keeper.renew_data_keys(by, advance)
    return _tell(call, done)


@verb(rotate, "index")
def index(call: Call, *, by: By) -> ExitStatus:
    """Make everything that finds users anew, under a new index key and as the rules now declare it."""
    with (
        call.open() as site,
        call.progress(call.words("重建索引", "making the index anew"), site.keeper.indexed()) as advance,
    ):
        done = site.keeper.rotate_index(by, advance)
    told = call.words(
        f"{done.users:,} 位用户的索引已重建，使用第 {done.number} 号索引密钥",
        f"what finds {done.users:,} users was made anew, under index key {done.number}",
    )
    left = call.words(
        f"{done.left:,} 位用户有无法打开的内容，保持原样；请与备份比对",
        f"of {done.left:,} users something does not open; they were left as they are; compare them with a backup",
    )
    call.answer(done._asdict(), Line(told, GOOD), Line(left, BAD) if done.left else _then_retire(call))
    return ExitStatus.NO if done.left else ExitStatus.DONE


def _then_retire(call: Call) -> Line:
    return Line(call.words("销毁旧密钥：", "to destroy the older keys: ") + "keshou keys retire")


def _progress(call: Call, site: Site) -> AbstractContextManager[Advance]:
    return call.progress(call.words("轮换密钥", "rotating keys"), site.keeper.stale())


def _tell(call: Call, done: Rotated) -> ExitStatus:
    told = call.words(
        f"{done.keys:,} 把数据密钥已在第 {done.epoch} 世代",
        f"{done.keys:,} data keys lie in epoch {done.epoch} now",
    )
    shown: list[ConsoleRenderable | str] = [Line(told, GOOD)]
    if done.left:
        left = call.words(
            f"{done.left:,} 把无法打开，保持原样；请与备份比对",
            f"{done.left:,} do not open and were left as they are; compare them with a backup",
        )
        shown += [Line(left, BAD), *_named(call, done.broken)]
    else:
        shown.append(_then_retire(call))
    call.answer(done._asdict() | {"broken": _places(done.broken)}, *shown)
    return ExitStatus.NO if done.left else ExitStatus.DONE


@verb(group, "retire")
def retire(
    call: Call,
    *,
    by: By,
    give_up: Annotated[
        bool, typer.Option("--give-up", help="Also where keys that do not open are all that is left; on record.")
    ] = False,
) -> None:
    """Destroy every epoch and index key but the current ones: what lies under them in backups is dead from then on."""
    with call.open() as site:
        gone = site.keeper.retire(by, give_up=give_up)
    epochs, indexes = (", ".join(map(str, each)) for each in gone[:2])
    lost = len(gone.given_up)
    lines = [
        *([call.words(f"已销毁的世代：{epochs}", f"epochs destroyed: {epochs}")] if epochs else []),
        *([call.words(f"已销毁的索引密钥：{indexes}", f"index keys destroyed: {indexes}")] if indexes else []),
    ]
    none = call.words("没有旧密钥", "there is no older key")
    given_up = [Line(call.words(f"已放弃的打不开的密钥：{lost:,}", f"keys that did not open, given up: {lost:,}"), BAD)]
    data = gone._asdict() | {"given_up": _places(gone.given_up)}
    call.answer(data, *(Line(each, GOOD) for each in lines or [none]), *(given_up if lost else []))


@verb(rotate, "master")
def master(
    call: Call,
    *,
    by: By,
    to: Annotated[str, typer.Option(metavar="SOURCE", help="Where it will live: file, pkcs11 or shares.")] = "file",
    threshold: Annotated[int, typer.Option(metavar="K", help="With shares: how many give the key.")] = 0,
    holders: Annotated[int, typer.Option(metavar="N", help="With shares: how many are made.")] = 0,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="With shares: a new folder for them.")
    ] = None,
) -> None:
    """Put a new master key in place of the old one; the keys it wraps are wrapped anew, no value is touched."""
    if to not in _SOURCES:
        raise InputError("an unknown place for a master key", hint="--to file, --to pkcs11 or --to shares")
    split = Split(threshold, holders, output) if output is not None else None
    if to == "shares" and split is None:
        raise InputError(
            "it is not said among whom the key is split", hint="e.g. --threshold 2 --holders 3 -o SHARES, a new folder"
        )
    with call.open() as site:
        made = site.keeper.rotate_master(to, by, split)
    told = call.words(
        f"主密钥已换为第 {made.number} 号，位于{_SOURCES[made.source][0]}",
        f"master key {made.number} is in place; it lives in: {_SOURCES[made.source][1]}",
    )
    call.answer(made._asdict(), Line(told, GOOD), *_next(call, made.source, output))


def _next(call: Call, source: str, folder: Path | None) -> list[Line]:
    if source != "shares" or folder is None:
        text = call.words("请立即备份密钥文件夹", "back up the folder of keys now")
        return [Line(text)]
    text = call.words(
        "把每份分片交给其保管人，随后删除该文件夹：", "hand each share to its holder, then remove the folder: "
    )
    return [Line.assemble(text, (str(folder), STRONG))]
