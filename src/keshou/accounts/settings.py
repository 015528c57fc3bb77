# SPDX-License-Identifier: Apache-2.0
"""How people prove who they are, and for how long a proof holds."""

import msgspec

from keshou.accounts.openid.settings import OpenIdSettings
from keshou.accounts.passkeys.settings import PasskeySettings


class AccountSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Accounts and sessions of people: the table ``[accounts]``."""

    invitation_hours: int = 72
    """For how long an invitation can be accepted."""
    second_hand: bool = True
    """Whether what lets one come as somebody else, given over HTTP, waits until another person confirms it."""
    second_factor: bool = True
    """Whether a session without a second factor may do nothing but enrol one."""
    password_characters: int = 12
    """The fewest characters of a password."""
    context_words: tuple[str, ...] = ("keshou", "恪守")
    """Words that a password may not lean on, beside the account's own; the operator's names belong here."""
    leaked_passwords: str = ""
    """File of leaked passwords, as Pwned Passwords gives it ordered by hash; empty means none."""
    argon2_memory_kib: int = 65536
    """Memory that one check of a password takes (KiB)."""
    argon2_passes: int = 3
    """Passes over it. Source: RFC 9106 4, second recommended option."""
    session_hours: int = 10
    """How long a session lasts at most."""
    idle_minutes: int = 30
    """How long a session lasts unused."""
    sessions: int = 10
    """How many sessions an account has at once; the oldest ends when one more begins."""
    step_minutes: int = 5
    """How long the second step of signing in may take."""
    tries: int = 5
    """Failures in a row after which the next try has to wait."""
    wait_seconds: int = 30
    """How long it first has to wait; twice as long after each failure more."""
    longest_wait_minutes: int = 60
    """How long it has to wait at most."""
    device_days: int = 90
    """For how long a browser that signed in before keeps a count of its own."""
    recovery_codes: int = 10
    """How many recovery codes are made at once."""
    event_days: int = 730
    """How long it is kept who signed in or failed to."""
    openid: OpenIdSettings = OpenIdSettings()
    """The operator's own provider."""
    passkeys: PasskeySettings = PasskeySettings()
    """Keys of people's own devices."""
