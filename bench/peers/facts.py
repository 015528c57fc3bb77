# SPDX-License-Identifier: Apache-2.0
"""The world as plain data, laid out so that no engine has to search: what peers are given, once."""

from typing import Any

from world import ASKED, SUSPENDED, World

from keshou.declaration.grounds import reach
from keshou.gate.calendar import day_of
from keshou.gate.conditions import ERASING_KINDS
from keshou.gate.facts import ConsentGiven, ConsentWithdrawn
from keshou.gate.rulebook import GUIDANCE
from keshou.law.terms import USE_KINDS, ActKind, ConsentStrength

DAY = 24 * 60


def facts_of(world: World) -> dict[str, Any]:
    """Return rows (purpose and kind), seats (post, purpose and kind), agents, suspensions, users."""
    declaration = world.declaration
    return {
        "rows": {purpose.id: {str(kind): _row(world, purpose, kind) for kind in ActKind}
                 for purpose in declaration.purposes},
        "seats": _seats(world),
        "agents": _agents(world),
        "sensitive": dict.fromkeys(sorted(_sensitive(world)), True),
        "suspended": {each: dict.fromkeys(map(str, SUSPENDED.kinds), True) for each in SUSPENDED.purposes},
        "users": {user: _user(world, user) for user in world.facts},
    }  # fmt: skip


def _sensitive(world: World) -> set[str]:
    return {item.id for item in world.law.items.values() if item.is_sensitive(GUIDANCE)}


def _row(world: World, purpose: Any, kind: ActKind) -> dict[str, Any]:
    needed = [need for need in purpose.needs if kind in (need.acts or purpose.acts)] if kind in purpose.acts else []
    uses = kind is ActKind.COLLECT or kind in USE_KINDS
    return {
        "need": {need.item: True for need in needed},
        "registration": {need.item: True for need in purpose.needs if need.class_ == "registration"},
        "services": list(purpose.services),
        "uses": uses,
        "free": {item: True for item, act in reach(purpose, world.law, day_of(ASKED)) if act is kind},
        "messages": purpose.commercial_messages and kind in USE_KINDS,
        "provides": purpose.provides_service,
        "erases": kind in ERASING_KINDS,
    }


def _needed(world: World, purpose: str, items: tuple[str, ...]) -> dict[str, bool]:
    declared = next(each for each in world.declaration.purposes if each.id == purpose)
    return {need.item: True for need in declared.needs if not items or need.item in items}


def _seats(world: World) -> dict[str, Any]:
    seats: dict[str, Any] = {}
    for grant in world.declaration.grants:
        start, end = (_minute(grant.hours.from_), _minute(grant.hours.to)) if grant.hours else (0, DAY)
        for purpose in grant.purposes:
            for kind in grant.acts:
                seats.setdefault(grant.post, {}).setdefault(purpose, {})[str(kind)] = {
                    "items": _needed(world, purpose, grant.items),
                    "everywhere": not grant.branches,
                    "branches": dict.fromkeys(grant.branches, True),
                    "from": start,
                    "to": end,
                }
    return seats


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _agents(world: World) -> dict[str, Any]:
    agents = {each.id: each for each in world.declaration.agents}
    posts = {post.id: agents[post.agent] for post in world.declaration.posts if post.agent}
    return {
        post: {
            "fit": True,
            "rows": {
                purpose: {str(kind): _needed(world, purpose, agent.items) for kind in agent.acts}
                for purpose in agent.purposes
            },
        }
        for post, agent in posts.items()
    }


def _user(world: World, user: str) -> dict[str, Any]:
    profile, facts = world.standings[user].profile, world.facts[user]
    express = {each.purpose for each in facts if isinstance(each, ConsentGiven) and each.strength == _EXPRESS}
    withdrawn = [each for each in facts if isinstance(each, ConsentWithdrawn) and each.purpose in express]
    return {
        "noticed": bool(profile.notices),
        "services": dict.fromkeys(sorted(profile.in_use), True),
        "consents": dict.fromkeys(sorted(express), True),
        "less": {each.purpose: dict.fromkeys(sorted(each.items), True) for each in withdrawn},
        "limited": profile.limited,
        "refused": profile.messages == "refused",
        "over": False,
    }


_EXPRESS = ConsentStrength.EXPRESS
