# SPDX-License-Identifier: Apache-2.0
"""The log over the wire: where it stands, its entries, proofs, and what holding it against the facts came to."""

from typing import Annotated

import msgspec
from msgspec import Meta


class LogShape(msgspec.Struct, frozen=True, kw_only=True):
    """Where the log stands."""

    origin: str
    """Its name in its checkpoints."""
    vkey: str
    """Its verifier key; whoever checks the log takes it from another channel too."""
    size: int
    signed: int
    """How many of the entries the newest checkpoint covers."""


class EntryShape(msgspec.Struct, frozen=True, kw_only=True):
    """One entry."""

    index: int
    """Its place, counted from zero."""
    entry: msgspec.Raw
    """Its own bytes, which are what was hashed: the public part of one operation, as JSON."""


class ConsistencyShape(msgspec.Struct, frozen=True, kw_only=True):
    """What shows that the longer log begins with the shorter. Source: RFC 6962 2.1.2."""

    old: int
    old_root: str
    """In hex, as are the other hashes."""
    new: int
    new_root: str
    proof: list[str]


class AuditRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to read the whole log again."""

    open: bool = False
    """Whether to open the payloads too and hold them against users' facts; that itself is recorded first."""


class AuditAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What was found whole. What is not whole is a problem of the type ``/problems/integrity``."""

    size: int
    root: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    checkpoints: int
    covered: int
    """Entries that a signed checkpoint covers."""
    site_facts: int
    user_facts: int
    versions: int
    """Of the rules."""
    payloads: int
    opened: int
    """Of them; where it is 0, users' facts were looked at from outside only."""
    untold: int
    """Payloads at least that are gone with users erased before erasures told how many went: whether all of these were
    theirs cannot be told."""
