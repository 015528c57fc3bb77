# SPDX-License-Identifier: Apache-2.0
"""How long a device may take to answer, and what is kept of it."""

import msgspec


class PasskeySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Passkeys: the table ``[accounts.passkeys]``."""

    rp_id: str = ""
    """Host that passkeys are made for, e.g. ``operator.example``; empty means the host of ``server.url``."""
    origins: tuple[str, ...] = ()
    """Origins of further pages under that host whose answers are taken, beside that of ``server.url``."""
    challenge_minutes: int = 5
    """For how long a challenge can be answered."""
    passkeys: int = 10
    """How many passkeys an account has at most."""
    label_characters: int = 60
    """How long the name of a passkey may be."""
