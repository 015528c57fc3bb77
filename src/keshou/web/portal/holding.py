# SPDX-License-Identifier: Apache-2.0
"""What is held of a user as the pages show it: what each thing is called, why it is held, for how long, under what."""

from collections.abc import Iterator
from typing import NamedTuple

from keshou.app.site import Site
from keshou.app.user_view import Held, own_view
from keshou.declaration.model import Declaration, Purpose
from keshou.declaration.render import held, labels
from keshou.language import Language
from keshou.law.terms import RetentionClass


class Reason(NamedTuple):
    """One purpose for which something is held."""

    purpose: str
    name: str
    why: str
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
    may_query: bool


def holdings(site: Site, user: str, language: Language) -> list[Holding]:
    """Return what is held of a user, without any value; nothing when nobody of that id is on record."""
    found, rules = own_view(site, user), site.rules()
    if found is None:
        return []
    declaration = rules.declaration if rules else None
    names = labels(declaration, site.law, language) if declaration else {}
    return [_holding(each, declaration, names.get(each.item, each.item), language) for each in found[1]]


def _holding(given: Held, declaration: Declaration | None, name: str, language: Language) -> Holding:
    reasons = list(_reasons(given, declaration, language))
    return Holding(given.item, name, reasons, given.class_ is RetentionClass.REGISTRATION, given.may_query)


def _reasons(given: Held, declaration: Declaration | None, language: Language) -> Iterator[Reason]:
    for each in declaration.purposes if declaration else ():
        if each.id in given.purposes:
            yield Reason(
                each.id, each.name.in_(language), _why(each, given.item, language), held(each.retention, language),
                f"/rules#purpose-{each.id}",
            )  # fmt: skip


def _why(purpose: Purpose, item: str, language: Language) -> str:
    return next(each.why.in_(language) for each in purpose.needs if each.item == item)
