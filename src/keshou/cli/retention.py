# SPDX-License-Identifier: Apache-2.0
"""``keshou retention``: what may be erased, and from which day on."""

import datetime as dt
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from keshou.app.retention import Preview
from keshou.cli.terminal import Call, pairs, table
from keshou.cli.verb import verb
from keshou.errors import InputError
from keshou.gate import calendar
from keshou.wire.hold_words import GROUND
from keshou.wire.retention import CLASS, retention_shape

_MONTH = 31
Day = Annotated[str | None, typer.Option(metavar="DAY", help="A day in China, e.g. 2026-12-31.")]


def add_to(app: typer.Typer) -> None:
    """Put the verb under the one name."""
    verb(app, "retention")(retention)


def retention(call: Call, *, since: Day = None, until: Day = None) -> None:
    """Say what may be erased soon: what no purpose needs any more, and registration information. Nobody is named.

    Without days: from today to the end of the month after this one.
    """
    with call.open() as site:
        today = calendar.day_of(site.now())
        first = _day(since) if since else today
        last = _day(until) if until else _end_of_next_month(first)
        with call.progress(call.words("查看留存期", "looking at terms of retention")) as advance:
            found = site.retention.preview(first, last, advance)
    names = {
        call.words("期间", "span"): f"{found.since} - {found.until}",
        call.words("依据", "under"): found.under,
        call.words("信息可删除的用户", "users to erase"): found.users,
        call.words("已逾期", "overdue"): found.overdue,
    }
    shown = (
        *(("", _days(call, found)) if found.days else ()),
        *((call.words("已无目的需要", "no purpose needs it any more"), _over(call, found)) if found.over else ()),
        *(("", _held(call, found)) if found.held else ()),
    )
    call.answer(msgspec.to_builtins(retention_shape(found)), pairs(names), *shown)


def _days(call: Call, found: Preview) -> Table:
    """Return whose statutory time is over, a row each day."""
    shown = table(
        *(call.words("日期", "from"), call.words("用户", "users"), call.words("信息种类", "kinds of information"))
    )
    for each in found.days:
        shown.add_row(f"{each.day:%Y-%m-%d}", str(each.users), ", ".join(each.items))
    return shown


def _over(call: Call, found: Preview) -> Table:
    """Return what no purpose needs any more, a row for each day, purpose and class."""
    titles = (
        ("日期", "from"),
        ("最后的目的", "last purpose"),
        ("类别", "class"),
        ("用户", "users"),
        ("信息种类", "kinds of information"),
        ("删除", "goes"),
    )
    shown = table(*(call.words(*each) for each in titles))
    for each in found.over:
        goes = (
            call.words("到期自动", "by itself") if each.class_ in found.by_itself else call.words("待人办理", "waits")
        )
        shown.add_row(
            f"{each.day:%Y-%m-%d}",
            each.purpose,
            call.of(CLASS[each.class_]),
            str(each.users),
            ", ".join(each.items),
            goes,
        )
    return shown


def _held(call: Call, found: Preview) -> Table:
    """Return what holds keep, a row each."""
    titles = (
        ("法定留存", "hold"),
        ("原因", "why"),
        ("到", "until"),
        ("用户", "users"),
        ("信息种类", "kinds of information"),
    )
    shown = table(*(call.words(*each) for each in titles))
    for each in found.held:
        until = each.until.isoformat()[:16] if each.until else call.words("解除为止", "until lifted")
        why = call.of(GROUND[each.ground]) + (f" ({each.cite})" if each.cite else "")
        shown.add_row(each.hold, why, until, str(each.users), ", ".join(each.items))
    return shown


def _day(text: str) -> dt.date:
    try:
        return calendar.read_day(text)
    except ValueError:
        raise InputError("a day that is none", hint="write it as 2026-12-31") from None


def _end_of_next_month(day: dt.date) -> dt.date:
    after = day.replace(day=1) + 2 * dt.timedelta(days=_MONTH)
    return after.replace(day=1) - dt.timedelta(days=1)
