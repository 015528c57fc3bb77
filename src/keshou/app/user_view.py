# SPDX-License-Identifier: Apache-2.0
"""One user as the facts have it: what was shown, agreed, begun; and which items are held, never their values."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from keshou.app.own_part import OwnPart
from keshou.app.site import Site
from keshou.gate.act import OWN_HAND, Act
from keshou.gate.decision import Permit
from keshou.gate.standing import UserStanding
from keshou.law.terms import ActKind, RetentionClass
from keshou.ledger.entry import Header, decode


class UserView(NamedTuple):
    """One user on record, as of one revision."""

    revision: int
    standing: UserStanding
    held: Mapping[str, RetentionClass]
    """Items held in the vault, each with the class it is kept as."""


def user_view(site: Site, user: str) -> UserView | None:
    """Return what is on record of a user; None when nobody of that id is."""
    with site.reading() as tx:
        view = site._known.view(tx, site.ledger.head(tx))  # noqa: SLF001 - of the same room
        view.load(tx, [user])
        key = view.keys.get(user)
        if key is None:
            return None
        held = site._known.vault.items_of(tx, key)  # noqa: SLF001 - names of items, which hold nothing
        return UserView(view.gate.revision, view.gate.standing(user), held)


def acts_about(site: Site, user: str, most: int) -> list[tuple[int, Header]]:
    """Return place and header of the latest entries about a user, at most `most`, the latest first.

    Of an act on many users in which this one was refused it is the header of a denial, under what this one met.

    Ask it after an act of query on the user was permitted.
    """
    with site.reading() as tx:
        key = site._known.vault.find_user(tx, user)  # noqa: SLF001 - of the same room
        size = site.ledger.head(tx).size
        found = site.ledger.about(tx, key, before=size, most=most) if key is not None else []
    return [(each.place, _of_one(decode(each.body), each.refused)) for each in found]


def _of_one(header: Header, refused: tuple[str, ...] | None) -> Header:
    return msgspec.structs.replace(header, decision="deny", cites=refused, shown="") if refused else header


def all_that_may_be(site: Site, act: Act) -> Act:
    """Return `act` for all items of its purpose that it may touch; for all that the purpose needs when that is none."""
    rules = site.rules()
    declared = rules.declaration.purposes if rules else ()
    needs = [need.item for each in declared if each.id == act.purpose for need in each.needs]
    allowed = [item for item, may in may_touch(site, act, needs).items() if may]
    return msgspec.structs.replace(act, items=frozenset(allowed or needs))


def may_touch(site: Site, act: Act, items: Sequence[str]) -> dict[str, bool]:
    """Return for each of `items` whether `act` on it alone would be permitted; nothing is recorded."""
    with site.reading() as tx:
        size = site.ledger.head(tx).size
    asked = [msgspec.structs.replace(act, items=frozenset({item})) for item in items]
    return {item: each.permitted for item, each in zip(items, site.decide(asked, size), strict=True)}


class Held(NamedTuple):
    """One item held of a user, as the user sees it."""

    item: str
    class_: RetentionClass
    purposes: tuple[str, ...]
    """Ids of the purposes of the rules in force that need it; none: older rules alone did."""
    may_query: bool
    """Whether the user may see it now, for any of them."""
    full: bool


def own_view(site: Site, user: str, part: OwnPart | None = None) -> tuple[UserView, list[Held]] | None:
    """Return what is on record of a user, and what the user may see of it; None when nobody of that id is.

    With `part`, only what is held for its purposes.

    Only names of items are told, and nothing is recorded: to see values is an act of query.
    """
    view, rules, now = user_view(site, user), site.rules(), site.now()
    if view is None:
        return None
    declared = (
        [each for each in rules.declaration.purposes if part is None or each.id in part.purposes] if rules else []
    )
    needed = {item: [each for each in declared if item in {n.item for n in each.needs}] for item in sorted(view.held)}
    if part is not None:
        needed = {item: purposes for item, purposes in needed.items() if purposes}
    asked = [
        Act(kind=ActKind.QUERY, user=user, items=frozenset({item}), purpose=each.id, by=OWN_HAND, when=now)
        for item, purposes in needed.items()
        for each in purposes or declared
    ]
    answers = iter(site.decide(asked, view.revision))
    held = []
    for item, purposes in needed.items():
        permits = [each for each in (next(answers) for _ in purposes or declared) if isinstance(each, Permit)]
        ids = tuple(each.id for each in purposes)
        held.append(Held(item, view.held[item], ids, bool(permits), any(each.full for each in permits)))
    return view, held
