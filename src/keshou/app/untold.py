# SPDX-License-Identifier: Apache-2.0
"""Users of whom something went that could not be written into their own record, since it opens no more."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from keshou.acts.work import Pending

_log = logging.getLogger(__name__)


class Untold:
    """Counts them while things are let go."""

    def __init__(self) -> None:
        self.count = 0

    def note(self, done: Pending) -> None:
        """Take note of what one user lost; where nothing was written to them, they count."""
        self.count += not done.draft.users


@contextmanager
def counted() -> Iterator[Untold]:
    """Give a count, and say at the end how many there were, when there were any; nobody is named."""
    untold = Untold()
    try:
        yield untold
    finally:
        if untold.count:
            _log.error("records of users that do not open: %d; what was over went nevertheless", untold.count)
