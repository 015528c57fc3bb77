# SPDX-License-Identifier: Apache-2.0
"""``keshou review``: bulk acts are looked at by another person before they are done."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text as Line

from keshou.acts.request import RecordSite
from keshou.app.review_preview import Looked, Preview, preview
from keshou.app.site import Site
from keshou.cli import asked
from keshou.cli.consent import in_force
from keshou.cli.decision import data_of, shown
from keshou.cli.office import Name, NewName, new_id, recorded, write_down
from keshou.cli.terminal import BAD, QUIET, Call, table
from keshou.cli.verb import verb
from keshou.declaration.model import Review
from keshou.errors import ExitStatus, InputError
from keshou.gate.decision import Deny
from keshou.gate.facts import ReviewApproved, ReviewAsked, ReviewRefused

group = typer.Typer(help="Review of bulk acts before they are done.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Put the family under the one name."""
    app.add_typer(group, name="review")


@verb(group, "ask")
def ask(
    call: Call,
    *,
    by: asked.By,
    kind: asked.Kind,
    purpose: asked.Purpose,
    item: asked.Items,
    users: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The very list: ids, one a line; - for the input.")
    ] = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="The most users it covers; with a list, as many as it has.")
    ] = None,
    recipient: asked.Recipient = "",
    id_: NewName = "",
) -> None:
    """Ask that a bulk export, copy or destruction be reviewed: of one list, or of any up to so many users."""
    listed = asked.users_in(users) if users else ()
    if not (listed or count):
        raise InputError("a review is of a list, or says of how many users at most", hint="give --users or --count")
    name = id_ or new_id("r")
    with call.open() as site:
        _declared(site)
        fact = ReviewAsked(
            at=site.now(), review=name, requester=by, kind=kind, purpose=purpose, items=frozenset(item),
            count=count or len(listed), recipient=recipient,
        )  # fmt: skip
        revision = site.do(RecordSite(facts=(fact,), by=by, users=listed)).entry + 1
        data = {"revision": revision, "entry": revision - 1, "id": name, "listed": bool(listed)}
        call.answer(data, recorded(call, revision, name))


@verb(group, "preview")
def look(call: Call, name: Name, *, by: asked.By) -> ExitStatus:
    """Look, as its reviewer, at a few of those whom a bulk act would be about, masked; each look is recorded.

    Exit status 1 when no post of STAFF may query them for that purpose.
    """
    with call.open() as site:
        fact = _asked(site, name)
        found = preview(site, fact, by)
        if found.denied is not None and found.denied.decision is not None:
            decision = found.denied.decision
            call.answer({**data_of(decision), "entry": found.denied.entry}, *shown(call, site.law, decision))
            return ExitStatus.NO
        call.answer([_data(each) for each in found.looks], *_rows(call, fact, found))
    return ExitStatus.DONE


def _data(each: Looked) -> dict[str, object]:
    decision = {} if each.decision is None else data_of(each.decision)
    return {**decision, "entry": each.entry, "values": dict(each.values)}


def _rows(call: Call, fact: ReviewAsked, found: Preview) -> list[RenderableType]:
    if not found.looks:
        zh, en = "没有可以看的用户：没有给出名单，或者不再保存", "nobody to look at: no list was given, or it is over"
        return [Line(call.words(zh, en), QUIET)]
    items = sorted(fact.items)
    rows = table(*items, call.words("日志", "entry"))
    for each in found.looks:
        denied = isinstance(each.decision, Deny)
        first = Line(call.words("不允许", "denied"), BAD) if denied else each.values.get(items[0], "-")
        rows.add_row(first, *(each.values.get(item, "-") for item in items[1:]), str(each.entry))
    return [rows]


@verb(group, "answer")
def answer(
    call: Call,
    name: Name,
    *,
    by: Annotated[
        str, typer.Option(metavar="STAFF", help="Who reviewed it: somebody else than who asked.", callback=asked.staff)
    ],
    refuse: Annotated[bool, typer.Option("--refuse", help="Refuse it; else it is approved.")] = False,
) -> None:
    """Approve just what was asked for, or refuse it; an approval serves once, for as long as the rules say."""
    with call.open() as site:
        fact, now = _asked(site, name), site.now()
        if refuse:
            write_down(call, site, by, ReviewRefused(at=now, review=name, reviewer=by), name=name)
            return
        until = now + dt.timedelta(hours=_declared(site).valid_hours)
        write_down(
            call, site, by,
            ReviewApproved(
                at=now, review=name, requester=fact.requester, reviewer=by, kind=fact.kind, purpose=fact.purpose,
                items=fact.items, count=fact.count, until=until, recipient=fact.recipient, listed=fact.listed,
            ),
            name=name,
        )  # fmt: skip


@verb(group, "approve")
def approve(
    call: Call,
    *,
    by: Annotated[
        str, typer.Option(metavar="STAFF", help="Who reviewed it: somebody else than who asked.", callback=asked.staff)
    ],
    requester: Annotated[
        str, typer.Option(metavar="STAFF", help="Who asked for it and will do it.", callback=asked.staff)
    ],
    kind: asked.Kind,
    purpose: asked.Purpose,
    item: asked.Items,
    count: Annotated[int, typer.Option(min=1, help="The most users it covers.")],
    recipient: asked.Recipient = "",
    id_: NewName = "",
) -> None:
    """Approve one bulk export, copy or destruction; it serves once, for as long as the rules say."""
    if by == requester:
        raise InputError("whoever asked for a bulk act may not review it", hint="let somebody else review it")
    with call.open() as site:
        name, now = id_ or new_id("r"), site.now()
        until = now + dt.timedelta(hours=_declared(site).valid_hours)
        before = site.state().asked.get(name)
        parts = {"requester": requester, "reviewer": by, "kind": kind, "purpose": purpose, "recipient": recipient}
        fact = ReviewApproved(
            at=now, review=name, items=frozenset(item), count=count, until=until,
            listed=before.listed if before else "", **parts  # type: ignore[arg-type]
        )  # fmt: skip
        write_down(call, site, by, fact, name=name)


def _declared(site: Site) -> Review:
    declared = in_force(site).declaration.review
    if declared is None:
        raise InputError("the rules declare no review of bulk acts", hint="add [review] to the declaration")
    return declared


def _asked(site: Site, name: str) -> ReviewAsked:
    found = site.state().asked.get(name)
    if found is None:
        raise InputError("no review of that id was asked for", hint="`keshou review ask` printed its id")
    return found
