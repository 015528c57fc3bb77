# SPDX-License-Identifier: Apache-2.0
"""What a key is for and what it proves."""

import datetime as dt
from enum import StrEnum

import msgspec

from keshou.law.terms import ActKind
from keshou.programs.scope import Scope


class CredentialKind(StrEnum):
    """By what a program proves itself."""

    KEY = "key"
    """A key, sent with each request."""
    SECRET = "secret"  # noqa: S105 - the kind, not a secret
    """A client secret, sent for an access token. Source: RFC 6749 2.3.1."""
    JWK = "jwk"
    """A public key; the program signs an assertion for an access token. Source: RFC 7523."""


class KeyGrant(msgspec.Struct, frozen=True, kw_only=True):
    """What a credential is for. It never widens what the program's posts are granted; it only narrows."""

    scopes: frozenset[Scope]
    until: dt.datetime
    """UTC."""
    purposes: frozenset[str] | None = None
    """None: every purpose the posts reach."""
    acts: frozenset[ActKind] | None = None
    """None: every kind of act the posts reach."""


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """A credential as it is listed; its secret is nowhere."""

    id: str
    program: str
    kind: CredentialKind
    grant: KeyGrant
    created: dt.datetime
    revoked: dt.datetime | None = None
    used: dt.datetime | None = None
    """When it was last used, to within the setting."""
    by: str = ""
    """Who made it; empty of those from before that was kept."""
    waits: bool = False
    """Whether it proves nothing before a second hand confirms it."""


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A program that may call."""

    id: str
    """The same id by which it is appointed to posts, and that stands in `Act.by`."""
    created: dt.datetime
    closed: dt.datetime | None = None


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """What a key or token proves."""

    program: str
    credential: str
    scopes: frozenset[Scope]
    purposes: frozenset[str] | None
    acts: frozenset[ActKind] | None
    until: dt.datetime
