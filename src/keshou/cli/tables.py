# SPDX-License-Identifier: Apache-2.0
"""``keshou gate`` and ``keshou import``: tables out, tables in."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import RenderableType
from rich.text import Text as Line

from keshou.cli import asked
from keshou.cli.fault_words import FAULT
from keshou.cli.terminal import BAD, GOOD, QUIET, STRONG, Call, plain, table
from keshou.cli.verb import verb
from keshou.errors import ExitStatus, InputError
from keshou.gate.act import Act
from keshou.law.law import Law
from keshou.law.terms import ActKind

if TYPE_CHECKING:
    from keshou.app.site import Site
    from keshou.app.table_columns import Said
    from keshou.app.table_gate import Counted, Verdict

_MOST_SHOWN = 20


def add_to(app: typer.Typer) -> None:
    """Put the verbs under the one name."""
    verb(app, "gate")(gate)
    verb(app, "import")(import_)


def gate(
    call: Call,
    source: Annotated[Path, typer.Argument(metavar="TABLE", help="Users' rows, .parquet or .csv.")],
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="OUT", help="Where the permitted rows go; needed without --at."),
    ] = None,
    purpose: asked.Purpose,
    by: asked.By,
    kind: asked.Kind = ActKind.USE,
    item: Annotated[
        list[str], typer.Option("--item", metavar="ID", help="Kind of information; none: all the table has.")
    ] = [],  # noqa: B006 - typer copies it
    user_column: Annotated[str, typer.Option(metavar="NAME", help="The column with the users' ids.")] = "user_id",
    map_: Annotated[
        list[str], typer.Option("--map", metavar="NAME=ITEM", help="What a column of another name holds.")
    ] = [],  # noqa: B006 - typer copies it
    keep: Annotated[
        list[str], typer.Option(metavar="NAME", help="A column to write too: it holds nothing of anybody.")
    ] = [],  # noqa: B006 - typer copies it
    denied: Annotated[
        Path | None, typer.Option(metavar="OUT2", help="Where the refused users go, with the reasons.")
    ] = None,
    post: asked.Post = "",
    where: asked.Where = "",
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only count the rows, as of this moment; its zone stands in it.")
    ] = None,
    recipient: asked.Recipient = "",
    review: asked.Review = "",
    ground: asked.Ground = "",
) -> ExitStatus:
    """Keep the rows of a table that may be used, and say by article why not the rest.

    Columns of other information are not written, nor those of which nobody says what they hold. The outcome is
    recorded in the log. With --at nothing is written or recorded: it is counted how many rows would be permitted
    then. Exit status 1 when the table has rows and none is permitted.
    """
    from keshou.app.table_columns import Said  # noqa: PLC0415 - for a quick start of the other verbs

    _refuse_misplaced(source, output, denied, at)
    asked.refuse_unreadable(source)
    said = Said(_mapping(map_), keep)
    with call.open() as site:
        rest = {"post": post, "where": where, "recipient": recipient, "review": review, "ground": ground}
        act = asked.act(kind, "", item, purpose, by=by, when=asked.moment(at, site.now()), **rest)
        verdict = _judged(call, site, act, (source, output, denied), (user_column, said))
        articles = by_article(call, site.law, verdict.by_article())
        call.answer(
            _data(verdict), _kept(call, verdict.permitted, verdict.rows), articles, *_left_out(call, verdict.left_out)
        )
    return ExitStatus.DONE if verdict.permitted or not verdict.rows else ExitStatus.NO


def _judged(
    call: Call, site: "Site", act: Act, files: tuple[Path, Path | None, Path | None], columns: tuple[str, "Said"]
) -> "Counted | Verdict":
    """Judge a table: with a place for its rows as of now, else as of the act's own time."""
    from keshou.app.table_gate import Files, count_table, gate_table  # noqa: PLC0415 - brings in Arrow

    (source, output, denied), (users, said) = files, columns
    with call.progress(call.words("逐行裁定", "deciding rows")) as advance:
        if output is None:
            return count_table(site, act, source, users, advance, said=said)
        return gate_table(site, act, Files(source, output, denied), users, advance, said=said)


def _data(verdict: "Counted | Verdict") -> dict[str, object]:
    return {
        "rows": verdict.rows,
        "permitted": verdict.permitted,
        "denied": verdict.rows - verdict.permitted,
        "by_article": verdict.by_article(),
        "items": sorted(verdict.act.items),
        "left_out": verdict.left_out,
        "entry": getattr(verdict, "entry", None),
    }


def _refuse_misplaced(source: Path, output: Path | None, denied: Path | None, at: str | None) -> None:
    """Refuse rows with no place to go, rows as of another moment, and one table written over another.

    What is written may be used now, so it is judged as of now; rows that are not permitted would be lost.
    """
    places = [each.resolve() for each in (source, output, denied) if each is not None]
    if at is not None and len(places) > 1:
        raise InputError(
            "rows are let through as of now alone",
            hint="with --at rows are only counted: leave --output and --denied out",
        )
    if at is None and output is None:
        raise InputError("no place is named for the rows", hint="--output OUT; or --at TIME, to count them alone")
    if len(set(places)) < len(places):
        raise InputError("one file is named twice", hint="TABLE, --output and --denied are files of their own")


def _kept(call: Call, permitted: int, rows: int) -> Line:
    told = call.words(f"{rows:,} 行中 {permitted:,} 行可用", f"{permitted:,} of {rows:,} rows may be used")
    return Line(told, GOOD if permitted else BAD)


def _left_out(call: Call, names: Sequence[str]) -> list[Line]:
    told = call.words("未写出的列：", "columns not written: ") + plain(", ".join(names))
    return [Line(told, QUIET)] if names else []


def by_article(call: Call, law: Law, counts: dict[str, int]) -> RenderableType:
    """Return how many rows met each provision, with what it says."""
    shown = table()
    shown.show_header = False
    shown.add_column(justify="right", style=BAD)
    shown.add_column(no_wrap=True, style=STRONG)
    shown.add_column()
    for cite, rows in counts.items():
        shown.add_row(f"{rows:,}", cite, call.of(law.provision(cite).says))
    return shown


def import_(
    call: Call,
    source: Annotated[Path, typer.Argument(metavar="TABLE", help="Users, one a row: CSV in UTF-8.")],
    *,
    by: asked.By,
    where: asked.Where = "",
    purpose: Annotated[
        list[str], typer.Option("--purpose", metavar="ID", help="Collect only for this; may be given again.")
    ] = [],  # noqa: B006 - typer copies it
    on_error: Annotated[
        str, typer.Option(metavar="stop|skip", help="One bad row keeps all out, or only itself.")
    ] = "stop",
    map_: Annotated[
        list[str], typer.Option("--map", metavar="NAME=ITEM", help="What a column of another name holds.")
    ] = [],  # noqa: B006 - typer copies it
) -> ExitStatus:
    """Take in the users an operator already has; every row is held against the rules and goes through the gate.

    Columns: user_id, one for each kind of information, services, consents, limited_capacity. Bad rows are named by
    number and reason. Exit status 1 when one was.
    """
    from keshou.app.intake import Intake  # noqa: PLC0415 - for a quick start of the other verbs

    mode: Literal["stop", "skip"] = "skip" if on_error == "skip" else "stop"
    if on_error != mode:
        raise InputError("an unknown way to go on", hint="--on-error stop or --on-error skip")
    asked.refuse_unreadable(source)
    with call.open() as site:
        intake = Intake(site, source, by=by, where=where, purposes=purpose, mapping=_mapping(map_))
        with call.progress(call.words("核对并接收", "checking and taking in")) as advance:
            report = intake.run(mode, advance, advance)
        faults = [{**fault._asdict(), "cites": [str(cite) for cite in fault.cites]} for fault in report.faults]
        data = {"rows": report.rows, "taken": report.taken, "refused": report.rows - report.taken, "faults": faults}
        told = call.words(
            f"{report.rows:,} 行中收下 {report.taken:,} 行", f"{report.taken:,} of {report.rows:,} rows taken in"
        )
        call.answer(data, Line(told, BAD if report.faults else GOOD), *fault_lines(call, report.faults))
    return ExitStatus.NO if report.faults else ExitStatus.DONE


def _mapping(pairs_: Sequence[str]) -> dict[str, str]:
    parts = [each.partition("=") for each in pairs_]
    if not all(name and equals and item for name, equals, item in parts):
        raise InputError("--map is not written NAME=ITEM", hint="e.g. --map phone=mobile_number")
    return {name: item for name, _, item in parts}


def fault_lines(call: Call, faults: Sequence[object]) -> list[RenderableType]:
    """Return how often each thing was wrong, and the first rows concerned."""
    if not faults:
        return []
    counts = table()
    counts.add_column(call.words("行数", "how many rows"), justify="right", style=BAD)
    counts.add_column(call.words("原因", "reason"))
    for kind, rows in fault_counts(call, faults):
        counts.add_row(f"{rows:,}", kind)
    shown = table(call.words("行", "row"), call.words("原因", "reason"))
    for each in faults[:_MOST_SHOWN]:
        shown.add_row(f"{each.row:,}", _fault(call, each))  # type: ignore[attr-defined]
    more = len(faults) - _MOST_SHOWN
    tail = [Line(call.words(f"…… 另有 {more:,} 行（--json 列出全部）", f"… {more:,} more (--json lists all)"), QUIET)]
    return [counts, "", shown, *(tail if more > 0 else [])]


def fault_counts(call: Call, faults: Sequence[object]) -> list[tuple[str, int]]:
    """Return what was wrong and in how many rows, the most frequent first."""
    return Counter(_fault(call, each) for each in faults).most_common()


def _fault(call: Call, fault: object) -> str:
    code, column, purpose, cites = (getattr(fault, name) for name in ("code", "column", "purpose", "cites"))
    place = column or purpose
    told = call.of(FAULT[code]) + (call.words(f"（{place}）", f" ({place})") if place else "")
    listed = [str(cite) for cite in cites]
    return told + (call.words("：" + "、".join(listed), ": " + ", ".join(listed)) if listed else "")
