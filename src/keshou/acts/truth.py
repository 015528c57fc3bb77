# SPDX-License-Identifier: Apache-2.0
"""What may be written down as true: nothing that lies ahead, nothing unpublished, nothing in another's name."""

import datetime as dt
from collections.abc import Sequence

from keshou.acts.custody import check_medium
from keshou.acts.handed import check_handed
from keshou.acts.holding import check_hold
from keshou.acts.publisher import check_lent
from keshou.acts.request import ActError
from keshou.acts.separation import check_separation
from keshou.acts.value import HOW_IDS_ARE, is_id
from keshou.acts.work import Work
from keshou.declaration.model import Declaration
from keshou.gate.act import OWN_HAND
from keshou.gate.calendar import may_be_told
from keshou.gate.facts import (
    AgentReinstated,
    AgentSuspended,
    CapacityFull,
    ConsentGiven,
    ConsentVoided,
    ConsentWithdrawn,
    Corrected,
    EmergencyOpened,
    Erased,
    GroundRecorded,
    NoticeShown,
    Restored,
    ReviewApproved,
    RulesPublished,
    ServiceEnded,
    ServiceStarted,
    SiteFact,
    StaffAppointed,
    SuspensionOrdered,
    UserFact,
)
from keshou.gate.offices import may_tell, serving_posts
from keshou.law.terms import HIGHER_RANKS

_WRONGS = frozenset({"deceit", "misleading", "coercion"})
_OF_OTHER_ACTS, _OF_A_VERSION = (Erased, ServiceEnded), (ConsentGiven, NoticeShown)
_OF_CONSENT = (ConsentGiven, ConsentWithdrawn, ConsentVoided)
_NAMED = (
    "staff", "post", "agent", "review", "requester", "reviewer", "suspension", "ground", "recorded_by", "by",
    "emergency", "reason", "case", "medium", "place", "holder", "witness", "archive", "verified_by",
    "handover", "link", "hold", "document",
)  # fmt: skip
_NAMED_IF_ANY = ("purpose", "recipient", "branch")
_NAMED_EACH = ("purposes", "items")


class UnknownAgentError(ActError):
    """The rules declare no such agent."""


def check_user_fact(work: Work, fact: UserFact, now: dt.datetime) -> None:
    """Refuse a fact of a user that cannot be.

    Raises:
        ActError: it lies ahead, has an act of its own, or names what no published rules have.

    """
    _check_time(fact, now)
    if isinstance(fact, _OF_OTHER_ACTS):
        raise ActError("a service ends and a user is erased by acts of their own", hint="use cancel or erase")
    if isinstance(fact, Corrected):
        raise ActError("what shows a correction to be right comes with the correction", hint="correct, with evidence")
    if isinstance(fact, _OF_A_VERSION) and fact.version not in work.view.versions():
        raise ActError(f"no rules of version {fact.version} were published")
    if isinstance(fact, _OF_CONSENT):
        _check_consent(work, fact)
    if isinstance(fact, CapacityFull) and fact.evidence:
        check_evidence(fact.evidence)
    if isinstance(fact, ConsentVoided) and fact.because not in _WRONGS:
        raise ActError("consent is voided for deceit, misleading or coercion (miit24:9.3)")
    if isinstance(fact, ServiceStarted) and fact.service not in work.names.services:
        raise ActError("the rules declare no such service", hint="see the services with `keshou rules`")


def check_evidence(evidence: str) -> None:
    """Refuse what is no id: a fact holds nothing else.

    Raises:
        ActError: it is none.

    """
    if not is_id(evidence):
        raise ActError(
            "evidence that is not named by an id", hint="give the id that the operator's own books have for it"
        )


def check_order(facts: Sequence[UserFact], last: dt.datetime) -> None:
    """Refuse facts that are dated before what is on record: they would be folded before it and change nothing.

    Raises:
        ActError: one is.

    """
    for fact in facts:
        if fact.at < last:
            raise ActError("a fact dated before what is on record of the user", hint="date it when it is told")
        last = fact.at


def check_hand(work: Work, by: str, now: dt.datetime, facts: Sequence[UserFact] = ()) -> None:
    """Refuse whoever is neither the user nor holds a post in which they may serve users, and may tell `facts` of them.

    Raises:
        ActError: it is somebody else, or it is not for them to tell, or nothing shows it.

    """
    if by == OWN_HAND:
        return
    state, rules = work.view.gate.timeline.at(now).state, work.view.rules_at(now)
    declaration = rules.declaration if rules else None
    if not serving_posts(state, declaration, by, now):
        raise ActError(
            "whoever writes this down holds no post, or one of an agent that may not serve now (miit24:13.1.3, 11)",
            hint="appoint them first, or see to the agent's qualification",
        )
    if not all(may_tell(state, declaration, by, fact, now) for fact in facts):
        raise ActError(
            "the agent was not entrusted with what is told (miit24:11)",
            hint="let the operator's own staff write it down",
        )
    if any(isinstance(fact, CapacityFull) and not fact.evidence for fact in facts):
        raise ActError(
            "nothing shows that the user is of full capacity again (gbz28828:4.1.7)",
            hint="name what does, such as the document seen, by its id in your own books",
        )


def _check_time(fact: UserFact | SiteFact, now: dt.datetime) -> None:
    told = [each for each in (fact.at, getattr(fact, "until", None)) if each is not None]
    if any(each.tzinfo is None for each in told):
        raise ActError("a time without a zone", hint="give it with an offset from UTC")
    if fact.at > now:
        raise ActError("a fact that has not come true yet", hint="give the time at which it came true")
    if not all(map(may_be_told, told)):
        raise ActError(
            "a time that lies too far back, or ahead", hint="give one from the year 1970 on and before 3000, or no end"
        )


def _check_consent(work: Work, fact: ConsentGiven | ConsentWithdrawn | ConsentVoided) -> None:
    versions = work.view.versions()
    chosen = [versions[fact.version]] if isinstance(fact, ConsentGiven) else list(versions.values())
    declared = [purpose for each in chosen for purpose in each.declaration.purposes if purpose.id == fact.purpose]
    if not declared:
        raise ActError("the rules declare no such purpose", hint="see the purposes with `keshou rules`")
    if not isinstance(fact, ConsentVoided) and fact.evidence:
        check_evidence(fact.evidence)
    items = frozenset() if isinstance(fact, ConsentVoided) else fact.items
    if items and not items <= {need.item for purpose in declared for need in purpose.needs}:
        raise ActError("the purpose needs no such item", hint="see the items with `keshou rules`")


def check_site_fact(work: Work, fact: SiteFact, by: str, now: dt.datetime) -> None:
    """Refuse a fact of the operator, its people or the authority that cannot be.

    Raises:
        UnknownAgentError: it is of an agent that the rules do not declare.
        ActError: it lies ahead, has an act of its own, is told in another's name or by whom it concerns, is of what
            the rules do not declare, or is no ground in higher law.

    """
    _check_time(fact, now)
    if isinstance(fact, Restored):
        raise ActError("a database is put back by restoring an archive", hint="use `keshou restore`")
    if isinstance(fact, RulesPublished):
        raise ActError("rules are published as a declaration", hint="use publish")
    if isinstance(fact, ReviewApproved) and fact.reviewer != by:
        raise ActError("an approval in another's name (miit24:13.1.3)", hint="the reviewer records it")
    if isinstance(fact, GroundRecorded):
        _check_ground(work, fact, by, now)
    if isinstance(fact, SuspensionOrdered):
        _check_suspension(work, fact)
    check_ids(fact)
    if isinstance(fact, StaffAppointed):
        _check_appointed(work, fact, now)
    if isinstance(fact, AgentSuspended | AgentReinstated):
        _check_agent(work, fact.agent, now)
    check_separation(work, fact, by, now)
    if isinstance(fact, EmergencyOpened):
        check_lent(work, fact, by, now)
    check_medium(work, fact, by)
    check_handed(work, fact, by, now)
    check_hold(work, fact, by, now)


def _check_appointed(work: Work, fact: StaffAppointed, now: dt.datetime) -> None:
    if fact.staff == OWN_HAND:
        raise ActError(
            f"`{OWN_HAND}` stands for users themselves (miit24:13.1.3)", hint="give them a code of their own"
        )
    if fact.until is not None and fact.until <= now:
        raise ActError("it would be over before it began", hint="give a later end")
    declared = _declared(work, now)
    # Before the first rules nothing is declared; the sample's staff is appointed then.
    if declared and fact.post not in {post.id for each in declared for post in each.posts}:
        raise ActError("the rules declare no such post", hint="see the posts with `keshou rules --json`")
    if fact.branch and declared and fact.branch not in {one.id for each in declared for one in each.departments}:
        raise ActError("the rules declare no such branch or department", hint="see them with `keshou rules --json`")


def _check_agent(work: Work, agent: str, now: dt.datetime) -> None:
    if agent not in {one.id for each in _declared(work, now) for one in each.agents}:
        raise UnknownAgentError("the rules declare no such agent", hint="see the agents with `keshou rules --json`")


def _declared(work: Work, now: dt.datetime) -> list[Declaration]:
    """Return the declaration in force; before any is, those published; nothing before the first."""
    rules = work.view.rules_at(now)
    return [each.declaration for each in ([rules] if rules else work.view.versions().values())]


def _check_suspension(work: Work, fact: SuspensionOrdered) -> None:
    """Refuse to stop what nobody does: the authority's word would be on record, and nothing would stop."""
    declared = {purpose.id for each in work.view.versions().values() for purpose in each.declaration.purposes}
    if not fact.purposes <= declared:
        raise ActError("the rules declare no such purpose", hint="see the purposes with `keshou rules`")


def check_ids(fact: SiteFact) -> None:
    """Refuse a fact that names anything otherwise than by an id.

    Raises:
        ActError: it does.

    """
    named = [getattr(fact, name, "x") for name in _NAMED]
    named += [word for name in _NAMED_IF_ANY if (word := getattr(fact, name, ""))]
    named += [word for name in _NAMED_EACH for word in getattr(fact, name, ())]
    if not all(map(is_id, named)):
        raise ActError("an id that is not one", hint=HOW_IDS_ARE)


def check_writer(work: Work, by: str, *, own: bool) -> None:
    """Refuse what nobody would have written down, or whom no id names: the log would show it for good.

    Ids that the site has had from before there was this form go on. Users write down what is `own` to them alone.

    Raises:
        ActError: `by` is no id, or stands for users and it is for the operator's people.

    Source: miit24:13.1.3, miit24:13.1.6
    """
    if by == OWN_HAND and not own:
        raise ActError(
            f"`{OWN_HAND}` stands for users themselves (miit24:13.1.3)",
            hint="name the member of staff or program who does it",
        )
    if not is_id(by) and not work.names.is_staff(by):
        raise ActError("an id that is not one", hint=HOW_IDS_ARE)


def _check_ground(work: Work, fact: GroundRecorded, by: str, now: dt.datetime) -> None:
    if fact.rank not in HIGHER_RANKS:
        raise ActError(
            "only a law or an administrative regulation provides otherwise (miit24:9.5)",
            hint="a departmental rule is no ground; name the higher provision",
        )
    if not work.view.gate.timeline.at(now).edition.bears_case(fact.cite):
        raise ActError(
            f"`{fact.cite}` does not provide otherwise for a case (miit24:9.5)",
            hint="cite a provision in force of a law or an administrative regulation that does, such as npcsc2012:10.1",
        )
    if fact.recorded_by != by:
        raise ActError("a ground in another's name (miit24:9.5)", hint="whoever relies on it records it")
