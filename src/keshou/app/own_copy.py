# SPDX-License-Identifier: Apache-2.0
"""A user's own copy: what is held, what for, consents and services, who may receive it, who did, all that was done."""

import datetime as dt
from typing import NamedTuple

import msgspec

from keshou.app.holds import Kept
from keshou.app.own_part import OwnPart
from keshou.app.site import Site
from keshou.app.user_history import Happening, history
from keshou.db import from_micros
from keshou.errors import InputError
from keshou.gate.act import OWN_HAND, Act
from keshou.gate.decision import Decision
from keshou.gate.facts import UserFact
from keshou.language import Language
from keshou.law.terms import ActKind

_AT_ONCE = 500


class OwnAct(NamedTuple):
    """One act on the user's information, out of the log."""

    entry: int
    """Place of its entry."""
    at: dt.datetime
    by: str
    """``user`` for the user's own hand; else empty: staff are told by their post."""
    post: str
    """Id of the post in which it was done; empty: not known."""
    act: str
    permitted: bool | None
    """Whether it was done of this user; None: done of many, refused of some, and none says of whom."""
    purpose: str
    items: tuple[str, ...]
    recipient: str
    cites: tuple[str, ...] = ()
    """The provisions under which it was refused of this user."""


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
    acts: tuple[OwnAct, ...] = ()
    """All that was done with the user's information, or was asked for and refused, oldest first."""
    kept: tuple[Kept, ...] = ()
    """What a hold keeps, as far as the user is told."""
    partly: frozenset[str] = frozenset()
    """Items that who asked may not see in full: `information` has them masked, or stand-ins of them."""

    def data(self, language: Language, site: Site) -> dict[str, object]:
        """Return the copy as plain values, with names for people in `language`."""
        labels = {key: item.label.in_(language) for key, item in site.law.items.items()}
        return {
            "made": self.made.isoformat(),
            "user": self.user,
            "information": [
                {"item": item, "name": labels.get(item, item), "value": value, "masked": item in self.partly}
                for item, value in sorted(self.information.items())
            ],
            "purposes": self.purposes,
            "history": msgspec.to_builtins(self.facts),
            "recipients": self.recipients,
            "acts": msgspec.to_builtins([each._asdict() for each in self.acts]),
            "kept": msgspec.to_builtins([each._asdict() for each in self.kept]),
        }


def own_copy(
    site: Site, user: str, *, by: str, via: str = "", post: str = "", where: str = "", part: OwnPart | None = None
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
    partly: set[str] = set()
    refused: list[Decision] = []
    entries: list[int] = []
    declared = [each for each in rules.declaration.purposes if part is None or each.id in part.purposes]
    for each in sorted(declared, key=lambda purpose: -len(purpose.needs)):
        items = {need.item for need in each.needs if ActKind.QUERY in (need.acts or each.acts)} - information.keys()
        if not items:
            continue
        act = Act(
            kind=ActKind.QUERY, user=user, items=frozenset(items), purpose=each.id, by=by, when=site.now(), post=post,
            via=via, where=where,
        )  # fmt: skip
        done = site.perform(act)
        entries.append(done.entry)
        if done.decision is None or not done.decision.permitted:
            refused += [done.decision] if done.decision else []
        elif done.values:
            information |= done.values
            partly |= done.stand_ins if done.in_full else done.values.keys()
            purposes[each.id] = tuple(sorted(done.values))
    recipients = {each.id: each.recipients for each in declared if each.recipients}
    facts = _facts(site, user, part) if purposes else ()
    acts = _acts(site, user, part) if purposes else ()
    kept = tuple(site.holds.of_user(user, information)) if purposes else ()
    told = (tuple(refused), tuple(entries), acts, kept)
    return OwnCopy(site.now(), user, information, purposes, facts, recipients, *told, partly=frozenset(partly))


def _acts(site: Site, user: str, part: OwnPart | None) -> tuple[OwnAct, ...]:
    """Return every act on a user's information on record, or what of it is of `part`."""
    found: list[OwnAct] = []
    before, more = 0, True
    while more:
        some = history(site, user, most=_AT_ONCE, before=before)
        found += [_act(each) for each in some.happenings if not each.header.event.startswith("fact:")]
        before, more = some.older, bool(some.older)
    return tuple(each for each in reversed(found) if part is None or each.purpose in part.purposes)


def _act(happening: Happening) -> OwnAct:
    header = happening.header
    return OwnAct(
        happening.entry, from_micros(header.t), header.who if header.who == OWN_HAND else "", happening.post,
        header.event, happening.permitted, header.purpose, header.items, header.recipient,
        happening.cites if happening.permitted is False else (),
    )  # fmt: skip


def _facts(site: Site, user: str, part: OwnPart | None) -> tuple[UserFact, ...]:
    """Return what came true of a user, or what of it is of `part`."""
    with site.reading() as tx:
        view = site._known.view(tx, site.ledger.head(tx).size)  # noqa: SLF001 - of the same room
        return tuple(each for each in view.facts(tx, user) if part is None or part.has(each))
