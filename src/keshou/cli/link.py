# SPDX-License-Identifier: Apache-2.0
"""``keshou link``: links to one user's record for one recipient, for minutes."""

import sys
from typing import Annotated

import msgspec
import typer
from rich.text import Text as Line

from keshou.app import sharing
from keshou.app.sharing import Asked
from keshou.cli import asked
from keshou.cli.decision import data_of, shown
from keshou.cli.office import new_id
from keshou.cli.terminal import BAD, GOOD, QUIET, Call, pairs, table
from keshou.cli.verb import verb
from keshou.errors import ExitStatus
from keshou.links.link import Shared

_MOST = 1000

group = typer.Typer(help="Links to one user's record: short-lived, counted, ended at any moment.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Put the family under the one name."""
    app.add_typer(group, name="link")


@verb(group, "make")
def make(
    call: Call,
    *,
    user: Annotated[str, typer.Option(metavar="ID", help="Whose record.")],
    item: asked.Items,
    purpose: asked.Purpose,
    to: Annotated[str, typer.Option(metavar="RECIPIENT", help="For whom: id of a declared recipient.")],
    by: asked.By,
    minutes: Annotated[int, typer.Option(min=1, max=asked.MOST_MINUTES, help="For how many minutes it holds.")],
    openings: Annotated[int, typer.Option(help="How often it opens.")] = 1,
    post: asked.Post = "",
    where: asked.Where = "",
    ground: asked.Ground = "",
) -> ExitStatus:
    """Make a link; what opens it is printed this once. Exit status 1 when the gate would deny it."""
    with call.open() as site:
        items = tuple(sorted(set(item)))
        shared = Shared(purpose=purpose, items=items, recipient=to, by=by, post=post, where=where, ground=ground)
        wanted = Asked(user, shared, minutes, openings)
        decision = sharing.may_share(site, wanted)
        if not decision.permitted:
            call.answer(data_of(decision), *shown(call, site.law, decision))
            return ExitStatus.NO
        fact, token = sharing.share(site, new_id("l"), wanted)
        data = {"id": fact.link, "token": token, "until": fact.until, "openings": fact.most}
        told = call.words("只显示这一次", "shown this once")
        call.answer(
            data, Line(f"{token}  ({told})", GOOD), pairs({"id": fact.link, call.words("到", "until"): fact.until})
        )
    return ExitStatus.DONE


@verb(group, "open")
def open_(call: Call) -> ExitStatus:
    """Open a link whose token is given on standard input; it is counted and recorded. Exit status 1 when none holds."""
    token = sys.stdin.readline().strip()
    with call.open() as site:
        found = sharing.open_link(site, token)
        if found is None or not sharing.shows(found):
            call.answer({"opened": False}, Line(call.words("没有可以打开的链接", "no link of this token holds"), BAD))
            return ExitStatus.NO
        taken, done = found
        data = {"values": dict(done.values), "left": taken.left, "until": taken.until, "entry": done.entry}
        entry = Line(call.words(f"已记为日志第 {done.entry} 条", f"recorded as entry {done.entry}"), QUIET)
        call.answer(data, pairs(dict(done.values)), entry)
    return ExitStatus.DONE


@verb(group, "list")
def list_(
    call: Call,
    *,
    by: Annotated[
        str, typer.Option(metavar="STAFF", help="Who made them; none: everybody's.", callback=asked.staff_or_none)
    ] = "",
    after: Annotated[str, typer.Option(metavar="ID", help="Only those whose id comes after this one.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="How many at the most, by id.")] = 100,
) -> None:
    """List links: for whom, until when, how often opened, and where in the log; never their tokens."""
    with call.open() as site:
        found = sharing.made_by(site, by, after=after, most=limit + 1)
    more, found = len(found) > limit, found[:limit]
    rows = table("id", *(call.words(*each) for each in _TITLES))
    for each in found:
        left = call.words("已撤销", "revoked") if each.revoked else each.until.isoformat()[:16]
        rows.add_row(
            each.id, each.shared.by, each.shared.recipient, each.shared.purpose, left, f"{each.opened}/{each.most}"
        )
    onward = f"--after {found[-1].id}" if more else ""
    told = [Line(call.words(f"还有，加上 {onward}", f"there are more: add {onward}"), QUIET)] if more else []
    call.answer(msgspec.to_builtins(found), rows, *told)


_TITLES = (("经手", "by"), ("接收方", "recipient"), ("目的", "purpose"), ("到", "until"), ("已打开", "opened"))


@verb(group, "revoke")
def revoke(
    call: Call, name: Annotated[str, typer.Argument(metavar="ID", help="Id of the link.")], *, by: asked.By
) -> None:
    """End a link at once."""
    with call.open() as site:
        sharing.revoke(site, name, by=by)
    call.answer({"id": name, "revoked": True}, Line(call.words("已撤销", "revoked"), GOOD))
