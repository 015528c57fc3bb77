# SPDX-License-Identifier: Apache-2.0
"""Which provider proves people, how its subjects are matched with accounts, and how far it is trusted."""

from enum import StrEnum

import msgspec


class Match(StrEnum):
    """What of the provider's answer says whose account it is."""

    LINK = "sub"
    """Its subject, linked to an account beforehand."""
    NAME = "preferred_username"
    """The name, which is the account's id: only where the directory behind the provider is the operator's own."""


class OpenIdSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The operator's own provider: the table ``[accounts.openid]``."""

    issuer: str = ""
    """Address of the provider, as it names itself; empty means that there is none."""
    client_id: str = ""
    """What the provider knows Keshou as."""
    client_secret_file: str = ""
    """File that holds the client's secret; without file and variable the client is a public one."""
    client_secret_variable: str = ""
    """Name of the environment variable that holds the client's secret."""
    match: Match = Match.LINK
    own_directory: bool = False
    """Whether the operator alone says who has which name at the provider; `match` by name needs it."""
    strong_acr: tuple[str, ...] = ()
    """Values of `acr` that tell of two factors; the provider is asked for them."""
    strong_amr: tuple[str, ...] = ()
    """Values of `amr` any of which tells of two factors, e.g. ``mfa`` (RFC 8176)."""
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256", "Ed25519")
    """How ID tokens may be signed; those with a shared secret and unsigned ones are never taken."""
    flow_minutes: int = 10
    """How long signing in at the provider may take."""
    token_minutes: int = 10
    """How old an ID token may be."""
    leeway_seconds: int = 30
    """By how much the provider's clock may differ from ours."""
    metadata_minutes: int = 60
    """For how long what the provider publishes is remembered."""
    refetch_seconds: int = 60
    """How often at most its keys are asked for again when one is not among them."""
    answer_seconds: float = 10.0
    """For how long it may take to answer, all in all."""
    answer_bytes: int = 262_144
    """How long its answers may be."""
    certificates: str = ""
    """File of certificate authorities (PEM) that are trusted beside the system's own; empty means none."""
