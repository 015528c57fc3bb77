# SPDX-License-Identifier: Apache-2.0
"""A decision as people and programs read it: every article with its text, and what was missing."""

from collections.abc import Mapping

from rich.console import RenderableType
from rich.text import Text as Line

from keshou.cli.terminal import BAD, GOOD, QUIET, STRONG, Call, table
from keshou.errors import ExitStatus
from keshou.gate.decision import Decision, Deny, Permit
from keshou.law.law import Law
from keshou.law.model import Citation
from keshou.wire.decision_words import MISSING, STANDS_ON


def data_of(decision: Decision) -> dict[str, object]:
    """Return a decision as plain values."""
    common = {"permitted": decision.permitted, "rules": decision.rules, "revision": decision.revision}
    if isinstance(decision, Permit):
        grounds = [{"cite": str(each.cite), "fact": each.fact} for each in decision.grounds]
        return {**common, "full": decision.full, "grounds": grounds}
    reasons = [{"prohibition": r.prohibition, "cite": str(r.cite), "missing": r.missing} for r in decision.reasons]
    return {**common, "reasons": reasons}


def shown(call: Call, law: Law, decision: Decision) -> list[RenderableType]:
    """Return a decision as text."""
    version = call.words(f"规则第 {decision.rules} 版", f"rules version {decision.rules}")
    if isinstance(decision, Deny):
        head = Line.assemble((call.words("不允许", "denied"), f"{STRONG} {BAD}"), (f"  {version}", QUIET))
        return [head, *(line for each in _by_article(decision).items() for line in _denied(call, law, *each))]
    name = call.words("允许", "permitted")
    view = call.words("显示全值", "full values") if decision.full else call.words("只显示遮盖值", "masked values")
    head = Line.assemble((name, f"{STRONG} {GOOD}"), (f"  {version} · {view}", QUIET))
    grounds = table()
    grounds.show_header = False
    for _ in range(3):
        grounds.add_column()
    for each in decision.grounds:
        grounds.add_row(
            Line(f"  {each.cite}", STRONG), call.of(STANDS_ON[each.fact]), Line(_says(call, law, each.cite), QUIET)
        )
    return [head, grounds]


def _by_article(decision: Deny) -> Mapping[Citation, list[str]]:
    found: dict[Citation, list[str]] = {}
    for each in decision.reasons:
        found.setdefault(each.cite, []).append(each.missing)
    return found


def _denied(call: Call, law: Law, cite: Citation, missing: list[str]) -> list[Line]:
    names = call.words("；", "; ").join(dict.fromkeys(call.of(MISSING[each]) for each in missing))
    return [
        Line.assemble((f"  {cite}  ", STRONG), (names, BAD)),
        Line(f"      {_says(call, law, cite)}", QUIET),
    ]


def _says(call: Call, law: Law, cite: Citation) -> str:
    return call.of(law.provision(cite).says)


def status_of(decision: Decision) -> ExitStatus:
    """Return the exit status that goes with a decision."""
    return ExitStatus.DONE if decision.permitted else ExitStatus.NO
