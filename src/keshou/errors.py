# SPDX-License-Identifier: Apache-2.0
"""The root of the error tree.

Each room declares its own family below these in its own ``errors.py`` or beside the code that raises them.
Messages start lower-case, name the statute's concepts and never carry anybody's personal information.
"""

from collections.abc import Iterable
from enum import IntEnum


class ExitStatus(IntEnum):
    """What the process answers, and so what kind of failure an error is."""

    DONE = 0
    NO = 1
    WRONG_INPUT = 2
    BROKEN = 3
    UNREACHABLE = 4


class KeshouError(Exception):
    """Something failed. `hint` says what to do about it; `status` is how a command ends because of it.

    `wrong` is what of that which was given is wrong, as it was given: for who gave it alone, in no message and no log.
    """

    status = ExitStatus.WRONG_INPUT

    def __init__(self, message: str, *, hint: str = "", wrong: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.hint = hint
        self.wrong = tuple(wrong)


class InputError(KeshouError):
    """The call or what it was given is wrong; nothing was done."""


class IntegrityError(KeshouError):
    """Stored evidence or sealed information is not what was written."""

    status = ExitStatus.BROKEN


class DamagedError(IntegrityError):
    """What lies where the database should be is damaged, or was never one."""

    def __init__(self) -> None:
        super().__init__(
            "the database is damaged, or is none",
            hint="keep it as it is; put an archive back where no database is, with `keshou restore`",
        )


class UnreachableError(KeshouError):
    """A part that is needed (database, key source) cannot be reached; nothing was done."""

    status = ExitStatus.UNREACHABLE
