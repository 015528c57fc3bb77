# SPDX-License-Identifier: Apache-2.0
"""Who holds which post, and what is lent to whom: as folded, and as read from the facts, at every turn."""

import datetime as dt
import random

import worlds
from holders import Holders

from keshou.gate import facts as f
from keshou.gate.rulebook import compile_rules
from keshou.gate.site import fold_site
from keshou.gate.timeline import Timeline
from keshou.law.load import load

WORLDS = 300
TICK = dt.timedelta(microseconds=1)


def turns(facts: list[f.SiteFact]) -> list[dt.datetime]:
    """Return the moments around which something may begin, end or lapse."""
    spans = [dt.timedelta(days=days) for days in (0, *worlds.DAYS)]
    spans += [dt.timedelta(minutes=minutes) for minutes in worlds.MINUTES]
    found = {fact.at + span for fact in facts for span in spans}
    found |= {until for fact in facts if (until := getattr(fact, "until", None))}
    return sorted({moment + tick for moment in found for tick in (-TICK, 0 * TICK)})


def disagreements(seed: int) -> tuple[int, int, list[str]]:
    """Compare both readings of one random operator's facts; return lent, held, and what they disagree on."""
    r = random.Random(seed)
    versions = worlds.published(r)
    told = worlds.site_facts(r, versions) + worlds.tenure(r) + worlds.tenure(r)
    facts = sorted(told, key=lambda fact: fact.at)
    timeline = Timeline.of(compile_rules(versions, load()), fold_site(told))
    lent = held = 0
    wrong: list[str] = []
    moments = turns(facts)
    for when in r.sample(moments, min(25, len(moments))):
        state = timeline.at(when).state
        so_far = [fact for fact in facts if fact.at <= when]
        literal = Holders(versions, so_far)
        for staff in worlds.STAFF:
            expected = literal.posts(staff, when, len(so_far))
            if {(each.post, each.branch) for each in state.appointments(staff)} != expected:
                wrong.append(f"seed {seed}, {staff} at {when}: holds {state.appointments(staff)}, not {expected}")
            expects = {post for post in worlds.POSTS if literal.lent(staff, post, when)}
            if state.lent(staff) != expects:
                wrong.append(f"seed {seed}, {staff} at {when}: is lent {set(state.lent(staff))}, not {expects}")
            held, lent = held + len(expected), lent + len(expects)
    return lent, held, wrong


def test_posts_held_and_lent_are_what_the_facts_tell_at_every_turn():
    lent = held = 0
    for seed in range(WORLDS):
        lends, holds, wrong = disagreements(seed)
        assert not wrong, "\n".join(wrong[:3])
        lent, held = lent + lends, held + holds
    assert held > 10 * WORLDS, "too little is held for the comparison to mean much"
    assert lent > WORLDS // 4, "too little is lent for the comparison to mean much"
