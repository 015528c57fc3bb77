# SPDX-License-Identifier: Apache-2.0
"""Programs and what they prove themselves by, over the wire."""

import datetime as dt
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from keshou.law.terms import ActKind
from keshou.programs.grant import Credential, CredentialKind, KeyGrant, Program
from keshou.programs.scope import Scope
from keshou.wire.words import Id, Moment

_Purposes = Annotated[list[Id], Meta(max_length=256)]
_Acts = Annotated[list[ActKind], Meta(max_length=64)]
Overlap = Annotated[int, Meta(ge=0, le=60 * 24 * 366)]


class ProgramRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A program that is to call."""

    id: Id
    """The id by which it is appointed to posts; no person's."""


class ProgramShape(msgspec.Struct, frozen=True, kw_only=True):
    """A program that may call, or once could."""

    id: str
    created: dt.datetime
    closed: dt.datetime | None


class CredentialRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a program is to prove itself by, what for and until when."""

    kind: CredentialKind
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=16)]
    until: Moment
    purposes: _Purposes | None = None
    """Null: every purpose that its posts reach."""
    acts: _Acts | None = None
    """Null: every kind of act that its posts reach."""
    jwk: dict[str, Any] | None = None
    """For the kind `jwk`: the public key, Ed25519, P-256, or RSA of 2,048 bits or more."""


class RotationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new key or secret in the place of one that is in use."""

    until: Moment
    overlap_minutes: Overlap
    """For how long the one before goes on."""


class CredentialShape(msgspec.Struct, frozen=True, kw_only=True):
    """What a program proves itself by; its secret is nowhere."""

    id: str
    program: str
    kind: CredentialKind
    scopes: list[Scope]
    purposes: list[str] | None
    acts: list[ActKind] | None
    created: dt.datetime
    until: dt.datetime
    revoked: dt.datetime | None
    used: dt.datetime | None
    """When it was last used, to within the setting."""
    by: str
    """Who made it; empty of those from before that was kept."""
    waits: bool
    """Whether it proves nothing before a second hand confirms it."""


class MadeCredential(msgspec.Struct, frozen=True, kw_only=True):
    """What was made."""

    credential: CredentialShape
    secret: str
    """The key or client secret: told this once. Empty for a public key."""


def grant_of(asked: CredentialRequest) -> KeyGrant:
    """Return what a credential is asked to be for."""
    return KeyGrant(
        scopes=frozenset(asked.scopes),
        until=asked.until.astimezone(dt.UTC),
        purposes=None if asked.purposes is None else frozenset(asked.purposes),
        acts=None if asked.acts is None else frozenset(asked.acts),
    )


def program_shape(program: Program) -> ProgramShape:
    """Return a program as it is told."""
    return ProgramShape(id=program.id, created=program.created, closed=program.closed)


def credential_shape(made: Credential) -> CredentialShape:
    """Return a credential as it is told."""
    grant = made.grant
    return CredentialShape(
        id=made.id, program=made.program, kind=made.kind, scopes=sorted(grant.scopes),
        purposes=None if grant.purposes is None else sorted(grant.purposes),
        acts=None if grant.acts is None else sorted(grant.acts),
        created=made.created, until=grant.until, revoked=made.revoked, used=made.used, by=made.by,
        waits=made.waits,
    )  # fmt: skip
