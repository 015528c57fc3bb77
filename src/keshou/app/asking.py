# SPDX-License-Identifier: Apache-2.0
"""Questions to the gate of one site: nothing is done by them and nothing recorded.

A question is about the present, which is never before the log's newest entry, whatever clock recorded that; unless it
is asked as of `then`, the very time that its act tells.
"""

import asyncio
from collections.abc import Sequence

from keshou.acts.perform import Acts
from keshou.db import Database
from keshou.gate.act import Act
from keshou.gate.decision import Decision


class Asking:
    """What of a site answers questions."""

    database: Database
    _acts: Acts

    def ask(self, act: Act, *, at_least: int | None = None, then: bool = False) -> Decision:
        """Return the gate's decision on `act`; nothing is done and nothing recorded.

        With `at_least` (a revision) the facts in memory serve when they are that new; without it the database is
        looked at first, so that what another process wrote is seen. An act that is dated shortly before the newest
        entry, as a clock that is a little behind dates it, is about the moment of that entry; with `then` it is about
        its own.

        Raises:
            StaleStandingError: the log has not reached `at_least`.
            UnreachableError: the database does not answer; then there is no permission.
            ClockError: the clock is too far behind the log's newest entry.

        """
        return self._acts.ask(self.database, act, at_least, then=then)

    def decide(self, acts: Sequence[Act], seen_size: int, *, alike: bool = False, then: bool = False) -> list[Decision]:
        """Return the gate's decisions on `acts`, on facts at least as new as the log of `seen_size` entries.

        Give the size that a look of `pulse` saw. Decided in memory when memory is that new and knows every user; else
        in one reading transaction. Nothing is recorded. `alike`: as `told_alike` tells it; `then`: as `ask` has it.

        Raises:
            StaleStandingError: the log has not reached `seen_size`.
            UnreachableError: the database does not answer; then there is no permission.
            ClockError: the clock is too far behind the log's newest entry.

        """
        return self._acts.decide(self.database, acts, seen_size, alike=alike, then=then)

    def decide_known(
        self, acts: Sequence[Act], seen_size: int, *, alike: bool = False, then: bool = False
    ) -> list[Decision] | None:
        """Return what `decide` would when memory is enough for it, else None; never waits for the database."""
        return self._acts.decide_known(acts, seen_size, alike=alike, then=then)

    async def decide_async(
        self, acts: Sequence[Act], seen_size: int, *, alike: bool = False, then: bool = False
    ) -> list[Decision]:
        """Return what `decide` does; only when memory is not enough a thread asks the database."""
        found = self.decide_known(acts, seen_size, alike=alike, then=then)
        if found is not None:
            return found
        return await asyncio.to_thread(self.decide, acts, seen_size, alike=alike, then=then)
