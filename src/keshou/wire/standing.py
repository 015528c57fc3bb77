# SPDX-License-Identifier: Apache-2.0
"""What is on record of a user, as it is answered over the wire: facts told, standing, own copy."""

import datetime as dt
from collections.abc import Container

import msgspec

from keshou.gate.facts import UserFact
from keshou.gate.standing import UserStanding
from keshou.law.terms import ConsentStrength, RetentionClass
from keshou.wire.acts import KeyGone
from keshou.wire.decision import DecisionShape
from keshou.wire.words import Revision


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Something was written down."""

    entry: Revision
    """Place of its entry in the log, counted from zero."""
    revision: Revision
    """From which revision on it holds."""
    shredded: list[KeyGone] = []
    """Keys destroyed by it."""
    repeated: bool = False
    """Whether this idempotency key had been answered before; then nothing was done now."""


class NoticeShape(msgspec.Struct, frozen=True, kw_only=True):
    """Published rules that the user was shown."""

    version: int
    digest: str


class ConsentShape(msgspec.Struct, frozen=True, kw_only=True):
    """A consent that stands, in whole or in part."""

    purpose: str
    version: int
    strength: ConsentStrength
    items: list[str]
    """Empty: every item the purpose declared in that version."""
    less: list[str]
    """Items withdrawn from it since."""


class StandingShape(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate reads of a user."""

    notices: list[NoticeShape]
    consents: list[ConsentShape]
    voided: list[str]
    """Purposes whose consent was found to be had wrongly, and not given anew."""
    services: list[str]
    """Those in use."""
    messages: str
    """``requested``, ``refused`` or empty."""
    limited_capacity: bool
    since: dt.datetime | None
    """When the last of it came true; not told where only a part is."""


class UserAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A user as the gate lets them be seen; recorded as an act."""

    decision: DecisionShape
    entry: Revision
    revision: Revision
    values: dict[str, str]
    """Item to value: masked unless the grant is for full values."""
    stand_ins: list[str] = []
    """Items of which `values` has stand-ins."""
    standing: StandingShape


class HeldShape(msgspec.Struct, frozen=True, kw_only=True):
    """An item held of the user."""

    item: str
    name: str
    """In the caller's language."""
    class_: RetentionClass = msgspec.field(name="class")
    purposes: list[str]
    """Ids of the purposes that need it."""
    may_query: bool
    """Whether the user may see it now."""
    full: bool
    """Whether in full; otherwise masked."""


class KeptShape(msgspec.Struct, frozen=True, kw_only=True):
    """Why something of the user is kept from erasure for now."""

    ground: str
    """``dispute``, ``case``, ``authority`` or ``law``."""
    cite: str
    """The provision relied on; empty: none was cited."""
    since: dt.datetime
    until: dt.datetime | None
    """None: until it is lifted."""
    items: list[str]


class MeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What is on record of the user who asks; values are in the copy."""

    revision: Revision
    held: list[HeldShape]
    kept: list[KeptShape]
    """What of it may not be erased for now, as far as the user is told."""
    standing: StandingShape
    log_key: str
    """Verifier key of the log, for checking an entry's proof; whoever checks takes it from another channel too."""


class FactShape(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that came true of a user."""

    type: str
    """E.g. ``consent_given``."""
    at: dt.datetime
    purpose: str = ""
    service: str = ""
    version: int = 0
    digest: str = ""
    strength: str = ""
    items: list[str] = []
    because: str = ""
    evidence: str = ""
    """Id of what shows it, in the operator's own books."""


class NamedValue(msgspec.Struct, frozen=True, kw_only=True):
    """An item of the copy."""

    item: str
    name: str
    value: str
    masked: bool = False
    """Whether who asked may not see it in full: then it is masked, or a stand-in."""


class OwnActShape(msgspec.Struct, frozen=True, kw_only=True):
    """One act on the user's information."""

    entry: Revision
    at: dt.datetime
    by: str
    """``user`` for the user's own hand; else empty: staff are told by their post."""
    post: str
    """Empty: not known."""
    act: str
    permitted: bool | None
    """Whether it was done of this user; null: done of many users, refused of some, and not on record of whom."""
    purpose: str
    items: list[str]
    recipient: str
    cites: list[str] = []
    """The provisions under which it was refused of this user."""
    outside: bool = False
    """Whether it was let through for a table in a system of the operator's own; that it was done is not known here."""


class NotShownShape(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is held and may not be shown to who asked."""

    item: str
    name: str
    cites: list[str]
    """The provisions under which it was denied; none: no purpose lets staff look it up."""


class CopyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A user's own copy."""

    made: dt.datetime
    user: str
    information: list[NamedValue]
    not_shown: list[NotShownShape]
    """What is held and is not in `information`."""
    purposes: dict[str, list[str]]
    """Purpose of the rules in force to the items held that it needs on the user's standing consent, or on a law."""
    unagreed: dict[str, list[str]]
    """Purpose to the items held that it needs by the rules in force and may not use: no consent stands, and no law."""
    unneeded: list[str]
    """Items held that no purpose of the rules in force needs."""
    history: list[FactShape]
    """Oldest first."""
    recipients: dict[str, list[str]]
    """Purpose to those it may be given to."""
    acts: list[OwnActShape]
    """All that was done with it, or was asked for and refused, oldest first; if permitted with a recipient, given."""
    kept: list[KeptShape]
    """What may not be erased for now, as far as the user is told."""


def standing_shape(
    standing: UserStanding, purposes: Container[str] | None = None, services: Container[str] | None = None
) -> StandingShape:
    """Return a standing as it goes over the wire; with `purposes` and `services`, only what is of those."""
    profile = standing.profile
    whole = purposes is None or services is None
    return StandingShape(
        notices=[NoticeShape(version=version, digest=digest) for version, digest in sorted(profile.notices)],
        consents=[
            ConsentShape(
                purpose=purpose,
                version=each.version,
                strength=each.strength,
                items=sorted(each.items),
                less=sorted(each.less),
            )
            for purpose, consents in sorted(profile.consents.items())
            for each in consents
            if purposes is None or purpose in purposes
        ],
        voided=sorted(each for each in profile.deceived if purposes is None or each in purposes),
        services=sorted(each for each in profile.in_use if services is None or each in services),
        messages=profile.messages,
        limited_capacity=profile.limited,
        since=standing.last if profile.known and whole else None,
    )


def fact_shape(fact: UserFact) -> FactShape:
    """Return a fact as it goes over the wire."""
    found = {name: value for name, value in msgspec.structs.asdict(fact).items() if name in FactShape.__struct_fields__}
    found |= {"items": sorted(found["items"])} if "items" in found else {}
    return FactShape(type=str(fact.__struct_config__.tag), **found)
