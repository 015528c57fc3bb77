# SPDX-License-Identifier: Apache-2.0
"""Signing in by the operator's own provider: where to go, and whose account its subjects are."""

import datetime as dt
from typing import Annotated

import msgspec

from keshou.accounts.openid.flow import Link

Subject = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=r"^[\u0020-\u007e]+$(?!\n)")]


class ProviderAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where the browser goes next; the provider sends it back."""

    address: str


class LinkRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A subject of the provider that is to sign in to an account."""

    subject: Subject


class LinkShape(msgspec.Struct, frozen=True, kw_only=True):
    """A subject that signs in to an account."""

    issuer: str
    subject: str
    created: dt.datetime
    by: str
    """Who linked it; empty where they signed in by their name alone."""
    waits: bool
    """Whether it lets nobody in before a second hand confirms it."""


def link_shape(link: Link) -> LinkShape:
    """Return a link as it is told."""
    return LinkShape(issuer=link.issuer, subject=link.subject, created=link.created, by=link.by, waits=link.waits)
