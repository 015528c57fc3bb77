# SPDX-License-Identifier: Apache-2.0
"""What is refused to programs and to whoever looks after them."""

from keshou.errors import InputError, KeshouError


class ProgramError(InputError):
    """What is asked of a program's keys cannot be; nothing was done."""


class UnknownProgramError(ProgramError):
    """There is no such program or key."""

    def __init__(self) -> None:
        super().__init__("there is no such program or key", hint="list them with `keshou program list`")


class TokenRequestError(KeshouError):
    """A request for an access token that is refused. Source: RFC 6749 5.2."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        """``invalid_request``, ``invalid_client``, ``invalid_scope`` or ``unsupported_grant_type``."""
