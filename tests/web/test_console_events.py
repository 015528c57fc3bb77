# SPDX-License-Identifier: Apache-2.0
"""Whatever the log can tell has words in both languages: found in the source, so that a new event cannot lack them."""

import ast
import re
import typing
from collections.abc import Iterator
from pathlib import Path

import keshou
from keshou.gate.every_fact import AnySiteFact, AnyUserFact
from keshou.law.terms import ActKind
from keshou.ledger import events
from keshou.web.console.entries import event_name

SOURCE = Path(keshou.__file__).parent
FACTS = sorted(
    str(each.__struct_config__.tag) for union in (AnySiteFact, AnyUserFact) for each in typing.get_args(union)
)
LEVELS = ("data", "epoch", "give_up", "index", "master", "retire")
NAMES = ("AGAIN", "AUDIT", "CANCEL_REFUSED", "DUE", "OVER", "RESTORED", "RULES_PUBLISHED", "SEARCH", "SERVICE_ENDED")
WRITTEN = {
    **{name: [getattr(events, name)] for name in NAMES},
    "_event(facts)": [f"{events.FACT}{each}" for each in FACTS], "act.kind.value": list(ActKind),
    "f'{JUDGED}{job.act.kind.value}'": [f"{events.JUDGED}{each}" for each in ActKind],
    "f'{KEYS}{job.level}'": [f"{events.KEYS}{each}" for each in LEVELS],
}  # fmt: skip
"""What the source writes as an entry's event -> every event that it can come to."""
_RAW = re.compile("[A-Za-z_]{3}")


def _values(tree: ast.AST) -> Iterator[str]:
    for each in ast.walk(tree):
        if isinstance(each, ast.Dict):
            pairs = zip(each.keys, each.values, strict=True)
            yield from (ast.unparse(v) for k, v in pairs if isinstance(k, ast.Constant) and k.value == "event")


def test_every_event_that_is_written_is_known_here() -> None:
    found = {value for path in (SOURCE / "acts").rglob("*.py") for value in _values(ast.parse(path.read_text("utf-8")))}
    assert found == WRITTEN.keys()


def test_every_level_of_keys_that_is_written_is_known_here() -> None:
    told = (SOURCE / "app" / "keeper.py").read_text("utf-8")
    found = re.findall(r'(?:_begin\(|KeysChanged\(by=by, level=)"(\w+)"', told)
    assert sorted(set(found)) == sorted(LEVELS)


def test_no_event_stands_in_the_log_by_its_code() -> None:
    every = [event for some in WRITTEN.values() for event in some]
    assert [each for each in every if _RAW.search(event_name(each, "zh"))] == []
    assert [each for each in every if re.search("[:_]", event_name(each, "en").removeprefix("table judged:"))] == []
    assert event_name("fact:notice_shown+consent_given", "zh") == "告知规则、同意"
    assert event_name(events.SEARCH, "en") == "search for users"
