# SPDX-License-Identifier: Apache-2.0
"""Separation of duties: what nobody may write down of themselves, and who must write down what of others."""

import datetime as dt
from collections.abc import Iterable

from keshou.acts.hands import Hands
from keshou.acts.request import ActError
from keshou.acts.work import Work
from keshou.gate.facts import (
    AccessConfirmed,
    AgentReinstated,
    EmergencyOpened,
    EmergencyReviewed,
    ReviewApproved,
    ReviewAsked,
    ReviewRefused,
    SiteFact,
    StaffAppointed,
)
from keshou.gate.reign import Terms
from keshou.gate.site import SiteState


class SeparationError(ActError):
    """It is not for whoever tells it to write it down: it concerns themselves, or others answer for it."""


class ReviewAnsweredError(ActError):
    """Somebody else answered a review meanwhile."""

    def __init__(self) -> None:
        super().__init__("the review was answered before", hint="see what it came to")


def check_separation(work: Work, fact: SiteFact, by: str, now: dt.datetime) -> None:
    """Refuse what `by` may not write down, because of whom it concerns or of who answers for it.

    Raises:
        ActError: it is of themselves, in another's name, or for others to decide.

    Source: miit24:11, miit24:13.1.3, miit24:13.1.5
    """
    timeline = work.view.gate.timeline
    state, terms = timeline.at(now).state, timeline.reigns.at(now)
    match fact:
        case StaffAppointed():
            _check_appointed(work.hands(now), state, terms, fact, by)
        case AgentReinstated():
            posts = timeline.at(now).edition.posts
            if fact.agent in {posts[post].agent for post in _posts(state, by) if post in posts}:
                raise SeparationError(
                    "an agent's own staff do not find it fit (miit24:11)", hint="the operator's staff decide"
                )
        case AccessConfirmed():
            refuse_program(work, by, now)
            _check_confirmed(work.hands(now), state, terms, fact, by)
            _check_span(now, fact.at, fact.until, terms.every)
        case EmergencyOpened():
            _check_opened(work, fact, by, now)
        case EmergencyReviewed():
            _check_order(timeline.site.facts, fact, EmergencyOpened, "emergency")
            refuse_program(work, by, now)
            _check_reviewed(work, state, terms, fact, by)
        case ReviewAsked():
            _check_asked(state, fact, by)
        case ReviewApproved() | ReviewRefused():
            _check_order(timeline.site.facts, fact, ReviewAsked, "review")
            refuse_program(work, by, now)
            _check_answered(work, state, fact, by)


def refuse_program(work: Work, by: str, now: dt.datetime) -> None:
    """Refuse a program where another person is to look.

    Raises:
        SeparationError: it is one.

    Source: miit24:13.1.3
    """
    if work.hands(now).is_program(by):
        raise SeparationError("a program is no second person (miit24:13.1.3)", hint="let one of the staff do it")


def _posts(state: SiteState, staff: str) -> frozenset[str]:
    return frozenset(each.post for each in state.appointments(staff))


def _is_own(state: SiteState, terms: Terms, staff: str) -> bool:
    """Say whether `staff` holds a post of the operator's own."""
    return bool(_posts(state, staff) & terms.own)


def _check_appointed(hands: Hands, state: SiteState, terms: Terms, fact: StaffAppointed, by: str) -> None:
    if hands.same(fact.staff, by):
        raise SeparationError(
            "nobody appoints themselves, nor a program whose key they made (miit24:13.1.3)",
            hint="let somebody else appoint",
        )
    if terms.own and _posts(state, by) and not _is_own(state, terms, by):
        raise SeparationError("an agent's staff appoint nobody (miit24:11)", hint="the operator's staff appoint")


def _check_confirmed(hands: Hands, state: SiteState, terms: Terms, fact: AccessConfirmed, by: str) -> None:
    if fact.by != by:
        raise SeparationError("a confirmation in another's name (miit24:13.1.5)", hint="whoever confirms records it")
    if hands.same(fact.staff, by):
        raise SeparationError(
            "nobody confirms their own access (miit24:13.1.5)", hint="let another who answers for it confirm it"
        )
    if fact.post not in _posts(state, fact.staff):
        raise ActError("nobody of that id holds the post", hint="what lapsed is appointed anew")
    if not _posts(state, by) & terms.confirmers.get(fact.post, frozenset()):
        raise SeparationError(
            "whoever confirms does not answer for the post's department (miit24:13.1.5)",
            hint="`responsible` of the department says who does; for heads, `heads_by` of the review of access",
        )


def _check_opened(work: Work, fact: EmergencyOpened, by: str, now: dt.datetime) -> None:
    timeline = work.view.gate.timeline
    state, terms = timeline.at(now).state, timeline.reigns.at(now)
    foreseen, hands = terms.emergency, work.hands(now)
    if fact.staff != by:
        raise SeparationError("an emergency in another's name (miit24:13.1.3)", hint="whoever acts in it opens it")
    if foreseen is None or fact.post not in foreseen.posts or fact.post not in terms.own:
        raise ActError("the rules do not lend this post in an emergency", hint="see `[emergency]` in the rules")
    if fact.reason not in foreseen.reasons:
        raise ActError("the rules do not know this reason for an emergency", hint="see `[emergency]` in the rules")
    if not _is_own(state, terms, by):
        raise SeparationError(
            "whoever opens an emergency holds no post of the operator's own (miit24:13.1.3)",
            hint="nothing is lent to strangers, nor to an agent's staff",
        )
    if fact.emergency in {each.fact.emergency for each in state.emergencies()}:
        raise ActError("an emergency of that id was opened before", hint="give it an id of its own")
    waiting = [each for each in state.emergencies() if each.review is None and hands.same(each.fact.staff, by)]
    if len(waiting) >= foreseen.unreviewed:
        raise SeparationError(
            "an emergency of the same person waits for its review (miit24:13.1.3)",
            hint="let somebody else review it first; `unreviewed` of `[emergency]` in the rules says how many may wait",
        )
    _check_span(now, fact.at, fact.until, dt.timedelta(minutes=foreseen.minutes))


def _check_order(facts: Iterable[SiteFact], fact: SiteFact, begun: type[SiteFact], name: str) -> None:
    """Refuse a review dated before what it reviews was opened or asked for; folded by time it would be of nothing.

    What lies ahead of this server's clock counts too: another server wrote it, and one of the two clocks is wrong.
    """
    known = (each for each in facts if isinstance(each, begun) and getattr(each, name) == getattr(fact, name))
    first = next(known, None)
    if first is not None and fact.at < first.at:
        raise ActError("a review dated before what it reviews", hint="see that the clocks of all servers agree")


def _check_reviewed(work: Work, state: SiteState, terms: Terms, fact: EmergencyReviewed, by: str) -> None:
    opened = next((each for each in state.emergencies() if each.fact.emergency == fact.emergency), None)
    if fact.by != by:
        raise SeparationError("a review in another's name (miit24:13.1.3)", hint="whoever reviews records it")
    if opened is None:
        raise ActError("no emergency of that id was opened", hint="see `keshou access emergencies`")
    if work.hands(opened.fact.at).same(opened.fact.staff, by):
        raise SeparationError("nobody reviews their own emergency (miit24:13.1.3)", hint="let somebody else review it")
    if opened.review is not None:
        raise ActError("the emergency was reviewed before", hint="see `keshou access emergencies`")
    if not _is_own(state, terms, by):
        raise SeparationError(
            "whoever reviews holds no post of the operator's own (miit24:13.1.3)", hint="appoint them first"
        )


def _check_asked(state: SiteState, fact: ReviewAsked, by: str) -> None:
    if fact.requester != by:
        raise SeparationError(
            "a review asked for in another's name (miit24:13.1.3)", hint="whoever will do the act asks for it"
        )
    if fact.listed:
        raise ActError("what stands for a list is worked out where the list comes in", hint="give the list of users")
    if fact.review in state.asked or fact.review in state.answers:
        raise ActError("a review of that id was asked for before", hint="give it an id of its own")


def _check_answered(work: Work, state: SiteState, fact: ReviewApproved | ReviewRefused, by: str) -> None:
    asked = state.asked.get(fact.review)
    if fact.reviewer != by:
        raise SeparationError("an answer in another's name (miit24:13.1.3)", hint="the reviewer records it")
    if asked is None:
        if isinstance(fact, ReviewRefused) or fact.listed:
            raise ActError("no review of that id was asked for", hint="see the reviews")
        if fact.requester != by:  # of oneself it is the gate that refuses it, on record
            _check_other_hand(work, fact.requester, by, fact.at)
        return
    _check_other_hand(work, asked.requester, by, asked.at)
    if fact.review in state.answers:
        raise ReviewAnsweredError
    if isinstance(fact, ReviewApproved) and _terms_of(fact) != _terms_of(asked):
        raise ActError("what is approved is not what was asked for", hint="approve just that, or refuse it")


def _check_other_hand(work: Work, requester: str, by: str, since: dt.datetime) -> None:
    if work.hands(since).same(requester, by):
        raise SeparationError(
            "whoever asked for a bulk act may not review it (miit24:13.1.3)", hint="let somebody else review it"
        )


def _terms_of(fact: ReviewApproved | ReviewAsked) -> tuple[object, ...]:
    return fact.requester, fact.kind, fact.purpose, fact.items, fact.count, fact.recipient, fact.listed


def _check_span(now: dt.datetime, since: dt.datetime, until: dt.datetime, most: dt.timedelta | None) -> None:
    """Refuse what would be over by now, or would hold for longer than the rules let it."""
    if until <= now:
        raise ActError("it would be over before it began", hint="give a later end")
    if most is not None and until > since + most:
        raise ActError("it would hold for longer than the rules let it", hint="give an earlier end")
