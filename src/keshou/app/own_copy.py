# SPDX-License-Identifier: Apache-2.0
"""A user's own copy: the information held, the consents, the services, and to whom information may be given."""

import datetime as dt
from typing import NamedTuple

import msgspec

from keshou.app.own_part import OwnPart
from keshou.app.site import Site
from keshou.errors import InputError
from keshou.gate.act import Act
from keshou.gate.decision import Decision
from keshou.gate.facts import UserFact
from keshou.language import Language
from keshou.law.terms import ActKind


class OwnCopy(NamedTuple):
    """What one user is handed."""

    made: dt.datetime
    user: str
    information: dict[str, str]
    """Item to value, as far as it may be shown to who asked."""
    purposes: dict[str, tuple[str, ...]]
    """Purpose to the items it was shown for."""
    facts: tuple[UserFact, ...]
    """What came true of the user, oldest first; nothing unless at least one query was permitted."""
    recipients: dict[str, tuple[str, ...]]
    """Purpose to the recipients that the rules in force declare for it."""
    refused: tuple[Decision, ...]
    entries: tuple[int, ...]
    """Places in the log of the queries that it took."""

    def data(self, language: Language, site: Site) -> dict[str, object]:
        """Return the copy as plain values, with names for people in `language`."""
        labels = {key: item.label.in_(language) for key, item in site.law.items.items()}
        return {
            "made": self.made.isoformat(),
            "user": self.user,
            "information": [
                {"item": item, "name": labels.get(item, item), "value": value}
                for item, value in sorted(self.information.items())
            ],
            "purposes": self.purposes,
            "history": msgspec.to_builtins(self.facts),
            "recipients": self.recipients,
        }


def own_copy(
    site: Site, user: str, *, by: str, post: str = "", where: str = "", part: OwnPart | None = None
) -> OwnCopy:
    """Ask for everything that any purpose lets users query, or any of `part`, and gather what is known.

    Each purpose is one act of query, recorded as such; an item is asked for once.

    Raises:
        InputError: no rules are in force.

    """
    rules = site.rules()
    if rules is None:
        raise InputError("no rules are in force", hint="publish them first, with `keshou publish`")
    information: dict[str, str] = {}
    purposes: dict[str, tuple[str, ...]] = {}
    refused: list[Decision] = []
    entries: list[int] = []
    declared = [each for each in rules.declaration.purposes if part is None or each.id in part.purposes]
    for each in sorted(declared, key=lambda purpose: -len(purpose.needs)):
        items = {need.item for need in each.needs if ActKind.QUERY in (need.acts or each.acts)} - information.keys()
        if not items:
            continue
        act = Act(
            kind=ActKind.QUERY, user=user, items=frozenset(items), purpose=each.id, by=by, when=site.now(), post=post,
            where=where,
        )  # fmt: skip
        done = site.perform(act)
        entries.append(done.entry)
        if done.decision is None or not done.decision.permitted:
            refused += [done.decision] if done.decision else []
        elif done.values:
            information |= done.values
            purposes[each.id] = tuple(sorted(done.values))
    recipients = {each.id: each.recipients for each in declared if each.recipients}
    facts = _facts(site, user, part) if purposes else ()
    return OwnCopy(site.now(), user, information, purposes, facts, recipients, tuple(refused), tuple(entries))


def _facts(site: Site, user: str, part: OwnPart | None) -> tuple[UserFact, ...]:
    """Return what came true of a user, or what of it is of `part`."""
    with site.reading() as tx:
        view = site._known.view(tx, site.ledger.head(tx).size)  # noqa: SLF001 - of the same room
        return tuple(each for each in view.facts(tx, user) if part is None or part.has(each))
