# SPDX-License-Identifier: Apache-2.0
"""Why a permit is refused: one class a reason, each with a stable code."""

from keshou.errors import ExitStatus, InputError, KeshouError


class PermitError(KeshouError):
    """A permit does not let this be served. `code` is the same for ever; nothing of the permit is in the message."""

    status = ExitStatus.NO
    code = "permit"


class PermitMalformedError(PermitError):
    """It is not of the documented form, or longer than any permit."""

    code = "malformed"

    def __init__(self, message: str = "this is not a permit") -> None:
        super().__init__(message, hint="hand on what the server gave, unchanged")


class PermitAlgorithmError(PermitError):
    """It is signed by another algorithm, or by none."""

    code = "algorithm"

    def __init__(self) -> None:
        super().__init__("the permit is not signed with EdDSA", hint="take permits from the server alone")


class PermitTypeError(PermitError):
    """It is a token of another type, made for another use."""

    code = "type"

    def __init__(self) -> None:
        super().__init__("the token is no permit", hint="hand on the permit, not another token")


class PermitKeyError(PermitError):
    """It names a key that is not in the published set."""

    code = "key"

    def __init__(self) -> None:
        super().__init__(
            "the permit is signed by a key that is not published", hint="fetch the key set anew; if it stays, refuse"
        )


class PermitTamperedError(PermitError):
    """Its signature is not that of its text."""

    code = "tampered"

    def __init__(self) -> None:
        super().__init__("the permit's signature is not its own", hint="refuse, and look who handed it in")


class PermitIssuerError(PermitError):
    """It is another site's."""

    code = "issuer"

    def __init__(self) -> None:
        super().__init__("the permit is another site's", hint="name the site's log as the issuer")


class PermitAudienceError(PermitError):
    """It is for another system."""

    code = "audience"

    def __init__(self) -> None:
        super().__init__("the permit is for another system", hint="ask for a permit for this holding")


class PermitExpiredError(PermitError):
    """Its minutes are over."""

    code = "expired"

    def __init__(self) -> None:
        super().__init__("the permit's time is over", hint="ask again")


class PermitEarlyError(PermitError):
    """It was issued later than now."""

    code = "early"

    def __init__(self) -> None:
        super().__init__("the permit is dated later than now", hint="set the clocks right")


class PermitBeyondError(PermitError):
    """What is about to be served goes beyond it. `beyond` says in what: kind, users, items, purpose, ..."""

    code = "beyond"

    def __init__(self, *beyond: str) -> None:
        super().__init__(f"the permit does not cover {', '.join(beyond)}", hint="ask for what is about to be served")
        self.beyond = beyond


class PermitSpentError(PermitError):
    """It was good for one use and was used."""

    code = "spent"

    def __init__(self) -> None:
        super().__init__("the permit was used before", hint="ask again")


class PermitOnceError(PermitError):
    """It is good for one use, and nothing here remembers uses."""

    code = "once"

    def __init__(self) -> None:
        super().__init__("the permit is for one use, and uses are not remembered here", hint="give a redeemer")


class FilterError(InputError):
    """A filter cannot be made or applied so."""


class FilterExpiredError(PermitError):
    """A filter is too old to be used: what users said since is not in it."""

    code = "expired"

    def __init__(self) -> None:
        super().__init__("the filter's time is over", hint="fetch it again")
