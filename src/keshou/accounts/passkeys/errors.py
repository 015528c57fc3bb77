# SPDX-License-Identifier: Apache-2.0
"""What is refused to whoever looks after passkeys."""

from keshou.errors import InputError


class PasskeyError(InputError):
    """What is asked of a passkey cannot be; nothing was done."""


class UnknownPasskeyError(PasskeyError):
    """The account has no such passkey."""

    def __init__(self) -> None:
        super().__init__("the account has no such passkey", hint="choose one of those listed")


class PasskeyLimitError(PasskeyError):
    """The account has as many passkeys as it may."""

    def __init__(self) -> None:
        super().__init__(
            "the account has as many passkeys as it may (accounts.passkeys.passkeys)", hint="remove one first"
        )
