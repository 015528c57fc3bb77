# SPDX-License-Identifier: Apache-2.0
"""What may be written down as true: nothing that lies ahead, nothing unpublished, nothing in another's name."""

import datetime as dt

from keshou.acts.request import ActError
from keshou.acts.work import Work
from keshou.gate.facts import (
    ConsentGiven,
    ConsentWithdrawn,
    Erased,
    GroundRecorded,
    NoticeShown,
    ReviewApproved,
    RulesPublished,
    ServiceEnded,
    SiteFact,
    UserFact,
)
from keshou.law.terms import HIGHER_RANKS


def check_user_fact(work: Work, fact: UserFact, now: dt.datetime) -> None:
    """Refuse a fact of a user that cannot be.

    Raises:
        ActError: it lies ahead, has an act of its own, or names what no published rules have.

    """
    if fact.at > now:
        raise ActError("a fact that has not come true yet", hint="give the time at which it came true")
    if isinstance(fact, Erased | ServiceEnded):
        raise ActError("a service ends and a user is erased by acts of their own", hint="use cancel or erase")
    if isinstance(fact, ConsentGiven | NoticeShown) and fact.version not in work.view.versions():
        raise ActError(f"no rules of version {fact.version} were published")
    if isinstance(fact, ConsentGiven | ConsentWithdrawn):
        _check_consent(work, fact)


def _check_consent(work: Work, fact: ConsentGiven | ConsentWithdrawn) -> None:
    versions = work.view.versions()
    chosen = [versions[fact.version]] if isinstance(fact, ConsentGiven) else list(versions.values())
    declared = [purpose for each in chosen for purpose in each.declaration.purposes if purpose.id == fact.purpose]
    if not declared:
        raise ActError("the rules declare no such purpose", hint="see the purposes with `keshou rules`")
    if fact.items and not fact.items <= {need.item for purpose in declared for need in purpose.needs}:
        raise ActError("the purpose needs no such item", hint="see the items with `keshou rules`")


def check_site_fact(fact: SiteFact, by: str, now: dt.datetime) -> None:
    """Refuse a fact of the operator, its people or the authority that cannot be.

    Raises:
        ActError: it lies ahead, has an act of its own, is told in another's name, or is no ground in higher law.

    """
    if fact.at > now:
        raise ActError("a fact that has not come true yet", hint="give the time at which it came true")
    if isinstance(fact, RulesPublished):
        raise ActError("rules are published as a declaration", hint="use publish")
    if isinstance(fact, ReviewApproved) and fact.reviewer != by:
        raise ActError("an approval in another's name (miit24:13.1.3)", hint="the reviewer records it")
    if isinstance(fact, GroundRecorded):
        _check_ground(fact, by)


def _check_ground(fact: GroundRecorded, by: str) -> None:
    if fact.rank not in HIGHER_RANKS:
        raise ActError(
            "only a law or an administrative regulation provides otherwise (miit24:9.5)",
            hint="a departmental rule is no ground; name the higher provision",
        )
    if fact.recorded_by != by:
        raise ActError("a ground in another's name (miit24:9.5)", hint="whoever relies on it records it")
