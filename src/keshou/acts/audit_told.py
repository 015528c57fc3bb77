# SPDX-License-Identifier: Apache-2.0
"""A user's facts held against what their entry tells openly: no payload need be opened for it."""

from collections.abc import Sequence

from keshou.acts.audit_payload import FactsTamperedError
from keshou.db import to_micros
from keshou.gate.facts import Corrected, Erased, ServiceEnded, SiteFact, UserFact
from keshou.ledger.entry import Header
from keshou.ledger.events import is_fact

_OF_THE_MOMENT = (Corrected, Erased, ServiceEnded)
"""Facts that come true by the act of their entry."""


def purpose_of(facts: Sequence[UserFact | SiteFact]) -> str:
    """Return the purpose that an entry of facts of a user tells: theirs when they have one and the same, else none."""
    purposes = {getattr(fact, "purpose", "") for fact in facts} - {""}
    return purposes.pop() if len(purposes) == 1 else ""


def check_told(index: int, header: Header, facts: Sequence[UserFact | SiteFact]) -> None:
    """Hold a user's facts against the public part of their entry.

    1. no fact lies after its entry, and what came true by the act lies just there
    2. an entry of facts tells their purpose
    3. what shows a correction to be right is of the purpose and the items that were corrected

    Raises:
        FactsTamperedError: one is otherwise.

    """
    if any(to_micros(fact.at) > header.t for fact in facts):
        raise FactsTamperedError(index, "a fact of a user is dated after its entry")
    if any(to_micros(fact.at) != header.t for fact in facts if isinstance(fact, _OF_THE_MOMENT)):
        raise FactsTamperedError(index, "what came true by the act is dated otherwise")
    if is_fact(header.event) and facts and purpose_of(facts) != header.purpose:
        raise FactsTamperedError(index, "a fact of a user is for another purpose than the entry tells")
    shown = [fact for fact in facts if isinstance(fact, Corrected)]
    if any((fact.purpose, fact.items) != (header.purpose, frozenset(header.items)) for fact in shown):
        raise FactsTamperedError(index, "what shows a correction to be right is of something else than was corrected")
