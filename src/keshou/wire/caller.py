# SPDX-License-Identifier: Apache-2.0
"""Who calls, as proven: the one value by which every face of the server judges a caller."""

import datetime as dt
from enum import StrEnum

import msgspec

from keshou.law.terms import ActKind
from keshou.programs.scope import Scope


class CallerKind(StrEnum):
    """What kind of caller it is (Order 24 Art. 13(1), 13(3))."""

    STAFF = "staff"
    AGENT_STAFF = "agent_staff"
    PROGRAM = "program"
    INSPECTOR = "inspector"
    USER = "user"


PEOPLE = frozenset({CallerKind.STAFF, CallerKind.AGENT_STAFF, CallerKind.INSPECTOR})
"""Kinds of caller who have an account and sign in."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A proven person or program."""

    id: str
    """What stands in `Act.by`: id of the member of staff or program; ``user`` for users."""
    kind: CallerKind
    user: str = ""
    """For users: the operator's own id of the user. Empty otherwise."""
    agent: str = ""
    """For agents' staff: id of the agent."""
    credential: str = ""
    """Id of the session or key by which they came; never the secret."""
    scopes: frozenset[Scope] = frozenset()
    """For programs."""
    purposes: frozenset[str] | None = None
    """Purposes a key is limited to; None: not limited. Of users whom an app vouches for: those of its services."""
    services: frozenset[str] | None = None
    """Services that the app serves which vouches for a user; None: not limited."""
    acts: frozenset[ActKind] | None = None
    """Kinds of act a key is limited to; None: not limited."""
    proven_at: dt.datetime | None = None
    """When they last proved themselves in full (UTC), for acts that ask for a fresh proof."""
    limited: bool = False
    """Whether a person has shown one factor only, where two are asked for: they may enrol the other, and no more."""
    until: dt.datetime | None = None
    """When this proof ends at the latest (UTC)."""
    once: bool = False
    """Whether this proof is good for one request alone."""


__all__ = ["PEOPLE", "Caller", "CallerKind", "Scope"]
