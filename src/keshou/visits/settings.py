# SPDX-License-Identifier: Apache-2.0
"""How users prove who they are, and for how long a proof holds."""

from typing import Annotated, Literal

import msgspec

_Some = Annotated[int, msgspec.Meta(ge=1)]


class MailSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The server that mail leaves by: the table ``[visits.mail]``."""

    host: str
    sender: str
    """Address that mail comes from, e.g. ``codes@operator.example``."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """``none`` is for servers on this very machine."""
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 587
    username: str = ""
    """Empty: the server asks for none."""
    password_file: str = ""
    """File that holds the password, for its owner alone; empty: there is none."""
    subject: str = "验证码 · Your code"
    timeout_seconds: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    """For how long the server may take over each answer."""
    certificates: str = ""
    """File of certificate authorities (PEM) that are trusted beside the system's own; empty means none."""


class HookSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The operator's gateway for short messages: the table ``[visits.hook]``."""

    url: str
    """An https address; http to this very machine alone."""
    secret_file: str = ""
    """File that holds the secret both share (``whsec_...``), for its owner alone."""
    timeout_seconds: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    """For how long it may take to answer, all in all."""
    certificates: str = ""
    """File of certificate authorities (PEM) that are trusted beside the system's own; empty means none."""


class VisitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Users' visits: the table ``[visits]``."""

    token_minutes: _Some = 10
    """The longest that a token of the operator's app may hold, from its `iat` to its `exp`."""
    token_once: bool = False
    """Whether each such token is taken once only, by its `jti`."""
    leeway_seconds: Annotated[int, msgspec.Meta(ge=0)] = 30
    """By how much another machine's clock may be ahead of ours."""
    key_days: _Some = 730
    """The longest that an app's public key may hold."""
    by: str = ""
    """Who uses users' numbers to send codes: id of a program that is appointed to a post; empty: no codes are sent."""
    purpose: str = ""
    """The purpose of the rules for which it uses them."""
    code_digits: Annotated[int, msgspec.Meta(ge=6, le=12)] = 6
    code_minutes: _Some = 5
    """For how long a code can be redeemed."""
    code_tries: _Some = 3
    """How often one code may be guessed at."""
    codes_per_hour: _Some = 5
    """How many codes are sent within an hour to what is asked for: a user's id, or a number or mail, each by itself.

    Further ones are asked for in vain, and nobody is told.
    """
    codes_per_day: _Some = 12
    """The same within 24 hours."""
    codes_per_source: _Some = 3
    """How many of them one source may ask for within an hour, so that no stranger uses up what the user needs."""
    codes_per_source_day: _Some = 6
    """The same within 24 hours."""
    lookups_per_hour: _Some = 1000
    """How many numbers and mails are looked for within an hour, a process; further ones are asked for in vain."""
    lookups_per_source: _Some = 100
    """How many of them one source may ask for, so that no stranger uses up all; many users may share a source."""
    visit_hours: _Some = 12
    """How long a visit lasts at most."""
    idle_minutes: _Some = 20
    """How long a visit lasts unused."""
    used_seconds: Annotated[int, msgspec.Meta(ge=0)] = 60
    """How often at most it is written down that a visit was used."""
    visits: _Some = 10
    """How many visits a user has at once; the oldest ends when one more begins."""
    mail: MailSettings | None = None
    """None: nothing is sent by mail."""
    hook: HookSettings | None = None
    """None: no short messages are sent."""
