# SPDX-License-Identifier: Apache-2.0
"""Nobody publishes what gives a post of theirs more, nor lends themselves what they alone let be lent."""

import datetime as dt

from keshou.acts.separation import SeparationError
from keshou.acts.work import Work
from keshou.declaration.gains import gained
from keshou.declaration.model import Declaration
from keshou.gate.facts import EmergencyOpened, RulesPublished
from keshou.gate.site import SiteState


def check_publisher(work: Work, declaration: Declaration, by: str, now: dt.datetime) -> None:
    """Refuse a version after the first that gives a post more which `by` holds, or which is lent to them now.

    The first version gives every post all it has, and nobody can have published before it.
    What a program holds whose key they made is theirs.

    Raises:
        SeparationError: it does.

    Source: miit24:13.1.3
    """
    versions = work.view.versions()
    if not versions:
        return
    state = work.view.gate.timeline.at(now).state
    posts = {post for each in work.hands(now).one_with(by) for post in _held(state, each, now)}
    found = gained(versions[max(versions)].declaration, declaration, posts)
    if found:
        told = ", ".join(f"`{each.post}` ({each.what})" for each in found)
        raise SeparationError(
            "the rules give a post more that whoever publishes holds (miit24:13.1.3)",
            hint=f"let somebody publish them who holds none of these posts: {told}",
        )


def check_lent(work: Work, fact: EmergencyOpened, by: str, now: dt.datetime) -> None:
    """Refuse to lend somebody what only their own publication, after the first, lets be lent, or for so long.

    Raises:
        SeparationError: it does.

    Source: miit24:13.1.3
    """
    facts = work.view.gate.timeline.site.facts
    published = {each.version: each.by for each in facts if isinstance(each, RulesPublished)}
    rules, versions = work.view.rules_at(now), work.view.versions()
    first = rules.version if rules else 0
    while first - 1 in versions and _lends(versions[first - 1].declaration, fact):
        first -= 1
    if first > 1 and work.hands(now).same(published.get(first, ""), by):
        raise SeparationError(
            "whoever published that a post is lent does not lend it to themselves (miit24:13.1.3)",
            hint="let somebody else do what is needed, or be appointed to the post",
        )


def _held(state: SiteState, staff: str, now: dt.datetime) -> set[str]:
    return {each.post for each in state.appointments(staff, now)} | state.lent(staff)


def _lends(declaration: Declaration, fact: EmergencyOpened) -> bool:
    lent = declaration.emergency
    return lent is not None and fact.post in lent.posts and fact.until - fact.at <= dt.timedelta(minutes=lent.minutes)
