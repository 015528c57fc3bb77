# SPDX-License-Identifier: Apache-2.0
"""What can go wrong in the vault; no message ever carries a value, a key, or an external user id."""

from keshou.errors import ExitStatus, IntegrityError, KeshouError, UnreachableError


class VaultError(KeshouError):
    """The vault was asked for something it does not do; nothing was done."""


class KeyFileError(VaultError):
    """A key file is not as it must be: its mode, its owner, its site or its content."""


class KeyGarbledError(KeyFileError, IntegrityError):
    """A key file is not what was written."""

    status = ExitStatus.BROKEN


class KeyMissingError(VaultError, UnreachableError):
    """A key that is needed is not there."""


class ReceiptError(VaultError):
    """An opening was asked without a receipt of a committed entry, or with one already spent."""


class SealBrokenError(VaultError, IntegrityError):
    """A sealed value does not open.

    The one error for every cause (altered, moved, cut short, wrong or destroyed key, retired algorithm), so that it
    tells nobody which.
    """

    status = ExitStatus.BROKEN

    def __init__(self) -> None:
        super().__init__(
            "a sealed value does not open",
            hint="it was altered or moved, or its key is destroyed; compare the database with its last good backup",
        )
