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
    """A quadruple of the new version whose act stood before and now means more: a code for each term that widened."""

    quadruple: Quadruple
    reasons: tuple[str, ...]


class Difference(NamedTuple):
    """One version against the one before; together the first three sets are the new and the old version."""

    newly_allowed: frozenset[Quadruple]
    no_longer_allowed: frozenset[Quadruple]
    unchanged: frozenset[Quadruple]
    widened: tuple[Widening, ...]
    """What stood before in other hands or on narrower terms, sorted."""
    anew: frozenset[Quadruple]
    """Everything of the new version to which older consents do not reach: users must be asked again."""

    @property
    def needs_consent(self) -> frozenset[tuple[str, str]]:
        """Purposes and items for which those who agreed must be asked again."""
        return frozenset((each.purpose, each.item) for each in self.anew)

    @property
    def is_empty(self) -> bool:
        """Whether nothing more and nothing less is allowed."""
        return not (self.newly_allowed or self.no_longer_allowed or self.widened)


Hand = tuple[str, str, ActKind, str]
"""Purpose, item, act, and the agent whose staff do it; an empty agent is the operator's own staff, and users."""


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
    reached, agents = carried(old, new), _agents(new)
    anew = frozenset(each for each in after if (*each[:3], agents.get(each.post, "")) not in reached)
    widened = tuple(_widened(old, new)) if old else ()
    return Difference(after - before, before - after, before & after, widened, anew)


def carried(old: Declaration | None, new: Declaration) -> frozenset[Hand]:
    """Return what a consent to `old` reaches under `new`.

    An act on an item for a purpose is reached when `old` declared it and no term of it widened. Which of the
    operator's own posts does it is not the user's to agree to; but an agent is somebody else, so an agent's staff are
    reached only where staff of that agent were before.
    """
    if old is None:
        return frozenset()
    were, reasons = hands(old), _reasons(old, new)
    stood = {each for each, why in reasons.items() if not why}
    own = {(*each, "") for each in stood}
    return frozenset(own | {each for each in hands(new) & were if each[:3] in stood})


def _agents(declaration: Declaration) -> dict[str, str]:
    return {post.id: post.agent for post in declaration.posts}


def hands(declaration: Declaration) -> frozenset[Hand]:
    """Return everything the declaration allows, by whose staff do it."""
    agents = _agents(declaration)
    return frozenset((*each[:3], agents.get(each.post, "")) for each in quadruples(declaration))


def _reasons(old: Declaration, new: Declaration) -> dict[tuple[str, str, ActKind], tuple[str, ...]]:
    """Return each act that both versions declare -> the codes of its terms that widened."""
    were, are = ({each.id: each for each in one.purposes} for one in (old, new))
    both = set(_declared(old.purposes)) & set(_declared(new.purposes))
    wider = {name: tuple(_purpose_reasons(old, new, were[name], are[name])) for name in were.keys() & are.keys()}
    return {each: wider[each[0]] + tuple(_need_reasons(were[each[0]], are[each[0]], each[1])) for each in both}


def _widened(old: Declaration, new: Declaration) -> Iterator[Widening]:
    """Yield the quadruples that stood before and mean more, with the reasons, in order."""
    reasons, were, agents = _reasons(old, new), hands(old), _agents(new)
    for each in sorted(quadruples(new)):
        if (terms := reasons.get(each[:3])) is not None:
            agent = agents.get(each.post, "")
            other = bool(agent) and (*each[:3], agent) not in were
            if every := terms + ("agent",) * other:
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
