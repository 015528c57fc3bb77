# SPDX-License-Identifier: Apache-2.0
"""A further instrument is data and a file of prohibitions: with both laid down, the gate enforces it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import keshou
from keshou.gate.prohibitions.places import PLACES

DATA = """
id = "sample2030"
title = {zh = "样例法", en = "Sample Law"}
short = {zh = "样例法", en = "the sample"}
issuer = {zh = "样例机关", en = "a sample body"}
number = {zh = "样例第1号", en = "Sample No. 1"}
rank = "law"
binds = ["telecom"]
published = 2015-11-01
in_force = 2016-01-01
checked_on = 2026-11-01
source_quality = {zh = "样例", en = "sample"}
unit = {zh = "条", en = "article"}

[[provisions]]
cite = "sample2030:1"
bearers = ["operator"]
modality = "prohibited"
says = {zh = "样例禁止。", en = "A sample prohibition."}
carriers = ["gate"]
how = {zh = "闸门拒绝。", en = "The gate denies."}
prohibitions = ["a_sample_prohibition"]
"""
RULES = '''
from keshou.gate.conditions import Condition, Conditions
from keshou.gate.prohibitions.registry import prohibits
from keshou.language import Text


@prohibits("sample2030:1", missing="consent", called=Text("样例", "sample"))
def a_sample_prohibition(c: Conditions) -> Condition:
    """Nothing is copied.

    Source: sample2030:1
    """
    return c.uses
'''
ASKED = """
import json
import numpy as np
from keshou.app.built import coverage
from keshou.gate.answers import Answers, active
from keshou.gate.conditions import BITS
from keshou.gate.prohibitions.places import PLACES
from keshou.law.load import load

law = load()
gate = Answers(active(["sale", "a_sample_prohibition"]), ["sample2030"])
print(json.dumps({
    "status": {line.provision.cite: line.status.value for line in coverage(law)},
    "places": PLACES,
    "cites": [str(each.cite) for each in gate.of(BITS["uses"]).reasons],
    "codes": [int(each) for each in gate.codes(np.array([BITS["uses"]], np.uint64))],
}))
"""


@pytest.fixture
def told(tmp_path: Path) -> dict[str, dict[str, object]]:
    """Return what a copy of the package tells, to which nothing but the two files was added."""
    source = Path(keshou.__file__).parent
    shutil.copytree(source, tmp_path / "keshou", ignore=shutil.ignore_patterns("__pycache__", "static"))
    (tmp_path / "keshou/law/instruments/sample2030.toml").write_text(DATA, "utf-8")
    (tmp_path / "keshou/gate/prohibitions/sample2030.py").write_text(RULES, "utf-8")
    copied = {**os.environ, "PYTHONPATH": str(tmp_path)}
    asked = subprocess.run([sys.executable, "-c", ASKED], env=copied, cwd=tmp_path, capture_output=True, check=False)
    assert asked.returncode == 0, asked.stderr.decode()
    found: dict[str, dict[str, object]] = json.loads(asked.stdout)
    return found


def test_a_further_instrument_is_enforced_with_no_change_but_its_data_and_prohibitions(
    told: dict[str, dict[str, object]],
) -> None:
    assert told["status"]["sample2030:1"] == "enforced"
    assert told["cites"] == ["sample2030:1"]


def test_what_is_added_takes_a_bit_of_its_own_and_moves_no_other(told: dict[str, dict[str, object]]) -> None:
    assert {name: place for name, place in told["places"].items() if name in PLACES} == PLACES
    assert told["places"]["a_sample_prohibition"] == len(PLACES)
    assert told["codes"] == [1 << len(PLACES)]
