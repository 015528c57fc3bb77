# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with the log, an entry or a proof; verification raises these and never answers with a bool."""

from keshou.errors import ExitStatus, IntegrityError, UnreachableError


class LedgerError(IntegrityError):
    """The root of this room's family."""


class EntryError(LedgerError):
    """An entry is not one canonical encoding, or is too large; nothing was written."""

    status = ExitStatus.WRONG_INPUT


class ClockError(UnreachableError):
    """The time cannot be relied on: it lies further from the log's last entry than clocks differ; nothing was done."""


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
