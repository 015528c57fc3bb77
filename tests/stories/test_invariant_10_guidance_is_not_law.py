# SPDX-License-Identifier: Apache-2.0
"""Invariant 10, guidance is not law: it binds who adopts it, from its day on, and is never sanctioned."""

import datetime as dt
from pathlib import Path

import pytest
from house import START, act, declared, newcomer, ready
from msgspec.structs import replace

from keshou.db import Database
from keshou.gate.decision import Deny, Permit
from keshou.law.load import load
from keshou.law.model import LawError
from keshou.law.terms import ActKind, Rank

LAW = load()
BINDING = {Rank.LAW, Rank.ADMINISTRATIVE_REGULATION, Rank.DEPARTMENTAL_RULE}
LOWER = [each for each in LAW.instruments.values() if each.rank not in BINDING]


def test_no_penalty_stands_on_guidance_or_on_a_draft() -> None:
    assert {each.rank for each in LOWER} == {Rank.GUIDANCE, Rank.DRAFT}
    day = LAW.on(dt.date(2026, 11, 22), ("gbz28828",))
    guided = [each for each in day.provisions() if each.citation.instrument == "gbz28828"]
    assert guided
    assert [each.cite for each in guided if day.penalty_for(each.cite) is not None or each.penalty] == []
    assert any(day.penalty_for(each.cite) for each in day.provisions()), "of the others some are sanctioned"


def test_every_law_leaves_guidance_out_unless_it_was_adopted() -> None:
    for year in range(2013, 2027):
        for month in (1, 2, 3, 9, 12):
            day = dt.date(year, month, 1)
            alone, guided = LAW.on(day), LAW.on(day, ("gbz28828",))
            assert {each.rank for each in alone.instruments.values()} <= BINDING
            assert guided.binds("gbz28828") is (day >= dt.date(2013, 2, 1))
            assert set(alone.prohibitions()) <= set(guided.prohibitions())


def test_what_is_no_guidance_cannot_be_adopted_whatever_the_declaration_says(
    database: Database, tmp_path: Path
) -> None:
    with ready(database, tmp_path) as site:
        site.do(newcomer(site, "u1"))
        for instrument in ("miit24_draft", "miit25_draft", "miit24", "npcsc2012", "nothing"):
            operator = replace(declared().operator, adopts=(instrument,))
            with pytest.raises(LawError, match="not guidance that can be adopted"):
                site.publish(replace(declared(), operator=operator), by="officer")
        rules = site.rules()
        assert rules is not None
        assert rules.version == 1, "nothing was published"
        assert site.perform(act(ActKind.USE, "u1", "tariff_plan")).values


def test_adopting_takes_nothing_of_the_law_away_and_giving_up_takes_only_the_guidance(
    database: Database, tmp_path: Path
) -> None:
    asked = [
        act(kind, "u1", item, by=by, purpose=purpose)
        for kind in ActKind
        for item in ("tariff_plan", "resident_id_number", "religion")
        for by, purpose in (("clerk1", "service"), ("lister", "marketing"), ("stranger", "service"))
    ]
    with ready(database, tmp_path) as site:
        site.do(newcomer(site, "u1"))
        guided = [site.ask(each) for each in asked]
        operator = replace(declared().operator, adopts=())
        site.publish(replace(declared(), operator=operator), by="officer")
        anew = newcomer(site, "u1").facts[:2]
        site.record("u1", *anew)
        later = site.now() + dt.timedelta(seconds=1)
        alone = [site.ask(replace(each, when=later)) for each in asked]
    assert later > START
    for with_it, without in zip(guided, alone, strict=True):
        kept = {str(each.cite) for each in with_it.reasons} if isinstance(with_it, Deny) else set()
        left = {str(each.cite) for each in without.reasons} if isinstance(without, Deny) else set()
        assert left == {cite for cite in kept if not cite.startswith("gbz28828:")}
        assert isinstance(without, Permit) or left
