# SPDX-License-Identifier: Apache-2.0
"""Review of access over the wire: who can reach what, what is to be confirmed, emergencies, reviews of bulk acts."""

import datetime as dt
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from keshou.declaration.model import Hours
from keshou.gate.facts import ReviewApproved, ReviewAsked
from keshou.gate.reach import Reach
from keshou.gate.site import SiteState
from keshou.gate.tenure import Held, Opened
from keshou.law.terms import BULK_KINDS, ActKind
from keshou.wire.acts import MOST_USERS
from keshou.wire.decision import ReasonShape
from keshou.wire.words import Id, Items, Moment, NoId, Revision, UserId

BulkKind = StrEnum("BulkKind", {each.name: each.value for each in ActKind if each in BULK_KINDS})  # type: ignore[misc]
"""Kinds of act that are reviewed before they are done."""
_LARGEST = 2**53 - 1


class ReachShape(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody, in one post and place, may do these acts on these items for one purpose."""

    number: int
    """Place in the list, counted from zero."""
    staff: str
    post: str
    branch: str
    """Empty: everywhere."""
    purpose: str
    acts: list[ActKind]
    items: list[str]
    full: bool
    """Whether full values are shown; otherwise masked."""
    hours: Hours | None
    """Null: the whole day."""
    until: dt.datetime | None
    confirmed_by: str
    due: dt.datetime | None
    """When it lapses unless it is confirmed; null: it does not."""
    emergency: str
    """Id of the emergency that lends it; empty: it comes with the post."""


class DueShape(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment to be confirmed."""

    staff: str
    post: str
    branch: str
    due: dt.datetime
    posts: list[str]
    """Whose holders may confirm it."""


class DueAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be confirmed, what lapses first first; and the departments for which nobody answers."""

    appointments: list[DueShape]
    unanswered: list[str]


class ConfirmationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody still needs a post."""

    staff: Id
    post: Id
    until: Moment | None = None
    """Null: for as long as the rules let it."""


class EmergencyRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The caller lends themselves a post's grants."""

    post: Id
    reason: Id
    """One of the reasons that the rules know."""
    case: Id
    """What happened, by its id in the operator's own books."""
    minutes: Annotated[int, Meta(ge=1, le=1440)] | None = None
    """Null: as long as the rules let it."""


class EmergencyReview(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the review of an emergency came to."""

    found: Literal["justified", "unjustified"]


class EmergencyShape(msgspec.Struct, frozen=True, kw_only=True):
    """An emergency and its review."""

    id: str
    staff: str
    post: str
    reason: str
    case: str
    at: dt.datetime
    until: dt.datetime
    found: Literal["", "justified", "unjustified"]
    """Empty: it was not reviewed yet."""
    reviewed_by: str


class ReviewRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bulk act that the caller is to do, for another person to look at before."""

    kind: BulkKind
    purpose: Id
    items: Items
    count: Annotated[int, Meta(ge=1, le=_LARGEST)] | None = None
    """The most users it is to cover; as many as are listed when left out."""
    recipient: NoId = ""
    users: Annotated[list[UserId], Meta(max_length=MOST_USERS)] = []
    """The very list that it is of: an approval then serves for that list alone. None: for any list of no more."""


class PreviewLook(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of one of those whom a bulk act would be about; whose it is stays unsaid."""

    entry: Revision
    """Place of the look in the log, counted from zero."""
    values: dict[str, str]
    """Item to masked value; nothing where it was refused, or asked for before."""
    refused: list[ReasonShape]
    """Why this user may not be looked at so; empty: it was permitted."""
    repeated: bool


class PreviewAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a reviewer saw: few at most, drawn when the review was asked for; nobody where it is of no list."""

    looks: list[PreviewLook]


class ReviewAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the reviewer answers."""

    approved: bool


class ReviewState(StrEnum):
    """What became of a review."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    USED = "used"
    OVER = "over"
    """Approved, and not used in time."""


class ReviewShape(msgspec.Struct, frozen=True, kw_only=True):
    """A review of one bulk act."""

    id: str
    state: ReviewState
    requester: str
    kind: ActKind
    purpose: str
    items: list[str]
    count: int
    recipient: str
    listed: bool
    """Whether it is of one list alone; else of any list of no more than `count`."""
    asked: dt.datetime
    reviewer: str
    """Empty: nobody answered yet."""
    until: dt.datetime | None
    """Until when an approval holds."""


def reach_shape(number: int, line: Reach) -> ReachShape:
    """Return a line of the list as it is told."""
    told = line._asdict() | {"acts": list(line.acts), "items": list(line.items)}
    return ReachShape(number=number, **told)


def due_shape(staff: str, held: Held, posts: frozenset[str]) -> DueShape:
    """Return an appointment to be confirmed as it is told."""
    assert held.due is not None  # noqa: S101 - what is never due is not listed
    at = held.appointment
    return DueShape(staff=staff, post=at.post, branch=at.branch, due=held.due, posts=sorted(posts))


def emergency_shape(each: Opened) -> EmergencyShape:
    """Return an emergency as it is told."""
    fact, review = each.fact, each.review
    return EmergencyShape(
        id=fact.emergency, staff=fact.staff, post=fact.post, reason=fact.reason, case=fact.case, at=fact.at,
        until=each.until, found=review.found if review else "", reviewed_by=review.by if review else "",
    )  # fmt: skip


def review_version(state: SiteState, review: str) -> int:
    """Return how often a review was told of: 1 when it was asked for, 2 when it was answered; 0: never."""
    return (review in state.asked) + (review in state.answers)


def review_shapes(state: SiteState) -> list[ReviewShape]:
    """Return every review as it is told, also those approved without being asked for."""
    every: dict[str, ReviewAsked | ReviewApproved] = {
        name: each for name, each in state.answers.items() if isinstance(each, ReviewApproved)
    }
    return [_review_shape(state, fact) for fact in (every | state.asked).values()]


def _review_shape(state: SiteState, fact: ReviewAsked | ReviewApproved) -> ReviewShape:
    given = state.answers.get(fact.review)
    until = given.until if isinstance(given, ReviewApproved) else None
    return ReviewShape(
        id=fact.review, state=_state_of(state, fact.review), requester=fact.requester, kind=fact.kind,
        purpose=fact.purpose, items=sorted(fact.items), count=fact.count, recipient=fact.recipient,
        listed=bool(fact.listed), asked=fact.at, reviewer=given.reviewer if given else "", until=until,
    )  # fmt: skip


def _state_of(state: SiteState, review: str) -> ReviewState:
    given = state.answers.get(review)
    if given is None:
        return ReviewState.ASKED
    if not isinstance(given, ReviewApproved):
        return ReviewState.REFUSED
    if state.is_used(review):
        return ReviewState.USED
    return ReviewState.APPROVED if state.when < given.until else ReviewState.OVER
