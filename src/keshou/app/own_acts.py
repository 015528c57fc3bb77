# SPDX-License-Identifier: Apache-2.0
"""Acts of users on their own information, where nobody asks them for which purpose: the gate says which will do."""

from collections.abc import Collection, Iterator

from keshou.app.own_part import OwnPart
from keshou.app.site import Site
from keshou.gate.act import OWN_HAND, Act
from keshou.gate.decision import Decision, Permit
from keshou.law.terms import ActKind


def own_acts(site: Site, user: str, kind: ActKind, items: Collection[str], part: OwnPart | None = None) -> list[Act]:
    """Return acts of `kind` that together are about `items`, one for each purpose that is needed for it.

    Of an item's purposes the first is taken that lets it be seen in full, else one that permits, else the first: then
    the act will be denied, and says why. An item that no purpose of the rules in force needs any more may be seen and
    deleted for any of them; with `part`, one that none of its purposes needs is in none.
    """
    rules, now = site.rules(), site.now()
    every = rules.declaration.purposes if rules else ()
    declared = [each for each in every if part is None or each.id in part.purposes]
    with site.reading() as tx:
        head = site.ledger.head(tx)
        dropped = site._known.view(tx, head).gate.timeline.at(now).edition.dropped.keys()  # noqa: SLF001 - of the same room
    free = dropped if part is None and kind in (ActKind.QUERY, ActKind.DELETE) else frozenset[str]()
    asked = [
        Act(kind=kind, user=user, items=frozenset({item}), purpose=each.id, by=OWN_HAND, when=now)
        for item in sorted(items)
        for each in declared
        if item in free or item in {need.item for need in each.needs}
    ]
    chosen: dict[str, tuple[int, str]] = {}
    for act, decision in zip(asked, site.decide(asked, head.size), strict=True):
        (item,) = act.items
        worth = _worth(decision)
        if item not in chosen or worth > chosen[item][0]:
            chosen[item] = (worth, act.purpose)
    return list(_grouped(asked, {item: purpose for item, (_, purpose) in chosen.items()}))


def _worth(decision: Decision) -> int:
    return (1 + decision.full) if isinstance(decision, Permit) else 0


def _grouped(asked: list[Act], chosen: dict[str, str]) -> Iterator[Act]:
    for purpose in dict.fromkeys(chosen.values()):
        first = next(each for each in asked if each.purpose == purpose)
        items = frozenset(item for item, of in chosen.items() if of == purpose)
        yield Act(kind=first.kind, user=first.user, items=items, purpose=purpose, by=first.by, when=first.when)


def erasing_purpose(site: Site, held: Collection[str]) -> str:
    """Return the purpose that needs most of what is held, for a deletion of all of it; the first when none needs any.

    Empty where no rules are in force. What it does not need is judged for other purposes: `keshou.acts.whole`.
    """
    rules, wanted = site.rules(), set(held)
    declared = rules.declaration.purposes if rules else ()
    counts = {each.id: len({need.item for need in each.needs} & wanted) for each in declared}
    return max(counts, key=lambda each: counts[each], default="")
