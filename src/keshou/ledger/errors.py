# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with the log, an entry or a proof; verification raises these and never answers with a bool."""

import datetime as dt

from keshou.errors import ExitStatus, IntegrityError, UnreachableError


class LedgerError(IntegrityError):
    """The root of this room's family."""


class EntryError(LedgerError):
    """An entry is not one canonical encoding, or is too large; nothing was written."""

    status = ExitStatus.WRONG_INPUT


class ClockError(UnreachableError):
    """The time cannot be relied on: it lies further from the log's last entry than clocks differ; nothing was done."""

    @staticmethod
    def behind(now: dt.datetime, last: dt.datetime) -> "ClockError":
        """Return that it is before the newest entry."""
        return ClockError(
            f"it is {_written(now)} by this machine's clock, and {_written(last)} at the log's last entry",
            hint="set this machine's clock right; if it is right, a clock was ahead when that entry was written, and "
            "`clock_tolerance` in the settings lets acts go on until it is past",
        )

    @staticmethod
    def ahead(now: dt.datetime, server: dt.datetime) -> "ClockError":
        """Return that it is after what the database's server has."""
        return ClockError(
            f"it is {_written(now)} by this machine's clock, and {_written(server)} by that of the database's",
            hint="set right whichever is wrong: an entry of a time to come would stop the log until then",
        )

    @staticmethod
    def leapt(now: dt.datetime, last: dt.datetime) -> "ClockError":
        """Return that it is very long after the newest entry, and that nobody says whether it is so."""
        return ClockError(
            f"it is {_written(now)} by this machine's clock, so long after the log's last entry of {_written(last)}",
            hint="set the clock right if it is ahead: an entry of a time to come would stop the log until then; if it "
            "is right, let `clock_leap` in the settings be longer for one act",
        )


def _written(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


class FormatError(LedgerError):
    """A note, checkpoint, tile or proof file is not written as its format demands."""


class SignatureError(LedgerError):
    """No trusted key signed the note, or a signature of a trusted key is false."""


class ProofError(LedgerError):
    """An inclusion or consistency proof does not hold."""


class ForkError(LedgerError):
    """Going on would sign or write a second history; nothing was signed or written."""


class LedgerTamperedError(LedgerError):
    """The stored log is not what was written: `index` is the first bad entry, `what` says what differs."""

    def __init__(self, index: int, what: str) -> None:
        super().__init__(
            f"the log was altered at entry {index}: {what}",
            hint="keep the database as it is and compare it with the exported copy and the checkpoints handed out",
        )
        self.index = index
        self.what = what
