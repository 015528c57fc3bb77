# SPDX-License-Identifier: Apache-2.0
"""Which information, and why each item is necessary."""

from collections import defaultdict
from collections.abc import Iterator

from keshou.declaration.checks.case import Case, acts_of
from keshou.declaration.checks.purposes import is_blank
from keshou.declaration.finding import Raised
from keshou.law.terms import ActKind

_SECRETS = "A2-1"
"""Class of passwords and what belongs to them."""
_GIVEN_AWAY = frozenset({ActKind.EXPORT, ActKind.PROVIDE, ActKind.COPY})
_MANY = 3
"""From how many needs on the same reason says nothing about any."""


def known(case: Case) -> Iterator[Raised]:
    """Every item is in the taxonomy or described, and stands once in a purpose."""
    seen: set[tuple[str, str]] = set()
    for path, purpose, need in case.needs():
        words = {"id": purpose.id, "item": need.item}
        if not case.knows(need.item):
            yield Raised("item_unknown", f"{path}.item", words)
        if (purpose.id, need.item) in seen:
            yield Raised("need_doubled", f"{path}.item", words)
        seen.add((purpose.id, need.item))


def why(case: Case) -> Iterator[Raised]:
    """Each need says why, and says it of this item."""
    alike: dict[str, list[str]] = defaultdict(list)
    for path, purpose, need in case.needs():
        if is_blank(need.why):
            yield Raised("why_missing", f"{path}.why", {"id": purpose.id, "item": need.item})
        else:
            alike[(need.why.zh or need.why.en).strip()].append(path)
    for reason, paths in alike.items():
        if len(paths) >= _MANY:
            yield Raised("why_boilerplate", f"{paths[0]}.why", {"why": reason, "count": str(len(paths))})


def acts(case: Case) -> Iterator[Raised]:
    """An item takes part in no act its purpose lacks, and a password is never handed on."""
    for path, purpose, need in case.needs():
        words = {"id": purpose.id, "item": need.item}
        for count, act in enumerate(need.acts):
            if act not in purpose.acts:
                yield Raised("need_act_beyond", f"{path}.acts[{count}]", {**words, "act": act.value})
        if case.class_of(need.item) == _SECRETS and acts_of(purpose, need) & _GIVEN_AWAY:
            yield Raised("secret_given_away", f"{path}.item", words)


def collected(case: Case) -> Iterator[Raised]:
    """What is used was collected under some declared purpose."""
    taken = {need.item for _, purpose, need in case.needs() if ActKind.COLLECT in acts_of(purpose, need)}
    said: set[str] = set()
    for path, purpose, need in case.needs():
        if need.item not in taken | said:
            said.add(need.item)
            yield Raised("item_never_collected", f"{path}.item", {"id": purpose.id, "item": need.item})


def custom(case: Case) -> Iterator[Raised]:
    """An item of the operator's own is new, of a known class, and needed."""
    needed = {need.item for _, _, need in case.needs()}
    for index, item in enumerate(case.declaration.items):
        words, path = {"item": item.id, "class": item.class_}, f"items[{index}]"
        if item.id in case.law.items:
            yield Raised("item_shadows_taxonomy", f"{path}.id", words)
        if item.class_ not in case.law.classes:
            yield Raised("item_class_unknown", f"{path}.class", words)
        if item.id not in needed:
            yield Raised("item_unused", f"{path}.id", words)


RULES = (known, why, acts, collected, custom)
