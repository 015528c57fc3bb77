# SPDX-License-Identifier: Apache-2.0
"""Reviews of bulk acts as every face asks for them: who sees which, who may answer, and what an answer is."""

import datetime as dt

from keshou.acts.request import Done, Perform, RecordSite
from keshou.app.review_preview import Preview, preview
from keshou.app.site import Site
from keshou.declaration.model import Declaration, Office, Review
from keshou.errors import InputError
from keshou.gate.facts import ReviewApproved, ReviewAsked, ReviewRefused
from keshou.gate.offices import offices_of
from keshou.gate.site import SiteState
from keshou.law.terms import ActKind
from keshou.web.entitled import is_within_key, refuse_beyond_key, require, require_staff
from keshou.web.errors import ContradictionError, NotEntitledError, NotFoundError
from keshou.web.idempotency import fresh_id, named
from keshou.web.recorded import holds_own_post, in_force, require_own_post
from keshou.wire import access as w
from keshou.wire.caller import Caller, CallerKind

_TERMS = ("requester", "kind", "purpose", "items", "count", "recipient", "listed")


def asked_review(site: Site, name: str) -> ReviewAsked:
    """Return a review that was asked for.

    Raises:
        NotFoundError: none of that id was.

    """
    found = site.state().asked.get(name)
    if found is None:
        raise NotFoundError("there is no such review", hint="list them at /api/v1/reviews")
    return found


def ask(site: Site, caller: Caller, key: str, asked: w.ReviewRequest) -> tuple[str, Done]:
    """Ask that a bulk act of the caller's own be reviewed; return the review's id, and what was recorded.

    Raises:
        NotEntitledError: the caller's key is not for it, or they hold no post.
        ContradictionError: neither a list nor how many are named, or both and they differ.

    """
    require_staff(caller)
    declared_review(site)
    kind, users = ActKind(asked.kind), tuple(dict.fromkeys(asked.users))
    refuse_beyond_key(caller, asked.purpose, kind)
    if not site.state().appointments(caller.id):
        raise NotEntitledError("whoever asks holds no post (miit24:13.1.3)", hint="appoint them first")
    count = asked.count if asked.count is not None else len(users)
    if not count or (users and count != len(users)):
        raise ContradictionError("a review is of a list, or says of how many users at most", "$.users", "$.count")
    name = fresh_id("r", caller, key)
    fact = ReviewAsked(
        at=site.now(), review=name, requester=caller.id, kind=kind, purpose=asked.purpose,
        items=frozenset(asked.items), count=count, recipient=asked.recipient,
    )  # fmt: skip
    job = RecordSite(facts=(fact,), by=caller.id, must_stand=True, users=users)
    return name, site.do(named(job, caller, key, asked, "reviews"))


def look(site: Site, caller: Caller, name: str, key: str = "") -> Preview:
    """Look, as its reviewer, at a few of those whom a bulk act would be about; each look is recorded.

    With a `key` of the caller's they are looked at once, however often it is sent.

    Raises:
        NotEntitledError: the caller may not review.
        SeparationError: they asked for it themselves.
        NotFoundError: there is no such review.
        ReviewAnsweredError: it was answered.

    """
    require_reviewer(caller, site)
    asked = asked_review(site, name)

    def naming(number: int, job: Perform) -> Perform:
        return named(job, caller, f"{key}\0{number}", number, "reviews", name, "preview")

    return preview(site, asked, caller.id, naming if key else None)


def review_answer(
    caller: Caller, site: Site, declared: Review, asked: ReviewAsked, *, approved: bool
) -> ReviewApproved | ReviewRefused:
    """Return what `caller` answers: an approval of just what was asked for, for the declared hours; or a refusal."""
    now = site.now()
    if not approved:
        return ReviewRefused(at=now, review=asked.review, reviewer=caller.id)
    terms = {each: getattr(asked, each) for each in _TERMS}
    until = now + dt.timedelta(hours=declared.valid_hours)
    return ReviewApproved(at=now, review=asked.review, reviewer=caller.id, until=until, **terms)


def declared_review(site: Site) -> Review:
    """Return what the rules in force say of reviews.

    Raises:
        InputError: they declare none.

    """
    declared = in_force(site).review
    if declared is None:
        raise InputError("the rules declare no review of bulk acts", hint="add [review] to the declaration")
    return declared


def require_reviewer(caller: Caller, site: Site) -> Review:
    """Return what the rules say of reviews, for whoever may review.

    Raises:
        NotEntitledError: it is a program, or nobody in a post that reviews (Order 24 Art. 13(3)).

    """
    require_staff(caller)
    if caller.kind is CallerKind.PROGRAM:
        raise NotEntitledError("a person reviews (miit24:13.1.3)", hint="sign in")
    declared = declared_review(site)
    if not {each.post for each in site.state().appointments(caller.id)} & set(declared.reviewers):
        raise NotEntitledError(
            "no post of the caller reviews bulk acts (miit24:13.1.3)", hint="see `review` in the rules"
        )
    return declared


def seen_reviews(caller: Caller, site: Site) -> list[w.ReviewShape]:
    """Return the reviews that `caller` may see: all to reviewers and auditors, to others those that they asked for.

    A key sees what it could have asked for.
    """
    require_staff(caller)
    every = [each for each in w.review_shapes(site.state()) if is_within_key(caller, each.purpose, each.kind)]
    try:
        require_reviewer(caller, site)
    except (NotEntitledError, InputError):
        try:
            require(caller, site, Office.AUDIT)
        except NotEntitledError:
            require_own_post(caller, site, within_key=True)
            return [each for each in every if each.requester == caller.id]
    return every


def sees_reviews(declaration: Declaration, state: SiteState, staff: str, now: dt.datetime) -> bool:
    """Say whether staff of that id may see reviews, be it only those that they asked for themselves."""
    held = {each.post for each in state.appointments(staff)}
    reviewers = set(declaration.review.reviewers) if declaration.review else set[str]()
    audits = Office.AUDIT in offices_of(state, declaration, staff, now)
    return audits or bool(held & reviewers) or holds_own_post(declaration, state, staff)
