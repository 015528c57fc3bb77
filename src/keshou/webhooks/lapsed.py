# SPDX-License-Identifier: Apache-2.0
"""What came to its end because nobody did anything -> what is told of it: a pure function of the facts and two moments.

No entry records such an end, for it follows from facts and rules; it is told when its moment has come.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping

from keshou.gate.facts import ReviewApproved
from keshou.gate.site import SiteState
from keshou.webhooks.events import ACCESS_LAPSED, REVIEW_LAPSED, Event

_NO_ENTRY = -1


def lapsed(state: SiteState, since: dt.datetime, now: dt.datetime, valid: dt.timedelta | None) -> list[Event]:
    """Return what lapsed after `since`, up to `now`, as `state` has it at `now`.

    Access lapses that nobody confirmed in time (Order 24 Art. 13(5)); an approval of a bulk act lapses that nobody used
    in time, at the latest after `valid`, which the rules say (Order 24 Art. 13(3)).
    """
    found = [*_access(state), *_reviews(state, valid)]
    return sorted((each for each in found if since < each.at <= now), key=lambda each: (each.at, each.id))


def _access(state: SiteState) -> Iterable[Event]:
    for staff in sorted(state.tenure.staff()):
        for held in state.tenure.of(staff):
            of = held.appointment
            if held.due is not None and (of.until is None or held.due < of.until):
                yield _event(ACCESS_LAPSED, held.due, {"staff": staff, "post": of.post, "branch": of.branch})


def _reviews(state: SiteState, valid: dt.timedelta | None) -> Iterable[Event]:
    for name, answered in state.answers.items():
        if isinstance(answered, ReviewApproved) and not state.is_used(name):
            until = answered.until if valid is None else min(answered.until, answered.at + valid)
            told = {"review": name, "kind": str(answered.kind), "purpose": answered.purpose}
            yield _event(REVIEW_LAPSED, until, told)


def _event(type_: str, at: dt.datetime, told: Mapping[str, str]) -> Event:
    data = {field: value for field, value in told.items() if value}
    mark = hashlib.sha256("\0".join((type_, at.isoformat(), *told.values())).encode()).hexdigest()[:24]
    return Event(f"evt_lapsed_{mark}", type_, at, _NO_ENTRY, data)
