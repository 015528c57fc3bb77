# SPDX-License-Identifier: Apache-2.0
"""A question of the protocol -> an act for the gate; and what cannot be one is a denial, with its reason.

Who: `subject` (type ``staff``, ``agent``, ``service`` or ``user``; properties `post`, `where`). What: `action.name`
(properties `recipient`). Whose, which items: `resource` (type ``personal_information``; properties `items`, `count`).
What for: `context.purpose` (also `review`, `ground`). Facts about users, consent and posts are never taken from a
question: only what is on record counts.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from keshou.gate.act import OWN_HAND, Act
from keshou.gate.alike import of_no_act
from keshou.gate.decision import Deny
from keshou.law.terms import ActKind
from keshou.wire.authzen import Evaluation

RESOURCE = "personal_information"
SELF = "self"
"""Id of a subject that is whoever asks."""
SUBJECTS = frozenset({"staff", "agent", "service", "user"})
_KINDS: Mapping[str, ActKind] = {str(kind): kind for kind in ActKind}
_NO_ITEMS: frozenset[str] = frozenset()


class UnfitQuestionError(ValueError):
    """A property of the question is of the wrong type; `pointer` says which."""

    def __init__(self, pointer: str) -> None:
        super().__init__(pointer)
        self.pointer = pointer


def act_of(asked: Evaluation, caller: str, when: dt.datetime) -> Act | Deny:
    """Return the act that `asked` is about, or the denial of what cannot be one.

    Raises:
        UnfitQuestionError: a property that counts is of the wrong type.

    """
    subject, action, resource, context = asked.subject, asked.action, asked.resource, asked.context
    kind = _KINDS.get(action.name)
    if kind is None or resource.type != RESOURCE or subject.type not in SUBJECTS:
        return _unknown(asked, kind)
    by = caller if subject.id == SELF else subject.id
    if subject.type == "user":
        if subject.id != resource.id:
            return of_no_act("staff")
        by = OWN_HAND
    elif by == OWN_HAND:
        return of_no_act("staff")
    given = resource.properties
    return Act(
        kind=kind,
        user=resource.id,
        items=_items(given) if given else _NO_ITEMS,
        purpose=_text(context, "purpose", "$.context"),
        by=by,
        when=when,
        where=_text(subject.properties, "where", "$.subject.properties"),
        post=_text(subject.properties, "post", "$.subject.properties"),
        recipient=_text(action.properties, "recipient", "$.action.properties"),
        count=_count(given),
        review=_text(context, "review", "$.context"),
        ground=_text(context, "ground", "$.context"),
    )


def _unknown(asked: Evaluation, kind: ActKind | None) -> Deny:
    if kind is None:
        return of_no_act("kind")
    if asked.resource.type != RESOURCE:
        return of_no_act("item")
    return of_no_act("staff")


def _text(given: Mapping[str, Any], name: str, place: str) -> str:
    value = given.get(name, "") if given else ""
    if not isinstance(value, str):
        raise UnfitQuestionError(f"{place}.{name}")
    return value


def _items(given: Mapping[str, Any]) -> frozenset[str]:
    items = given.get("items", ())
    if isinstance(items, list | tuple):
        try:
            found: frozenset[str] = frozenset(items)
        except TypeError:
            raise UnfitQuestionError("$.resource.properties.items") from None
        if all(isinstance(each, str) for each in found):
            return found
    raise UnfitQuestionError("$.resource.properties.items")


def _count(given: Mapping[str, Any]) -> int:
    count = given.get("count", 1) if given else 1
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise UnfitQuestionError("$.resource.properties.count")
    return count
