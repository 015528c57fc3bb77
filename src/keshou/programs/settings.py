# SPDX-License-Identifier: Apache-2.0
"""How long what programs are given holds."""

import msgspec


class ProgramSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Keys and tokens of programs: the table ``[programs]``."""

    key_days: int = 365
    """The longest that a key, a client secret or a registered public key may hold."""
    token_minutes: int = 10
    """For how long an access token holds."""
    assertion_minutes: int = 5
    """How far ahead the end of a program's own signed assertion may lie."""
    leeway_seconds: int = 30
    """By how much another machine's clock may differ from ours."""
    used_minutes: int = 60
    """How often at most it is written down that a key was used."""
