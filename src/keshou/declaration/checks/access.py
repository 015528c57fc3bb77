# SPDX-License-Identifier: Apache-2.0
"""Review of who can reach what (Order 24 Art. 13(v)), and what may be lent in an emergency."""

from collections.abc import Iterator

from keshou.declaration.answering import confirmers
from keshou.declaration.checks.case import Case
from keshou.declaration.finding import Raised
from keshou.declaration.shape import is_id

LONGEST = 24 * 60
"""Minutes from which on what is lent is no emergency any more but an appointment."""
MANY = 5
"""More than so many that wait for a review, and nobody looks in time."""


def there(case: Case) -> Iterator[Raised]:
    """Where posts may do anything, it is reviewed who holds them."""
    if case.declaration.access_review is None and case.declaration.grants:
        yield Raised("access_review_missing", "access_review")


def days(case: Case) -> Iterator[Raised]:
    """The days are numbers one can keep."""
    review = case.declaration.access_review
    if review and review.every_days < 1:
        yield Raised("access_review_days", "access_review.every_days")
    elif review and not 0 <= review.remind_days <= review.every_days:
        yield Raised("access_review_remind", "access_review.remind_days")


def heads(case: Case) -> Iterator[Raised]:
    """Somebody of the operator's own confirms every post, and not only its holder."""
    review = case.declaration.access_review
    if review is None:
        return
    for index, each in enumerate(review.heads_by):
        path, post = f"access_review.heads_by[{index}]", case.posts.get(each)
        if post is None:
            yield Raised("access_review_head_unknown", path, {"post": each})
        elif post.agent:
            yield Raised("access_review_head_of_agent", path, {"post": each})
    for post_id, by in confirmers(case.declaration).items():
        if by == {post_id}:
            yield Raised("access_review_head_unconfirmed", "access_review", {"post": post_id})


def emergencies(case: Case) -> Iterator[Raised]:
    """What is lent is something, briefly, for a reason, and no agent's."""
    lent = case.declaration.emergency
    if lent is None:
        return
    if lent.minutes < 1:
        yield Raised("emergency_minutes", "emergency.minutes")
    if lent.minutes > LONGEST:
        yield Raised("emergency_long", "emergency.minutes", {"minutes": str(lent.minutes)})
    if lent.unreviewed < 1:
        yield Raised("emergency_unreviewed", "emergency.unreviewed")
    elif lent.unreviewed > MANY:
        yield Raised("emergency_unreviewed_many", "emergency.unreviewed", {"number": str(lent.unreviewed)})
    if not lent.posts or not lent.reasons:
        yield Raised("emergency_of_nothing", "emergency")
    for index, each in enumerate(lent.posts):
        path, post = f"emergency.posts[{index}]", case.posts.get(each)
        if post is None:
            yield Raised("emergency_unknown_post", path, {"post": each})
        elif post.agent:
            yield Raised("emergency_post_of_agent", path, {"post": each})
    for index, each in enumerate(lent.reasons):
        if not is_id(each):
            yield Raised("malformed_id", f"emergency.reasons[{index}]", {"id": each})


RULES = (there, days, heads, emergencies)
