# SPDX-License-Identifier: Apache-2.0
"""What can go wrong when information is handed over; messages hold ids and never anybody's information."""

from keshou.errors import ExitStatus, InputError, KeshouError


class HandoverError(InputError):
    """It cannot be handed over so; nothing was done."""


class ManifestError(KeshouError):
    """A manifest is not what the site signed, or not of this file."""

    status = ExitStatus.BROKEN
