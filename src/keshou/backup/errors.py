# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with an archive or with the list of erasures; none of them leaves anything half done."""

from keshou.errors import InputError, IntegrityError


class ArchiveError(IntegrityError):
    """An archive is not what the site's keys sealed and signed: cut short, altered, or another site's."""


class ListError(IntegrityError):
    """The list of erasures is not what was written, or is shorter than the archive says it was."""


class OlderError(IntegrityError):
    """The archive lies behind what is known to have happened since, or beside it; somebody must answer for that."""


class NotEmptyError(InputError):
    """Something is where the archive, or what is restored from it, would go."""
