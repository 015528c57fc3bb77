# SPDX-License-Identifier: Apache-2.0
"""``keshou hold``: information that is kept from erasure while a matter is open."""

from typing import Annotated

import msgspec
import typer

from keshou.cli import asked
from keshou.cli.office import By, Name, NewName, new_id, write_down
from keshou.cli.terminal import Call, table
from keshou.cli.verb import verb
from keshou.gate.holds import Asked, Ending, Ground, HoldLifted
from keshou.law.terms import RetentionClass
from keshou.wire.hold_words import ENDING, GROUND, STATE
from keshou.wire.holds import HoldShape, hold_shapes

group = typer.Typer(help="Information kept from erasure while a matter is open.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Put the family under the one name."""
    app.add_typer(group, name="hold")


@verb(group, "set")
def set_(
    call: Call,
    *,
    ground: Annotated[Ground, typer.Option(help="Why: a dispute, a case, an authority's demand, another law.")],
    document: Annotated[str, typer.Option(metavar="ID", help="The paper it rests on, in your own books.")],
    by: By,
    user: Annotated[
        list[str], typer.Option("--user", metavar="ID", help="Whose; may be given again; none: everybody's.")
    ] = [],  # noqa: B006 - typer copies it
    purpose: Annotated[
        list[str], typer.Option("--purpose", metavar="ID", help="Only what this purpose needs; may be given again.")
    ] = [],  # noqa: B006 - as above
    class_: Annotated[
        list[RetentionClass], typer.Option("--class", help="Only what is kept in this class; may be given again.")
    ] = [],  # noqa: B006 - as above
    cite: Annotated[str, typer.Option(metavar="TEXT", help="The provision relied on, as it is cited.")] = "",
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Until when, with its zone; none: until lifted.")
    ] = None,
    silent: Annotated[bool, typer.Option("--silent", help="Do not tell the users concerned.")] = False,
    id_: NewName = "",
) -> None:
    """Keep information from erasure, whatever runs out or is asked for; it permits nothing.

    Name users, or purposes, or both. Somebody else lifts it.
    """
    name = id_ or new_id("h")
    with call.open() as site:
        end = asked.moment(until, site.now()) if until else None
        wanted = Asked(ground, document, cite, end, user, class_, purpose, silent)
        write_down(call, site, by, site.holds.fact(name, wanted, by), name=name)


@verb(group, "lift")
def lift(
    call: Call,
    name: Name,
    *,
    by: By,
    reason: Annotated[Ending, typer.Option(help="Why it ends.")],
) -> None:
    """End a hold that somebody else set; what was due meanwhile goes at once."""
    with call.open() as site:
        write_down(call, site, by, HoldLifted(at=site.now(), hold=name, by=by, reason=reason), name=name)


@verb(group, "list")
def list_(call: Call, *, all_: Annotated[bool, typer.Option("--all", help="Those that are over too.")] = False) -> None:
    """List holds: why, on which paper, by whom, until when, of how many users; whose is told to nobody."""
    with call.open() as site:
        found = [each for each in hold_shapes(site.state()) if all_ or each.state == "stands"]
    rows = table("id", *(call.words(*each) for each in _TITLES))
    for each in found:
        whose = str(each.users or call.words("所有用户", "everybody"))
        what = ", ".join([*each.classes, *each.purposes]) or call.words("全部", "all")
        ends = each.until.isoformat()[:16] if each.until else call.words("解除为止", "until lifted")
        rows.add_row(
            each.id, call.of(GROUND[each.ground]), each.document, each.set_by, whose, what, _ended(call, each) or ends
        )
    none = call.words("没有法定留存", "no hold stands")
    call.answer(msgspec.to_builtins(found), rows if found else none)


_TITLES = (
    ("原因", "ground"), ("文书", "document"), ("经手", "by"), ("用户", "users"), ("范围", "what"), ("到", "until"),
)  # fmt: skip


def _ended(call: Call, hold: HoldShape) -> str:
    if hold.state == "stands":
        return ""
    why = f" ({call.of(ENDING[hold.reason])}, {hold.lifted_by})" if hold.reason else ""
    return call.of(STATE[hold.state]) + why
