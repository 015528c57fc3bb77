# SPDX-License-Identifier: Apache-2.0
"""What was done with one user's information, by whom and when, out of the log: the user's own account of it.

Nothing is opened for it and nothing recorded: entries hold no information, and facts hold none either.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from keshou.acts.known import View
from keshou.app.own_part import OwnPart
from keshou.app.site import Site
from keshou.db import Transaction, from_micros
from keshou.declaration.model import Published
from keshou.gate.act import OWN_HAND
from keshou.gate.facts import UserFact
from keshou.law.terms import BULK_KINDS
from keshou.ledger.entry import Header, decode
from keshou.ledger.events import TOLD
from keshou.ledger.rows import About

_ROUNDS = 20
"""How often entries are read for one page of a part, where few of them are of it."""


class Happening(NamedTuple):
    """One entry of the log that is about the user."""

    entry: int
    header: Header
    post: str
    """The post in which it was done: as the entry has it, else the one that whoever did it held then; or empty."""
    facts: tuple[UserFact, ...]
    """What it recorded of the user."""
    refused: tuple[str, ...] | None = None
    """Of one of an act on many users, where some were refused: the provisions that this user met; nothing, none."""

    @property
    def permitted(self) -> bool | None:
        """Whether it was done of this user; None where it was done of many and refused of some, and none says of whom.

        So it is of acts done before it was kept user by user who was refused.
        """
        if self.refused is not None:
            return not self.refused
        if self.header.decision == "deny":
            return False
        return None if denied_of_some(self.header) else True

    @property
    def cites(self) -> tuple[str, ...]:
        """The provisions on which it stands of this user, or which it met; where none says of whom, the entry's."""
        return self.refused or self.header.cites


def denied_of_some(header: Header) -> Mapping[str, int]:
    """Return for how many users of an act on many each provision was met, by the entry; of other entries nothing."""
    if header.event not in BULK_KINDS or header.fact is msgspec.UNSET:
        return {}
    return msgspec.json.decode(header.fact, type=_Outcome).denied


class _Outcome(msgspec.Struct, frozen=True):
    denied: dict[str, int] = {}


class History(NamedTuple):
    """Some of what happened, the newest first, and the rules that give it names."""

    happenings: list[Happening]
    older: int
    """Where the next page begins, for `before`; 0 when this is the last."""
    versions: Mapping[int, Published]
    """Every published version of the rules."""


def history(site: Site, user: str, *, most: int, before: int = 0, part: OwnPart | None = None) -> History:
    """Return the `most` newest happenings of a user before entry `before` (0: the newest of all).

    Of somebody who is not on record, or is not any more, there are none. With `part`, only what is of its services;
    so many entries are read for it at once, and where they hold too little the next page goes on.
    """
    told: list[Happening] = []
    with site.reading() as tx:
        view = _view(site, tx, user)
        key, place, more = view.keys.get(user), before or view.gate.revision, True
        if key is None:
            return History([], 0, view.versions())
        for _ in range(1 if part is None else _ROUNDS):
            found = site.ledger.about(tx, key, before=place, most=most + 1)
            facts = site._known.standings.facts_at(tx, key, [each.place + 1 for each in found])  # noqa: SLF001 - of the same room
            more = len(found) > most
            for one in found[:most]:
                place = one.place
                each = _of_part(_happening(view, one, facts.get(place + 1, ())), part)
                told += [each] if each else []
                if len(told) == most:
                    more = place != found[-1].place
                    break
            if not more or len(told) == most:
                break
    return History(told, place if more else 0, view.versions())


def _of_part(given: Happening, part: OwnPart | None) -> Happening | None:
    """Return what of a happening is of `part`; None when nothing is.

    An act is of the purpose it was done for; of one for another purpose only what came true with it is told.
    """
    if part is None:
        return given
    facts = tuple(each for each in given.facts if part.has(each))
    if given.header.purpose and given.header.purpose in part.purposes:
        return given._replace(facts=facts)
    if not facts:
        return None
    bare = {"purpose": "", "items": (), "recipient": "", "count": 1, "decision": "", "cites": ()}
    told = msgspec.structs.replace(given.header, event=TOLD, **bare)
    return given._replace(header=told, facts=facts, refused=None)


def rules_ever(site: Site) -> Mapping[int, Published]:
    """Return every published version of the rules, by its number."""
    with site.reading() as tx:
        return site._known.view(tx, site.ledger.head(tx)).versions()  # noqa: SLF001 - of the same room


def happening(site: Site, user: str, entry: int, part: OwnPart | None = None) -> Happening | None:
    """Return one entry of the log if it is about the user, and of `part`; else None."""
    found = history(site, user, most=1, before=entry + 1, part=part).happenings
    return found[0] if found and found[0].entry == entry else None


def _view(site: Site, tx: Transaction, user: str) -> View:
    view = site._known.view(tx, site.ledger.head(tx))  # noqa: SLF001 - of the same room
    view.load(tx, [user])
    return view


def _happening(view: View, found: About, facts: Sequence[UserFact]) -> Happening:
    header = decode(found.body)
    return Happening(found.place, header, header.post or _post_of(view, header), tuple(facts), found.refused)


def _post_of(view: View, header: Header) -> str:
    """Return the one post that whoever did it held at that moment; empty when it was none, or several."""
    if not header.who or header.who == OWN_HAND:
        return ""
    held = view.gate.timeline.at(from_micros(header.t)).state.appointments(header.who, from_micros(header.t))
    posts = {each.post for each in held}
    return posts.pop() if len(posts) == 1 else ""


def is_whole(site: Site, part: OwnPart | None) -> bool:
    """Say whether no version of the rules ever knew a service beside those of `part`; None is all.

    What was begun under older rules is on record of users still.
    """
    if part is None:
        return True
    ever = rules_ever(site).values()
    return bool(ever) and {each.id for rules in ever for each in rules.declaration.services} <= part.services
