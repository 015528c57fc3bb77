# SPDX-License-Identifier: Apache-2.0
"""``keshou media``: paper, discs, tapes and backups that carry users' information (Order 24 Art. 13(iv))."""

import datetime as dt
from typing import Annotated, Literal

import typer
from rich.text import Text as Line

from keshou.app import backups
from keshou.app.media import media_of
from keshou.cli import asked
from keshou.cli.office import By, Name, new_id, recorded, write_down
from keshou.cli.terminal import BAD, GOOD, Call, pairs, table
from keshou.cli.verb import verb
from keshou.errors import ExitStatus, InputError
from keshou.gate.facts import MediumChecked, MediumDestroyed, MediumMoved, MediumRegistered
from keshou.gate.media import Medium, MediumFact
from keshou.law.model import CHINA

media = typer.Typer(
    help="Paper, discs, tapes and backups that carry users' information: where they are, and what befell them.",
    no_args_is_help=True,
)
Place = Annotated[str, typer.Option(metavar="ID", help="Where it is kept.")]
Holder = Annotated[str, typer.Option(metavar="STAFF", help="Who answers for it.", callback=asked.staff)]
Sealed = Annotated[
    bool, typer.Option("--sealed/--open", help="Whether whoever finds it can read nothing: encrypted, or under seal.")
]
_STATES = {
    "kept": ("在管", "kept"), "open": ("未封", "open"), "overdue": ("逾期未销毁", "overdue"),
    "missing": ("缺失", "missing"), "destroyed": ("已销毁", "destroyed"), "not_made": ("未制成", "not made"),
}  # fmt: skip
_FORMS = {
    "paper": ("纸介质", "paper"), "optical": ("光介质", "optical"), "magnetic": ("磁介质", "magnetic"),
    "flash": ("闪存介质", "flash"), "backup": ("备份文件", "backup"), "other": ("其他", "other"),
}  # fmt: skip
_ENDED = frozenset({"destroyed", "not_made"})
_WRONG = frozenset({"open", "overdue", "missing"})


def add_to(app: typer.Typer) -> None:
    """Put the family under the one name."""
    app.add_typer(media, name="media")


@verb(media, "register")
def register(
    call: Call,
    *,
    form: Annotated[Literal["paper", "optical", "magnetic", "flash", "other"], typer.Option(help="What it is.")],
    place: Place,
    holder: Holder,
    by: By,
    sealed: Sealed = False,
    item: Annotated[
        list[str], typer.Option("--item", metavar="ID", help="What kind of information; again for more; none: any.")
    ] = [],  # noqa: B006 - typer copies it
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="By when it is to be destroyed, with its zone.")
    ] = None,
    id_: Annotated[str, typer.Option("--id", metavar="ID", help="What is written on it; else an id is made.")] = "",
) -> None:
    """Enter a medium into the register."""
    name = id_ or new_id("m")
    with call.open() as site:
        now = site.now()
        end = asked.moment(until, now) if until else None
        fact = MediumRegistered(
            at=now, medium=name, form=form, place=place, holder=holder, sealed=sealed, items=frozenset(item), until=end
        )
        write_down(call, site, by, fact, name=name)


@verb(media, "move")
def move(call: Call, name: Name, *, place: Place, holder: Holder, by: By, sealed: Sealed = False) -> None:
    """Write down that a medium is somewhere else now, or in other hands."""
    with call.open() as site:
        fact = MediumMoved(at=site.now(), medium=name, place=place, holder=holder, sealed=sealed)
        write_down(call, site, by, fact)


@verb(media, "check")
def check(
    call: Call,
    name: Name,
    *,
    found: Annotated[Literal["in_order", "seal_broken", "missing"], typer.Option(help="What was found.")],
    by: By,
) -> None:
    """Write down that somebody looked whether a medium is where the register says, and as it says."""
    with call.open() as site:
        write_down(call, site, by, MediumChecked(at=site.now(), medium=name, by=by, found=found))


@verb(media, "destroy")
def destroy(
    call: Call,
    name: Name,
    *,
    manner: Annotated[
        Literal["shredded", "burnt", "degaussed", "crushed", "overwritten", "deleted"], typer.Option(help="How.")
    ],
    by: By,
    witness: Annotated[str, typer.Option(metavar="STAFF", help="Who saw it: somebody else.", callback=asked.staff)],
) -> None:
    """Write down that a medium was destroyed before a witness. The operator's people destroy it, not this verb.

    A backup's archive that lies under its own name in the site's folder of backups is removed with it.
    """
    with call.open() as site:
        fact = MediumDestroyed(at=site.now(), medium=name, by=by, witness=witness, manner=manner)
        path = backups.archive_of(site, name)
        lay_here = path is not None and path.is_file()
        revision = backups.destroy(site, name, lambda: site.record_site(fact, by=by))
    told = []
    if lay_here:
        told = [Line(call.words(f"已删除文件：{path}", f"file removed: {path}"))]
    elif path is not None and manner == "deleted":
        zh = "站点的备份文件夹里没有这份备份；放在别处的，本命令不删除"
        told = [
            Line(call.words(zh, "the site's folder of backups has none of it; what lies elsewhere stays there"), BAD)
        ]
    data = {"revision": revision, "entry": revision - 1, "removed": str(path) if lay_here else ""}
    call.answer(data, recorded(call, revision), *told)


@verb(media, "list")
def list_(
    call: Call, *, every: Annotated[bool, typer.Option("--all", help="Also those that were destroyed.")] = False
) -> ExitStatus:
    """Show the register. Exit status 1 when something is missing, open, or should have been destroyed by now."""
    with call.open() as site:
        found, now = media_of(site), site.now()
    shown_ = [each for each in found.values() if every or each.state(now) not in _ENDED]
    words = call.words
    titles = (("编号", "id"), ("形式", "form"), ("存放地点", "place"), ("保管人", "holder"), ("状态", "state"),
              ("最近核查", "checked"), ("应销毁", "destroy by"))  # fmt: skip
    lines = table(*(words(*each) for each in titles))
    for each in shown_:
        state = each.state(now)
        lines.add_row(
            each.id, words(*_FORMS[each.registered.form]), each.place, each.holder,
            Line(words(*_STATES[state]), BAD if state in _WRONG else ""),
            _day(each.checked.at if each.checked else None), _day(each.registered.until),
        )  # fmt: skip
    data = [_data(each, now) for each in shown_]
    call.answer(data, lines if shown_ else Line(words("登记册中没有介质", "the register has no medium"), GOOD))
    return ExitStatus.NO if any(each.state(now) in _WRONG for each in found.values()) else ExitStatus.DONE


@verb(media, "show")
def show(call: Call, name: Name) -> None:
    """Show one medium and everything that was written down of it."""
    with call.open() as site:
        found, now = media_of(site).get(name), site.now()
    if found is None:
        raise InputError("the register has no such medium", hint="see `keshou media list --all`")
    words = call.words
    about = {
        words("编号", "id"): found.id, words("形式", "form"): words(*_FORMS[found.registered.form]),
        words("存放地点", "place"): found.place, words("保管人", "holder"): found.holder,
        words("状态", "state"): words(*_STATES[found.state(now)]),
        words("应销毁", "destroy by"): _day(found.registered.until),
    }  # fmt: skip
    lines = table(words("时间", "when"), words("事项", "what"), words("详情", "details"))
    for fact in found.history:
        lines.add_row(f"{fact.at.astimezone(CHINA):%Y-%m-%d %H:%M}", words(*_WHAT[type(fact)]), _details(fact))
    call.answer(_data(found, now), pairs(about), lines)


_WHAT: dict[type[MediumFact], tuple[str, str]] = {
    MediumRegistered: ("登记", "registered"), MediumMoved: ("移动", "moved"), MediumChecked: ("核查", "checked"),
    MediumDestroyed: ("销毁", "destroyed"),
}  # fmt: skip


def _details(fact: MediumFact) -> str:
    match fact:
        case MediumRegistered() | MediumMoved():
            return f"{fact.place}, {fact.holder}"
        case MediumChecked():
            return f"{fact.found}, {fact.by}"
        case MediumDestroyed():
            return f"{fact.manner}, {fact.by}, {fact.witness}"


def _data(each: Medium, now: dt.datetime) -> dict[str, object]:
    first = each.registered
    return {
        "id": each.id, "form": first.form, "items": sorted(first.items), "place": each.place, "holder": each.holder,
        "sealed": each.sealed, "state": each.state(now), "since": first.at, "until": first.until,
        "history": [{"what": _WHAT[type(fact)][1], "at": fact.at, "details": _details(fact)} for fact in each.history],
    }  # fmt: skip


def _day(moment: dt.datetime | None) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d}" if moment else ""
