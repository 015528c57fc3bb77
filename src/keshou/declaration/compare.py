# SPDX-License-Identifier: Apache-2.0
"""What one version newly allows over another, as exact sets.

A *quadruple* is (purpose, item, act, post): the post may do the act on the item for the purpose. An act on an item
that no post is granted has the post ``""``: declared, and open to nobody but users themselves.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from keshou.declaration.model import Declaration, Grant, Need, Purpose
from keshou.declaration.span import is_longer
from keshou.law.terms import ActKind, ConsentStrength

NOBODY = ""
"""The post of what is declared and granted to none."""


class Quadruple(NamedTuple):
    """One thing that one post may do with one kind of information for one purpose."""

    purpose: str
    item: str
    act: ActKind
    post: str


class Widening(NamedTuple):
    """A quadruple that stood before and now means more: a code for each term that widened."""

    quadruple: Quadruple
    reasons: tuple[str, ...]


class Difference(NamedTuple):
    """One version against the one before; together the first three sets are the new and the old version."""

    newly_allowed: frozenset[Quadruple]
    no_longer_allowed: frozenset[Quadruple]
    unchanged: frozenset[Quadruple]
    widened: tuple[Widening, ...]
    """Those of `unchanged` that need consent anew, sorted."""

    @property
    def needs_consent(self) -> frozenset[tuple[str, str]]:
        """Purposes and items for which those who agreed must be asked again; who does it is not theirs to agree."""
        before = {(each.purpose, each.item, each.act) for each in self.no_longer_allowed | self.unchanged}
        new = {(each.purpose, each.item) for each in self.newly_allowed if each[:3] not in before}
        return frozenset(new | {(each.quadruple.purpose, each.quadruple.item) for each in self.widened})

    @property
    def is_empty(self) -> bool:
        """Whether nothing more and nothing less is allowed."""
        return not (self.newly_allowed or self.no_longer_allowed or self.widened)


def covered(purposes: Mapping[str, Purpose], grant: Grant) -> Iterator[tuple[str, str, ActKind]]:
    """Yield what a grant comes to: its acts on its items, as far as its purposes declare them."""
    for name in grant.purposes:
        purpose = purposes.get(name)
        for need in purpose.needs if purpose else ():
            if not grant.items or need.item in grant.items:
                for act in need.acts or (purpose.acts if purpose else ()):
                    if act in grant.acts:
                        yield name, need.item, act


def quadruples(declaration: Declaration) -> frozenset[Quadruple]:
    """Return everything the declaration allows."""
    purposes = {each.id: each for each in declaration.purposes}
    granted = {Quadruple(*triple, grant.post) for grant in declaration.grants for triple in covered(purposes, grant)}
    held = {each[:3] for each in granted}
    return frozenset(granted | {Quadruple(*each, NOBODY) for each in _declared(purposes.values()) if each not in held})


def _declared(purposes: Iterable[Purpose]) -> Iterator[tuple[str, str, ActKind]]:
    for purpose in purposes:
        for need in purpose.needs:
            for act in need.acts or purpose.acts:
                yield purpose.id, need.item, act


def compare(old: Declaration | None, new: Declaration) -> Difference:
    """Return what `new` newly allows over `old` (None: there was nothing before)."""
    before, after = quadruples(old) if old else frozenset[Quadruple](), quadruples(new)
    both = before & after
    return Difference(after - before, before - after, both, tuple(_widened(old, new, both)) if old else ())


def _widened(old: Declaration, new: Declaration, both: frozenset[Quadruple]) -> Iterator[Widening]:
    """Yield the quadruples whose terms mean more, with the reasons, in order."""
    were, are = ({each.id: each for each in one.purposes} for one in (old, new))
    reasons = {name: tuple(_purpose_reasons(old, new, were[name], are[name])) for name in were.keys() & are.keys()}
    for each in sorted(both):
        more = tuple(_need_reasons(were[each.purpose], are[each.purpose], each.item))
        if every := reasons[each.purpose] + more:
            yield Widening(each, every)


def _purpose_reasons(old: Declaration, new: Declaration, was: Purpose, now: Purpose) -> Iterator[str]:
    """Yield a code for each term of a purpose that widened or reads otherwise than what users agreed to."""
    if was.name != now.name:
        yield "purpose_name"
    if was.manner != now.manner:
        yield "manner"
    if set(now.services) - set(was.services):
        yield "services"
    if was.provides_service and not now.provides_service:
        yield "beyond_service"
    if now.commercial_messages and not was.commercial_messages:
        yield "commercial_messages"
    if _looser(was, now):
        yield "consent"
    if was.retention.after != now.retention.after or is_longer(now.retention, was.retention):
        yield "retention"
    if _recipients(new, now) - _recipients(old, was):
        yield "recipients"


def _looser(was: Purpose, now: Purpose) -> bool:
    """Say whether consent is asked less strictly, or a ground has taken its place."""
    weaker = now.consent is not was.consent and now.consent is ConsentStrength.TACIT
    return weaker or (bool(now.ground) and now.ground != was.ground)


def _recipients(declaration: Declaration, purpose: Purpose) -> set[tuple[object, ...]]:
    """Return who a purpose provides to: a recipient that moved overseas or changed its name is another."""
    known = {each.id: each for each in declaration.recipients}
    return {
        (each, known[each].name, known[each].overseas, known[each].country) if each in known else (each,)
        for each in purpose.recipients
    }


def _need_reasons(was: Purpose, now: Purpose, item: str) -> Iterator[str]:
    """Yield a code for each term of a need that changed."""
    before, after = _need(was, item), _need(now, item)
    if before.why != after.why:
        yield "why"
    if before.class_ is not after.class_:
        yield "class"


def _need(purpose: Purpose, item: str) -> Need:
    return next(each for each in purpose.needs if each.item == item)
