# SPDX-License-Identifier: Apache-2.0
"""What became true -> what is told of it: a pure function over what a transaction is about to commit.

An event has ids and dates and never anybody's information: only the fields listed here go out, so that a text somebody
wrote into a fact (the reason of an emergency) stays where it is.
"""

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from keshou.acts.request import Cancel, Erase, Job, Perform, Record
from keshou.acts.work import Pending
from keshou.gate.facts import SiteFact, UserFact


class Event(NamedTuple):
    """Something that receivers may want to know."""

    id: str
    """The same for ever and in every process: made of the entry's place in the log and the fact's place in it."""
    type: str
    """E.g. ``keshou.consent.withdrawn``."""
    at: dt.datetime
    entry: int
    """Place in the log of the entry that recorded it; -1 for none."""
    data: Mapping[str, object]
    user: str = ""
    """The operator's own id of the user concerned; empty for what concerns no one user."""


_USER_EVENTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "consent_given": ("keshou.consent.given", ("purpose", "version", "items")),
    "consent_withdrawn": ("keshou.consent.withdrawn", ("purpose", "items")),
    "consent_voided": ("keshou.consent.voided", ("purpose",)),
    "messages_requested": ("keshou.messages.requested", ()),
    "messages_refused": ("keshou.messages.refused", ()),
    "service_started": ("keshou.service.started", ("service",)),
    "service_ended": ("keshou.service.ended", ("service",)),
    "erased": ("keshou.user.erased", ()),
}
_SITE_EVENTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "rules_published": ("keshou.rules.published", ("version", "digest", "effective")),
    "suspension_ordered": ("keshou.suspension.ordered", ("suspension", "kinds", "purposes")),
    "suspension_lifted": ("keshou.suspension.lifted", ("suspension",)),
    "hold_set": ("keshou.hold.set", ("hold", "ground", "until", "classes", "purposes")),
    "hold_lifted": ("keshou.hold.lifted", ("hold", "reason")),
    "agent_suspended": ("keshou.agent.suspended", ("agent",)),
    "agent_reinstated": ("keshou.agent.reinstated", ("agent",)),
    "staff_appointed": ("keshou.staff.appointed", ("staff", "post", "branch", "until")),
    "staff_removed": ("keshou.staff.removed", ("staff", "post")),
    "staff_left": ("keshou.staff.left", ("staff",)),
    "access_confirmed": ("keshou.access.confirmed", ("staff", "post", "by", "until")),
    "emergency_opened": ("keshou.emergency.opened", ("emergency", "staff", "post", "until")),
    "emergency_reviewed": ("keshou.emergency.reviewed", ("emergency", "by", "found")),
    "review_asked": ("keshou.review.asked", ("review", "requester", "kind", "purpose", "count")),
    "review_approved": ("keshou.review.approved", ("review", "requester", "reviewer", "kind", "purpose", "until")),
    "review_refused": ("keshou.review.refused", ("review", "reviewer")),
    "review_used": ("keshou.review.used", ("review",)),
    "medium_registered": ("keshou.medium.registered", ("medium", "form", "place", "holder", "sealed", "until", "to")),
    "medium_moved": ("keshou.medium.moved", ("medium", "place", "holder", "sealed")),
    "medium_checked": ("keshou.medium.checked", ("medium", "by", "found")),
    "medium_destroyed": ("keshou.medium.destroyed", ("medium", "by", "witness", "manner")),
    "restored": ("keshou.restored", ("archive", "by", "size", "lost_size", "erased")),
    "recipient_key_verified": ("keshou.recipient.key_verified", ("recipient", "verified_by", "how")),
    "recipient_key_ended": ("keshou.recipient.key_ended", ("recipient",)),
    "handed_over": ("keshou.handed.over", ("handover", "recipient", "purpose", "by", "count", "digest")),
    "link_made": ("keshou.link.made", ("link", "by", "recipient", "purpose", "most", "until")),
    "link_revoked": ("keshou.link.revoked", ("link",)),
}
"""Tag of a fact -> type of event, and the fields of the fact that go out with it."""
ACCESS_LAPSED, REVIEW_LAPSED = "keshou.access.lapsed", "keshou.review.lapsed"
LAPSED: Mapping[str, tuple[str, ...]] = {
    ACCESS_LAPSED: ("staff", "post", "branch"),
    REVIEW_LAPSED: ("review", "kind", "purpose"),
}
"""Type of event -> what goes out with it, of what came to its end by the passing of time and has no entry."""

BACKUP_MADE, LINK_OPENED, LINK_USED_UP = "keshou.backup.made", "keshou.link.opened", "keshou.link.used_up"
DONE: Mapping[str, tuple[str, ...]] = {
    BACKUP_MADE: ("medium", "by", "place", "size", "sha256", "to"),
    LINK_OPENED: ("link", "recipient", "purpose", "shown", "left"),
    LINK_USED_UP: ("link", "recipient", "purpose"),
}
"""Type of event -> what goes out with it, of what was done and is no fact of its own."""

TYPES = frozenset({*(type_ for table in (_USER_EVENTS, _SITE_EVENTS) for type_, _ in table.values()), *LAPSED, *DONE})
"""Every type of event that a receiver can ask for."""
ERASED = "keshou.user.erased"
TRIAL = "keshou.webhook.tried"
"""Type of what is sent to see whether it arrives; it tells of nothing."""


def events_of(job: Job, pending: Pending) -> tuple[Event, ...]:
    """Return what is to be told of `job`, which `pending` is about to commit; nothing when it was done before.

    What was asked and denied, read or corrected is nobody else's business: only facts are told, and beside them what
    `done` tells.
    """
    draft, place = pending
    if draft.done is not None or place < 0 or not (draft.user_facts or draft.site_facts):
        return ()
    named = {key: payload.user for key, payload in draft.users}
    facts: list[tuple[str, UserFact | SiteFact]] = [
        (named.get(key) or _user_of(job), fact) for key, of in draft.user_facts for fact in of
    ]
    facts += [("", fact) for fact in draft.site_facts]
    return tuple(
        event for number, (user, fact) in enumerate(facts) if (event := _event(place, number, user, fact)) is not None
    )


def _event(place: int, number: int, user: str, fact: UserFact | SiteFact) -> Event | None:
    table = _USER_EVENTS if isinstance(fact, UserFact) else _SITE_EVENTS
    type_, fields = table.get(str(fact.__struct_config__.tag), ("", ()))
    if not type_:
        return None
    told = {field: _plain(getattr(fact, field)) for field in fields}
    data = {field: value for field, value in told.items() if value not in (None, "", [])}
    return Event(f"evt_{place}_{number}", type_, fact.at, place, data, user)


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(str(each) for each in value)
    if isinstance(value, tuple):
        return [msgspec.to_builtins(each) for each in value]
    return msgspec.to_builtins(value)


def _user_of(job: Job) -> str:
    if isinstance(job, Perform | Erase):
        return job.act.user
    return job.user if isinstance(job, Record | Cancel) else ""
