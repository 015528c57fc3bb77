# SPDX-License-Identifier: Apache-2.0
"""Who may tell that a service ended: random worlds, held against a reading of the rules that goes fact by fact."""

import random

import literal
import msgspec
import worlds
from question import Question
from three_gates import compiled

from keshou.gate.act import Act
from keshou.gate.ending import decide_ending
from keshou.law.terms import ActKind

SERVING = (ActKind.COLLECT, ActKind.CORRECT, ActKind.DELETE)


def looks_after(world: literal.World, act: Act, service: str) -> bool:
    """Say whether some post of the hand may collect, correct or delete something that the service is provided for."""
    declared = Question(world, act).declared
    for purpose in declared.purposes if declared else ():
        for kind in SERVING if purpose.provides_service and service in purpose.services else ():
            for need in purpose.needs:
                for post in (act.post,) if act.post else ("", *worlds.POSTS):
                    asked = Question(world, msgspec.structs.replace(
                        act, kind=kind, purpose=purpose.id, items=frozenset({need.item}), post=post
                    ))  # fmt: skip
                    unfit = literal.unqualified_agent(asked) or literal.agent_beyond_contract(asked)
                    if asked.appointments() and asked.granted() and not unfit:
                        return True
    return False


def may(world: literal.World, act: Act, services: tuple[str, ...], *, last: bool) -> bool:
    asked = Question(world, act)
    if asked.rules is None or not asked.appointments():
        return False
    if not asked.binds("miit24"):
        return True
    bulk = last and literal.bulk_act_without_review(asked)
    return not bulk and all(looks_after(world, act, each) for each in services)


def test_the_gate_lets_just_those_tell_an_end_who_look_after_the_service() -> None:
    outcomes = {True: 0, False: 0}
    for seed in range(150):
        r = random.Random(seed)
        world = worlds.world(r, 1)
        gate = compiled(world)
        for _ in range(12):
            act = msgspec.structs.replace(
                worlds.act(r, world), kind=ActKind.DESTROY, user="u1", count=1, recipient="", ground=""
            )
            if act.by == "user":
                continue
            services, last = worlds.some(r, worlds.SERVICES, 1), r.random() < 0.5
            decision = decide_ending(gate, act, services, last=last)
            assert decision.permitted is may(world, act, services, last=last), (seed, act, services, decision)
            outcomes[decision.permitted] += 1
            if not decision.permitted:
                assert decision.reasons, "a denial says why"  # type: ignore[union-attr]
    assert min(outcomes.values()) > 50, outcomes
