# SPDX-License-Identifier: Apache-2.0
"""What is held of a user as the pages show it: what each thing is called, why it is held, for how long, under what."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from keshou.app.own_part import OwnPart
from keshou.app.site import Site
from keshou.app.user_view import Held, own_view
from keshou.declaration.model import Declaration, Purpose
from keshou.declaration.render import basis, held, labels
from keshou.gate.calendar import day_of
from keshou.language import Language
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
            list(_reasons(each, declaration, site, names, language)),
            each.class_ is RetentionClass.REGISTRATION,
            each.class_ is RetentionClass.RECORD,
            each.may_query,
        )
        for each in found[1]
    ]


def _reasons(
    given: Held, declaration: Declaration | None, site: Site, names: Mapping[str, str], language: Language
) -> Iterator[Reason]:
    today = day_of(site.now())
    for each in declaration.purposes if declaration else ():
        if each.id in given.purposes:
            yield Reason(
                purpose=each.id,
                name=each.name.in_(language),
                why=_why(each, given.item, language),
                basis=basis(each, names, site.law, today, language=language, item=given.item),
                kept=held(each.retention, language),
                rule=f"/rules#purpose-{each.id}",
            )


def _why(purpose: Purpose, item: str, language: Language) -> str:
    return next(each.why.in_(language) for each in purpose.needs if each.item == item)
