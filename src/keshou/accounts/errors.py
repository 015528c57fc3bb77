# SPDX-License-Identifier: Apache-2.0
"""What is refused to people who prove who they are, and to whoever looks after their accounts."""

from keshou.errors import InputError, IntegrityError


class AccountError(InputError):
    """What is asked of an account cannot be; nothing was done."""


class UnknownAccountError(AccountError):
    """There is no such account, session or invitation, or none any more."""

    def __init__(self) -> None:
        super().__init__("there is no such account, session or invitation", hint="list them with `keshou account list`")


class InvitationWaitsError(AccountError):
    """An invitation to an account that somebody had before: a second hand has to confirm it first."""

    def __init__(self) -> None:
        super().__init__(
            "the invitation waits for a second person to confirm it",
            hint="accept it again once it is confirmed; another would wait just the same",
        )


class WeakPasswordError(AccountError):
    """A password that is too easily guessed."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the password is too easily guessed: {why}", hint="four words of your own do well")


class CodeRefusedError(AccountError):
    """A code that is not the one that is shown now."""

    def __init__(self) -> None:
        super().__init__("the code is not right, or was used before", hint="wait for the next one")


class AccountTamperedError(IntegrityError):
    """A sealed secret of an account that is not what was written."""

    def __init__(self) -> None:
        super().__init__("a sealed secret of an account is not what was written", hint="restore it from a backup")
