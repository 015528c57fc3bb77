# SPDX-License-Identifier: Apache-2.0
"""The present by the log: a clock's, and never before the newest entry that this process has seen.

Clocks of two machines differ a little, and the order of entries is their index. A question asked by the one that is
behind is about the moment of the newest entry: by its own clock it would be judged as if that were still to come.
"""

import datetime as dt
import threading
from collections.abc import Callable

from keshou.db import Transaction, from_micros
from keshou.ledger.errors import ClockError
from keshou.ledger.rows import Head, server_time


class Latest:
    """When the newest entry seen so far is dated; may be used by several threads.

    `tolerance` (microseconds) is how far clocks differ, or are set back, now and then. `leap` (microseconds) is how
    long after the newest entry an entry is taken to be without anybody else's word for it; None where the time is given
    and no machine's.
    """

    def __init__(self, tolerance: int, leap: int | None = None) -> None:
        self._lock = threading.Lock()
        self._micros = 0
        self.clock: Callable[[], dt.datetime] | None = None
        """What `now` is told by."""
        self._tolerance, self.leap = tolerance, leap
        self.tolerance = dt.timedelta(microseconds=tolerance)
        self.moment = from_micros(0)

    def note(self, micros: int) -> None:
        """Take note of the time of an entry that is committed."""
        if micros > self._micros:
            with self._lock:
                if micros > self._micros:
                    self._micros, self.moment = micros, from_micros(micros)

    def of(self, head: Head) -> Head:
        """Take note of where the log stands, and return it."""
        self.note(head.last_time)
        return head

    def over(self, clock: Callable[[], dt.datetime]) -> Callable[[], dt.datetime]:
        """Return what tells the present by `clock`: see `now`."""
        self.clock = clock
        return self.now

    def now(self) -> dt.datetime:
        """Return the present moment: the clock's, or that of the newest entry when the clock is a little behind.

        A clock that is further behind is told as it is; then nothing is done or decided by it.
        """
        now, moment = self.clock() if self.clock is not None else self.moment, self.moment
        return now if now >= moment or now < moment - self.tolerance else moment

    def present(self, when: dt.datetime) -> dt.datetime:
        """Return the moment that a question dated `when` is about: that of the newest entry when it is a little later.

        What is dated long before it asks about the past, and stays as it is.

        Raises:
            ClockError: the clock is too far behind the newest entry for anything to be said about the present.

        """
        moment = self.moment
        if when >= moment:
            return when
        earliest = moment - self.tolerance
        if self.clock is not None and (now := self.clock()) < earliest:
            raise ClockError.behind(now, moment)
        return moment if when >= earliest else when

    def check(self, tx: Transaction, head: Head, at_micros: int) -> None:
        """Refuse a time at which nothing may be written: one too far before the newest entry, or too far to come.

        An entry that is dated ahead would have all others refused until that time. A PostgreSQL server has a clock to
        compare with, and is asked for it when the newest entry is older than clocks differ. For a SQLite file nobody
        can tell a clock that is ahead from a machine that stood still; only what is very long after is refused.

        Raises:
            ClockError: it is such a time.

        """
        self.check_past(head, at_micros)
        if self.leap is None or at_micros <= head.last_time + self._tolerance:
            return
        if tx.postgresql:
            server = server_time(tx)
            if at_micros > server + self._tolerance:
                raise ClockError.ahead(from_micros(at_micros), from_micros(server))
        elif head.size and at_micros > head.last_time + self.leap:
            raise ClockError.leapt(from_micros(at_micros), from_micros(head.last_time))

    def check_past(self, head: Head, at_micros: int) -> None:
        """Refuse a time that lies further before the newest entry than clocks are set back now and then.

        Raises:
            ClockError: it does.

        """
        if at_micros < head.last_time - self._tolerance:
            raise ClockError.behind(from_micros(at_micros), from_micros(head.last_time))
