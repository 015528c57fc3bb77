# SPDX-License-Identifier: Apache-2.0
"""``keshou consent`` and ``keshou notice``: what users were shown, agreed to and took back."""

import sys
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.text import Text as Line

from keshou.app.site import Site
from keshou.cli import asked
from keshou.cli.terminal import GOOD, Call
from keshou.cli.user import Self, User
from keshou.cli.verb import verb
from keshou.declaration.model import Published
from keshou.declaration.render import render_text
from keshou.errors import InputError
from keshou.gate.act import OWN_HAND
from keshou.gate.facts import ConsentGiven, ConsentWithdrawn, MessagesRefused, MessagesRequested, NoticeShown, UserFact
from keshou.law.terms import ConsentStrength

consents = typer.Typer(help="Write down consents given and withdrawn.", no_args_is_help=True)
notices = typer.Typer(help="The rules as users are shown them.", no_args_is_help=True)
Purpose = Annotated[str, typer.Option(metavar="ID", help="The purpose agreed to.")]
Evidence = Annotated[
    str, typer.Option(metavar="ID", help="What shows it, such as the signed form, by its id in your own books.")
]
Only = Annotated[list[str], typer.Option("--item", metavar="ID", help="Only this; none: all the purpose declares.")]


def add_to(app: typer.Typer) -> None:
    """Put the families under the one name."""
    app.add_typer(consents, name="consent")
    app.add_typer(notices, name="notice")


@verb(consents, "give")
def give(
    call: Call,
    user: User,
    *,
    purpose: Purpose,
    item: Only = [],  # noqa: B006 - typer copies it
    strength: Annotated[ConsentStrength, typer.Option(help="How it was given.")] = ConsentStrength.EXPRESS,
    messages: Annotated[bool, typer.Option("--messages", help="Also asks for commercial messages.")] = False,
    evidence: Evidence = "",
    by: Self = OWN_HAND,
    where: asked.Where = "",
) -> None:
    """Write down that a user was shown the rules in force and agreed to a purpose."""
    with call.open() as site:
        rules = in_force(site)
        now = site.now()
        facts: list[UserFact] = [
            NoticeShown(at=now, version=rules.version, digest=rules.digest),
            ConsentGiven(
                at=now, purpose=purpose, version=rules.version, strength=strength, items=frozenset(item),
                evidence=evidence,
            ),
        ]  # fmt: skip
        if messages:
            facts.append(MessagesRequested(at=now))
        _told(call, site.record(user, *facts, by=by, where=where))


@verb(consents, "withdraw")
def withdraw(
    call: Call,
    user: User,
    *,
    purpose: Purpose,
    item: Only = [],  # noqa: B006 - typer copies it
    messages: Annotated[bool, typer.Option("--messages", help="Also refuses commercial messages.")] = False,
    evidence: Evidence = "",
    by: Self = OWN_HAND,
    where: asked.Where = "",
) -> None:
    """Write down that a user took a consent back; from then on the gate denies what stood on it."""
    with call.open() as site:
        now = site.now()
        facts: list[UserFact] = [ConsentWithdrawn(at=now, purpose=purpose, items=frozenset(item), evidence=evidence)]
        if messages:
            facts.append(MessagesRefused(at=now))
        _told(call, site.record(user, *facts, by=by, where=where))


@verb(notices, "show")
def show(
    call: Call,
    user: Annotated[
        str | None, typer.Argument(metavar="[USER]", help="Write down that this user was shown it.")
    ] = None,
    *,
    by: Self = OWN_HAND,
    where: asked.Where = "",
) -> None:
    """Show the rules in force; with USER also write down that they were shown."""
    with call.open() as site:
        rules = in_force(site)
        text = render_text(rules, site.law, call.language)
        shown = {"version": rules.version, "digest": rules.digest, "text": text}
        if user is None or not call.json:
            call.answer(shown, text)
            sys.stdout.flush()  # before it is on record that somebody saw it
        if user is not None:
            fact = NoticeShown(at=site.now(), version=rules.version, digest=rules.digest)
            _told(call, site.record(user, fact, by=by, where=where), shown)


def in_force(site: Site) -> Published:
    """Return the rules in force.

    Raises:
        InputError: none are.

    """
    rules = site.rules()
    if rules is None:
        raise InputError("no rules are in force", hint="publish them first, with `keshou publish`")
    return rules


def _told(call: Call, revision: int, shown: Mapping[str, object] | None = None) -> None:
    told = call.words(f"已记录，自修订号 {revision} 起生效", f"recorded; holds from revision {revision}")
    call.answer({"revision": revision, "entry": revision - 1, **(shown or {})}, Line(told, GOOD))
