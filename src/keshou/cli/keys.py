# SPDX-License-Identifier: Apache-2.0
"""``keshou keys``: look at the site's keys, give each level new ones, destroy what is to be dead."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text as Line

from keshou.app.keys import Split
from keshou.cli.terminal import GOOD, STRONG, Call, pairs, table
from keshou.cli.verb import verb
from keshou.errors import InputError

group = typer.Typer(help="The keys: show, rotate.", no_args_is_help=True)
rotate = typer.Typer(help="Give one level of keys new ones, while acts go on.", no_args_is_help=True)
group.add_typer(rotate, name="rotate")

_SOURCES = {
    "file": ("文件", "file"),
    "pkcs11": ("密码设备（PKCS#11）", "token (PKCS#11)"),
    "shares": ("分片", "shares"),
}
By = Annotated[str, typer.Option(metavar="STAFF", help="Who answers for it.")]


def add_to(app: typer.Typer) -> None:
    """Put the family under the one name."""
    app.add_typer(group, name="keys")


@verb(group, "show")
def show(call: Call) -> None:
    """Say which keys there are and where the master key lives; no key is shown."""
    with call.open() as site:
        masters, epochs = site.keeper.masters(), site.keeper.epochs
        folder = site.home / site.settings.keys
    data = {"folder": str(folder), "masters": [each._asdict() for each in masters], "epochs": epochs}
    shown = table(call.words("主密钥", "master"), call.words("所在", "lives in"), call.words("建立于", "made"))
    for each in masters:
        shown.add_row(str(each.number), call.words(*_SOURCES[each.source]), f"{each.created:%Y-%m-%d %H:%M} UTC")
    numbers = ", ".join(map(str, epochs))
    call.answer(data, shown, "", pairs({call.words("存续的世代", "living epochs"): numbers}))


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
