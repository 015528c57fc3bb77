# SPDX-License-Identifier: Apache-2.0
"""``keshou ask``: one decision, nothing done."""

from typing import Annotated

import typer

from keshou.cli import asked
from keshou.cli.decision import data_of, shown, status_of
from keshou.cli.terminal import Call
from keshou.cli.verb import verb
from keshou.errors import ExitStatus
from keshou.law.terms import ActKind


def add_to(app: typer.Typer) -> None:
    """Put the verb under the one name."""
    verb(app, "ask")(ask)


def ask(
    call: Call,
    *,
    purpose: asked.Purpose,
    item: asked.Items,
    by: asked.By,
    user: Annotated[str, typer.Option(help="Whose information; none for a bulk act.", metavar="ID")] = "",
    kind: asked.Kind = ActKind.USE,
    post: asked.Post = "",
    where: asked.Where = "",
    at: asked.At = None,
    recipient: asked.Recipient = "",
    count: Annotated[int, typer.Option(help="How many users it concerns.", min=1)] = 1,
    review: asked.Review = "",
    ground: asked.Ground = "",
    at_least: Annotated[int | None, typer.Option(help="The oldest revision that will do.", metavar="REV")] = None,
) -> ExitStatus:
    """Ask whether an act is permitted; nothing is done and nothing recorded.

    Exit status 0 when it is, 1 when it is not.
    """
    with call.open() as site:
        rest = {"post": post, "where": where, "recipient": recipient, "review": review, "ground": ground}
        act = asked.act(kind, user, item, purpose, by=by, when=asked.moment(at, site.now()), count=count, **rest)
        decision = site.ask(act, at_least=at_least, then=at is not None)
        call.answer(data_of(decision), *shown(call, site.law, decision))
    return status_of(decision)
