# SPDX-License-Identifier: Apache-2.0
"""What posts may do: never more than their purposes, nor than the agent whose post it is."""

import re
from collections.abc import Iterator, Sequence

from keshou.declaration.checks.case import Case
from keshou.declaration.compare import covered
from keshou.declaration.finding import Raised
from keshou.declaration.model import Agent, Grant, Hours
from keshou.law.terms import ActKind

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")

Numbered = list[tuple[int, str]]


def beyond(
    case: Case, purposes: Sequence[str], acts: Sequence[ActKind], items: Sequence[str]
) -> tuple[Numbered, Numbered]:
    """Return acts and items, with their index, that none of the (known) purposes declares."""
    declared = [case.purposes[each] for each in purposes if each in case.purposes]
    if not declared:
        return [], []
    may = {act for each in declared for act in each.acts}
    needed = {need.item for each in declared for need in each.needs}
    return (
        [(count, act.value) for count, act in enumerate(acts) if act not in may],
        [(count, item) for count, item in enumerate(items) if item not in needed],
    )


def target(case: Case) -> Iterator[Raised]:
    """A grant is to a post that is there, for purposes that are there."""
    for index, grant in enumerate(case.declaration.grants):
        path = f"grants[{index}]"
        if grant.post not in case.posts:
            yield Raised("grant_unknown_post", f"{path}.post", {"post": grant.post})
        if not grant.purposes or not grant.acts:
            yield Raised("grant_of_nothing", path, {"post": grant.post})
        for count, purpose in enumerate(grant.purposes):
            if purpose not in case.purposes:
                words = {"post": grant.post, "purpose": purpose}
                yield Raised("grant_unknown_purpose", f"{path}.purposes[{count}]", words)


def width(case: Case) -> Iterator[Raised]:
    """A grant is no wider than its purposes."""
    for index, grant in enumerate(case.declaration.grants):
        acts, items = beyond(case, grant.purposes, grant.acts, grant.items)
        for count, act in acts:
            yield Raised("grant_acts_beyond", f"grants[{index}].acts[{count}]", {"post": grant.post, "act": act})
        for count, item in items:
            yield Raised("grant_items_beyond", f"grants[{index}].items[{count}]", {"post": grant.post, "item": item})


def agents(case: Case) -> Iterator[Raised]:
    """A grant to an agent's post is no wider than what the agent is entrusted with, and shows it little."""
    for index, grant in enumerate(case.declaration.grants):
        post = case.posts.get(grant.post)
        agent = case.agents.get(post.agent) if post else None
        if agent is None:
            continue
        words = {"post": grant.post, "agent": agent.id}
        if _outside(case, grant, agent):
            yield Raised("grant_beyond_agent", f"grants[{index}]", words)
        if grant.full and any(case.is_sensitive(item) for _, item, _ in covered(case.purposes, grant)):
            yield Raised("grant_full_to_agent", f"grants[{index}].full", words)


def _outside(case: Case, grant: Grant, agent: Agent) -> bool:
    """Say whether the grant covers a purpose, item or act the agent is not entrusted with."""
    return any(
        purpose not in agent.purposes or act not in agent.acts or (agent.items and item not in agent.items)
        for purpose, item, act in covered(case.purposes, grant)
    )


def limits(case: Case) -> Iterator[Raised]:
    """Hours, branches and last day are such that the grant can hold."""
    for index, grant in enumerate(case.declaration.grants):
        path, words = f"grants[{index}]", {"post": grant.post}
        if grant.until and grant.until < case.today:
            yield Raised("grant_lapsed", f"{path}.until", {**words, "until": str(grant.until)})
        if grant.hours and not _well_formed(grant.hours):
            yield Raised("grant_hours_malformed", f"{path}.hours", words)
        for count, branch in enumerate(grant.branches):
            department = case.departments.get(branch)
            if department is None:
                yield Raised("grant_unknown_branch", f"{path}.branches[{count}]", {**words, "branch": branch})
            elif not department.branch:
                yield Raised("grant_not_a_branch", f"{path}.branches[{count}]", {**words, "branch": branch})


def _well_formed(hours: Hours) -> bool:
    shaped = _CLOCK.fullmatch(hours.from_) and _CLOCK.fullmatch(hours.to) and _OFFSET.fullmatch(hours.utc_offset)
    return bool(shaped) and hours.from_ not in (hours.to, "24:00")


def used(case: Case) -> Iterator[Raised]:
    """Some post may carry out each purpose."""
    granted = {purpose for grant in case.declaration.grants for purpose in grant.purposes}
    for index, purpose in enumerate(case.declaration.purposes):
        if purpose.id not in granted:
            yield Raised("purpose_ungranted", f"purposes[{index}].id", {"id": purpose.id})


RULES = (target, width, agents, limits, used)
