# SPDX-License-Identifier: Apache-2.0
"""The glossary has the nouns of the rooms that prove callers and let things out, each named as the code names it."""

import ast
import re

import pytest

import documentation
import source_read
from keshou.law.law import Law
from keshou.law.load import load

PAGE = (documentation.ROOT / "docs" / "glossary.md").read_text("utf-8")
ROOMS = ("accounts", "programs", "visits", "permits", "webhooks", "handover")
TABLE = PAGE.partition("## Who is proven, and what leaves\n")[2].partition("\n## ")[0]
ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in TABLE.splitlines()[4:] if line]
IN_CODE = [
    (span, bool(mark))
    for line in PAGE.splitlines()
    if re.match(r"\| [^|]*[\u4e00-\u9fff]", line)
    for span, mark in re.findall(r"`([^`]+)`(†?)", line.split("|")[3])
]
"""Each name in the column "in code" of every table that has one, and whether it is of a part still to be built."""
HOMONYMS = {"answer", "check", "complete", "record", "report", "show"}
"""Of them those that the source has too, and means something else by."""
INSIDE = {
    "accounts": {"Begun", "Checked", "Cost", "Ended", "Flow", "Hashes", "Header", "Leaks", "Logout", "Made", "Match",
                 "Metadata", "Outward", "Place", "Published", "Refusal", "Secrets", "Try"},
    "programs": {"Made", "Proven", "TokenAnswer", "TokenSigner"},
    "visits": {"Claims", "PublicKey", "Redeemed", "Seal", "Started", "HookSender", "MailSender"},
    "permits": {"Claims", "Everyone", "Judged"},
    "webhooks": {"Claimed", "CloudEvent", "Event", "Moments", "Seal", "Turns"},
    "handover": {"File"},
}  # fmt: skip
"""Parts of how a room works, which nobody outside it speaks of."""


def classes(room: str) -> set[str]:
    """Return the names of a room's classes that are no errors, settings or privates."""
    found = set()
    for path in (documentation.ROOT / "src" / "keshou" / room).rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        found |= {each.name for each in tree.body if isinstance(each, ast.ClassDef)}
    return {name for name in found if not name.startswith("_") and not name.endswith(("Error", "Settings"))}


@pytest.mark.parametrize("room", ROOMS)
def test_every_noun_of_a_room_that_proves_or_lets_out_is_in_the_glossary(room: str) -> None:
    named = set(re.findall(r"`(\w+)`", PAGE))
    assert classes(room) - named - INSIDE[room] == set()


@pytest.mark.parametrize("room", ROOMS)
def test_no_name_is_excused_that_is_not_there(room: str) -> None:
    assert INSIDE[room] - classes(room) == set()


@pytest.fixture(scope="module")
def there() -> set[str]:
    """Every name that is in the source."""
    return source_read.names_within(documentation.ROOT / "src" / "keshou")


def test_what_any_table_names_in_code_is_there(there: set[str]) -> None:
    assert len(IN_CODE) > 100
    wrong = [span for span, later in IN_CODE if not later and not there.issuperset(re.findall(r"\w+", span))]
    assert wrong == []


def test_what_is_marked_as_still_to_be_built_is_not_there(there: set[str]) -> None:
    marked = {span for span, later in IN_CODE if later}
    assert marked > HOMONYMS
    assert {span for span in marked - HOMONYMS if there.issuperset(re.findall(r"\w+", span))} == set()
    assert [span for span in sorted(HOMONYMS) if span not in there] == [], "no homonym any more"


def test_every_noun_has_its_chinese_word_and_its_source_is_a_provision() -> None:
    law: Law = load()
    assert len(ROWS) > 20
    assert [row[1] for row in ROWS if not re.search("[\u4e00-\u9fff]", row[0]) or not row[3]] == []
    cited = {row[4] for row in ROWS if row[4]}
    assert [each for each in cited if each not in _provisions(law)] == []


def _provisions(law: Law) -> set[str]:
    return {str(provision.cite) for instrument in law.instruments.values() for provision in instrument.provisions}
