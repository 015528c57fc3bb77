# SPDX-License-Identifier: Apache-2.0
"""What older rules needed and those in force do not, as the articles ask about it."""

from keshou.declaration.model import Declaration
from keshou.law.terms import ActKind as K


class LeftOut:
    """The part of a question that looks at older rules; the rest of it is in `question`."""

    def older(self) -> list[Declaration]:
        return [each.declaration for each in self.world.published if self.rules and each.version < self.rules.version]

    def needed_by_none_any_more(self) -> set[str]:
        if self.act.kind not in {K.DELETE, K.DESTROY} and not (self.own_hand() and self.act.kind == K.QUERY):
            return set()
        return self.act.items & self.left_by_older_rules()

    def serving(self) -> set[str]:
        """Return the purpose of the act, and what of older rules needed what none does any more."""
        before = [each for one in self.older() for each in one.purposes]
        return {self.act.purpose, *(each.id for each in before for need in each.needs if need.item in self.dropped)}

    def left_by_older_rules(self) -> set[str]:
        now = {need.item for each in (self.declared.purposes if self.declared else ()) for need in each.needs}
        return {need.item for one in self.older() for each in one.purposes for need in each.needs} - now
