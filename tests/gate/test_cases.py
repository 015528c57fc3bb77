# SPDX-License-Identifier: Apache-2.0
"""Every case of tests/cases comes out as written, in all three gates, with exactly the articles written."""

import tomllib
from pathlib import Path
from typing import Any

import literal
import msgspec
import numpy as np
import pytest
from plain_words import published, read_act, read_fact
from three_gates import compiled, names

from keshou.declaration.model import Declaration, Published
from keshou.gate.answers import names_of
from keshou.gate.batch import BatchGate
from keshou.gate.columns import UserColumns
from keshou.gate.prohibitions.registry import PROHIBITIONS
from keshou.law.load import load

FOLDER = Path(__file__).parents[1] / "cases"
FILES = sorted(path for path in FOLDER.glob("*.toml") if not path.name.startswith("operator"))
GIVEN = [
    "version 1 is published",
    "an takes the post clerk",
    "ou takes the post officer",
    "shi takes the post shop",
    "ye takes the post night",
    "zhang is shown the rules of version 1",
    "zhang starts mobile",
    "zhang starts mail",
]
"""What is so in every case that does not say ``without``."""

USUAL_TIME = "2026-03-02 10:00"


def declared(name: str, version: int) -> Published:
    declaration = msgspec.convert(tomllib.loads((FOLDER / name).read_text(encoding="utf-8")), Declaration)
    return Published(version, "", declaration.effective, declaration, notice_complete=True)


def cases() -> list[Any]:
    found = []
    for path in FILES:
        file = tomllib.loads(path.read_text(encoding="utf-8"))
        for case in file["cases"]:
            rules = file.get("rules", "operator.toml")
            found.append(pytest.param(case, rules, id=f"{path.stem}: {case['title']['en']}"))
    return found


def world(case: dict[str, Any], rules: str) -> literal.World:
    sentences = [each for each in GIVEN if each not in case.get("without", ())] + case.get("facts", [])
    how = "incomplete" if any(" incomplete version" in each for each in sentences) else ""
    versions = [published(declared(rules, 1), how), published(declared("operator-later.toml", 2), "")]
    site, users = [], {}
    for user, fact in map(read_fact, sentences):
        (users.setdefault(user, []) if user else site).append(fact)
    return literal.World(versions, site, users, load())


@pytest.mark.parametrize(("case", "rules"), cases())
def test_a_case_comes_out_as_written(case: dict[str, Any], rules: str) -> None:
    at = world(case, rules)
    act = read_act(case["act"], case.get("when", USUAL_TIME))
    gate = compiled(at)
    met = names(gate, act)
    assert (case["decision"], set(case.get("articles", []))) == (
        "deny" if met else "permit",
        {str(PROHIBITIONS[name].cite) for name in met},
    )
    assert literal.met(at, act) == met
    if "shows" in case:
        assert gate.decide(act).full == (case["shows"] == "full")
    if act.user:
        columns = UserColumns.of(gate.users.items())
        row = columns.rows.get(act.user, columns.unknown)
        (code,) = BatchGate(gate, columns).codes(act, np.array([row]))
        assert list(names_of(code)) == met


def test_a_case_takes_away_only_what_is_given() -> None:
    for parameter in cases():
        assert set(parameter.values[0].get("without", ())) <= set(GIVEN)


def test_there_are_cases_for_every_prohibition() -> None:
    cited = {cite for parameter in cases() for cite in parameter.values[0].get("articles", ())}
    assert {str(each.cite) for each in PROHIBITIONS.values()} <= cited
    assert len(cases()) >= 150
