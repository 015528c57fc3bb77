# SPDX-License-Identifier: Apache-2.0
"""The list of who can reach what says neither more nor less than the gate would grant."""

import datetime as dt
import random

import worlds

from keshou.gate import calendar
from keshou.gate.act import Act
from keshou.gate.conditions import BITS, ERASING_KINDS
from keshou.gate.reach import Reach, reach
from keshou.gate.rulebook import compile_rules
from keshou.gate.site import fold_site
from keshou.gate.timeline import Timeline
from keshou.gate.view import View
from keshou.law.load import load

WORLDS = 60
MOMENTS = 4
WORD = ("granted", "within_need", "agent_acts", "agent_fit", "within_contract")


def is_listed(lines: list[Reach], act: Act) -> bool:
    return any(
        (line.staff, line.post, line.purpose) == (act.by, act.post, act.purpose)
        and line.branch in {"", act.where}
        and act.kind in line.acts
        and act.items <= set(line.items)
        and (line.hours is None or calendar.within(line.hours, act.when))
        for line in lines
    )


def is_full(lines: list[Reach], act: Act) -> bool:
    return is_listed([line for line in lines if line.full], act)


def is_granted(view: View, act: Act) -> bool:
    word = view.prepare(act).word
    granted, needed, agent, fit, within = (bool(word & BITS[name]) for name in WORD)
    return granted and needed and (not agent or (fit and within))


def asked_of(r: random.Random, lines: list[Reach], when: dt.datetime) -> Act:
    """Return an act at random, or one that a line allows but for a word or two."""
    kind, item, purpose = r.choice(worlds.KINDS), r.choice(worlds.ITEMS), r.choice(worlds.PURPOSES)
    by, where, post = r.choice(worlds.STAFF), r.choice(worlds.BRANCHES), r.choice(worlds.POSTS)
    if lines and r.random() < 0.7:
        line = r.choice(lines)
        by, post = r.choice((by, line.staff, line.staff)), r.choice((post, line.post, line.post))
        purpose, item = r.choice((purpose, line.purpose)), r.choice((item, *line.items))
        kind, where = r.choice((kind, *line.acts)), r.choice((where, line.branch))
    return Act(
        kind=kind, user="u1", items=frozenset({item}), purpose=purpose, by=by, when=when, where=where, post=post
    )  # fmt: skip


def test_a_line_stands_in_the_list_just_when_the_gate_grants_it():
    listed = asked = 0
    for seed in range(WORLDS):
        r = random.Random(seed)
        versions = worlds.published(r)
        told = worlds.site_facts(r, versions) + worlds.tenure(r)
        timeline = Timeline.of(compile_rules(versions, load()), fold_site(told))
        for _ in range(MOMENTS):
            when = worlds.moment(r)
            view = timeline.at(when)
            rules = view.edition.published
            if rules is None:
                continue
            lines = reach(rules.declaration, view.state)
            for _ in range(150):
                act = asked_of(r, lines, when)
                if act.kind in ERASING_KINDS and act.items & view.edition.dropped.keys():
                    continue
                expected = is_granted(view, act)
                assert is_listed(lines, act) == expected, (seed, act)
                if expected:
                    assert is_full(lines, act) == view.prepare(act).full, (seed, act)
                listed, asked = listed + expected, asked + 1
    assert listed > asked // 20, "too little is granted for the comparison to mean much"
