# SPDX-License-Identifier: Apache-2.0
"""What is held of a user as the pages show it: what each thing is called, why it is held, for how long, under what."""

from collections.abc import Iterator
from typing import NamedTuple

from keshou.app.own_part import OwnPart
from keshou.app.site import Site
from keshou.app.user_view import Held, own_view
from keshou.declaration.model import Declaration, Purpose
from keshou.declaration.render import cited, held, labels
from keshou.declaration.wording import WORDS
from keshou.language import Language
from keshou.law.law import Law
from keshou.law.terms import RetentionClass


class Reason(NamedTuple):
    """One purpose for which something is held."""

    purpose: str
    name: str
    why: str
    basis: str
    """What it stands on: the user's consent, or a higher law."""
    kept: str
    """For how long."""
    rule: str
    """Where the rules say so."""


class Holding(NamedTuple):
    """One thing that is held."""

    item: str
    name: str
    reasons: list[Reason]
    registration: bool
    """Whether it is kept as registration information, beyond the end of the service."""
    record: bool
    """Whether it is kept as a record, for its own time, whether or not a service goes on."""
    may_query: bool


def holdings(site: Site, user: str, language: Language, part: OwnPart | None = None) -> list[Holding]:
    """Return what is held of a user, without any value; nothing when nobody of that id is on record.

    With `part`, only what its purposes need, and of each only those reasons.
    """
    found, rules = own_view(site, user, part), site.rules()
    if found is None:
        return []
    declaration = rules.declaration if rules else None
    names = labels(declaration, site.law, language) if declaration else {}
    return [
        Holding(
            each.item,
            names.get(each.item, each.item),
            list(_reasons(each, declaration, site.law, language)),
            each.class_ is RetentionClass.REGISTRATION,
            each.class_ is RetentionClass.RECORD,
            each.may_query,
        )
        for each in found[1]
    ]


def _reasons(given: Held, declaration: Declaration | None, law: Law, language: Language) -> Iterator[Reason]:
    for each in declaration.purposes if declaration else ():
        if each.id in given.purposes:
            yield Reason(
                purpose=each.id,
                name=each.name.in_(language),
                why=_why(each, given.item, language),
                basis=_basis(each, law, language),
                kept=held(each.retention, language),
                rule=f"/rules#purpose-{each.id}",
            )


def _why(purpose: Purpose, item: str, language: Language) -> str:
    return next(each.why.in_(language) for each in purpose.needs if each.item == item)


def _basis(purpose: Purpose, law: Law, language: Language) -> str:
    return cited(purpose.ground, law, language) if purpose.ground else WORDS[f"consent_{purpose.consent}"].in_(language)
