# SPDX-License-Identifier: Apache-2.0
"""What a user has agreed to of each purpose of the rules in force, as the gate sees it, and when they said so."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from keshou.app.site import Site
from keshou.declaration.compare import Hand, hands
from keshou.declaration.model import Purpose
from keshou.gate.facts import ConsentGiven, ConsentVoided, ConsentWithdrawn, UserFact
from keshou.gate.rulebook import Edition
from keshou.gate.standing import Consent, UserStanding


class Stance(NamedTuple):
    """How one user stands to one purpose."""

    purpose: Purpose
    whole: bool
    """Whether what stands of consents reaches all that the purpose declares."""
    items: frozenset[str]
    """The items for which it does; fewer than all after a part was taken back, or rules that ask for more."""
    version: int
    """Newest version agreed to that still stands in part; 0: none does."""
    said: dt.datetime | None
    """When the user last agreed, or took back; None: never."""
    taken_back: bool
    """Whether the last that was said is that it is taken back, or that it was had wrongly."""
    asked: bool
    """Whether anything of it needs the user's consent; not where a higher law stands in its place for all of it."""
    grounded: frozenset[str]
    """The items for which a higher law stands in place of consent, to some acts at least."""


class OwnConsents(NamedTuple):
    """How one user stands to every purpose, and to commercial messages."""

    version: int
    """Version of the rules in force; 0 when none are."""
    agreed: list[Stance]
    standing: UserStanding


def own_consents(site: Site, user: str) -> OwnConsents | None:
    """Return how a user stands to the rules in force; None when nobody of that id is on record."""
    with site.reading() as tx:
        view = site._known.view(tx, site.ledger.head(tx))  # noqa: SLF001 - of the same room
        view.load(tx, [user])
        if user not in view.keys:
            return None
        facts = view.facts(tx, user)
    edition, standing = view.gate.timeline.at(site.now()).edition, view.gate.standing(user)
    declaration = edition.published.declaration if edition.published else None
    consents = standing.profile.consents
    allowed: dict[str, set[Hand]] = {}
    for hand in hands(declaration) if declaration else ():
        allowed.setdefault(hand[0], set()).add(hand)
    found = [
        _stance(edition, each, allowed.get(each.id, set()), consents.get(each.id, ()), facts)
        for each in (declaration.purposes if declaration else ())
    ]
    return OwnConsents(edition.version, found, standing)


def _stance(
    edition: Edition, purpose: Purpose, allowed: set[Hand], consents: tuple[Consent, ...], facts: Sequence[UserFact]
) -> Stance:
    needed = frozenset(each.item for each in purpose.needs)
    reached = set(needed) if consents else set[str]()
    for _, item, kind, agent in allowed if consents else ():
        row = edition.row(purpose.id, kind)
        enough, _, _ = edition.agreed(consents, row, agent)
        if not enough & row.purpose.bits[item]:
            reached.discard(item)
    last = _last(facts, purpose.id)
    return Stance(
        purpose, bool(needed) and reached == needed, frozenset(reached),
        max((each.version for each in consents), default=0), last.at if last else None,
        last is not None and not isinstance(last, ConsentGiven), edition.asks_consent(purpose),
        frozenset(item for item, _ in edition.grounded.get(purpose.id, ())),
    )  # fmt: skip


def _last(facts: Sequence[UserFact], purpose: str) -> ConsentGiven | ConsentWithdrawn | ConsentVoided | None:
    said = [
        each
        for each in facts
        if isinstance(each, ConsentGiven | ConsentWithdrawn | ConsentVoided) and each.purpose == purpose
    ]
    return max(said, key=lambda each: each.at, default=None)
