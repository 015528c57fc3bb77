# SPDX-License-Identifier: Apache-2.0
"""The operator's facts folded into what holds at one moment: rules, posts held, reviews, suspensions, grounds."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from keshou.gate import facts as f
from keshou.gate.holds import HoldLifted, HoldSet
from keshou.gate.reign import Reigns
from keshou.gate.tenure import Held, Opened, Tenure
from keshou.law.terms import HIGHER_RANKS, ActKind


class SiteStanding:
    """All that came true of the operator, its staff, its agents and the authority; never changed, only extended."""

    __slots__ = ("facts", "moments", "timeline")

    def __init__(self, facts: Iterable[f.SiteFact]) -> None:
        self.facts = tuple(sorted(facts, key=_at))
        """In the order of their times; where equal, in the order recorded."""
        self.moments = frozenset(moment for fact in self.facts for moment in _moments(fact))
        """Every moment at which something begins or ceases to hold."""
        self.timeline: object = None
        """The gate's own notes of what was worked out from these facts."""

    def extended(self, facts: Iterable[f.SiteFact]) -> "SiteStanding":
        """Return the standing with further facts recorded after these."""
        return SiteStanding((*self.facts, *facts))

    def lapses(self, reigns: Reigns) -> Iterable[dt.datetime]:
        """Return every further moment at which, by the rules, something ceases to hold."""
        for fact in self.facts:
            if isinstance(fact, f.StaffAppointed | f.AccessConfirmed):
                lapse = reigns.lapse(fact.at)
                if lapse is not None:
                    yield lapse
            elif isinstance(fact, f.EmergencyOpened) and (foreseen := reigns.at(fact.at).emergency):
                yield fact.at + dt.timedelta(minutes=foreseen.minutes)

    def at(self, when: dt.datetime, reigns: Reigns | None = None) -> "SiteState":
        """Return what holds at `when`; without `reigns`, as under rules that know no review of access."""
        state = SiteState(when, reigns or Reigns())
        for fact in self.facts:
            if fact.at > when:
                break
            step = _STEPS.get(type(fact))
            if step:
                step(state, fact)
        return state


def fold_site(facts: Iterable[f.SiteFact]) -> SiteStanding:
    """Fold the operator's facts, given in the order recorded."""
    return SiteStanding(facts)


class SiteState:
    """What holds of the operator at one moment."""

    __slots__ = ("_grounds", "_holds", "_reviews", "_suspensions", "_used", "answers", "asked", "handovers",
                 "holds_lifted", "keys", "reviewer_posts", "rules", "suspended_agents", "tenure", "when")  # fmt: skip

    def __init__(self, when: dt.datetime, reigns: Reigns) -> None:
        self.when = when
        self.tenure = Tenure(reigns)
        """Who holds which post."""
        self.rules: f.RulesPublished | None = None
        """The published version in force."""
        self.suspended_agents: set[str] = set()
        self.reviewer_posts: dict[str, frozenset[str]] = {}
        """Review -> the posts its reviewer held when approving it."""
        self.asked: dict[str, f.ReviewAsked] = {}
        """Reviews asked for, by id, in order; whether or not they were answered."""
        self.answers: dict[str, f.ReviewApproved | f.ReviewRefused] = {}
        """What the reviewer answered, by id of the review."""
        self.keys: dict[str, f.RecipientKeyVerified] = {}
        """Recipient -> the public key that files are sealed to."""
        self.handovers: dict[str, f.HandedOver] = {}
        """Files made for recipients, by id, in order."""
        self._reviews: dict[str, f.ReviewApproved] = {}
        self._used: set[str] = set()
        self._suspensions: dict[str, f.SuspensionOrdered] = {}
        self._grounds: dict[str, f.GroundRecorded] = {}
        self._holds: dict[str, HoldSet] = {}
        self.holds_lifted: dict[str, HoldLifted] = {}
        """What ended a hold before its time, by id of the hold."""

    def appointments(self, staff: str, when: dt.datetime | None = None) -> list[f.StaffAppointed]:
        """Return the posts that a person or program holds; the name kept for users' own hand holds none."""
        return [each.appointment for each in self.tenure.held(staff, when or self.when)]

    def holders(self) -> dict[str, list[Held]]:
        """Return everybody who holds a post, with what the review of access came to; by id, in order."""
        held = {staff: self.tenure.held(staff, self.when) for staff in sorted(self.tenure.staff())}
        return {staff: every for staff, every in held.items() if every}

    def lent(self, staff: str) -> frozenset[str]:
        """Return the posts whose grants an emergency lends `staff`; they serve who names them."""
        return self.tenure.lent(staff, self.when)

    def emergencies(self) -> list[Opened]:
        """Return every emergency up to now, in the order opened, each with its review if it had one."""
        return list(self.tenure.emergencies())

    def review(self, review: str) -> f.ReviewApproved | None:
        """Return an approved review that is unused and in time."""
        found = self._reviews.get(review)
        return found if found and review not in self._used and self.when < found.until else None

    def is_used(self, review: str) -> bool:
        """Say whether the act that a review approved was done."""
        return review in self._used

    def grounds(self) -> list[f.GroundRecorded]:
        """Return the recorded grounds that hold."""
        return [each for name in self._grounds if (each := self.ground(name)) is not None]

    def ground(self, ground: str) -> f.GroundRecorded | None:
        """Return a recorded ground that holds."""
        found = self._grounds.get(ground)
        return found if found and self.when < found.until and found.rank in HIGHER_RANKS else None

    def holds(self) -> list[HoldSet]:
        """Return the holds that stand."""
        return [each for name, each in self._holds.items() if name not in self.holds_lifted and self._in_time(each)]

    def all_holds(self) -> Mapping[str, HoldSet]:
        """Return every hold up to now by id, in the order set, whether or not it stands."""
        return self._holds

    def _in_time(self, hold: HoldSet) -> bool:
        return hold.until is None or self.when < hold.until

    def suspensions(self) -> Iterable[f.SuspensionOrdered]:
        """Return the suspensions that stand."""
        return self._suspensions.values()

    def stops(self, kind: ActKind, purpose: str) -> bool:
        """Say whether the authority asked that acts of a kind for a purpose stop. Source: miit24:14.2."""
        return any(
            (not each.kinds or kind in each.kinds) and (not each.purposes or purpose in each.purposes)
            for each in self._suspensions.values()
        )

    def published(self, fact: f.RulesPublished) -> None:
        """Take note of a published version; the latest version that has taken effect is in force."""
        if fact.effective <= self.when and (self.rules is None or fact.version >= self.rules.version):
            self.rules = fact

    def approved(self, fact: f.ReviewApproved) -> None:
        """Take note of an approved review, and of the posts its reviewer holds at that moment."""
        self._reviews[fact.review] = self.answers[fact.review] = fact
        held = self.appointments(fact.reviewer, fact.at)
        self.reviewer_posts[fact.review] = frozenset(each.post for each in held)

    def review_asked(self, fact: f.ReviewAsked) -> None:
        """Take note that a review was asked for."""
        self.asked[fact.review] = fact

    def refused(self, fact: f.ReviewRefused) -> None:
        """Take note that a review was refused."""
        self.answers[fact.review] = fact

    def used(self, fact: f.ReviewUsed) -> None:
        """Take note that a review was used up; its id never serves again."""
        self._used.add(fact.review)

    def suspension(self, fact: f.SuspensionOrdered) -> None:
        """Take note of a suspension."""
        self._suspensions[fact.suspension] = fact

    def lifted(self, fact: f.SuspensionLifted) -> None:
        """Take note that a suspension was lifted."""
        self._suspensions.pop(fact.suspension, None)

    def grounded(self, fact: f.GroundRecorded) -> None:
        """Take note of a ground in higher law."""
        self._grounds[fact.ground] = fact

    def hold_set(self, fact: HoldSet) -> None:
        """Take note of a hold; the first of an id is the one."""
        self._holds.setdefault(fact.hold, fact)

    def hold_lifted(self, fact: HoldLifted) -> None:
        """Take note that a hold was lifted; its id never keeps anything again."""
        self.holds_lifted.setdefault(fact.hold, fact)

    def key_ended(self, fact: f.RecipientKeyEnded) -> None:
        """Take note that a recipient's key serves no longer."""
        self.keys.pop(fact.recipient, None)

    def ungrounded(self, fact: f.GroundEnded) -> None:
        """Take note that a ground ended."""
        self._grounds.pop(fact.ground, None)


def _at(fact: f.SiteFact) -> dt.datetime:
    return fact.at


def _moments(fact: f.SiteFact) -> Iterable[dt.datetime]:
    """Return when a fact begins to hold and when it ceases to."""
    ends = (getattr(fact, "until", None), getattr(fact, "effective", None))
    return [fact.at, *(each for each in ends if each)]


_STEPS: dict[type[f.SiteFact], Callable[[SiteState, Any], None]] = {
    f.RulesPublished: SiteState.published,
    f.StaffAppointed: lambda state, fact: state.tenure.appointed(fact),
    f.StaffRemoved: lambda state, fact: state.tenure.removed(fact),
    f.StaffLeft: lambda state, fact: state.tenure.left(fact),
    f.AccessConfirmed: lambda state, fact: state.tenure.confirmed(fact),
    f.EmergencyOpened: lambda state, fact: state.tenure.opened(fact),
    f.EmergencyReviewed: lambda state, fact: state.tenure.reviewed(fact),
    f.AgentSuspended: lambda state, fact: state.suspended_agents.add(fact.agent),
    f.AgentReinstated: lambda state, fact: state.suspended_agents.discard(fact.agent),
    f.ReviewAsked: SiteState.review_asked,
    f.ReviewRefused: SiteState.refused,
    f.ReviewApproved: SiteState.approved,
    f.ReviewUsed: SiteState.used,
    f.SuspensionOrdered: SiteState.suspension,
    f.SuspensionLifted: SiteState.lifted,
    f.GroundRecorded: SiteState.grounded,
    f.GroundEnded: SiteState.ungrounded,
    HoldSet: SiteState.hold_set,
    HoldLifted: SiteState.hold_lifted,
    f.RecipientKeyVerified: lambda state, fact: state.keys.update({fact.recipient: fact}),
    f.RecipientKeyEnded: SiteState.key_ended,
    f.HandedOver: lambda state, fact: state.handovers.update({fact.handover: fact}),
}
