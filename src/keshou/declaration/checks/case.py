# SPDX-License-Identifier: Apache-2.0
"""What every rule is given: the declaration by id, the law of the day, and what is being published."""

import datetime as dt
from collections.abc import Callable, Iterator

from keshou.declaration.finding import Raised
from keshou.declaration.model import CustomItem, Declaration, Need, Published, Purpose
from keshou.declaration.operator_kinds import is_bound
from keshou.law.law import Law
from keshou.law.model import Citation, Period
from keshou.law.terms import ActKind, Rank, RetentionClass

GUIDANCE = "gbz28828"


class Case:
    """A declaration under examination on one day; `publishing` is when it is to be published, if it is."""

    def __init__(
        self,
        declaration: Declaration,
        law: Law,
        today: dt.date,
        publishing: dt.datetime | None = None,
        previous: Published | None = None,
    ) -> None:
        self.declaration = declaration
        self.law = law
        self.today = today
        self.publishing = publishing
        self.previous = previous
        self.day = law.on(today, [name for name in declaration.operator.adopts if _is_guidance(law, name)])
        self.services = {each.id: each for each in declaration.services}
        self.purposes = {each.id: each for each in declaration.purposes}
        self.recipients = {each.id: each for each in declaration.recipients}
        self.departments = {each.id: each for each in declaration.departments}
        self.posts = {each.id: each for each in declaration.posts}
        self.agents = {each.id: each for each in declaration.agents}
        self.custom: dict[str, CustomItem] = {each.id: each for each in declaration.items}

    @property
    def guided(self) -> bool:
        """Whether GB/Z 28828-2012 is adopted and stands."""
        return self.day.binds(GUIDANCE)

    def binds(self, cite: str) -> bool:
        """Say whether the instrument of `cite` binds this operator today; an operator of no kind is bound by all."""
        name = Citation.parse(cite).instrument
        if not self.day.binds(name):
            return False
        return not self.declaration.operator.kinds or is_bound(self.declaration, self.law.instruments[name], self.law)

    def period(self, cite: str) -> Period | None:
        """Return the period of a provision; None when it does not bind today."""
        return self.day.period(cite) if self.binds(cite) else None

    def knows(self, item: str) -> bool:
        """Say whether the taxonomy or the declaration has the item."""
        return item in self.law.items or item in self.custom

    def is_sensitive(self, item: str) -> bool:
        """Say whether the guidance or the operator holds the item sensitive."""
        if item in self.custom:
            return self.custom[item].sensitive
        return item in self.law.items and self.law.items[item].is_sensitive(GUIDANCE)

    def class_of(self, item: str) -> str:
        """Return the item's class; empty when nobody knows it."""
        if item in self.custom:
            return self.custom[item].class_
        return self.law.items[item].class_ if item in self.law.items else ""

    def needs(self) -> Iterator[tuple[str, Purpose, Need]]:
        """Yield every need with its path and purpose."""
        for index, purpose in enumerate(self.declaration.purposes):
            for count, need in enumerate(purpose.needs):
                yield f"purposes[{index}].needs[{count}]", purpose, need

    @property
    def telephone(self) -> bool:
        """Whether it offers a telephone service, whose users are registered (Order 25 Art. 3)."""
        known = (self.law.services.get(each.kind) for each in self.declaration.services)
        return any(each is not None and each.telephone for each in known)


Rule = Callable[[Case], Iterator[Raised]]


def acts_of(purpose: Purpose, need: Need) -> frozenset[ActKind]:
    """Return the acts an item takes part in under a purpose."""
    return frozenset(need.acts or purpose.acts)


def is_kept_registration(purpose: Purpose, need: Need) -> bool:
    """Say whether the purpose takes in the item as registration information, and so must keep it."""
    return need.class_ is RetentionClass.REGISTRATION and ActKind.COLLECT in acts_of(purpose, need)


def _is_guidance(law: Law, name: str) -> bool:
    return name in law.instruments and law.instruments[name].rank is Rank.GUIDANCE
