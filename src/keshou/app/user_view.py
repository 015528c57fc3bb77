# SPDX-License-Identifier: Apache-2.0
"""One user as the facts have it: what was shown, agreed, begun; and which items are held, never their values."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from keshou.app.site import Site
from keshou.gate.act import Act
from keshou.gate.standing import UserStanding
from keshou.law.terms import RetentionClass


class UserView(NamedTuple):
    """One user on record, as of one revision."""

    revision: int
    standing: UserStanding
    held: Mapping[str, RetentionClass]
    """Items held in the vault, each with the class it is kept as."""


def user_view(site: Site, user: str) -> UserView | None:
    """Return what is on record of a user; None when nobody of that id is."""
    with site.reading() as tx:
        view = site._known.view(tx, site.ledger.head(tx).size)  # noqa: SLF001 - of the same room
        view.load(tx, [user])
        key = view.keys.get(user)
        if key is None:
            return None
        held = site._known.vault.items_of(tx, key)  # noqa: SLF001 - names of items, which hold nothing
        return UserView(view.gate.revision, view.gate.standing(user), held)


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
