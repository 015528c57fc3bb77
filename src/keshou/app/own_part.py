# SPDX-License-Identifier: Apache-2.0
"""The part of what is on record of a user that is of some services: what an app that serves those may show and do."""

from collections.abc import Iterable
from typing import NamedTuple

from keshou.app.site import Site
from keshou.db import Transaction
from keshou.gate.facts import UserFact

_NONE: frozenset[str] = frozenset()


class OwnPart(NamedTuple):
    """Services, and the purposes of the rules in force that serve any of them."""

    services: frozenset[str]
    purposes: frozenset[str]

    def has(self, fact: UserFact) -> bool:
        """Say whether a fact is of these services; what names neither purpose nor service is of every one."""
        purpose, service = getattr(fact, "purpose", None), getattr(fact, "service", None)
        return (purpose is None or purpose in self.purposes) and (service is None or service in self.services)


def purposes_of(site: Site, tx: Transaction, services: Iterable[str]) -> frozenset[str]:
    """Return the purposes of the rules in force that serve any of `services`."""
    rules, wanted = site.declarations.current(tx, site.now()), frozenset(services)
    return frozenset(each.id for each in rules.declaration.purposes if wanted & {*each.services}) if rules else _NONE


def may_message(site: Site, part: OwnPart) -> bool:
    """Say whether any purpose of `part` is one of commercial messages."""
    rules = site.rules()
    purposes = rules.declaration.purposes if rules else ()
    return any(each.commercial_messages for each in purposes if each.id in part.purposes)
