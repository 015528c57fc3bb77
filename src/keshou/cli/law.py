# SPDX-License-Identifier: Apache-2.0
"""``keshou law``: read the law, see what enforces it, put two instruments side by side."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text as Line
from typer.core import TyperGroup

from keshou.app import clock
from keshou.cli.terminal import BAD, GOOD, QUIET, STRONG, Call, pairs, table
from keshou.cli.verb import verb
from keshou.errors import ExitStatus
from keshou.law import compare as comparing
from keshou.law import coverage as covering
from keshou.law import status as freshness
from keshou.law.coverage import Status
from keshou.law.law import Law
from keshou.law.load import load
from keshou.law.model import Citation, Instrument, LawError, Period, Provision
from keshou.wire.law_words import BEARER, CARRIER, MODALITY, RANK, RESPECT, SOURCE, STANDING, STATUS, measures


class _OrShow(TyperGroup):
    """A group that shows something when no verb of its own is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        asked = {"-h", "--help"} | set(self.commands)
        return super().parse_args(ctx, args if asked.intersection(args) else ["show", *args])


group = typer.Typer(cls=_OrShow, help="Read the law: `keshou law`, `keshou law miit24:9`, or one of these.")


def add_to(app: typer.Typer) -> None:
    """Put the family under the one name."""
    app.add_typer(group, name="law")


@verb(group, "show")
def show(
    call: Call,
    citation: Annotated[str | None, typer.Argument(help="miit24, miit24:9 or miit24:9.1; none lists all.")] = None,
) -> None:
    """Show an instrument or a provision; `show` may be left out. [bold]keshou law miit24:13.1.6[/bold]."""
    law = load()
    if citation is None:
        call.answer([_instrument_data(law, key) for key in law.instruments], *_instruments(call, law))
        return
    found = _provisions(law, citation)
    head = _instrument(call, law.instruments[citation]) if citation in law.instruments else []
    call.answer(found, *head, *(line for each in found for line in _provision(call, each)))


def _provisions(law: Law, citation: str) -> Sequence[Provision]:
    if citation in law.instruments:
        return law.instruments[citation].provisions
    found = law.within(Citation.parse(citation))
    if not found:
        raise LawError(f"the law has no provision `{citation}`", hint="see `keshou law` for what it holds")
    return found


def _instrument_data(law: Law, key: str) -> dict[str, object]:
    one = law.instruments[key]
    return {
        **{name: getattr(one, name) for name in ("id", "title", "short", "issuer", "number", "rank", "binds")},
        **{name: getattr(one, name) for name in ("adopted", "published", "in_force", "repealed", "checked_on")},
        **{name: getattr(one, name) for name in ("source_quality", "uncertain")},
        "provisions": len(one.provisions),
    }


def _instruments(call: Call, law: Law) -> list[RenderableType]:
    shown = table("", call.words("法规", "instrument"), call.words("位阶", "rank"), call.words("施行", "in force"), "")
    for one in law.instruments.values():
        since = str(one.in_force or call.words("从未", "never"))
        count = call.words(f"{len(one.provisions)} 项条款", f"{len(one.provisions)} provisions")
        shown.add_row(Line(one.id, STRONG), call.of(one.short), call.of(RANK[one.rank]), since, Line(count, QUIET))
    return [shown]


def _instrument(call: Call, one: Instrument) -> list[RenderableType]:
    entries = {
        call.words("制定机关", "issued by"): call.of(one.issuer),
        call.words("文号", "number"): call.of(one.number),
        call.words("位阶", "rank"): call.of(RANK[one.rank]),
        call.words("通过", "adopted"): one.adopted,
        call.words("公布", "published"): one.published,
        call.words("施行", "in force"): one.in_force or call.words("从未", "never"),
        call.words("废止", "repealed"): one.repealed,
        call.words("上次核对", "last read"): one.checked_on,
        call.words("读到何处", "source"): call.of(one.source_quality),
        call.words("存疑", "uncertain"): call.of(one.uncertain),
    }
    return [Line(call.of(one.title), STRONG), pairs({name: value for name, value in entries.items() if value}), ""]


def _provision(call: Call, each: Provision) -> list[RenderableType]:
    """Show all that the data tells of one provision; what the text asks for stands apart from what we propose."""
    comma = call.words("、", ", ")
    bearers = comma.join(call.of(BEARER[bearer]) for bearer in each.bearers)
    spoken = " · ".join(part for part in (call.of(MODALITY[each.modality]), bearers) if part)
    head = Line.assemble((each.cite, STRONG), "  ", (spoken, QUIET))
    entries = {
        call.words("何时", "when"): call.of(each.trigger),
        call.words("条件", "conditions"): call.of(each.conditions),
        call.words("期限", "within"): _period(call, each.period) if each.period else "",
        call.words("要求的证据", "evidence"): call.of(each.evidence_text),
        call.words("建议的证据", "proposed"): call.of(each.evidence_inferred),
        call.words("措施", "measures"): measures(each.penalty, call.language) if each.penalty else "",
        call.words("罚则", "penalty"): each.sanctioned_by,
        call.words("如何落实", "carried"): call.of(each.how),
        call.words("闸门禁令", "enforced by"): comma.join(each.prohibitions),
        call.words("同一事项", "same matter"): comma.join(each.same_as),
        call.words("不同之处", "differs"): call.of(each.differs),
        call.words("读到何处", "source"): call.of(SOURCE[each.source]) if each.source != "full" else "",
        call.words("存疑", "uncertain"): call.of(each.uncertain),
    }
    return [head, call.of(each.says), pairs({name: value for name, value in entries.items() if value}), ""]


def _period(call: Call, period: Period) -> str:
    if period.at_once:
        return call.words("立即", "at once")
    units = (("days", "日", "day"), ("months", "个月", "month"), ("years", "年", "year"))
    for name, zh, en in units:
        if number := getattr(period, name):
            length = call.words(f"{number}{zh}", f"{number} {en}{'s' * (number > 1)}")
            return call.words(f"每{length}至少一次", f"at least once in {length}") if period.recurring else length
    return call.words("及时", "promptly")


@verb(group, "coverage")
def coverage(
    call: Call,
    *,
    all_: Annotated[bool, typer.Option("--all", help="List every provision, also what is carried.")] = False,
) -> ExitStatus:
    """Say what carries each provision that binds the operator. Exit status 1 until nothing is open."""
    from keshou.app import built  # noqa: PLC0415 - brings in NumPy

    lines = built.coverage(load())
    tally = covering.tally(lines)
    data = {
        "tally": {status.value: count for status, count in tally.items()},
        "provisions": [_line_data(line) for line in lines],
    }
    wanted = lines if all_ else [line for line in lines if line.status in (Status.OPEN, Status.GAP)]
    call.answer(data, _tally(call, tally), "", _lines(call, wanted))
    return ExitStatus.DONE if covering.is_done(lines) else ExitStatus.NO


def _line_data(line: covering.Line) -> dict[str, object]:
    waits = [part.value for part in line.waits_for]
    return {"cite": line.provision.cite, "status": line.status.value, "waits_for": waits, "missing": line.missing}


def _tally(call: Call, tally: dict[Status, int]) -> Table:
    style = {Status.OPEN: BAD, Status.GAP: BAD, Status.ENFORCED: GOOD, Status.CARRIED: GOOD}
    return pairs({call.of(STATUS[each]): Line(str(n), style.get(each, "")) for each, n in tally.items()})


def _lines(call: Call, lines: Sequence[covering.Line]) -> Table:
    shown = table(call.words("出处", "provision"), call.words("状态", "status"), call.words("内容", "what it says"))
    for line in lines:
        waits = call.words("、", ", ").join([*(call.of(CARRIER[part]) for part in line.waits_for), *line.missing])
        state = call.of(STATUS[line.status]) + (call.words(f"（{waits}）", f" ({waits})") if waits else "")
        shown.add_row(Line(line.provision.cite, STRONG), state, call.of(line.provision.says))
    return shown


@verb(group, "compare")
def compare(
    call: Call,
    first: Annotated[str, typer.Argument(help="Id of an instrument, e.g. miit24_draft.")],
    second: Annotated[str, typer.Argument(help="Id of the other, e.g. miit24.")],
) -> None:
    """Put two instruments side by side: what both say, what only one says, in what they differ."""
    law = load()
    rows = comparing.compare(law, first, second)
    read = [Line(f"{name}  {call.of(law.instruments[name].source_quality)}", QUIET) for name in (first, second)]
    call.answer([_row_data(row) for row in rows], *read, "", _rows(call, rows, first, second))


def _row_data(row: comparing.Row) -> dict[str, object]:
    return {
        "first": row.first and row.first.cite,
        "second": row.second and row.second.cite,
        "differences": [each._asdict() for each in row.differences],
        "notes": row.notes,
    }


def _rows(call: Call, rows: Sequence[comparing.Row], first: str, second: str) -> Table:
    shown = table(first, second, call.words("差别", "difference"))
    shown.show_lines = True
    for row in rows:
        differs = [call.of(RESPECT[each.respect]) for each in row.differences] + [call.of(note) for note in row.notes]
        sides = [Line.assemble((each.cite, STRONG), "\n", call.of(each.says)) if each else "—" for each in row[:2]]
        shown.add_row(*sides, "\n".join(differs))
    return shown


@verb(group, "status")
def status(call: Call) -> ExitStatus:
    """Say which instruments stand today and whether their reading is fresh. Exit status 1 when one is stale."""
    lines = freshness.status(load(), clock.today())
    data = [
        {"id": line.instrument.id, "standing": line.standing.value, "check_by": line.check_by, "stale": line.stale}
        for line in lines
    ]
    shown = table(
        "", call.words("今日", "today"), call.words("上次核对", "last read"), call.words("须再核对", "read again by")
    )
    for line in lines:
        style = BAD if line.stale else ""
        read = str(line.instrument.checked_on)
        shown.add_row(
            Line(line.instrument.id, STRONG), call.of(STANDING[line.standing]), read, Line(str(line.check_by), style)
        )
    call.answer(data, shown)
    return ExitStatus.DONE if freshness.is_fresh(lines) else ExitStatus.NO
