# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501 - the page's own lines
"""Write docs/reference/prohibitions.md from the prohibitions and the law: ``python tests/gate/prohibitions_page.py``."""

from pathlib import Path

from keshou.gate.answers import GROUNDS, PLACES
from keshou.gate.conditions import BITS, Conditions, UserConditions
from keshou.gate.prohibitions.registry import PROHIBITIONS, Prohibition
from keshou.law.load import load
from keshou.law.model import Instrument

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "prohibitions.md"

HEAD = """# Prohibitions

What the gate enforces: one function for each prohibition, in `keshou/gate/prohibitions`. *Bit* is its place in the reason
code that the gate gives for a row of a table; zero is a permission. *Missing* is the code a denial gives for what was
missing or stood in the way; where a condition in brackets does not hold, that is given instead. The instruments that bind
are those of the act's day and of the operator's kind; guidance binds who adopted it.

This page is written by `python tests/gate/prohibitions_page.py` from the functions and the law's data.
"""


def page() -> str:
    """Return the page."""
    law, prohibitions = load(), [PROHIBITIONS[each] for each in PLACES]
    instruments = dict.fromkeys(each.cite.instrument for each in prohibitions)
    sections = [_section(law.instruments[name], prohibitions) for name in instruments]
    return "\n".join([HEAD, *sections, _grounds(), _conditions()])


def _section(instrument: Instrument, prohibitions: list[Prohibition]) -> str:
    rows = [_row(each, instrument) for each in prohibitions if each.cite.instrument == instrument.id]
    head = f"## {instrument.short.en} · {instrument.short.zh}\n\nRank: {instrument.rank}. In force: {instrument.in_force}.\n"
    return "\n".join([head, "| bit | prohibition | says | provision | missing |", "|---|---|---|---|---|", *rows, ""])


def _row(each: Prohibition, instrument: Instrument) -> str:
    provision = next(one for one in instrument.provisions if one.cite == str(each.cite))
    exactly = "".join(f", `{code}` (`{condition}`)" for condition, code in each.unless)
    says = f"{each.says} Law: {provision.says.en}"
    return f"| {PLACES[each.name]} | `{each.name}` | {says} | `{each.cite}` | `{each.missing}`{exactly} |"


def _grounds() -> str:
    rows = [f"| `{fact}` | `{cite}` |" for fact, cite, _ in GROUNDS]
    return "\n".join(["## Grounds of a permission", "", "| fact | provision |", "|---|---|", *rows, ""])


def _conditions() -> str:
    users = [f"`{name}`" for name in UserConditions.__annotations__]
    acts = [f"`{name}`" for name in Conditions.__annotations__]
    count = f"The prohibitions read {len(BITS)} conditions; `keshou/gate/conditions.py` says what each means."
    return "\n".join(
        [
            "## Conditions",
            "",
            count,
            "",
            f"About the user: {', '.join(users)}.",
            "",
            f"About the act: {', '.join(acts)}.",
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
