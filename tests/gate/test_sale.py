# SPDX-License-Identifier: Apache-2.0
"""Nothing makes a sale lawful: no consent, ground, review, emergency, office, own hand, version or day."""

import itertools
import tomllib
from pathlib import Path

import msgspec
import numpy as np
import pytest
from literal import World, met
from plain_words import published, read_act, read_fact

from keshou.declaration.model import Declaration, Office, Published
from keshou.gate.conditions import BITS, NAMES, Conditions
from keshou.gate.decide import Gate
from keshou.gate.decision import Deny
from keshou.gate.prohibitions.registry import PROHIBITIONS
from keshou.gate.rulebook import compile_rules
from keshou.gate.site import fold_site
from keshou.gate.standing import fold_user
from keshou.law.load import load

CASES = Path(__file__).parents[1] / "cases"
ALWAYS = (
    "version 1 is published", "an takes the post clerk", "ou takes the post officer", "shi takes the post shop",
    "zhang is shown the rules of version 1", "zhang starts mobile", "zhang starts mail",
)  # fmt: skip
WHATEVER = {
    "consent": ("zhang agrees to billing",),
    "a guardian's consent": ("zhang agrees to billing through a guardian",),
    "messages asked for": ("zhang asks for messages",),
    "a law": ("ground g1 in law:5 (law) lets sell of mobile_number for billing",),
    "a law, for this buyer": ("ground g1 in law:5 (law) lets sell of mobile_number for billing to broker",),
    "a regulation, for this user": (
        "ground g1 in law:5 (administrative_regulation) lets sell of mobile_number for billing of zhang to bank",
    ),
    "a review": ("on 2026-03-01 12:00: ou approves review r1 of an: sell of 500 users' mobile_number for billing",),
    "an emergency": ("on 2026-03-02 09:00: an opens emergency e1 as officer for fire",),
}
ACTS = (
    "an sells mobile_number for billing of zhang",
    "an sells mobile_number for billing of zhang, to bank",
    "an sells mobile_number for billing of zhang, to bank, on ground g1",
    "an sells mobile_number for billing of zhang, to broker, on ground g1",
    "an sells mobile_number for billing of zhang, on ground g1",
    "an sells mobile_number for billing of zhang, as officer, on ground g1",
    "an sells mobile_number for billing of zhang, 100 users, under review r1, on ground g1",
    "an sells mobile_number for billing of nobody, 100 users, under review r1, on ground g1",
    "shi sells mobile_number for billing of zhang, on ground g1",
    "user sells mobile_number for billing of zhang, on ground g1",
)
DAYS = ("2026-03-02 10:00", "2027-03-02 10:00")


def rules(name: str) -> Declaration:
    declared = msgspec.convert(tomllib.loads((CASES / name).read_text("utf-8")), Declaration)
    posts = tuple(
        each if each.agent else msgspec.structs.replace(each, offices=tuple(Office)) for each in declared.posts
    )
    return msgspec.structs.replace(declared, posts=posts)


def version(declared: Declaration) -> Published:
    return published(Published(1, "", declared.effective, declared, notice_complete=True), "")


@pytest.mark.parametrize("name", ["operator.toml", "operator-guided.toml", "operator-reviewed.toml"])
def test_whatever_is_said_for_it_a_sale_is_denied(name: str) -> None:
    law, shown = load(), version(rules(name))
    asked = 0
    for chosen in itertools.chain.from_iterable(itertools.combinations(WHATEVER, n) for n in (0, 1, 2, len(WHATEVER))):
        told = [read_fact(sentence) for sentence in (*ALWAYS, *(each for one in chosen for each in WHATEVER[one]))]
        site = [fact for user, fact in told if not user]
        zhang = [fact for user, fact in told if user]
        gate = Gate(compile_rules([shown], law), fold_site(site), {"zhang": fold_user(zhang)}, 1, lambda _, z=zhang: z)
        world = World([shown], site, {"zhang": zhang}, law)
        for sentence, when in itertools.product(ACTS, DAYS):
            act = read_act(sentence, when)
            decision = gate.decide(act)
            assert isinstance(decision, Deny), (chosen, sentence)
            assert {"miit24:10", "npcsc2012:1.2", "npcsc2012:3"} <= {str(each.cite) for each in decision.reasons}
            assert "sale" in met(world, act)
            asked += 1
    assert asked > 500


def test_a_sale_meets_its_ban_in_every_word_of_conditions() -> None:
    r = np.random.default_rng(10)
    words = r.integers(0, 1 << len(NAMES), 200_000, dtype=np.uint64) | np.uint64(BITS["sells"])
    every = np.uint64(sum(BITS.values()))
    words = np.concatenate([words, [every, np.uint64(BITS["sells"])]])
    bans = {name for name, each in PROHIBITIONS.items() if each.rule(Conditions.of(words)).all()}
    assert {"sale", "breach_of_confidence", "unlawful_obtaining_or_sale"} <= bans
