# SPDX-License-Identifier: Apache-2.0
"""Why an act was denied: every article it met, what was missing, and how it is mended.

The log keeps the articles and not what was missing of a user, who stands there under a pseudonym. What does not hang
on the user is asked of the gate again, as of the act's own time; what does is told as what the article may have met.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from keshou.db import from_micros
from keshou.gate.act import Act
from keshou.gate.decision import Decision, Deny
from keshou.gate.prohibitions.registry import PROHIBITIONS
from keshou.law.terms import ActKind
from keshou.ledger.entry import Header
from keshou.web.cited import cited
from keshou.web.console.desk import Desk, may_open
from keshou.web.console.mending import MEND
from keshou.wire.decision_words import MISSING

_OF_USER: Final = frozenset({
    "user", "consent", "notice", "service", "consent_freely_given", "express_consent", "guardian_consent",
    "consent_to_messages", "retention", "lawful_basis", "providing_service",
})  # fmt: skip
"""Codes of what hangs on the user."""


class Met(NamedTuple):
    """Something that was missing, or may have been."""

    name: str
    mend: str
    link: str
    """Where it is mended; empty where the reader is not led to."""


class Why(NamedTuple):
    """One article that denied."""

    name: str
    path: str
    says: str
    met: list[Met]
    sure: bool
    """Whether just this was missing; otherwise one or more of it."""


def why(desk: Desk, header: Header) -> list[Why]:
    """Return why the act of an entry was denied."""
    surely = _sure(desk, header)
    return [_why(desk, cite, surely.get(cite, [])) for cite in header.cites]


def why_of_user(desk: Desk, headers: Sequence[Header], user: str) -> list[list[Why]]:
    """Return why each of some denied acts on one user was denied: the gate is asked again, of that user and time."""
    with desk.site.reading() as tx:
        size = desk.site.ledger.head(tx).size
    asked = [_act(each, user) for each in headers if _is_act(each)]
    decisions = iter(desk.site.decide(asked, size, then=True) if asked else ())
    return [_exactly(desk, each.cites, next(decisions) if _is_act(each) else None) for each in headers]


def _exactly(desk: Desk, cites: Sequence[str], decision: Decision | None) -> list[Why]:
    codes: dict[str, list[str]] = {}
    for each in decision.reasons if isinstance(decision, Deny) else ():
        codes.setdefault(str(each.cite), []).append(each.missing)
    return [_why(desk, cite, codes.get(cite, [])) for cite in cites]


def why_denied(desk: Desk, decision: Deny) -> list[Why]:
    """Return why a decision that was just made is a denial."""
    return _exactly(desk, list(dict.fromkeys(str(each.cite) for each in decision.reasons)), decision)


def _act(header: Header, user: str) -> Act:
    return Act(
        kind=ActKind(header.event), user=user, items=frozenset(header.items), purpose=header.purpose, by=header.who,
        when=from_micros(header.t), where=header.where, post=header.post, recipient=header.recipient,
        count=max(1, header.count), review=header.review, ground=header.ground,
    )  # fmt: skip


def _is_act(header: Header) -> bool:
    """Say whether the gate can be asked the same again: not of a search, nor of services that were not ended."""
    return header.event in set(ActKind)


def _sure(desk: Desk, header: Header) -> dict[str, list[str]]:
    """Return by provision what was missing that does not hang on the user, as the gate says for the act's time."""
    if not _is_act(header):
        return {}
    with desk.site.reading() as tx:
        size = desk.site.ledger.head(tx).size
    decision = desk.site.decide([_act(header, "")], size, then=True)[0]
    found: dict[str, list[str]] = {}
    for each in decision.reasons if isinstance(decision, Deny) else ():
        if each.missing not in _OF_USER:
            found.setdefault(str(each.cite), []).append(each.missing)
    return found


def _why(desk: Desk, cite: str, surely: list[str]) -> Why:
    name, path = cited(desk.site.law, cite, desk.language)
    codes = surely or _possible(cite)
    says = desk.site.law.provision(cite).says.in_(desk.language)
    return Why(name, path, says, [met(desk, each) for each in codes], sure=bool(surely) or len(codes) == 1)


def _possible(cite: str) -> list[str]:
    """Return what a provision's prohibitions may have met of a user."""
    known = [each for each in PROHIBITIONS.values() if str(each.cite) == cite]
    codes = dict.fromkeys(code for each in known for code in (each.missing, *(code for _, code in each.unless)))
    return [each for each in codes if each in _OF_USER] or list(codes)


def met(desk: Desk, code: str) -> Met:
    """Return a code of what was missing in words, and how it is mended."""
    mend, link = MEND[code]
    return Met(MISSING[code].in_(desk.language), mend.in_(desk.language), link if may_open(desk, link) else "")
