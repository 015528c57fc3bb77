# SPDX-License-Identifier: Apache-2.0
"""What one version newly allows over another, as exact sets.

A *quadruple* is (purpose, item, act, post): the post may do the act on the item for the purpose. An act on an item
that no post is granted has the post ``""``: declared, and open to nobody but users themselves.
"""

import functools
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
    return _Side(declaration).quadruples


def _declared(purposes: Iterable[Purpose]) -> Iterator[tuple[str, str, ActKind]]:
    for purpose in purposes:
        for need in purpose.needs:
            for act in need.acts or purpose.acts:
                yield purpose.id, need.item, act


class _Side:
    """One of two versions, with what it comes to worked out once."""

    def __init__(self, declaration: Declaration) -> None:
        self.declaration = declaration
        self.purposes = {each.id: each for each in declaration.purposes}
        self.agents = {post.id: post.agent for post in declaration.posts}
        self.who = {each.id: each.name for each in declaration.agents}
        """Who each agent is, by id: one that changed its name is another."""
        self.declared = frozenset(_declared(declaration.purposes))
        self.stand_ins = declaration.stand_ins()

    @functools.cached_property
    def quadruples(self) -> frozenset[Quadruple]:
        """Everything it allows."""
        grants = self.declaration.grants
        granted = {Quadruple(*triple, grant.post) for grant in grants for triple in covered(self.purposes, grant)}
        held = {each[:3] for each in granted}
        return frozenset(granted | {Quadruple(*each, NOBODY) for each in self.declared if each not in held})

    @functools.cached_property
    def hands(self) -> frozenset[Hand]:
        """The same, by whose staff do it."""
        return frozenset((*each[:3], self.agents.get(each.post, "")) for each in self.quadruples)


def compare(old: Declaration | None, new: Declaration) -> Difference:
    """Return what `new` newly allows over `old` (None: there was nothing before)."""
    was, now = _Side(old) if old else None, _Side(new)
    before, after = was.quadruples if was else frozenset[Quadruple](), now.quadruples
    reasons = _reasons(was, now) if was else {}
    reached = _carried(was, now, reasons) if was else frozenset[Hand]()
    anew = frozenset(each for each in after if (*each[:3], now.agents.get(each.post, "")) not in reached)
    widened = tuple(_widened(was, now, reasons)) if was else ()
    return Difference(after - before, before - after, before & after, widened, anew)


def carried(old: Declaration | None, new: Declaration) -> frozenset[Hand]:
    """Return what a consent to `old` reaches under `new`.

    An act on an item for a purpose is reached when `old` declared it and no term of it widened. Which of the
    operator's own posts does it is not the user's to agree to; but an agent is somebody else, so an agent's staff are
    reached only where staff of that agent were before, and not where another company has its id now. Whoever was given
    a stand-in and is to see more is not reached.
    """
    if old is None:
        return frozenset()
    was, now = _Side(old), _Side(new)
    return _carried(was, now, _reasons(was, now))


_Reasons = Mapping[tuple[str, str, ActKind], tuple[str, ...]]


def _carried(was: _Side, now: _Side, reasons: _Reasons) -> frozenset[Hand]:
    stood = {each for each, why in reasons.items() if not why}
    own = {(*each, "") for each in stood}
    others = {each for each in now.hands & was.hands if each[:3] in stood and _is_same(was, now, each[3])}
    return frozenset(own | {each for each in others if each[1] not in _plainer(was, now, each[3])})


def _is_same(was: _Side, now: _Side, agent: str) -> bool:
    """Say whether an agent's id stands for whom it stood for before."""
    return was.who.get(agent) == now.who.get(agent)


def _plainer(was: _Side, now: _Side, party: str) -> frozenset[str]:
    """Return the items of which a party was given stand-ins, and gets to see more now."""
    return was.stand_ins.get(party, frozenset()) - now.stand_ins.get(party, frozenset())


def hands(declaration: Declaration) -> frozenset[Hand]:
    """Return everything the declaration allows, by whose staff do it."""
    return _Side(declaration).hands


def _reasons(was: _Side, now: _Side) -> _Reasons:
    """Return each act that both versions declare -> the codes of its terms that widened."""
    both = was.purposes.keys() & now.purposes.keys()
    old, new = was.declaration, now.declaration
    wider = {name: tuple(_purpose_reasons(old, new, was.purposes[name], now.purposes[name])) for name in both}
    plainer = {name: _plainer_to_recipients(was, now, now.purposes[name]) for name in both}
    pairs = {(purpose, item) for purpose, item, _ in was.declared & now.declared}
    needs = {each: tuple(_need_reasons(was.purposes[each[0]], now.purposes[each[0]], each[1])) for each in pairs}
    return {
        each: wider[each[0]] + needs[each[:2]] + ("recipient_stand_ins",) * (each[1] in plainer[each[0]])
        for each in was.declared & now.declared
    }


def _plainer_to_recipients(was: _Side, now: _Side, purpose: Purpose) -> frozenset[str]:
    return frozenset(item for party in purpose.recipients for item in _plainer(was, now, party))


def _widened(was: _Side, now: _Side, reasons: _Reasons) -> Iterator[Widening]:
    """Yield the quadruples that stood before and mean more, with the reasons, in order."""
    found: list[Widening] = []
    for each in now.quadruples:
        if (terms := reasons.get(each[:3])) is not None:
            agent = now.agents.get(each.post, "")
            other = bool(agent) and ((*each[:3], agent) not in was.hands or not _is_same(was, now, agent))
            plainer = each.item in _plainer(was, now, agent)
            if every := terms + ("agent",) * other + ("stand_ins",) * plainer:
                found.append(Widening(each, every))
    yield from sorted(found)


def _purpose_reasons(old: Declaration, new: Declaration, was: Purpose, now: Purpose) -> Iterator[str]:
    """Yield a code for each term of a purpose that widened or reads otherwise than what users agreed to."""
    if set(old.operator.kinds) - set(new.operator.kinds):
        yield "kinds"
    if set(old.operator.adopts) - set(new.operator.adopts):
        yield "guidance"
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
