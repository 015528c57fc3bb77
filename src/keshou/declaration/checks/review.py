# SPDX-License-Identifier: Apache-2.0
"""Review before bulk acts (Order 24 Art. 13(iii))."""

from collections.abc import Iterator

from keshou.declaration.checks.case import Case
from keshou.declaration.defaults import defaults, window_hours
from keshou.declaration.finding import Raised
from keshou.law.terms import BULK_KINDS, ActKind


def there(case: Case) -> Iterator[Raised]:
    """Who may export, copy, delete or destroy in bulk is reviewed."""
    if case.declaration.review is not None:
        return
    for index, grant in enumerate(case.declaration.grants):
        if BULK_KINDS.intersection(grant.acts):
            yield Raised("review_missing", f"grants[{index}].acts", {"post": grant.post})
            return


def limits(case: Case) -> Iterator[Raised]:
    """The threshold and the time an approval holds are numbers one can reach."""
    review = case.declaration.review
    if review and review.bulk_users < 1:
        yield Raised("review_bulk_users", "review.bulk_users")
    if review and review.valid_hours < 1:
        yield Raised("review_valid_hours", "review.valid_hours")


def window(case: Case) -> Iterator[Raised]:
    """Many small acts of one hand add up within a time, to a number that one can reach."""
    review = case.declaration.review
    if review is None:
        return
    if review.window_hours is not None and review.window_hours < 0:
        yield Raised("review_window", "review.window_hours")
    if review.window_users < 0:
        yield Raised("review_window", "review.window_users")
    hours, users = window_hours(case.declaration), review.window_users or review.bulk_users
    if hours == 0:
        yield Raised("review_window_none", "review.window_hours")
    elif 0 < hours * defaults().review.hour_users < users:
        path = "review.window_users" if review.window_users else "review.bulk_users"
        yield Raised("review_window_out_of_reach", path, {"users": str(users), "hours": str(hours)})


def reviewers(case: Case) -> Iterator[Raised]:
    """Reviewers are posts of the operator's own, at least one of which does no bulk act itself."""
    review = case.declaration.review
    if review is None:
        return
    if not review.reviewers:
        yield Raised("review_without_reviewer", "review.reviewers")
    for index, each in enumerate(review.reviewers):
        post = case.posts.get(each)
        if post is None:
            yield Raised("reviewer_unknown", f"review.reviewers[{index}]", {"post": each})
        elif post.agent:
            yield Raised("reviewer_of_agent", f"review.reviewers[{index}]", {"post": each})
    doing = {grant.post for grant in case.declaration.grants if BULK_KINDS.intersection(grant.acts)}
    if review.reviewers and doing.issuperset(review.reviewers):
        yield Raised("reviewer_not_apart", "review.reviewers", {"posts": ", ".join(review.reviewers)})


def one_by_one(case: Case) -> Iterator[Raised]:
    """What is provided one user after another adds up to nothing, so it is narrow in some other way."""
    for index, grant in enumerate(case.declaration.grants):
        narrow = not grant.full or grant.branches or grant.hours is not None
        if ActKind.PROVIDE in grant.acts and not narrow:
            yield Raised("provided_one_by_one", f"grants[{index}].acts", {"post": grant.post})


RULES = (there, limits, window, reviewers, one_by_one)
