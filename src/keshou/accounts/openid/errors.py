# SPDX-License-Identifier: Apache-2.0
"""What is refused of a provider, of what comes back from it, and of whoever looks after the links to it."""

from enum import StrEnum

from keshou.errors import InputError, UnreachableError


class OpenIdError(InputError):
    """What is asked of the provider or of a link cannot be; nothing was done."""


class UnknownLinkError(OpenIdError):
    """The account is not linked to that subject."""

    def __init__(self) -> None:
        super().__init__("the account is not linked to that subject", hint="choose one of those listed")


class Refusal(StrEnum):
    """Why what came back from the provider proves nobody."""

    ANSWERER = "answerer"
    """The answer names another provider, or none where ours always names itself (RFC 9207)."""
    CODE = "code"
    """The provider does not take the code."""
    NO_TOKEN = "no_token"  # noqa: S105 - a word, and no secret
    """There is no ID token, or nothing of its shape."""
    ALGORITHM = "algorithm"
    """Signed in a way that is not taken, or not at all."""
    SIGNATURE = "signature"
    """Not signed by a key that the provider publishes."""
    ISSUER = "issuer"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    """Ended, made in the future, or made too long ago."""
    NONCE = "nonce"
    """Made for another sign-in."""
    SUBJECT = "subject"
    """It names nobody."""
    STALE = "stale"
    """They were to prove themselves anew, and did not."""


class OpenIdRefusedError(OpenIdError):
    """What came back from the provider proves nobody."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(f"the provider's answer proves nobody: {reason.value}", hint="sign in again")
        self.reason = reason


class ProviderError(UnreachableError):
    """The provider does not answer, or not as a provider does."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the OpenID provider does not answer as one: {why}",
            hint="check `issuer` in [accounts.openid], and that the provider runs",
        )
