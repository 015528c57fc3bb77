# SPDX-License-Identifier: Apache-2.0
"""``keshou user``: one user's information, as far as the gate lets it be seen or changed."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text as Line

from keshou.acts.request import Done, Perform
from keshou.app.copy_file import Format, file_of, refuse_unmakeable
from keshou.app.in_place import PRIVATE
from keshou.app.own_copy import own_copy
from keshou.app.site import Site
from keshou.app.user_view import all_that_may_be
from keshou.cli import asked
from keshou.cli.decision import data_of, shown, status_of
from keshou.cli.terminal import GOOD, QUIET, Call, pairs, plain
from keshou.cli.verb import verb
from keshou.cli.written import write
from keshou.declaration.findable import Part
from keshou.errors import ExitStatus, InputError
from keshou.gate.act import OWN_HAND
from keshou.gate.decision import Deny
from keshou.law.terms import ActKind

group = typer.Typer(help="One user's information: see, correct, copy, cancel.", no_args_is_help=True)
User = Annotated[str, typer.Argument(metavar="USER", help="The operator's own id of the user.")]
Self = Annotated[str, typer.Option(metavar="STAFF", help="Who acts; else the user's own hand.", callback=asked.code)]
_MOST_PAIRS = 100
Evidence = Annotated[
    str,
    typer.Option(
        metavar="ID", help="What shows that it is right, such as a document seen, by its id in your own books."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Put the family under the one name."""
    app.add_typer(group, name="user")


@verb(group, "find")
def find(
    call: Call,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="By which kind of information.")],
    *,
    by: asked.By,
    purpose: asked.Purpose,
    value: Annotated[str, typer.Option(metavar="VALUE", help="What to look for; else it is read from input.")] = "",
    last_four: Annotated[bool, typer.Option("--last-four", help="By the last four characters alone.")] = False,
    prefix: Annotated[bool, typer.Option("--prefix", help="By the beginning alone, as long as the rules say.")] = False,
    post: asked.Post = "",
    where: asked.Where = "",
) -> ExitStatus:
    """Look for users by one value. The search is recorded, and the look at each one found; what was sought is not."""
    sought = value or sys.stdin.readline().strip()
    if not sought:
        raise InputError("nothing to look for", hint="give it with --value, or on standard input")
    part = Part.of(last_four=last_four, prefix=prefix)
    with call.open() as site:
        act = asked.act(ActKind.QUERY, "", [item], purpose, by=by, when=site.now(), post=post, where=where)
        found = site.searches.find(act, sought, part)
        told = [
            {"user": user, "values": done.values, "entry": done.entry, "stand_ins": sorted(done.stand_ins)}
            for user, done in found.users.items()
        ]
        head = data_of(found.decision) | {"entry": found.entry, "count": found.hits, "users": told}
        if not found.decision.permitted:
            call.answer(head, *shown(call, site.law, found.decision))
            return status_of(found.decision)
    wide = call.words(f"有 {found.hits} 位，过多，不予列出", f"{found.hits} users: too many, none is named")
    lines = pairs({user: ", ".join(done.values.values()) for user, done in found.users.items()})
    none = call.words("没有可以看到的用户", "nobody whom you may see")
    too_many = found.hits > site.settings.finding.most
    call.answer(head, wide if too_many else lines if found.users else none)
    return ExitStatus.DONE if found.users else ExitStatus.NO


@verb(group, "show")
def show(
    call: Call,
    user: User,
    *,
    by: asked.By,
    purpose: asked.Purpose,
    item: Annotated[
        list[str], typer.Option("--item", metavar="ID", help="Kind of information; none: all that may be seen.")
    ] = [],  # noqa: B006 - typer copies it
    kind: asked.Kind = ActKind.QUERY,
    masked: Annotated[
        bool, typer.Option("--masked", help="Masked values will do, though full ones be granted.")
    ] = False,
    post: asked.Post = "",
    where: asked.Where = "",
) -> ExitStatus:
    """Show what the gate lets be seen of a user, masked unless the post is granted full values; it is recorded."""
    if kind not in (ActKind.QUERY, ActKind.USE):
        raise InputError("showing is an act of query or use", hint="--kind query or --kind use")
    with call.open() as site:
        act = asked.act(kind, user, item, purpose, by=by, when=site.now(), post=post, where=where)
        done = site.do(Perform(act=act if item else all_that_may_be(site, act), masked=masked))
        _tell(call, site, done)
    return status_of(_decided(done))


def _decided(done: Done):  # type: ignore[no-untyped-def]
    if done.decision is None:
        raise InputError("nothing was decided")
    return done.decision


def _tell(call: Call, site: Site, done: Done) -> None:
    decision = _decided(done)
    data = {**data_of(decision), "entry": done.entry, "values": dict(done.values), "stand_ins": sorted(done.stand_ins)}
    entry = Line(call.words(f"已记为日志第 {done.entry} 条", f"recorded as entry {done.entry}"), QUIET)
    if not decision.permitted:
        call.answer(data, *shown(call, site.law, decision), entry)
        return
    names = {item: call.of(site.law.items[item].label) if item in site.law.items else item for item in done.values}
    call.answer(data, pairs({f"{names[item]} ({item})": value for item, value in done.values.items()}), entry)


@verb(group, "correct")
def correct(
    call: Call,
    user: User,
    change: Annotated[
        list[str] | None,
        typer.Argument(metavar="ITEM=VALUE...", help="None, or -: read from standard input, one a line."),
    ] = None,
    *,
    purpose: asked.Purpose,
    evidence: Evidence = "",
    by: Self = OWN_HAND,
    post: asked.Post = "",
    where: asked.Where = "",
) -> ExitStatus:
    """Correct what is held. Values given on standard input stay out of the shell's history."""
    values = _values(_lines() if change in (None, [], ["-"]) else change or [])
    with call.open() as site:
        act = asked.act(ActKind.CORRECT, user, list(values), purpose, by=by, when=site.now(), post=post, where=where)
        done = site.do(Perform(act=act, values=values, evidence=evidence))
        decision = _decided(done)
        told = call.words(f"已更正，记为日志第 {done.entry} 条", f"corrected; recorded as entry {done.entry}")
        text = [Line(told, GOOD)] if decision.permitted else shown(call, site.law, decision)
        call.answer({**data_of(decision), "entry": done.entry, "items": sorted(values)}, *text)
    return status_of(decision)


def _lines() -> list[str]:
    try:
        return [line.rstrip("\r\n") for line in sys.stdin if line.strip()][:_MOST_PAIRS]
    except UnicodeDecodeError:
        raise InputError("standard input is not UTF-8") from None


def _values(given: Sequence[str]) -> dict[str, str]:
    """Read ITEM=VALUE; what is wrong is told by place, never by value."""
    values: dict[str, str] = {}
    for place, each in enumerate(given, 1):
        item, equals, value = each.partition("=")
        if not (item.strip() and equals and value) or item.strip() in values:
            raise InputError(f"correction {place} is not ITEM=VALUE, or names an item again", hint="e.g. tariff_plan=X")
        values[item.strip()] = value
    if not values:
        raise InputError("nothing to correct", hint="give ITEM=VALUE, or lines of it on standard input")
    return values


@verb(group, "export")
def export(
    call: Call,
    user: User,
    *,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where the copy goes.")],
    format_: Annotated[
        Format, typer.Option("--format", help="JSON; tables in CSV in a ZIP archive; a PDF to read.")
    ] = "json",
    by: Self = OWN_HAND,
    post: asked.Post = "",
    where: asked.Where = "",
) -> ExitStatus:
    """Write a user's own copy: what is held, agreed, used and given to whom; it is recorded."""
    with call.open() as site:
        refuse_unmakeable(site, format_)
        copy = own_copy(site, user, by=by, post=post, where=where)
        if not copy.information:
            data = {"permitted": False, "decisions": [data_of(each) for each in copy.refused]}
            call.answer(data, *(line for each in copy.refused[:1] for line in shown(call, site.law, each)))
            return ExitStatus.NO
        write(output, file_of(site, copy, format_, call.language).data, PRIVATE)
        told = call.words(f"已写入 {output}", f"written to {output}")
        call.answer({"permitted": True, "file": str(output), "items": sorted(copy.information)}, Line(told, GOOD))
    return ExitStatus.DONE


@verb(group, "cancel")
def cancel(
    call: Call,
    user: User,
    *,
    by: Self = OWN_HAND,
    service: Annotated[
        list[str], typer.Option("--service", metavar="ID", help="The service that ends; none: all.")
    ] = [],  # noqa: B006 - typer copies it
    post: asked.Post = "",
    where: asked.Where = "",
    review: asked.Review = "",
) -> ExitStatus:
    """End a user's services; when none is left, destroy the keys of what the services held."""
    with call.open() as site:
        done = site.cancel(user, by=by, services=service, post=post, where=where, review=review)
        if isinstance(done.decision, Deny):
            call.answer({**data_of(done.decision), "entry": done.entry}, *shown(call, site.law, done.decision))
            return ExitStatus.NO
        _tell_ended(call, site, user, done)
    return ExitStatus.DONE


def _tell_ended(call: Call, site: Site, user: str, done: Done) -> None:
    shredded = [{"class": class_.value, "key": kid} for class_, kid in done.shredded]
    told = call.words(f"服务已终止，记为日志第 {done.entry} 条", f"service ended; recorded as entry {done.entry}")
    keys = [
        call.words(f"已销毁密钥：{each['class']} {each['key']}", f"key destroyed: {each['class']} {each['key']}")
        for each in shredded
    ]
    of_holds = {item for each in site.holds.of_user(user) for item in each.items}
    held = sorted(of_holds.union(site.holds.suspended_of(user)))
    kept = [Line(call.words(f"暂时留存：{'、'.join(held)}", f"kept for now: {', '.join(held)}"), QUIET)] if held else []
    call.answer({"entry": done.entry, "shredded": shredded, "kept": held}, Line(told, GOOD), *map(plain, keys), *kept)
