# SPDX-License-Identifier: Apache-2.0
"""What is refused about visits, and what fails in sending codes."""

from keshou.errors import InputError, IntegrityError, KeshouError, UnreachableError


class VisitError(KeshouError):
    """Something about users' visits."""


class AppKeyError(VisitError, InputError):
    """What is asked of an app's key cannot be; nothing was done."""


class UnknownVisitError(VisitError, InputError):
    """The user has no such visit, or none any more."""

    def __init__(self) -> None:
        super().__init__("there is no such visit", hint="it may have ended; list the visits again")


class VisitTamperedError(VisitError, IntegrityError):
    """A visit that is not what was written."""

    def __init__(self) -> None:
        super().__init__("what is stored of a visit is not what was written", hint="were keys and database mixed up?")


class SenderSettingsError(VisitError, InputError):
    """Codes cannot be sent in the way the settings say."""


class AddressError(VisitError, InputError):
    """What a code was to be sent to is no address of that channel."""

    def __init__(self) -> None:
        super().__init__("this is no address that a code can be sent to", hint="correct it in the user's information")


class CodesStoppedError(VisitError, UnreachableError):
    """The authority asked that what sending a code takes stop, so none is sent to anybody (miit24:14.2)."""

    def __init__(self) -> None:
        super().__init__(
            "no codes are sent for now, since the authority asked that it stop (miit24:14.2)",
            hint="turn to the operator, or come from its app",
        )


class SendError(VisitError, UnreachableError):
    """A code was not sent. The message has neither the code nor the address."""

    def __init__(self, way: str, why: str) -> None:
        super().__init__(f"the {way} did not take the message: {why}", hint="ask for a new code once it does")
        self.why = why
