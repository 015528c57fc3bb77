# SPDX-License-Identifier: Apache-2.0
"""``keshou program``: programs that may call the server, and what they prove themselves by."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text as Line

from keshou.app.new_program import add_program, close_program, make_key, revoke_key, rotate_key
from keshou.app.site import Site
from keshou.cli import asked
from keshou.cli.jwk_file import read_jwk
from keshou.cli.terminal import BAD, GOOD, STRONG, Call, plain, table
from keshou.cli.verb import verb
from keshou.law.model import CHINA
from keshou.law.terms import ActKind
from keshou.programs.errors import UnknownProgramError
from keshou.programs.grant import Credential, CredentialKind, KeyGrant
from keshou.programs.scope import Scope

group = typer.Typer(help="Programs that may call the server, and their keys.", no_args_is_help=True)

Program = Annotated[str, typer.Argument(metavar="PROGRAM", help="Id of the program, as it is appointed to posts.")]
Name = Annotated[str, typer.Argument(metavar="KEY", help="Id of the key, as it is listed.")]
Scopes = Annotated[list[Scope], typer.Option("--scope", help="What it may ask for; may be given again.")]
Purposes = Annotated[
    list[str], typer.Option("--purpose", metavar="ID", help="Only for this; may be given again; none: every purpose.")
]
Acts = Annotated[list[ActKind], typer.Option("--act", help="Only for this kind of act; none: every kind.")]
By = Annotated[str, typer.Option(metavar="STAFF", help="Who looks after programs and keys.", callback=asked.staff)]
Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="Until when, with its zone; else as long as the settings let it.")
]


def add_to(app: typer.Typer) -> None:
    """Put the family under the one name."""
    app.add_typer(group, name="program")


@verb(group, "add")
def add(call: Call, program: Program, *, by: By) -> None:
    """Let a program be given keys; its posts say what it may do. One that was closed is opened again."""
    with call.open() as site, site.writing() as tx:
        add_program(site, tx, program, by)
    call.answer({"program": program}, Line(call.words("已登记", "added"), GOOD))


@verb(group, "close")
def close(call: Call, program: Program, *, by: By) -> None:
    """End a program: every key and token of its is dead at once."""
    with call.open() as site, site.writing() as tx:
        close_program(site, tx, program, by)
    call.answer({"program": program}, Line(call.words("已关闭", "closed"), GOOD))


@verb(group, "key")
def key(
    call: Call,
    program: Program,
    *,
    scope: Scopes,
    by: By,
    purpose: Purposes = [],  # noqa: B006 - typer copies it
    act: Acts = [],  # noqa: B006 - as above
    until: Until = None,
) -> None:
    """Make a key that is sent with each request; it is shown this once."""
    with call.open() as site, site.writing() as tx:
        grant = _grant(site, scope, purpose, act, until)
        made, text = make_key(site, tx, program, CredentialKind.KEY, grant, by=by)
    _show(call, made, text)


@verb(group, "secret")
def secret(
    call: Call,
    program: Program,
    *,
    scope: Scopes,
    by: By,
    purpose: Purposes = [],  # noqa: B006 - typer copies it
    act: Acts = [],  # noqa: B006 - as above
    until: Until = None,
) -> None:
    """Make a client secret that is traded for access tokens; it is shown this once."""
    with call.open() as site, site.writing() as tx:
        grant = _grant(site, scope, purpose, act, until)
        made, text = make_key(site, tx, program, CredentialKind.SECRET, grant, by=by)
    _show(call, made, text)


@verb(group, "jwk")
def jwk(
    call: Call,
    program: Program,
    file: Annotated[Path, typer.Argument(help="The public key, as JSON (JWK) or in PEM.")],
    *,
    scope: Scopes,
    by: By,
    purpose: Purposes = [],  # noqa: B006 - typer copies it
    act: Acts = [],  # noqa: B006 - as above
    until: Until = None,
) -> None:
    """Register a public key, whose owner signs assertions that are traded for access tokens."""
    given = read_jwk(file)
    with call.open() as site, site.writing() as tx:
        grant = _grant(site, scope, purpose, act, until)
        made, _ = make_key(site, tx, program, CredentialKind.JWK, grant, by=by, jwk=given)
    _show(call, made, "")


@verb(group, "rotate")
def rotate(
    call: Call,
    name: Name,
    *,
    overlap_minutes: Annotated[
        int, typer.Option(min=0, max=asked.MOST_MINUTES, help="For how long the one before goes on.")
    ],
    by: By,
    until: Until = None,
) -> None:
    """Make a key or secret like one that is in use, which goes on for a while; the new one is shown this once."""
    with call.open() as site, site.writing() as tx:
        overlap = dt.timedelta(minutes=overlap_minutes)
        made, text = rotate_key(site, tx, name, _until(site, until), overlap, by=by)
    _show(call, made, text)


@verb(group, "revoke")
def revoke(call: Call, name: Name, *, by: By) -> None:
    """End a key, secret or public key at once, with every token it was traded for."""
    with call.open() as site, site.writing() as tx:
        revoke_key(site, tx, name, by)
    call.answer({"key": name}, Line(call.words("已吊销", "revoked"), GOOD))


@verb(group, "list")
def list_(call: Call, program: Annotated[str, typer.Argument(metavar="PROGRAM", help="Only this one.")] = "") -> None:
    """Show the programs and what each proves itself by; secrets are nowhere."""
    with call.open() as site, site.reading() as tx:
        found = [each for each in site.programs.programs(tx) if program in ("", each.id)]
        held = {each.id: site.programs.credentials(tx, each.id) for each in found}
        now = site.now()
    if program and not found:
        raise UnknownProgramError
    words = call.words
    shown = table(words("程序", "program"), words("编号", "key"), words("方式", "kind"), words("范围", "scopes"),
                  words("目的", "purposes"), words("行为", "acts"), words("到期", "until"),
                  words("经手", "by"), "")  # fmt: skip
    for each in found:
        closed = Line(words("已关闭", "closed") if each.closed else "", BAD)
        shown.add_row(Line(each.id, STRONG), "", "", "", "", "", "", "", closed)
        for one in held[each.id]:
            shown.add_row("", *_row(call, one, now))
    data = [
        {"id": each.id, "created": each.created, "closed": each.closed, "keys": [_data(one) for one in held[each.id]]}
        for each in found
    ]
    call.answer(data, shown if found else Line(words("没有程序", "there are none")))


def _row(call: Call, each: Credential, now: dt.datetime) -> tuple[str | Line, ...]:
    grant = each.grant
    over = (
        call.words("已吊销", "revoked") if each.revoked else call.words("已到期", "over") if grant.until <= now else ""
    )
    purposes = ", ".join(sorted(grant.purposes or ())) if grant.purposes is not None else "*"
    acts = ", ".join(sorted(grant.acts or ())) if grant.acts is not None else "*"
    until = f"{grant.until.astimezone(CHINA):%Y-%m-%d %H:%M}"
    return (
        each.id,
        each.kind,
        ", ".join(sorted(grant.scopes)),
        plain(purposes),
        acts,
        until,
        plain(each.by),
        Line(over, BAD),
    )


def _data(each: Credential) -> dict[str, object]:
    grant = each.grant
    return {
        "id": each.id, "program": each.program, "kind": each.kind, "scopes": sorted(grant.scopes),
        "purposes": None if grant.purposes is None else sorted(grant.purposes),
        "acts": None if grant.acts is None else sorted(grant.acts),
        "created": each.created, "until": grant.until, "revoked": each.revoked, "used": each.used,
        "by": each.by,
    }  # fmt: skip


def _grant(site: Site, scopes: list[Scope], purposes: list[str], acts: list[ActKind], until: str | None) -> KeyGrant:
    return KeyGrant(
        scopes=frozenset(scopes),
        until=_until(site, until),
        purposes=frozenset(purposes) or None,
        acts=frozenset(acts) or None,
    )


def _until(site: Site, until: str | None) -> dt.datetime:
    now = site.now()
    return asked.moment(until, now + dt.timedelta(days=site.settings.programs.key_days))


def _show(call: Call, made: Credential, text: str) -> None:
    data = {"key": _data(made)} | ({"secret": text} if text else {})
    told = call.words("只显示这一次，请妥善保存：", "shown this once; keep it safe:")
    head = Line(call.words(f"已生成 {made.id}", f"made {made.id}"), GOOD)
    call.answer(data, head, *((told, text) if text else ()))
