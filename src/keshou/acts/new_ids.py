# SPDX-License-Identifier: Apache-2.0
"""What is written down under an id has that id for good: a second of the same id would stand in the first one's place.

Also when the first is over: an id in a paper of the authority, or in an entry, names one thing and no other.
"""

from collections.abc import Mapping, Sequence

from keshou.acts.request import ActError
from keshou.acts.work import Work
from keshou.gate.facts import (
    EmergencyOpened,
    GroundRecorded,
    HandedOver,
    LinkMade,
    MediumRegistered,
    ReviewApproved,
    ReviewAsked,
    SiteFact,
    SuspensionOrdered,
)
from keshou.gate.holds import HoldSet

_NAMED_BY: Mapping[type[SiteFact], str] = {
    SuspensionOrdered: "suspension",
    GroundRecorded: "ground",
    ReviewAsked: "review",
    ReviewApproved: "review",
    EmergencyOpened: "emergency",
    HoldSet: "hold",
    MediumRegistered: "medium",
    HandedOver: "handover",
    LinkMade: "link",
}
"""What begins something that has an id -> what it is called, and where its id stands."""


class IdTakenError(ActError):
    """There is, or was, such a thing of that id."""


def check_new_ids(work: Work, facts: Sequence[SiteFact]) -> None:
    """Refuse what would begin under an id that a thing of its kind has or ever had, on record or among `facts`.

    Raises:
        IdTakenError: it would.

    """
    new = [(type(fact), str(getattr(fact, name))) for fact in facts if (name := _NAMED_BY.get(type(fact)))]
    if not new:
        return
    taken = {
        (type(fact), getattr(fact, name))
        for fact in work.view.gate.site.facts
        if (name := _NAMED_BY.get(type(fact))) is not None
    }
    for each in new:
        if each in taken:
            raise IdTakenError(
                f"a {_NAMED_BY[each[0]]} of that id was written down before", hint="give it an id of its own"
            )
        taken.add(each)
