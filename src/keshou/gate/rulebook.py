# SPDX-License-Identifier: Apache-2.0
"""Published declarations compiled for the gate: one edition for each version under each day's law.

A rulebook is never changed; publishing makes a new one, put in place by one assignment. Kinds of information become
bits, so that "every item is needed, granted, agreed to" is one test each.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence

from keshou.declaration import grounds
from keshou.declaration.compare import Hand, carried
from keshou.declaration.model import Agent, Declaration, Need, Post, Published, Purpose, Recipient
from keshou.declaration.operator_kinds import is_bound
from keshou.gate import calendar
from keshou.gate.answers import Answers, active
from keshou.gate.conditions import BITS
from keshou.gate.facts import RulesPublished
from keshou.gate.reign import Terms
from keshou.gate.standing import Consent
from keshou.law.cites import REGISTRATION_KEPT
from keshou.law.law import DayLaw, Law
from keshou.law.model import Otherwise, Period
from keshou.law.terms import USE_KINDS, ActKind, ConsentStrength, Rank, RetentionClass

GUIDANCE = "gbz28828"
"""The guidance that knows tacit consent and sensitive information."""

_MOST_KEPT = 1 << 16

_Reached = tuple[str, ActKind]
"""An item and a kind of act for which a purpose's ground stands in place of consent."""


class PurposeRules:
    """One purpose with its items as bits; items it does not need share two bits that nothing ever covers."""

    __slots__ = ("all", "bits", "declared", "id", "sensitive")

    def __init__(self, id_: str, declared: Purpose | None, sensitive: Collection[str]) -> None:
        self.id, self.declared = id_, declared
        needs = declared.needs if declared else ()
        self.bits = {item: 1 << place for place, item in enumerate(sorted({need.item for need in needs}))}
        """Item -> bit."""
        self.all = sum(self.bits.values())
        other_sensitive = 2 << len(self.bits)
        self.sensitive = self.mask(self.bits.keys() & set(sensitive)) | other_sensitive

    def mask(self, items: Iterable[str], sensitive: Collection[str] = ()) -> int:
        """Return the bits of `items`; an item the purpose does not need sets one of the two bits never covered."""
        found = 0
        for item in items:
            bit = self.bits.get(item)
            found |= bit if bit is not None else (2 if item in sensitive else 1) << len(self.bits)
        return found

    def covered(self, items: Collection[str]) -> int:
        """Return the bits of those of `items` that the purpose needs; all of them when `items` is empty."""
        if not items:
            return self.all
        return sum(bit for item, bit in self.bits.items() if item in items)


class Row:
    """One purpose and one kind of act: what is known of it once the rules are published."""

    __slots__ = ("grounded", "kind", "need", "purpose", "static")

    def __init__(self, purpose: PurposeRules, kind: ActKind, static: int, reached: Collection[_Reached]) -> None:
        self.purpose, self.kind, self.static = purpose, kind, static
        needs = purpose.declared.needs if purpose.declared else ()
        acts = purpose.declared.acts if purpose.declared else ()
        self.need = purpose.mask({need.item for need in needs if kind in (need.acts or acts)})
        """Items the purpose needs for this kind of act."""
        self.grounded = purpose.mask(need.item for need in needs if (need.item, kind) in reached)
        """Items for which the purpose's ground stands in place of consent to this kind of act."""


class Lens:
    """What of an act decides how a user's consents and notices are seen: the rules, the row, the items, the agent."""

    __slots__ = ("agent", "edition", "mask", "row")

    def __init__(self, edition: "Edition", row: Row, mask: int, agent: str) -> None:
        self.edition, self.row, self.mask, self.agent = edition, row, mask, agent


class Edition:
    """One published version under the law of one stretch of days."""

    def __init__(self, published: Published | None, versions: Mapping[int, Published], day: DayLaw, law: Law) -> None:
        self.published, self._versions, self._law, self._day = published, versions, law, day
        declared: Declaration | None = published.declaration if published else None
        self._declared = declared
        self.version = published.version if published else 0
        self.binding = _binding(day, declared, law)
        """Ids of the instruments that bind this operator."""
        names = [name for name, cites in day.prohibitions().items() if any(c.instrument in self.binding for c in cites)]
        self.answers = Answers(active(names), self.binding)
        self.review = declared.review if declared else None
        self.posts: dict[str, Post] = {post.id: post for post in declared.posts} if declared else {}
        self.agents: dict[str, Agent] = {agent.id: agent for agent in declared.agents} if declared else {}
        self.recipients: dict[str, Recipient] = {each.id: each for each in declared.recipients} if declared else {}
        self.stand_ins: dict[str, frozenset[str]] = declared.stand_ins() if declared else {}
        """Agents and recipients that are given stand-ins -> the items."""
        self.grants = declared.grants if declared else ()
        self.hours = frozenset(grant.hours for grant in self.grants if grant.hours)
        """The daily spans to which grants are limited."""
        self._read_items(declared)
        purposes = declared.purposes if declared else ()
        self._purposes = {each.id: PurposeRules(each.id, each, self.sensitive) for each in purposes}
        self.grounded = {each.id: grounds.reach(each, law, day.day) for each in purposes}
        """Purpose -> the items and kinds of act for which its ground stands in place of consent."""
        self._rows: dict[tuple[str, ActKind], Row] = {}
        self._lenses: dict[tuple[str, ActKind, int, str], Lens] = {}
        self._carried: dict[tuple[int, str, ActKind, str], int] = {}
        self._reached: dict[int, frozenset[Hand]] = {}

    def _read_items(self, declared: Declaration | None) -> None:
        own = declared.items if declared else ()
        self.items = self._law.items.keys() | {item.id for item in own}
        """Every kind of information known."""
        named = {item.id for item in self._law.items.values() if item.is_sensitive(GUIDANCE)}
        self.sensitive = frozenset(named | {item.id for item in own if item.sensitive})
        needs = [need for purpose in declared.purposes for need in purpose.needs] if declared else []
        before = [each.declaration for version, each in self._versions.items() if declared and version < self.version]
        self.dropped = dropped(needs, before)
        """Items that older rules needed and these do not -> the purposes that did. Nothing but looking at one's own
        and erasing is done with them any more."""
        kept = [
            *needs,
            *(need for one in before for each in one.purposes for need in each.needs if need.item in self.dropped),
        ]
        self.registration = frozenset(need.item for need in kept if need.class_ is RetentionClass.REGISTRATION)
        """Items that any purpose keeps as registration information: that is how they are kept, whoever asks; those that
        no purpose needs any more as older rules kept them."""

    @property
    def tacit_counts(self) -> bool:
        """Whether the guidance that knows tacit consent was adopted and stands."""
        return GUIDANCE in self.binding

    def retention(self) -> Period | None:
        """Return how long registration information is kept after the service; None when nothing binds to it."""
        return self._day.period(REGISTRATION_KEPT) if REGISTRATION_KEPT.partition(":")[0] in self.binding else None

    def row(self, purpose: str, kind: ActKind) -> Row:
        """Return what is known of a purpose and a kind of act; also of a purpose that nobody declared."""
        found = self._rows.get((purpose, kind))
        if found is None:
            rules = self._purposes.get(purpose)
            reached = self.grounded.get(purpose, frozenset[_Reached]())
            found = Row(rules or PurposeRules(purpose, None, ()), kind, self._static(rules, kind), reached)
            if rules:
                self._rows[purpose, kind] = found
        return found

    def lens(self, row: Row, mask: int, post: str) -> Lens:
        """Return the one lens for a row, items, and the agent to whom `post` belongs."""
        agent = self.posts[post].agent if post in self.posts else ""
        key = (row.purpose.id, row.kind, mask, agent)
        if len(self._lenses) >= _MOST_KEPT:
            self._lenses = {}
        return self._lenses.setdefault(key, Lens(self, row, mask, agent))

    def _static(self, rules: PurposeRules | None, kind: ActKind) -> int:
        """Set the conditions that the published rules and the kind of act decide alone."""
        declared = rules.declared if rules else None
        served = {each.id for each in self._declared.services if each.user_facing} if self._declared else set()
        truths = {
            "published": self.published is not None,
            "notice_complete": self.published is not None and self.published.notice_complete,
            "purpose_known": declared is not None,
            "kind_declared": declared is not None and kind in declared.acts,
            "serves_users": declared is not None and bool(served & set(declared.services)),
            "provides_service": declared is not None and declared.provides_service,
            "sends_messages": declared is not None and declared.commercial_messages and kind in USE_KINDS,
            **_kinds(kind),
        }
        return sum(BITS[name] for name, true in truths.items() if true)

    def bears_case(self, cite: str) -> bool:
        """Say whether `cite` may bear a ground that is recorded for one case. Source: miit24:9.5."""
        return bool(self._bearing(cite))

    def lets_in_case(self, cite: str, kind: ActKind, items: Collection[str]) -> bool:
        """Say whether `cite`, recorded for a case, may let an act of a kind be done on `items`. Source: miit24:9.5."""
        return any(grounds.lets(each, kind, items, self._law) for each in self._bearing(cite))

    def _bearing(self, cite: str) -> tuple[Otherwise, ...]:
        return grounds.provided(cite, self._law, self._day.day, "case")

    def is_based(self, recipient: Recipient, day: dt.date) -> bool:
        """Say whether a law or an approval provides for a recipient on a day. Source: gbz28828:6.1.5."""
        return grounds.is_based(recipient, self._law, day)

    def asks_consent(self, purpose: Purpose) -> bool:
        """Say whether anything that a purpose declares needs the user's consent. Source: miit24:9.1, miit24:9.5."""
        return grounds.asks_consent(purpose, self._law, self._day.day)

    def carried(self, version: int, row: "Row", agent: str) -> int:
        """Return the items to which a consent or notice under `version` reaches in the hands of `agent`.

        Under the version in force that is every item of the purpose; under another, what that version allowed and
        this one does not widen. An empty `agent` is the operator's own staff. Source: miit24:9.1, miit24:9.2
        """
        if version == self.version:
            return row.purpose.all
        key = (version, row.purpose.id, row.kind, agent)
        found = self._carried.get(key)
        if found is None:
            same = self._reached_by(version)
            bits = row.purpose.bits.items()
            found = sum(bit for item, bit in bits if (row.purpose.id, item, row.kind, agent) in same)
            self._carried[key] = found
        return found

    def _reached_by(self, version: int) -> frozenset[Hand]:
        found = self._reached.get(version)
        if found is None:
            older, found = self._versions.get(version), frozenset()
            if older is not None and self.published is not None:
                found = carried(older.declaration, self.published.declaration)
            self._reached[version] = found
        return found

    def told_by(self, version: int, digest: str) -> bool:
        """Say whether a notice of `version` was the published text, and complete."""
        shown = self._versions.get(version)
        return shown is not None and shown.digest == digest and shown.notice_complete

    def agreed(self, consents: Sequence[Consent], row: Row, agent: str) -> tuple[int, int, int]:
        """Return the items consented to as the purpose asks, expressly, and by a guardian."""
        by = dict.fromkeys(ConsentStrength, 0)
        for consent in consents:
            reach = self.carried(consent.version, row, agent) & row.purpose.covered(consent.items)
            if consent.less:
                reach &= ~row.purpose.covered(consent.less)
            by[consent.strength] |= reach
        guardian = by[ConsentStrength.GUARDIAN]
        express = by[ConsentStrength.EXPRESS] | guardian
        return self._enough(row.purpose, by[ConsentStrength.TACIT], express, guardian), express, guardian

    def _enough(self, purpose: PurposeRules, tacit: int, express: int, guardian: int) -> int:
        asked = purpose.declared.consent if purpose.declared else ConsentStrength.EXPRESS
        if asked is ConsentStrength.GUARDIAN:
            return guardian
        if asked is ConsentStrength.TACIT and self.tacit_counts:
            return express | (tacit & ~purpose.sensitive)
        return express


def dropped(needs: Iterable[Need], before: Iterable[Declaration]) -> dict[str, frozenset[str]]:
    """Return the items that rules from `before` needed and `needs` have not -> the purposes that needed them."""
    left, found = {need.item for need in needs}, dict[str, set[str]]()
    for each in (purpose for declared in before for purpose in declared.purposes):
        for need in each.needs:
            if need.item not in left:
                found.setdefault(need.item, set()).add(each.id)
    return {item: frozenset(purposes) for item, purposes in found.items()}


def _kinds(kind: ActKind) -> dict[str, bool]:
    return {
        "collects": kind is ActKind.COLLECT,
        "uses": kind in USE_KINDS,
        "sells": kind is ActKind.SELL,
        "discloses": kind is ActKind.DISCLOSE,
        "gives": kind is ActKind.PROVIDE,
        "erases": kind in {ActKind.DELETE, ActKind.DESTROY},
    }


def _binding(day: DayLaw, declared: Declaration | None, law: Law) -> frozenset[str]:
    """Return the instruments that bind the operator: by its kinds, or because it adopted them."""
    return frozenset(
        key
        for key, each in day.instruments.items()
        if each.rank is Rank.GUIDANCE or declared is None or is_bound(declared, each, law)
    )


class Rulebook:
    """Every published version, compiled as the law and the facts of a moment call for them."""

    def __init__(self, published: Sequence[Published], law: Law) -> None:
        self._versions = {each.version: each for each in published}
        self._law = law
        self._editions: dict[tuple[int, frozenset[str]], Edition] = {}
        self.terms = {(each.version, each.digest): Terms.of(each.declaration) for each in published}
        """What each version says of reviewing access and of emergencies."""
        self.moments = frozenset(_moments(published, law))
        """Every moment at which a date in the law or in a declaration makes a difference."""

    def edition(self, rules: RulesPublished | None, when: dt.datetime) -> Edition:
        """Return the edition for the version in force at `when`; without one, the edition that knows no purpose.

        Raises:
            LawError: the data of law names a prohibition that no function enforces.

        """
        published = self._versions.get(rules.version) if rules else None
        if published is not None and rules is not None and published.digest != rules.digest:
            published = None
        adopted = published.declaration.operator.adopts if published else ()
        day = self._law.on(calendar.day_of(when), adopted)
        key = (published.version if published else 0, frozenset(day.instruments))
        found = self._editions.get(key)
        if found is None:
            found = self._editions[key] = Edition(published, self._versions, day, self._law)
        return found


def compile_rules(published: Sequence[Published], law: Law) -> Rulebook:
    """Compile the published versions; each edition is made when first asked for, and kept."""
    return Rulebook(published, law)


def _moments(published: Sequence[Published], law: Law) -> list[dt.datetime]:
    """Return the beginnings and ends of everything dated: instruments, grants, qualifications, contracts, approvals."""
    instruments = law.instruments.values()
    first = [day for each in instruments for day in (each.in_force, each.repealed) if day]
    last: list[dt.date] = []
    for declared in (each.declaration for each in published):
        last += [grant.until for grant in declared.grants if grant.until]
        approvals = [each.approval for each in declared.recipients if each.approval]
        last += [each.valid_until for each in approvals if each.valid_until]
        for agent in declared.agents:
            if agent.qualification:
                first.append(agent.qualification.checked_on)
                last.append(agent.qualification.valid_until)
            if agent.contract:
                first.append(agent.contract.from_)
                last.append(agent.contract.until)
    return [*map(calendar.start_of, first), *map(calendar.end_of, last)]
