# SPDX-License-Identifier: Apache-2.0
"""``keshou account waiting`` and ``confirm``: what lets one come as somebody else, by the word of a second person."""

from typing import Annotated

import typer
from rich.text import Text as Line

from keshou.app import second_hand
from keshou.app.second_hand import Seen, Waiting, Way
from keshou.cli import asked
from keshou.cli.account import group
from keshou.cli.terminal import GOOD, STRONG, Call, plain, table
from keshou.cli.verb import verb
from keshou.law.model import CHINA
from keshou.wire.account_words import WAYS


def add_to(_app: typer.Typer) -> None:
    """Put the verbs with those of accounts; they are there once this is imported."""


@verb(group, "waiting")
def waiting(call: Call) -> None:
    """Show what was given over HTTP and waits for a second person; it proves nothing until then."""
    with call.open() as site, site.reading() as tx:
        found = second_hand.waiting(site, tx)
    words = call.words
    shown = table(words("方式", "what"), words("编号", "id"), words("属于", "of"), words("经手", "by"),
                  words("时间", "since"))  # fmt: skip
    for each in found:
        since = f"{each.since.astimezone(CHINA):%Y-%m-%d %H:%M}"
        shown.add_row(call.of(WAYS[each.way]), Line(each.id, STRONG), plain(each.of), plain(each.by), since)
    call.answer(found, shown if found else Line(words("没有等待确认的", "nothing waits")))


@verb(group, "confirm")
def confirm(
    call: Call,
    way: Annotated[Way, typer.Argument(help="What it is: a way in.")],
    name: Annotated[
        str, typer.Argument(metavar="ID", help="Of the account invited; the provider's subject; of the key.")
    ],
    *,
    of: Annotated[str, typer.Option(metavar="ID", help="Account, program or service that it is of, as it is listed.")],
    by: Annotated[str, typer.Option(metavar="STAFF", help="Who confirms it; never who gave it.", callback=asked.staff)],
) -> None:
    """Let what another gave count from now on: an invitation anew, a link, a key that comes as somebody else."""
    with call.open() as site, site.writing() as tx:
        found: Waiting = second_hand.confirm(site, tx, Seen(way, name, of), by)
    call.answer(found, Line(call.words("已确认 ", "confirmed ") + found.id, GOOD))
