# SPDX-License-Identifier: Apache-2.0
"""``keshou tour``: be shown round, on a real site, with results worked out on the spot."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.panel import Panel
from rich.text import Text as Line

from keshou.app import clock
from keshou.app.create import create
from keshou.app.settings import SETTINGS_FILE, find_home
from keshou.app.site import Site
from keshou.cli.rules import latest
from keshou.cli.sample.staff import SETUP, appointments
from keshou.cli.setup import sample_declaration
from keshou.cli.terminal import STRONG, Call, console
from keshou.cli.tour import people, proof, questions, rules, sealed, usage
from keshou.cli.tour.stage import Stage
from keshou.cli.verb import verb
from keshou.errors import InputError

SAMPLE = "sample_telecom"
"""Id of the operator the tour is told of."""


def add_to(app: typer.Typer) -> None:
    """Put the verb under the one name."""
    verb(app, "tour")(tour)


def tour(
    call: Call,
    *,
    folder: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Make a new sample site here; else --home, else a temporary one.")
    ] = None,
    fast: Annotated[bool, typer.Option("--fast", help="Do not wait between scenes.")] = False,
) -> None:
    """Be shown round: the sample operator's rules, users, questions, tables, keys and log, on a real site.

    It may be told again on the same site: other users are taken in, and the rules get further versions.
    """
    home = _home(call, folder)
    with replace(call, home=home).open() as site:
        _refuse_other(site)
        made = home / "tour"
        made.mkdir(exist_ok=True)
        stage = Stage(call, site, made.resolve(), console(), fast)
        _tell(stage)
        call.answer({"home": str(home), **stage.facts})


def _home(call: Call, folder: Path | None) -> Path:
    """Return the folder of the site to tell of, made when there is none."""
    if folder is None:
        try:
            return find_home(call.home)
        except InputError:
            if call.home is not None and (call.home / SETTINGS_FILE).exists():
                raise
    return new_site(replace(call, home=folder or call.home or Path(tempfile.mkdtemp(prefix="keshou-")) / "site"))


def new_site(call: Call) -> Path:
    """Make the sample site in the folder that `call` names, with its staff; return the folder."""
    home = call.home or Path()
    create(home, clock.now(), declaration=sample_declaration(), language=call.language, sample=True)
    with call.open() as site:
        site.record_site(*appointments(site.now()), by=SETUP)
    return home


def _refuse_other(site: Site) -> None:
    published = latest(site)
    if published is not None and published.declaration.operator.id != SAMPLE:
        raise InputError(
            "the tour is told of the sample operator, and this site has rules of another",
            hint="run it without --home, or on a site of `keshou init DIR --sample`",
        )


def _tell(stage: Stage) -> None:
    before = latest(stage.site)
    seed = 1 + (before.version if before else 0)
    _welcome(stage, again=before is not None)
    rules.check(stage)
    rules.publish(stage)
    people.staff(stage)
    users = people.generate(stage, seed)
    people.take_in(stage)
    refuser, asked, leaving = users[:3]
    people.agree(stage, refuser)
    questions.ask(stage, asked, refuser)
    rules.widen(stage)
    usage.gate(stage)
    sealed.look(stage, asked)
    sealed.end(stage, leaving)
    proof.verify(stage)
    proof.tamper(stage)
    _farewell(stage)


def _welcome(stage: Stage, *, again: bool) -> None:
    told = stage.words(
        "恪守让经营者只在法律允许的范围内收集、使用用户个人信息，并且能够证明。\n"
        "下面用一家虚构的电信公司走一遍；每个结果都是当场算出来的，人和号码都是虚构的。",
        "Keshou lets an operator hold and use its users' personal information only as the law allows, and prove it.\n"
        "Here it is on an invented carrier; every result is worked "
        "out as you watch, all people and numbers are invented.",
    )
    if again:
        told += "\n" + stage.words(
            "（这个站点已经走过一遍：这次换一批用户。）", "(Told here before: this time with other users.)"
        )
    title = Line(" 恪守 Keshou ", f"{STRONG} cyan")
    body = Line(f"{told}\n\n{stage.words('站点', 'site')}: {stage.site.home.resolve()}")
    stage.show("", Panel(body, title=title, box=box.DOUBLE, border_style="cyan", width=stage.width, padding=(1, 2)))


def _farewell(stage: Stage) -> None:
    home = stage.site.home
    lines = (
        (f"keshou --home {home} rules", stage.words("看公布的规则", "read the published rules")),
        (f"keshou --home {home} ledger verify", stage.words("自己核对日志", "verify the log yourself")),
        ("keshou law miit24:9", stage.words("读法条", "read the law")),
        ("keshou law coverage", stage.words("看每一条由谁落实", "see what carries each provision")),
        ("keshou init DIR", stage.words("建自己的站点", "make a site of your own")),
    )
    table = stage.grid(STRONG, "")
    for command, what in lines:
        table.add_row(command, what)
    title = stage.words(" 接下来 ", " where to go next ")
    stage.show(
        "", Panel(table, title=title, title_align="left", box=box.ROUNDED, border_style="cyan", width=stage.width)
    )
