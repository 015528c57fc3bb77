# SPDX-License-Identifier: Apache-2.0
"""A user's facts folded into what the prohibitions read.

Facts are folded in the order of their times; where times are equal, in the order in which they were recorded. Users
of whom the same things are true share one `Profile`, so a million standings stay small and the gate's work on a
profile is done once.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from keshou.gate import facts as f
from keshou.law.terms import ConsentStrength

_NONE: frozenset[str] = frozenset()
_at = attrgetter("at")
BEFORE_ALL = dt.datetime.min.replace(tzinfo=dt.UTC)
"""Earlier than any fact."""


class Consent(NamedTuple):
    """One consent that still stands, in whole or in part."""

    version: int
    strength: ConsentStrength
    items: frozenset[str]
    """Empty means every item the purpose declared in that version."""
    less: frozenset[str]
    """Items withdrawn from it since."""


class Profile:
    """What is true of a user apart from when it came true; equal profiles are one object."""

    __slots__ = ("__weakref__", "_hash", "_key", "consents", "deceived", "in_use", "known", "limited", "messages",
                 "notices", "words")  # fmt: skip

    known: bool
    """False for somebody of whom nothing is on record, and after erasure."""
    consents: dict[str, tuple[Consent, ...]]
    """By purpose."""
    deceived: frozenset[str]
    """Purposes whose consent was voided and not given anew."""
    notices: frozenset[tuple[int, str]]
    """Version and digest of the rules shown."""
    in_use: frozenset[str]
    """Services the user uses."""
    limited: bool
    messages: str
    """``requested``, ``refused`` or empty."""
    words: dict[object, int]
    """The gate's own notes: an act's prepared form -> the user's conditions. Nothing that can go stale."""

    def __init__(self, key: tuple[object, ...], draft: "_Draft") -> None:
        self._key, self._hash = key, hash(key)
        self.known, self.limited, self.messages = draft.known, draft.limited, draft.messages
        self.consents, self.deceived = dict(draft.consents), frozenset(draft.deceived)
        self.notices, self.in_use = frozenset(draft.notices), frozenset(draft.in_use)
        self.words = {}

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Profile) and self._key == other._key)

    def __hash__(self) -> int:
        return self._hash


_profiles: WeakValueDictionary[tuple[object, ...], Profile] = WeakValueDictionary()


class UserStanding(NamedTuple):
    """One user's standing after the last fact on record."""

    profile: Profile
    last: dt.datetime
    """When the last fact came true; acts dated before it need the facts folded anew."""
    ended: dt.datetime | None
    """When the last service in use ended; None while one is in use or none was."""


class _Draft:
    """A standing being folded."""

    __slots__ = (
        "consents",
        "deceived",
        "ended",
        "in_use",
        "known",
        "last",
        "limited",
        "messages",
        "notices",
        "objected",
    )

    objected: dict[str, frozenset[str]]
    """Purpose -> items to which the user objected and has not agreed expressly since; empty means the whole purpose."""

    def __init__(self) -> None:
        self.known = self.limited = False
        self.consents: dict[str, tuple[Consent, ...]] = {}
        self.deceived: set[str] = set()
        self.objected = {}
        self.notices: set[tuple[int, str]] = set()
        self.in_use: set[str] = set()
        self.messages = ""
        self.last = BEFORE_ALL
        self.ended: dt.datetime | None = None

    def profile(self) -> Profile:
        """Return the one profile that says this."""
        consents = frozenset(self.consents.items())
        parts = (frozenset(each) for each in (self.deceived, self.notices, self.in_use))
        key = (self.known, self.limited, self.messages, consents, *parts)
        found = _profiles.get(key)
        if found is None:
            found = _profiles[key] = Profile(key, self)
        return found


def fold_user(facts: Iterable[f.UserFact], until: dt.datetime | None = None) -> UserStanding:
    """Fold a user's facts, given in the order recorded, into a standing; `until` leaves out what came true later."""
    draft = _Draft()
    for fact in sorted(facts if until is None else (each for each in facts if each.at <= until), key=_at):
        draft.last = fact.at
        _STEPS[type(fact)](draft, fact)
        if type(fact) is f.Erased:
            break
    return UserStanding(draft.profile(), draft.last, None if draft.in_use else draft.ended)


def _notice_shown(draft: _Draft, fact: f.NoticeShown) -> None:
    draft.known = True
    draft.notices.add((fact.version, fact.digest))


def _consent_given(draft: _Draft, fact: f.ConsentGiven) -> None:
    """Take a consent; silence is none where the user objected or was deceived. Source: gbz28828:2.4, gbz28828:4.1.3."""
    draft.known = True
    purpose, less = fact.purpose, _NONE
    if purpose in draft.objected:
        if fact.strength is not ConsentStrength.TACIT:
            _no_longer_objected(draft, fact)
        elif not (less := draft.objected[purpose]):
            return
    draft.deceived.discard(purpose)
    given = Consent(fact.version, fact.strength, fact.items, less)
    before = draft.consents.get(purpose)
    if before is None:
        draft.consents[purpose] = (given,)
        return
    others = [each for each in before if each[:3] != given[:3]]
    draft.consents[purpose] = tuple(sorted([*others, given], key=_consent_order))


def _no_longer_objected(draft: _Draft, fact: f.ConsentGiven) -> None:
    """Let an express consent end the objections that it covers; one to the whole purpose only as a whole."""
    objected = draft.objected.pop(fact.purpose, None)
    if objected is not None and fact.items and (not objected or objected - fact.items):
        draft.objected[fact.purpose] = objected - fact.items


def _consent_order(consent: Consent) -> tuple[object, ...]:
    return (consent.version, consent.strength, sorted(consent.items), sorted(consent.less))


def _consent_withdrawn(draft: _Draft, fact: f.ConsentWithdrawn) -> None:
    draft.known = True
    standing = draft.consents.pop(fact.purpose, ())
    before = draft.objected.get(fact.purpose, fact.items)
    draft.objected[fact.purpose] = before | fact.items if before and fact.items else _NONE
    if fact.items and standing:
        left = {each._replace(less=each.less | fact.items) for each in standing}
        draft.consents[fact.purpose] = tuple(sorted(left, key=_consent_order))


def _consent_voided(draft: _Draft, fact: f.ConsentVoided) -> None:
    draft.known = True
    draft.consents.pop(fact.purpose, None)
    draft.objected[fact.purpose] = _NONE
    draft.deceived.add(fact.purpose)


def _messages_requested(draft: _Draft, _fact: f.UserFact) -> None:
    draft.known, draft.messages = True, "requested"


def _messages_refused(draft: _Draft, _fact: f.UserFact) -> None:
    draft.known, draft.messages = True, "refused"


def _service_started(draft: _Draft, fact: f.ServiceStarted) -> None:
    draft.known = True
    draft.in_use.add(fact.service)


def _service_ended(draft: _Draft, fact: f.ServiceEnded) -> None:
    draft.known = True
    draft.in_use.discard(fact.service)
    draft.ended = fact.at


def _capacity_limited(draft: _Draft, _fact: f.UserFact) -> None:
    draft.known = draft.limited = True


def _capacity_full(draft: _Draft, _fact: f.UserFact) -> None:
    draft.known, draft.limited = True, False


def _corrected(draft: _Draft, _fact: f.UserFact) -> None:
    draft.known = True


def _erased(draft: _Draft, fact: f.UserFact) -> None:
    draft.__init__()  # type: ignore[misc]
    draft.last = fact.at


_STEPS: dict[type[f.UserFact], Callable[[_Draft, Any], None]] = {
    f.NoticeShown: _notice_shown,
    f.ConsentGiven: _consent_given,
    f.ConsentWithdrawn: _consent_withdrawn,
    f.ConsentVoided: _consent_voided,
    f.MessagesRequested: _messages_requested,
    f.MessagesRefused: _messages_refused,
    f.ServiceStarted: _service_started,
    f.ServiceEnded: _service_ended,
    f.CapacityLimited: _capacity_limited,
    f.CapacityFull: _capacity_full,
    f.Corrected: _corrected,
    f.Erased: _erased,
}

UNKNOWN = fold_user(())
"""The standing of somebody of whom nothing is on record."""
