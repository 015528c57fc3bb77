# SPDX-License-Identifier: Apache-2.0
"""``keshou app-key``: public keys of the operator's apps, by which they vouch for their users."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text as Line

from keshou.app.new_app_key import end_app_key, register_app_key
from keshou.cli import asked
from keshou.cli.jwk_file import read_jwk
from keshou.cli.terminal import BAD, GOOD, STRONG, Call, plain, table
from keshou.cli.verb import verb
from keshou.law.model import CHINA

group = typer.Typer(help="Keys by which the operator's apps vouch for users.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="KEY", help="Id of the key: its thumbprint.")]
By = Annotated[str, typer.Option(metavar="STAFF", help="Who looks after keys.", callback=asked.staff)]
Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="Until when, with its zone; else as long as the settings let it.")
]
Also = Annotated[
    list[str] | None, typer.Option(metavar="SERVICE", help="Another service that the app serves; may be given again.")
]


def add_to(app: typer.Typer) -> None:
    """Put the family under the one name."""
    app.add_typer(group, name="app-key")


@verb(group, "add")
def add(
    call: Call,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Id of the service that the app belongs to.")],
    file: Annotated[Path, typer.Argument(help="The public key, as JSON (JWK) or in PEM.")],
    *,
    by: By,
    also: Also = None,
    until: Until = None,
) -> None:
    """Register a public key: whoever has its private half can come as any user, to what is of its services alone."""
    given = read_jwk(file)
    with call.open() as site, site.writing() as tx:
        ends = None if until is None else asked.moment(until, site.now())
        made = register_app_key(site, tx, service, given, ends, also=also or (), by=by)
    call.answer(made, Line(call.words("已登记 ", "registered ") + made.id, GOOD))


@verb(group, "list")
def list_(call: Call) -> None:
    """Show every key ever registered."""
    with call.open() as site, site.reading() as tx:
        found = site.visits.keys.list(tx)
        now = site.now()
    words = call.words
    shown = table(
        words("编号", "key"), words("服务", "service"), words("算法", "algorithm"), words("到期", "until"),
        words("经手", "by"), "",
    )  # fmt: skip
    for each in found:
        over = words("已吊销", "revoked") if each.revoked else words("已到期", "over") if each.until <= now else ""
        until = f"{each.until.astimezone(CHINA):%Y-%m-%d %H:%M}"
        shown.add_row(
            Line(each.id, STRONG), " ".join((each.service, *each.also)), each.algorithm, until, plain(each.by),
            Line(over, BAD),
        )  # fmt: skip
    call.answer(found, shown if found else Line(words("没有密钥", "there are none")))


@verb(group, "revoke")
def revoke(call: Call, name: Name, *, by: By) -> None:
    """End a key, and every token that it signed, at once."""
    with call.open() as site, site.writing() as tx:
        end_app_key(site, tx, name, by)
    call.answer({"key": name}, Line(call.words("已吊销", "revoked"), GOOD))
