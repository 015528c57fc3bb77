# SPDX-License-Identifier: Apache-2.0
"""One way to the provider and back, and what came of it, as values."""

import base64
import datetime as dt
import hmac

import msgspec

_LONGEST_SUBJECT = 255


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """What the answer to one sign-in is held against."""

    nonce: str
    """Comes back in the ID token."""
    verifier: str
    """Proves to the provider that who redeems the code asked for it (RFC 7636)."""
    begun: dt.datetime
    fresh: bool = False
    """Whether they have to prove themselves anew, signed in there or not."""


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in on its way."""

    flow: Flow
    state: str
    """Comes back in the address."""
    binding: str
    """For a cookie of the browser that began, and of no other."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the provider proved."""

    issuer: str
    subject: str
    name: str = ""
    """What they are called there (`preferred_username`); empty when it does not say."""
    session: str = ""
    """The provider's own id of the session there (`sid`); empty when it does not say."""
    strong: bool = False
    """Whether they proved themselves by two factors, as the settings read `acr` and `amr`."""
    authenticated: dt.datetime | None = None
    """When they proved themselves there; None when it does not say."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A subject of a provider that signs in to an account."""

    account: str
    issuer: str
    subject: str
    created: dt.datetime
    by: str = ""
    """Who linked it; empty where they signed in by their name alone, and of those from before that was kept."""
    waits: bool = False
    """Whether it lets nobody in before a second hand confirms it."""


def is_subject(text: str) -> bool:
    """Say whether a provider may call somebody so. Source: OpenID Connect Core 1.0 2 (`sub`)."""
    return text.isascii() and text.isprintable() and 0 < len(text) <= _LONGEST_SUBJECT


def flow_of(secret: bytes, state: str, begun: dt.datetime, *, fresh: bool) -> Flow:
    """Return the flow that `state` stands for: nonce and verifier follow from it and `secret`, and are not stored."""
    return Flow(nonce=_derived(secret, "nonce", state), verifier=_derived(secret, "verifier", state), begun=begun,
                fresh=fresh)  # fmt: skip


def _derived(secret: bytes, kind: str, state: str) -> str:
    mac = hmac.digest(secret, f"{kind}\0{state}".encode(), "sha256")
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
