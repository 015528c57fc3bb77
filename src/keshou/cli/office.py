# SPDX-License-Identifier: Apache-2.0
"""``keshou staff``, ``suspend``, ``ground``: what came true of staff and of the authority."""

import secrets
from typing import Annotated

import typer
from rich.text import Text as Line

from keshou.acts.request import RecordSite
from keshou.app.site import Site
from keshou.cli import asked
from keshou.cli.consent import in_force
from keshou.cli.terminal import GOOD, Call
from keshou.cli.verb import verb
from keshou.gate.facts import (
    GroundEnded,
    GroundRecorded,
    SiteFact,
    StaffAppointed,
    StaffLeft,
    StaffRemoved,
    SuspensionLifted,
    SuspensionOrdered,
)
from keshou.law.terms import ActKind

staff = typer.Typer(help="Who holds which post.", no_args_is_help=True)
suspend = typer.Typer(help="What the authority asks to stop.", no_args_is_help=True)
ground = typer.Typer(help="Where a law or administrative regulation provides otherwise.", no_args_is_help=True)

Who = Annotated[str, typer.Argument(metavar="STAFF", help="Id of the member of staff or program.")]
Post = Annotated[str, typer.Option(metavar="ID", help="Id of the post.")]
Branch = Annotated[str, typer.Option(metavar="ID", help="The branch; none: everywhere.")]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Until when, with its zone.")]
By = Annotated[str, typer.Option(metavar="STAFF", help="Who writes it down.", callback=asked.staff)]
Kinds = Annotated[list[ActKind], typer.Option("--kind", help="Which kind of act; may be given again; none: all.")]
Purposes = Annotated[
    list[str], typer.Option("--purpose", metavar="ID", help="Which purpose; may be given again; none: all.")
]
Name = Annotated[str, typer.Argument(metavar="ID", help="Its id.")]
NewName = Annotated[str, typer.Option("--id", metavar="ID", help="Its id; else one is made.")]


def add_to(app: typer.Typer) -> None:
    """Put the families under the one name."""
    for name, family in (("staff", staff), ("suspend", suspend), ("ground", ground)):
        app.add_typer(family, name=name)


@verb(staff, "appoint")
def appoint(
    call: Call,
    who: Who,
    *,
    post: Post,
    by: By,
    branch: Branch = "",
    until: Until = None,
) -> None:
    """Appoint a person or program to a post that the rules declare."""
    with call.open() as site:
        fact = _appointment(site, who, post, branch, until)
        write_down(call, site, by, fact)


def _appointment(site: Site, who: str, post: str, branch: str, until: str | None) -> StaffAppointed:
    """Return an appointment as of now.

    Raises:
        InputError: no rules are in force, so that no post is declared.

    """
    in_force(site)
    now = site.now()
    end = asked.moment(until, now) if until else None
    return StaffAppointed(at=now, staff=who, post=post, branch=branch, until=end)


@verb(staff, "move")
def move(call: Call, who: Who, *, post: Post, by: By, branch: Branch = "", until: Until = None) -> None:
    """Move a person or program to another post: every post held ends and the new one begins, in one entry."""
    with call.open() as site:
        fact = _appointment(site, who, post, branch, until)
        write_down(call, site, by, StaffLeft(at=fact.at, staff=who), fact)


@verb(staff, "leave")
def leave(call: Call, who: Who, *, by: By) -> None:
    """Write down that a person or program left for good: every post ends at once, and whatever was lent."""
    with call.open() as site:
        write_down(call, site, by, StaffLeft(at=site.now(), staff=who))


@verb(staff, "remove")
def remove(call: Call, who: Who, *, post: Post, by: By) -> None:
    """Take a person or program off a post; whatever the post was granted is denied from then on."""
    with call.open() as site:
        fact = StaffRemoved(at=site.now(), staff=who, post=post)
        write_down(call, site, by, fact)


@verb(suspend, "order")
def order(
    call: Call,
    *,
    by: By,
    kind: Kinds = [],  # noqa: B006 - typer copies it
    purpose: Purposes = [],  # noqa: B006 - as above
    id_: NewName = "",
) -> None:
    """Write down that the authority asked that acts stop; the gate denies them until it is lifted."""
    name = id_ or new_id("s")
    with call.open() as site:
        kinds, purposes = frozenset(kind), frozenset(purpose)
        fact = SuspensionOrdered(at=site.now(), suspension=name, kinds=kinds, purposes=purposes)
        write_down(call, site, by, fact, name=name)


@verb(suspend, "lift")
def lift(call: Call, name: Name, *, by: By) -> None:
    """Write down that the authority lifted a suspension."""
    with call.open() as site:
        fact = SuspensionLifted(at=site.now(), suspension=name)
        write_down(call, site, by, fact, name=name)


@verb(ground, "record")
def record(
    call: Call,
    *,
    cite: Annotated[str, typer.Option(metavar="TEXT", help="The higher provision relied on, as it is cited.")],
    rank: Annotated[str, typer.Option(metavar="RANK", help="law or administrative_regulation.")],
    by: By,
    kind: Annotated[list[ActKind], typer.Option("--kind", help="Which kind of act; may be given again.")],
    purpose: Annotated[list[str], typer.Option("--purpose", metavar="ID", help="Which purpose; may be given again.")],
    item: asked.Items,
    until: Annotated[str, typer.Option(metavar="TIME", help="Until when, with its zone.")],
    user: Annotated[list[str], typer.Option("--user", metavar="ID", help="Whose information; none: everybody's.")] = [],  # noqa: B006 - typer copies it
    recipient: asked.Recipient = "",
    id_: NewName = "",
) -> None:
    """Write down that a law or administrative regulation provides otherwise, for just these acts (miit24:9.5)."""
    name = id_ or new_id("g")
    with call.open() as site:
        now = site.now()
        fact = GroundRecorded(
            at=now, ground=name, cite=cite, rank=rank, recorded_by=by, kinds=frozenset(kind),
            purposes=frozenset(purpose), items=frozenset(item), until=asked.moment(until, now),
            users=frozenset(user), recipient=recipient,
        )  # fmt: skip
        write_down(call, site, by, fact, name=name)


@verb(ground, "end")
def end(call: Call, name: Name, *, by: By) -> None:
    """Write down that a recorded ground holds no longer."""
    with call.open() as site:
        fact = GroundEnded(at=site.now(), ground=name)
        write_down(call, site, by, fact, name=name)


def new_id(letter: str) -> str:
    """Return an id that nobody else was given."""
    return f"{letter}-{secrets.token_hex(4)}"


def write_down(call: Call, site: Site, by: str, *facts: SiteFact, name: str = "") -> None:
    """Record facts in one entry and say from when they hold; `name` is the id that was made for them.

    Raises:
        NothingToEndError: they end what does not stand, or not any more.

    """
    revision = site.do(RecordSite(facts=facts, by=by, must_stand=True)).entry + 1
    data = {"revision": revision, "entry": revision - 1} | ({"id": name} if name else {})
    call.answer(data, recorded(call, revision, name))


def recorded(call: Call, revision: int, name: str = "") -> Line:
    """Return the line that says from when a fact holds, and the id that was made for it."""
    zh, en = f"已记录，自修订号 {revision} 起生效", f"recorded; holds from revision {revision}"
    return Line(call.words(zh, en) + (f"  {name}" if name else ""), GOOD)
