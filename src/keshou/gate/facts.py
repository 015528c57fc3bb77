# SPDX-License-Identifier: Apache-2.0
"""What can come true: notice, consent, service, appointment, qualification, review, suspension, ground.

A fact is written once and never changed; a later fact ends an earlier one. Facts hold ids and times and never
anybody's information. `at` is when it came true (UTC). The *revision* of a fact is the size of the log after the
entry that recorded it, so a decision that names its revision names a place in the log.
"""

import datetime as dt
from typing import Literal

import msgspec

from keshou.law.terms import ActKind, ConsentStrength


class UserFact(msgspec.Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True, gc=False):
    """Something that came true of one user."""

    at: dt.datetime


class NoticeShown(UserFact, frozen=True, kw_only=True, tag="notice_shown"):
    """The user was shown the published rules of `version` (Order 24 Art. 9(2)); `digest` says which text."""

    version: int
    digest: str


class ConsentGiven(UserFact, frozen=True, kw_only=True, tag="consent_given"):
    """The user, or a guardian, agreed to a purpose under `version` (Order 24 Art. 9(1))."""

    purpose: str
    version: int
    strength: ConsentStrength
    items: frozenset[str] = frozenset()
    """Empty means every item the purpose declared in that version."""
    evidence: str = ""
    """Id of what shows it, such as the signed form, in the operator's own books; empty: the entry itself does."""


class ConsentWithdrawn(UserFact, frozen=True, kw_only=True, tag="consent_withdrawn"):
    """The user withdrew; empty `items` means the whole consent to the purpose."""

    purpose: str
    items: frozenset[str] = frozenset()
    evidence: str = ""
    """As of `ConsentGiven`."""


class ConsentVoided(UserFact, frozen=True, kw_only=True, tag="consent_voided"):
    """The consent was found to be had by deceit, misleading or coercion (Order 24 Art. 9(3)); it counts as none."""

    purpose: str
    because: str
    """``deceit``, ``misleading`` or ``coercion``."""


class MessagesRequested(UserFact, frozen=True, kw_only=True, tag="messages_requested"):
    """The user asked for commercial messages (Decision item 7)."""


class MessagesRefused(UserFact, frozen=True, kw_only=True, tag="messages_refused"):
    """The user expressly refused commercial messages (Decision item 7); a later request ends it."""


class ServiceStarted(UserFact, frozen=True, kw_only=True, tag="service_started"):
    """The user began to use a service."""

    service: str


class ServiceEnded(UserFact, frozen=True, kw_only=True, tag="service_ended"):
    """The user stopped using a service (Order 24 Art. 9(4)); collecting and using for it stop."""

    service: str


class CapacityLimited(UserFact, frozen=True, kw_only=True, tag="capacity_limited"):
    """The user is under 16 or otherwise of limited capacity (GB/Z 28828-2012); a guardian consents."""


class CapacityFull(UserFact, frozen=True, kw_only=True, tag="capacity_full"):
    """The user came of the age or regained capacity."""

    evidence: str = ""
    """Id of what shows it, in the operator's own books; empty in what was written before that was asked for."""


class Corrected(UserFact, frozen=True, kw_only=True, tag="corrected"):
    """What was held of the user was corrected, and something shows that it is right now (Order 24 Art. 9(2))."""

    purpose: str
    items: frozenset[str]
    evidence: str
    """Id of what shows it, such as the document that was seen, in the operator's own books."""


class Erased(UserFact, frozen=True, kw_only=True, tag="erased"):
    """Every key of the user was destroyed; nothing about the user can be done any more."""


class SiteFact(msgspec.Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """Something that came true of the operator, its staff, its agents or the authority."""

    at: dt.datetime


class RulesPublished(SiteFact, frozen=True, kw_only=True, tag="rules_published"):
    """A declaration version was published (Order 24 Art. 8); in force from `effective`."""

    version: int
    digest: str
    effective: dt.datetime
    by: str = ""
    """Who published it; empty in what was written before that was kept."""


class StaffAppointed(SiteFact, frozen=True, kw_only=True, tag="staff_appointed"):
    """A person or program took up a post, in one branch or (empty) everywhere, until a moment or without end."""

    staff: str
    post: str
    branch: str = ""
    until: dt.datetime | None = None


class StaffRemoved(SiteFact, frozen=True, kw_only=True, tag="staff_removed"):
    """A person or program left a post."""

    staff: str
    post: str


class StaffLeft(SiteFact, frozen=True, kw_only=True, tag="staff_left"):
    """A person or program left for good: every post ends, and whatever was lent in an emergency."""

    staff: str


class AccessConfirmed(SiteFact, frozen=True, kw_only=True, tag="access_confirmed"):
    """Whoever answers for a post's department confirmed that `staff` still needs it (Order 24 Art. 13(v))."""

    staff: str
    post: str
    by: str
    until: dt.datetime
    """Unless confirmed again, it lapses then; at the latest when the rules in force at `at` have it lapse."""


class EmergencyOpened(SiteFact, frozen=True, kw_only=True, tag="emergency_opened"):
    """In an emergency a member of staff took a further post's grants, as the rules foresee, for a declared reason."""

    emergency: str
    staff: str
    post: str
    reason: str
    """Id of one of the declared reasons."""
    case: str
    """Id of what happened, in the operator's own books; never words about anybody."""
    until: dt.datetime


class EmergencyReviewed(SiteFact, frozen=True, kw_only=True, tag="emergency_reviewed"):
    """Somebody else looked at what was done in an emergency; where it was still open, that ends it."""

    emergency: str
    by: str
    found: Literal["justified", "unjustified"]


class AgentSuspended(SiteFact, frozen=True, kw_only=True, tag="agent_suspended"):
    """An agent was found unfit (Order 24 Art. 11); its staff may do nothing until reinstated."""

    agent: str


class AgentReinstated(SiteFact, frozen=True, kw_only=True, tag="agent_reinstated"):
    """An unfit agent was found fit again."""

    agent: str


class ReviewAsked(SiteFact, frozen=True, kw_only=True, tag="review_asked"):
    """Somebody asked that one bulk act be reviewed; nothing is permitted by asking."""

    review: str
    requester: str
    kind: ActKind
    purpose: str
    items: frozenset[str]
    count: int
    """The most users it is to cover."""
    recipient: str = ""
    listed: str = ""
    """What stands for the very list of users that it is of; empty: it is of any list of no more than `count`."""


class ReviewRefused(SiteFact, frozen=True, kw_only=True, tag="review_refused"):
    """Another person reviewed what was asked for and refused it (Order 24 Art. 13(iii))."""

    review: str
    reviewer: str


class ReviewApproved(SiteFact, frozen=True, kw_only=True, tag="review_approved"):
    """Another person reviewed and approved one bulk act (Order 24 Art. 13(iii)); it serves once, until `until`."""

    review: str
    requester: str
    reviewer: str
    kind: ActKind
    purpose: str
    items: frozenset[str]
    count: int
    """The most users it covers."""
    until: dt.datetime
    recipient: str = ""
    listed: str = ""
    """As of `ReviewAsked`: what was approved is just that list."""


class ReviewUsed(SiteFact, frozen=True, kw_only=True, tag="review_used"):
    """The bulk act a review approved was done."""

    review: str


class SuspensionOrdered(SiteFact, frozen=True, kw_only=True, tag="suspension_ordered"):
    """The authority asked that acts stop before it decides (Order 24 Art. 14(2)); empty sets mean all."""

    suspension: str
    kinds: frozenset[ActKind] = frozenset()
    purposes: frozenset[str] = frozenset()


class SuspensionLifted(SiteFact, frozen=True, kw_only=True, tag="suspension_lifted"):
    """The authority lifted a suspension."""

    suspension: str


class GroundRecorded(SiteFact, frozen=True, kw_only=True, tag="ground_recorded"):
    """A law or administrative regulation provides otherwise (Order 24 Art. 9(5)) for just these acts.

    Never a switch: it names the provision relied on, who recorded it, the acts, the purposes, the items, and when
    it ends.
    """

    ground: str
    cite: str
    """The higher provision, as the operator cites it."""
    rank: str
    """Its rank, as in the law's data; a departmental rule is refused."""
    recorded_by: str
    kinds: frozenset[ActKind]
    purposes: frozenset[str]
    items: frozenset[str]
    until: dt.datetime
    users: frozenset[str] = frozenset()
    """Ids of the users concerned; empty means all."""
    recipient: str = ""


class GroundEnded(SiteFact, frozen=True, kw_only=True, tag="ground_ended"):
    """A recorded ground holds no longer."""

    ground: str


class MediumRegistered(SiteFact, frozen=True, kw_only=True, tag="medium_registered"):
    """Something that carries users' information is there (Order 24 Art. 13(iv)): paper, discs, tapes, a backup."""

    medium: str
    form: Literal["paper", "optical", "magnetic", "flash", "backup", "other"]
    place: str
    """Id of where it is kept."""
    holder: str
    """Id of who answers for it."""
    sealed: bool
    """Whether whoever finds it can read nothing: encrypted, or closed with an unbroken seal."""
    items: frozenset[str] = frozenset()
    """Ids of the kinds of information on it; empty: any."""
    until: dt.datetime | None = None
    """By when it is to be destroyed."""
    to: tuple[str, ...] = ()
    """Of a backup: the age recipients who open it beside the site's own key."""


class MediumMoved(SiteFact, frozen=True, kw_only=True, tag="medium_moved"):
    """A medium is somewhere else, or in other hands."""

    medium: str
    place: str
    holder: str
    sealed: bool


class MediumChecked(SiteFact, frozen=True, kw_only=True, tag="medium_checked"):
    """Somebody looked whether a medium is where the register says, and as it says."""

    medium: str
    by: str
    found: Literal["in_order", "seal_broken", "missing"]


class MediumDestroyed(SiteFact, frozen=True, kw_only=True, tag="medium_destroyed"):
    """A medium was destroyed before a witness; or, of a backup, it was never made."""

    medium: str
    by: str
    witness: str
    manner: Literal["shredded", "burnt", "degaussed", "crushed", "overwritten", "deleted", "not_made"]


class Restored(SiteFact, frozen=True, kw_only=True, tag="restored"):
    """The database was put back from an archive; what was done after it is lost, but for erasures, done again."""

    archive: str
    """Id of the archive in the register of media."""
    by: str
    reason: str
    """Id of why, in the operator's own books; never words about anybody."""
    size: int
    """Entries that the archive had."""
    lost_size: int = 0
    """Entries of the longest log that is known to have been signed and is not this one's beginning; 0: none is."""
    lost_root: str = ""
    """Root of that log, hex."""
    erased: int = 0
    """How many erasures were done again."""


class RecipientKeyVerified(SiteFact, frozen=True, kw_only=True, tag="recipient_key_verified"):
    """Somebody made sure that a public key is a recipient's; files are sealed to it until it ends or another comes."""

    recipient: str
    key: str
    """In the age format, ``age1...``."""
    verified_by: str
    how: Literal["in_person", "called_back", "signed_document"]


class RecipientKeyEnded(SiteFact, frozen=True, kw_only=True, tag="recipient_key_ended"):
    """A recipient's key serves no longer; nothing is sealed to it."""

    recipient: str


class HandedOver(SiteFact, frozen=True, kw_only=True, tag="handed_over"):
    """A file was made for a recipient out of an export that was permitted and recorded (Order 24 Arts 10, 13(vi))."""

    handover: str
    entry: int
    """Place of the export's entry in the log."""
    recipient: str
    purpose: str
    by: str
    count: int
    digest: str
    manifest: str
    """SHA-256 of the sealed file and of its manifest, lower-case hex."""


class LinkMade(SiteFact, frozen=True, kw_only=True, tag="link_made"):
    """A link was made by which a recipient sees one user's record, so often, until then; whose stands nowhere here."""

    link: str
    by: str
    purpose: str
    items: frozenset[str]
    recipient: str
    most: int
    until: dt.datetime


class LinkRevoked(SiteFact, frozen=True, kw_only=True, tag="link_revoked"):
    """A link was ended before its time."""

    link: str
