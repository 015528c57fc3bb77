# SPDX-License-Identifier: Apache-2.0
"""A user's own copy: what is held, what for, consents and services, who may receive it, who did, all that was done."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec

from keshou.acts.effects import cites_of
from keshou.acts.request import Done
from keshou.app.holds import Kept
from keshou.app.own_acts import own_acts
from keshou.app.own_consents import own_consents
from keshou.app.own_part import OwnPart
from keshou.app.site import Site
from keshou.app.user_history import Happening, history
from keshou.app.user_view import user_view
from keshou.db import from_micros
from keshou.declaration.model import Purpose
from keshou.errors import InputError
from keshou.gate.act import OWN_HAND, Act
from keshou.gate.decision import Decision, Deny
from keshou.gate.facts import UserFact
from keshou.language import Language
from keshou.law.terms import ActKind
from keshou.ledger.events import act_of, is_fact, is_judged

_AT_ONCE = 500
_LATER = dt.datetime.max.replace(tzinfo=dt.UTC)
"""The moment of an act that is given its own before it is asked."""


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
    outside: bool = False
    """Whether it was let through for a table in a system of the operator's own; that it was done is not known here."""


class NotShown(NamedTuple):
    """Something that is held and may not be shown to who asked."""

    item: str
    cites: tuple[str, ...]
    """The provisions under which it was denied; none: no purpose lets staff look it up."""


class OwnCopy(NamedTuple):
    """What one user is handed."""

    made: dt.datetime
    user: str
    information: dict[str, str]
    """Item to value, as far as it may be shown to who asked."""
    purposes: dict[str, tuple[str, ...]]
    """Purpose of the rules in force to the items held that it needs on the user's standing consent, or on a law."""
    facts: tuple[UserFact, ...]
    """What came true of the user, oldest first; nothing unless it was `answered`."""
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
    answered: bool = False
    """Whether at least one query was permitted."""
    unagreed: Mapping[str, tuple[str, ...]] = {}
    """Purpose to the items held that it needs by the rules in force and may not use: no consent stands, and no law."""
    unneeded: tuple[str, ...] = ()
    """Items held that no purpose of the rules in force needs."""
    not_shown: tuple[NotShown, ...] = ()
    """What is held and is not in `information`."""

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
            "not_shown": [
                {"item": each.item, "name": labels.get(each.item, each.item), "cites": each.cites}
                for each in self.not_shown
            ],
            "purposes": self.purposes,
            "unagreed": self.unagreed,
            "unneeded": self.unneeded,
            "history": msgspec.to_builtins(self.facts),
            "recipients": self.recipients,
            "acts": msgspec.to_builtins([each._asdict() for each in self.acts]),
            "kept": msgspec.to_builtins([each._asdict() for each in self.kept]),
        }


def own_copy(
    site: Site, user: str, *, by: str, via: str = "", post: str = "", where: str = "", part: OwnPart | None = None
) -> OwnCopy:
    """Ask for all that is held of a user, or what of it is of `part`, and gather what is known.

    1. what is held, by name; of somebody of whom nothing is, what the rules need, so that the asking is answered
    2. each item is asked for under one purpose, each purpose being one act of query, recorded as such
    3. what was not shown is named with what denied it

    Raises:
        InputError: no rules are in force.

    """
    rules = site.rules()
    if rules is None:
        raise InputError("no rules are in force", hint="publish them first, with `keshou publish`")
    declared = [each for each in rules.declaration.purposes if part is None or each.id in part.purposes]
    held, asked = _wanted(site, user, declared, part)
    acts = own_acts(site, user, ActKind.QUERY, asked, part) if by == OWN_HAND else _of_staff(declared, user, by, asked)
    seen = _Seen()
    for each in acts:
        if left := each.items.difference(seen.information):
            act = msgspec.structs.replace(each, items=left, when=site.now(), via=via, post=post, where=where)
            seen.add(left, site.perform(act))
    agreed, unagreed = _purposes(site, user, declared, held)
    recipients = {each.id: each.recipients for each in declared if each.recipients}
    facts = _facts(site, user, part) if seen.answered else ()
    done = _acts(site, user, part) if seen.answered else ()
    kept = tuple(site.holds.of_user(user, seen.information)) if seen.answered else ()
    needed = {need.item for each in rules.declaration.purposes for need in each.needs}
    return OwnCopy(
        site.now(), user, seen.information, agreed, facts, recipients, tuple(seen.refused), tuple(seen.entries), done,
        kept, frozenset(seen.partly), seen.answered, unagreed, tuple(sorted(held - needed)),
        tuple(NotShown(item, seen.denied.get(item, ())) for item in sorted(held - seen.information.keys())),
    )  # fmt: skip


class _Seen:
    """What the queries brought so far."""

    def __init__(self) -> None:
        self.information: dict[str, str] = {}
        self.partly: set[str] = set()
        self.refused: list[Decision] = []
        self.entries: list[int] = []
        self.denied: dict[str, tuple[str, ...]] = {}
        """Item -> the provisions under which it was denied first."""
        self.answered = False

    def add(self, items: Collection[str], done: Done) -> None:
        """Take note of what one act of query on `items` came to."""
        self.entries.append(done.entry)
        if isinstance(done.decision, Deny):
            self.refused.append(done.decision)
            for item in items:
                self.denied.setdefault(item, cites_of(done.decision.reasons))
            return
        self.information |= done.values
        self.partly |= done.stand_ins if done.in_full else done.values.keys()
        self.answered = True


def _wanted(
    site: Site, user: str, declared: Sequence[Purpose], part: OwnPart | None
) -> tuple[frozenset[str], frozenset[str]]:
    """Return what is held of a user, or of `part` of it, and what is to be asked for."""
    view = user_view(site, user)
    needed = frozenset(need.item for each in declared for need in each.needs)
    held = frozenset(view.held if view else ())
    held = held if part is None else held & needed
    return held, held or needed


def _of_staff(declared: Sequence[Purpose], user: str, by: str, asked: Collection[str]) -> list[Act]:
    """Return the acts of query by which staff look, those that show most first."""
    found = []
    for each in sorted(declared, key=lambda purpose: -len(purpose.needs)):
        items = {need.item for need in each.needs if ActKind.QUERY in (need.acts or each.acts)} & {*asked}
        act = Act(kind=ActKind.QUERY, user=user, items=frozenset(items), purpose=each.id, by=by, when=_LATER)
        found += [act] if items else []
    return found


def _purposes(
    site: Site, user: str, declared: Sequence[Purpose], held: Collection[str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Return for each purpose what of the held it needs on a standing consent or a law, and what on neither."""
    known = own_consents(site, user)
    stances = {each.purpose.id: each for each in known.agreed} if known else {}
    agreed: dict[str, tuple[str, ...]] = {}
    unagreed: dict[str, tuple[str, ...]] = {}
    for each in declared:
        items, stance = {need.item for need in each.needs} & {*held}, stances.get(each.id)
        stands = (stance.items | stance.grounded) & items if stance else set[str]()
        stands = items if stance and not stance.asked else stands
        agreed |= {each.id: tuple(sorted(stands))} if stands else {}
        unagreed |= {each.id: tuple(sorted(items - stands))} if items - stands else {}
    return agreed, unagreed


def _acts(site: Site, user: str, part: OwnPart | None) -> tuple[OwnAct, ...]:
    """Return every act on a user's information on record, or what of it is of `part`."""
    found: list[OwnAct] = []
    before, more = 0, True
    while more:
        some = history(site, user, most=_AT_ONCE, before=before)
        found += [_act(each) for each in some.happenings if not is_fact(each.header.event)]
        before, more = some.older, bool(some.older)
    return tuple(each for each in reversed(found) if part is None or each.purpose in part.purposes)


def _act(happening: Happening) -> OwnAct:
    header = happening.header
    return OwnAct(
        happening.entry, from_micros(header.t), header.who if header.who == OWN_HAND else "", happening.post,
        act_of(header.event), happening.permitted, header.purpose, header.items, header.recipient,
        happening.cites if happening.permitted is False else (), is_judged(header.event),
    )  # fmt: skip


def _facts(site: Site, user: str, part: OwnPart | None) -> tuple[UserFact, ...]:
    """Return what came true of a user, or what of it is of `part`."""
    with site.reading() as tx:
        view = site._known.view(tx, site.ledger.head(tx))  # noqa: SLF001 - of the same room
        return tuple(each for each in view.facts(tx, user) if part is None or part.has(each))
