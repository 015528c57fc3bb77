# SPDX-License-Identifier: Apache-2.0
"""Rules, posts, reviews, suspensions and grounds as they stand over one stretch of time.

Between two moments at which something begins or ceases to hold, everything about an act but the user's own state is
decided once for each different question, and kept as a `Prepared` act.
"""

import datetime as dt
from typing import NamedTuple

from keshou.declaration.model import Agent, Hours
from keshou.errors import InputError
from keshou.gate import calendar
from keshou.gate.act import OWN_HAND, Act, counted_as, gives_many, is_own_hand
from keshou.gate.conditions import BITS, ERASING_KINDS
from keshou.gate.facts import ReviewApproved, StaffAppointed
from keshou.gate.holds import HoldSet, concerns, touches
from keshou.gate.rulebook import Edition, Lens, Row
from keshou.gate.site import SiteState
from keshou.gate.standing import Profile
from keshou.law.terms import ActKind

_MOST_KEPT = 1 << 16
_NOTHING: frozenset[str] = frozenset()

Question = tuple[str, ActKind, frozenset[str], str, str, str]
"""Purpose, kind, items, by, post, where: what a plain act asks beside the user and the time."""
Adding = tuple[Question, int]
"""A question that adds up with others, and the conditions that its sum meets; never one of a user's own hand."""
_B = BITS


class Prepared(NamedTuple):
    """An act with everything decided but the user's own state."""

    word: int
    """The conditions about the act, the operator and the law."""
    lens: Lens
    full: bool
    """Whether the post sees full values."""
    by_retention: bool
    """Whether it matters how long ago the user's services ended."""


class View:
    """What holds from `start` (included) to `end` (not)."""

    def __init__(
        self,
        edition: Edition,
        state: SiteState,
        span: tuple[dt.datetime, dt.datetime],
        opened: frozenset[Hours],
        prepared: "dict[Question | Adding, Prepared]",
    ) -> None:
        if not edition.binding:
            raise InputError(
                f"no instrument binds the operator on {calendar.day_of(state.when)}",
                hint="check the act's time; see `keshou law status` for the dates of the instruments",
            )
        self.edition, self.state = edition, state
        self.start, self.end = span
        self.prepared = prepared
        """Plain questions worked out so far, and those of acts that add up."""
        self._opened = opened
        self.retention = edition.retention()

    def prepare(self, act: Act) -> Prepared:
        """Decide everything about `act` but the user's own state, and keep it where it holds for other users too.

        Raises:
            InputError: a field of the act is of the wrong type.

        """
        try:
            adding = self._adding(act)
            known = self.prepared.get(adding) if adding else None
        except TypeError:
            known = None  # something in it is of the wrong type: told below
        if known is not None:
            return known
        kind = _validated(act)
        found = self._prepare(act, kind)
        if _is_of_one_kind(act) and not self.named_in_holds(act):
            if len(self.prepared) >= _MOST_KEPT:
                self.prepared.clear()
            if act.count == 1 and not act.so_far:
                self.prepared[_question(act)] = found
            elif adding := self._adding(act):
                self.prepared[adding] = found
        return found

    def _adding(self, act: Act) -> Adding | None:
        """Return what tells a question of many users, or one that adds up with others, from the rest; else None.

        However many they are, all that counts is whether they make it a bulk act.
        """
        if not _is_of_one_kind(act) or counted_as(act) is None:
            return None
        return _question(act), self._bulk(act)

    def _prepare(self, act: Act, kind: ActKind) -> Prepared:
        own = is_own_hand(act)
        row = self.edition.row(act.purpose, kind)
        mask = row.purpose.mask(act.items, self.edition.sensitive)
        dropped = self._dropped(act, own=own)
        word = row.static | self._about_items(act, row, mask, dropped, own=own)
        held, bits = self._seat(act)
        word |= bits
        post, full = held, own
        if own:
            word |= _B["own_hand"] | _B["actor_known"] | _B["post_clear"]
        else:
            allowed, shown, whole = self._granted(act, row, post)
            asked = row.purpose.mask(act.items - dropped) if dropped else mask
            word |= _B["granted"] if mask and not asked & ~allowed and (whole or not dropped) else 0
            full = bool(mask) and not mask & ~shown and not self.stand_ins(act, post)
            word |= self._agent(act, row, mask, post)
        word |= self._suspension(act, kind, dropped) | self._recipient(act, row)
        word |= self._bulk(act) | self._ground(act, kind) | self._held(act)
        by_retention = kind in ERASING_KINDS and bool(word & _B["touches_registration"])
        return Prepared(word, self.edition.lens(row, mask, post), full, by_retention)

    def agent_of(self, act: Act) -> str:
        """Return the id of the agent in whose post `act` is done; empty: it is done in none, or in no one post."""
        post = self.edition.posts.get(self._seat(act)[0])
        return post.agent if post else ""

    def stand_ins(self, act: Act, post: str | None = None) -> dict[str, str]:
        """Return the items of `act` of which a stand-in is given in place of the value -> for which party.

        That is the agent whose staff act, or whom the act names as its recipient: what leaves is made for whoever
        gets it. `post` is the one in which it is done, where that is known already.
        """
        given = self.edition.stand_ins
        if not given or act.by == OWN_HAND:
            return {}
        held = self.edition.posts.get(self._seat(act)[0] if post is None else post)
        parties = (held.agent if held else "", act.recipient)
        return {item: party for party in parties for item in act.items & given.get(party, frozenset())}

    def _dropped(self, act: Act, *, own: bool) -> frozenset[str]:
        """Return the items of `act` that no purpose needs any more, where it is one that may be done with such.

        Users look at what is still held of them, and it may be erased, for whichever purpose: needing nothing is no
        reason to keep it. Source: miit24:9.2, npcsc2012:8
        """
        given = self.edition.dropped
        if not given or not (act.kind in ERASING_KINDS or (own and act.kind is ActKind.QUERY)):
            return _NOTHING
        return act.items & given.keys()

    def _about_items(self, act: Act, row: Row, mask: int, dropped: frozenset[str], *, own: bool) -> int:
        declared = row.purpose.declared is not None
        needed = row.purpose.all if own else row.need
        asked = row.purpose.mask(act.items - dropped) if dropped else mask
        truths = {
            "items_known": bool(act.items) and act.items - dropped <= self.edition.items,
            "within_need": bool(act.items) and declared and not asked & ~needed,
            "declared_ground": bool(mask) and not mask & ~row.grounded,
            "touches_registration": not act.items.isdisjoint(self.edition.registration),
            "touches_sensitive": bool(mask & row.purpose.sensitive),
            "kind_declared": own and declared,
            "serves_users": own and declared,
        }
        return sum(_B[name] for name, true in truths.items() if true)

    def _seat(self, act: Act) -> tuple[str, int]:
        """Return the one post in which `act.by` acts, or empty, with the conditions about it."""
        if act.by == OWN_HAND:
            return "", 0
        appointments = self.state.appointments(act.by)
        if not appointments:
            return "", 0
        here = {each.post for each in appointments if _holds_here(each, act)}
        if not here and act.post in self.state.lent(act.by):
            here = {act.post}
        if len(here) != 1:
            return "", _B["actor_known"]
        return here.pop(), _B["actor_known"] | _B["post_clear"]

    def _granted(self, act: Act, row: Row, post: str) -> tuple[int, int, bool]:
        """Return the items the post may touch so, those it may see in full, and whether a grant is of all there are."""
        allowed, shown, whole = 0, 0, False
        if post not in self.edition.posts:
            return 0, 0, False
        day = calendar.day_of(act.when)
        for grant in self.edition.grants:
            if grant.post != post or act.purpose not in grant.purposes or act.kind not in grant.acts:
                continue
            if (grant.until and day > grant.until) or (grant.branches and act.where not in grant.branches):
                continue
            if grant.hours is None or grant.hours in self._opened:
                reach = row.purpose.covered(grant.items)
                allowed |= reach
                whole |= not grant.items
                shown |= reach if grant.full else 0
        return allowed, shown, whole

    def _agent(self, act: Act, row: Row, mask: int, post: str) -> int:
        declared = self.edition.posts.get(post)
        if declared is None or not declared.agent:
            return 0
        agent = self.edition.agents.get(declared.agent)
        fit = agent is not None and agent.id not in self.state.suspended_agents and is_fit(agent, act.when)
        within = (
            agent is not None
            and act.purpose in agent.purposes
            and act.kind in agent.acts
            and not mask & ~row.purpose.covered(agent.items)
        )
        return _B["agent_acts"] | _B["agent_fit"] * fit | _B["within_contract"] * within

    def _suspension(self, act: Act, kind: ActKind, dropped: frozenset[str]) -> int:
        purposes = {act.purpose}.union(*(self.edition.dropped[item] for item in dropped))
        return _B["suspended"] * any(self.state.stops(kind, each) for each in purposes)

    def _recipient(self, act: Act, row: Row) -> int:
        if not act.recipient:
            return 0
        word = _B["gives"]
        recipient = self.edition.recipients.get(act.recipient)
        if recipient is None or row.purpose.declared is None or act.recipient not in row.purpose.declared.recipients:
            return word
        return (
            word
            | _B["recipient_declared"]
            | _B["recipient_overseas"] * recipient.overseas
            | _B["recipient_based"] * self.edition.is_based(recipient, calendar.day_of(act.when))
        )

    def _bulk(self, act: Act) -> int:
        if counted_as(act) is None and not gives_many(act):
            return 0
        declared = self.edition.review
        threshold = declared.bulk_users if declared else 2
        together = (declared.window_users or threshold) if declared else threshold
        if act.count < threshold and (not act.so_far or act.so_far + act.count < together):
            return 0
        return _B["bulk"] | _B["reviewed"] * self.is_reviewed(act)

    def is_reviewed(self, act: Act) -> bool:
        """Say whether an approved review, unused and in time, covers the act, whether or not it needs one."""
        review = self._covering(act)
        return review is not None and review.listed in ("", act.listed)

    def is_of_a_list(self, act: Act) -> bool:
        """Say whether an approved review covers the act if it is about the very users whom that review is of."""
        review = self._covering(act)
        return review is not None and bool(review.listed)

    def _covering(self, act: Act) -> ReviewApproved | None:
        """Return the approved review, unused and in time, that covers the act but for whose information it is about."""
        review, declared = self.state.review(act.review), self.edition.review
        if review is None or declared is None:
            return None
        posts = self.state.reviewer_posts[review.review]
        kind = ActKind.EXPORT if gives_many(act) else act.kind
        covers = (
            review.requester == act.by
            and review.reviewer != review.requester
            and bool(posts & set(declared.reviewers))
            and (review.kind, review.purpose, review.recipient) == (kind, act.purpose, act.recipient)
            and act.items <= review.items
            and act.count <= review.count
            and act.when < review.at + dt.timedelta(hours=declared.valid_hours)
        )
        return review if covers else None

    def _ground(self, act: Act, kind: ActKind) -> int:
        ground = self.state.ground(act.ground) if act.ground else None
        covered = (
            ground is not None
            and kind in ground.kinds
            and act.purpose in ground.purposes
            and act.items <= ground.items
            and (not ground.users or bool({act.user, act.user_ref} - {""} & ground.users))
            and ground.recipient == act.recipient
            and bool(ground.recorded_by)
            and self.edition.lets_in_case(ground.cite, kind, act.items)
        )
        return _B["higher_law"] * covered

    def _held(self, act: Act) -> int:
        names = {act.user, act.user_ref} - {""} if act.user else ()
        return _B["held"] * any(concerns(each, names) for each in self._holds_on(act))

    def named_in_holds(self, act: Act) -> frozenset[str]:
        """Return what stands for the users for whom `act` is answered apart, since a hold keeps something of theirs."""
        return frozenset().union(*(each.users for each in self._holds_on(act)))

    def names_users(self, act: Act) -> bool:
        """Say whether what `act` comes to may hang on what stands for its user: in a ground, or in any hold."""
        return bool(act.ground or self.state.holds())

    def named(self, act: Act) -> list[str]:
        """Return what stands for the users whom the ground of `act` names, then for those whom holds on it name."""
        ground = self.state.ground(act.ground) if act.ground else None
        return list(dict.fromkeys([*(ground.users if ground else ()), *self.named_in_holds(act)]))

    def _holds_on(self, act: Act) -> list[HoldSet]:
        """Return the holds that keep something that `act` would erase, of whomever."""
        if act.kind not in ERASING_KINDS:
            return []
        return [each for each in self.state.holds() if touches(each, act.items, self.edition.registration)]


def user_word(profile: Profile, lens: Lens) -> int:
    """Return the user's conditions as seen through `lens`; the caller adds what depends on the passing of time."""
    if not profile.known:
        return 0
    row, edition, mask = lens.row, lens.edition, lens.mask
    purpose = row.purpose
    enough, express, guardian = edition.agreed(profile.consents.get(purpose.id, ()), row, lens.agent)
    noticed = 0
    for version, digest in profile.notices:
        if edition.told_by(version, digest):
            noticed |= edition.carried(version, row, lens.agent)
    services = frozenset(purpose.declared.services if purpose.declared else ())
    truths = {
        "user_known": True,
        "noticed": bool(mask) and not mask & ~noticed,
        "consented": bool(mask) and not mask & ~enough,
        "consented_expressly": bool(mask) and not mask & ~express,
        "sensitive_expressly": not mask & purpose.sensitive & ~express,
        "sensitive_by_guardian": not mask & purpose.sensitive & ~guardian,
        "deceived": purpose.id in profile.deceived,
        "service_in_use": bool(services & profile.in_use),
        "capacity_limited": profile.limited,
        "messages_requested": profile.messages == "requested",
        "messages_refused": profile.messages == "refused",
    }
    return sum(_B[name] for name, true in truths.items() if true)


def _is_of_one_kind(act: Act) -> bool:
    """Say whether what `act` comes to holds for other users too: it has no recipient, review or ground."""
    return bool(act.user) and not (act.recipient or act.review or act.ground)


def _question(act: Act) -> Question:
    return act.purpose, act.kind, act.items, act.by, act.post, act.where


def _holds_here(appointment: StaffAppointed, act: Act) -> bool:
    here = not appointment.branch or appointment.branch == act.where
    return here and (not act.post or act.post == appointment.post)


def is_fit(agent: Agent, when: dt.datetime) -> bool:
    """Say whether an agent is qualified and under contract with a clause on protection on the day of `when`."""
    qualification, contract, day = agent.qualification, agent.contract, calendar.day_of(when)
    if qualification is None or contract is None:
        return False
    qualified = qualification.checked_on <= day <= qualification.valid_until
    return qualified and contract.from_ <= day <= contract.until and contract.protection_clause


_NUMBERS = (("count", 1), ("so_far", 0))
_TEXTS = ("user", "purpose", "by", "where", "post", "recipient", "review", "ground", "listed")


def _validated(act: Act) -> ActKind:
    """Return the kind of the act, having looked at every field's type.

    Raises:
        InputError: a field is of the wrong type.

    """
    wrong = [name for name in _TEXTS if not isinstance(getattr(act, name), str)]
    if not isinstance(act.items, frozenset) or not all(isinstance(each, str) for each in act.items):
        wrong.append("items")
    wrong += [name for name, least in _NUMBERS if type(found := getattr(act, name)) is not int or found < least]
    if act.kind not in ActKind.__members__.values():
        wrong.append("kind")
    if wrong:
        raise InputError(f"the act's {', '.join(f'`{each}`' for each in wrong)} cannot be read", hint=_HINT)
    return ActKind(act.kind)


_HINT = "ids are text, items a frozenset of ids, count a whole number from one, kind one of the kinds of act"
