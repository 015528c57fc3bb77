# SPDX-License-Identifier: Apache-2.0
"""Accounts of people, their sessions, and what happened to them, as values."""

import datetime as dt
from enum import StrEnum
from typing import NamedTuple

import msgspec


class AccountKind(StrEnum):
    """Whose account it is (Order 24 Art. 11, 13(1), 14)."""

    STAFF = "staff"
    AGENT_STAFF = "agent_staff"
    INSPECTOR = "inspector"


class Factor(StrEnum):
    """By what somebody proved who they are."""

    PASSWORD = "password"  # noqa: S105 - a word, and no secret
    TOTP = "totp"
    RECOVERY = "recovery"
    PASSKEY = "passkey"
    OPENID = "openid"
    INVITATION = "invitation"


class What(StrEnum):
    """What happened to an account, or to another way in: a program's keys, an app's key."""

    INVITED = "invited"
    ACCEPTED = "accepted"
    SIGNED_IN = "signed_in"
    FAILED = "failed"
    LOCKED = "locked"
    PROVEN = "proven"
    ENROLLED = "enrolled"
    REMOVED = "removed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a word, and no secret
    ENDED = "ended"
    CLOSED = "closed"
    CONFIRMED = "confirmed"
    LINKED = "linked"
    UNLINKED = "unlinked"
    PROGRAM_ADDED = "program_added"
    PROGRAM_CLOSED = "program_closed"
    KEY_MADE = "key_made"
    KEY_ROTATED = "key_rotated"
    KEY_REVOKED = "key_revoked"
    APP_KEY_ADDED = "app_key_added"
    APP_KEY_ENDED = "app_key_ended"


WAYS_IN = frozenset(
    {
        *(What.INVITED, What.ACCEPTED, What.CLOSED, What.CONFIRMED, What.LINKED, What.UNLINKED),
        *(What.PROGRAM_ADDED, What.PROGRAM_CLOSED, What.KEY_MADE, What.KEY_ROTATED, What.KEY_REVOKED),
        *(What.APP_KEY_ADDED, What.APP_KEY_ENDED),
    }
)
"""What gave somebody a way in, or took it."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One person's account; its id stands in `Act.by`."""

    id: str
    kind: AccountKind
    agent: str = ""
    """For agents' staff: id of the agent."""
    mail: str = ""
    """Where invitations are mailed."""
    created: dt.datetime
    closed: dt.datetime | None = None
    invited_until: dt.datetime | None = None
    """Until when an open invitation can be accepted."""
    waits: str = ""
    """Who invited them, while the invitation waits for a second hand; empty: it waits for nobody."""
    has_password: bool = False
    has_totp: bool = False


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One time that somebody signed in."""

    id: str
    account: str
    created: dt.datetime
    used: dt.datetime
    """When it was last used, to the minute."""
    until: dt.datetime
    """When it ends at the latest, used or not."""
    proven_at: dt.datetime
    """When they last proved themselves in full; by a provider, when they did so there, 1970 when it does not say."""
    limited: bool
    """Whether it serves only to enrol a second factor."""
    factors: tuple[Factor, ...]
    browser: str
    """What the browser said it is, cut short."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to an account."""

    at: dt.datetime
    account: str
    """Id of the account; of the program whose key it is; of the service that an app's key names."""
    what: What
    by: str
    """Who did it: the account itself, or who looks after accounts."""
    factors: tuple[Factor, ...] = ()
    known_device: bool = False
    about: str = ""
    """Id of the key, or the provider's subject, where it is about one."""


class Try(NamedTuple):
    """One try to prove something, counted already."""

    account: str
    """Empty when there is no such account."""
    stored: str
    """The hash to be checked: the account's, or one that no password has."""
    device: str
    may: bool
    """Whether the try counts at all; when not, it is checked for the sake of time alone."""
    others: tuple[str, ...] = ()
    """Hashes that were made at another cost than now: whose it is, the same work is done."""


class SignedIn(NamedTuple):
    """A new session; `token` and `device` are told this once, to the browser alone."""

    session: Session
    token: str
    device: str
    """What lets this browser keep a count of failures of its own."""


class SecondStep(NamedTuple):
    """The first factor was right; the second is to follow under `ticket`."""

    ticket: str
    until: dt.datetime
