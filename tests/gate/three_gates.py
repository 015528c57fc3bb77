# SPDX-License-Identifier: Apache-2.0
"""The three gates over one world: literal, compiled, and in columns."""

import random

import literal
import msgspec
import numpy as np
import worlds

from keshou.gate import facts as f
from keshou.gate.act import Act
from keshou.gate.answers import names_of
from keshou.gate.batch import BatchGate
from keshou.gate.columns import UserColumns
from keshou.gate.decide import Gate
from keshou.gate.holds import HoldSet
from keshou.gate.rulebook import compile_rules
from keshou.gate.site import fold_site
from keshou.gate.standing import fold_user


def compiled(world: literal.World, *, blinded: bool = False) -> Gate:
    """Return the gate of a world; `blinded`, its recorded grounds name users by what stands for them, as on record."""
    users = {user: fold_user(facts) for user, facts in world.users.items()}
    rulebook = compile_rules(world.published, world.law)
    return Gate(
        rulebook,
        fold_site(map(_blinded, world.site) if blinded else world.site),
        users,
        1,
        lambda user: world.users.get(user, ()),
    )


def _blinded(fact: f.SiteFact) -> f.SiteFact:
    if not isinstance(fact, f.GroundRecorded | HoldSet):
        return fact
    return msgspec.structs.replace(fact, users=frozenset(map(_blind, fact.users)))


def _blind(user: str) -> str:
    return f"blind-{user}" if user else ""


def of(act: Act, user: str) -> Act:
    return msgspec.structs.replace(act, user=user)


def names(gate: Gate, act: Act) -> list[str]:
    decision = gate.decide(act)
    return [] if decision.permitted else [reason.prohibition for reason in decision.reasons]


def disagreements(seed: int, users: int, acts: int, rows: int) -> tuple[int, int, list[str]]:
    """Ask one random world's acts of all three gates; return cases asked, cases permitted, and what they disagree on.

    Each act is asked about every user of each gate for single acts, and about `rows` users drawn at random in columns.
    """
    r = random.Random(seed)
    world = worlds.world(r, users)
    gate = compiled(world, blinded=seed % 2 == 1)
    columns = UserColumns.of((user, gate.users[user]) for user in world.users)
    batch = BatchGate(gate, columns, {_blind(user): user for user in world.users})
    draw = np.random.default_rng(seed)
    asked = permitted = 0
    wrong: list[str] = []
    everybody = [*world.users, "unknown", ""]
    for _ in range(acts):
        act = worlds.act(r, world)
        expected = {}
        for user in everybody:
            expected[user] = literal.met(world, of(act, user))
            got = names(gate, msgspec.structs.replace(of(act, user), user_ref=_blind(user)))
            if got != expected[user]:
                wrong.append(f"seed {seed}, {of(act, user)}: literal {expected[user]}, compiled {got}")
        picked = draw.integers(0, len(columns.rows) + 1, rows)
        codes = batch.codes(act, picked)
        for row in range(len(columns.rows) + 1):
            user = everybody[row] if row < len(columns.rows) else "unknown"
            found = {tuple(names_of(code)) for code in np.unique(codes[picked == row])}
            if found - {tuple(expected[user])}:
                wrong.append(f"seed {seed}, {of(act, user)}: literal {expected[user]}, columns {found}")
        asked += len(everybody) + rows
        permitted += sum(not each for each in expected.values())
    return asked, permitted, wrong
