# SPDX-License-Identifier: Apache-2.0
"""Names of events are written once, and stay what logs and certificates have them as."""

import ast
from pathlib import Path

import pytest

import keshou
from keshou.law import cites
from keshou.law.load import load
from keshou.ledger import events

PACKAGE = Path(keshou.__file__).parent
LONG_WRITTEN = {
    "AGAIN": "again:destroy", "AUDIT": "audit", "CANCEL_REFUSED": "cancel", "DUE": "due:destroy", "FACT": "fact:",
    "JUDGED": "judged:", "KEYS": "keys:", "OVER": "over:destroy", "RESTORED": "fact:restored",
    "RULES_PUBLISHED": "fact:rules_published", "SEARCH": "search", "SERVICE_ENDED": "fact:service_ended",
    "TOLD": "fact:told",
}  # fmt: skip
"""What stands in logs that nobody can rewrite."""
OWN = ("again:", "due:destroy", "fact:", "judged:", "keys:", "over:destroy")
"""How events begin that are no words of anything else."""


def _written(path: Path) -> list[str]:
    """Return the texts of a file's code that name an event or its kind."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    texts = (each.value for each in nodes if isinstance(each, ast.Constant) and isinstance(each.value, str))
    return [each for each in texts if each.startswith(OWN) and "\n" not in each and " " not in each]


def test_events_are_called_what_logs_call_them() -> None:
    assert {name: value for name, value in vars(events).items() if name.isupper() and name[0] != "_"} == LONG_WRITTEN


def test_no_other_file_writes_the_name_of_an_event() -> None:
    files = [path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts]
    found = {path.relative_to(PACKAGE).as_posix(): texts for path in files if (texts := _written(path))}
    assert set(found) == {"ledger/events.py"}


def test_what_facts_came_true_is_read_out_of_the_name_that_was_made_of_them() -> None:
    event = events.of_facts(["notice_shown", "consent_given", "consent_given"])
    assert event == "fact:notice_shown+consent_given"
    assert events.kinds_in(event) == ["notice_shown", "consent_given"]


@pytest.mark.parametrize(
    ("event", "fact", "judged", "keys", "act"),
    [
        ("fact:consent_given", True, False, False, "fact:consent_given"),
        ("judged:use", False, True, False, "use"),
        ("keys:master", False, False, True, "keys:master"),
        ("use", False, False, False, "use"),
        ("over:destroy", False, False, False, "over:destroy"),
    ],
)
def test_an_event_says_of_what_it_tells(event: str, fact: bool, judged: bool, keys: bool, act: str) -> None:
    assert (events.is_fact(event), events.is_judged(event), events.is_of_keys(event)) == (fact, judged, keys)
    assert events.act_of(event) == act


def test_provisions_that_the_source_names_are_in_the_law_and_named_once() -> None:
    named = {value for name, value in vars(cites).items() if name.isupper()}
    law = load()
    known = {str(provision.cite) for instrument in law.instruments.values() for provision in instrument.provisions}
    assert named <= known
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
                assert node.value.value not in known or path.name == "cites.py", path
