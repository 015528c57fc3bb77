# SPDX-License-Identifier: Apache-2.0
"""How people prove who they are, over the wire: invitations, passwords, second factors, sessions, accounts."""

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import Meta

from keshou.accounts.account import Account, AccountKind, Event, Factor, Session, What
from keshou.wire.words import Id, NoId

Password = Annotated[str, Meta(min_length=1, max_length=256)]
Code = Annotated[str, Meta(min_length=6, max_length=64, pattern="^[A-Za-z0-9 -]+$")]
Ticket = Annotated[str, Meta(min_length=20, max_length=200, pattern="^[A-Za-z0-9_-]+$")]
Mail = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=r"^([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*)?$(?!\n)",
        description="An address of mail; empty for none.",
    ),
]


class SignInRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first step of signing in."""

    account: Id
    password: Password


class SecondStepRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The second step of signing in."""

    ticket: Ticket
    code: Code
    """What the authenticator shows, or a recovery code."""


class InvitationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An invitation that somebody has been given."""

    invitation: Ticket


class AcceptRequest(InvitationRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An invitation accepted."""

    password: Password


class ProofRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fresh proof, by the one who is signed in."""

    password: Password
    code: Annotated[str, Meta(max_length=64, pattern="^[A-Za-z0-9 -]*$")] = ""
    """Needed where a second factor is enrolled."""


class PasswordRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new password in the place of the one before."""

    before: Password
    password: Password


class CodeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an authenticator shows."""

    code: Code


class SessionShape(msgspec.Struct, frozen=True, kw_only=True):
    """A session."""

    id: str
    created: dt.datetime
    used: dt.datetime
    until: dt.datetime
    """When it ends at the latest."""
    proven_at: dt.datetime
    limited: bool
    """Whether it serves only to enrol a second factor."""
    factors: list[Factor]
    browser: str
    own: bool = False
    """Whether it is the one that asks."""


class SignedInAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody is signed in, or half so. The session itself comes as a cookie."""

    account: str = ""
    session: SessionShape | None = None
    ticket: str = ""
    """For the second step; empty when none is needed."""
    ticket_until: dt.datetime | None = None


class InvitedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an invitation is for."""

    account: str
    kind: AccountKind
    until: dt.datetime | None
    fewest_characters: int
    """Of a password."""


class Whoami(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in."""

    account: str
    kind: AccountKind
    agent: str
    has_totp: bool
    recovery_codes: int
    """How many are left."""
    session: SessionShape
    posts: list[str]
    """Posts held now."""
    offices: list[str]
    """Offices of administration that come with them."""


class TotpOffer(msgspec.Struct, frozen=True, kw_only=True):
    """What an authenticator is given."""

    secret: str
    address: str
    """``otpauth://...``, for a picture."""


class RecoveryCodes(msgspec.Struct, frozen=True, kw_only=True):
    """Codes for when the authenticator is lost; each serves once, and they are shown this once."""

    codes: list[str]


class AccountShape(msgspec.Struct, frozen=True, kw_only=True):
    """An account of a person."""

    id: str
    kind: AccountKind
    agent: str
    mail: str
    created: dt.datetime
    closed: dt.datetime | None
    invited_until: dt.datetime | None
    waits: str
    """Who invited them, while the invitation waits for a second hand; empty: it waits for nobody."""
    has_password: bool
    has_totp: bool


class InviteRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody to be invited; the id is the one that staff have."""

    id: Id
    kind: AccountKind = AccountKind.STAFF
    agent: NoId = ""
    mail: Mail = ""


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation, told this once."""

    account: AccountShape
    invitation: str
    mailed: bool = False
    """Whether it was mailed to the account's address too; else hand it over."""


class EventShape(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to an account."""

    at: dt.datetime
    account: str
    what: What
    by: str
    factors: list[Factor]
    known_device: bool
    about: str
    """Id of the key, or the provider's subject, where it is about one."""


def session_shape(session: Session, own: str = "") -> SessionShape:
    """Return a session as it is told; `own` is the id of the one that asks."""
    return SessionShape(
        id=session.id, created=session.created, used=session.used, until=session.until, proven_at=session.proven_at,
        limited=session.limited, factors=list(session.factors), browser=session.browser, own=session.id == own,
    )  # fmt: skip


def account_shape(account: Account) -> AccountShape:
    """Return an account as it is told."""
    return msgspec.convert(msgspec.structs.asdict(account), AccountShape)


def event_shape(event: Event) -> EventShape:
    """Return what happened as it is told."""
    return msgspec.convert(msgspec.structs.asdict(event) | {"factors": list(event.factors)}, EventShape)
