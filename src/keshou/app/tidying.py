# SPDX-License-Identifier: Apache-2.0
"""Tidying: what came to its end by the passing of time is let go and dropped, by hand or by a server now and then."""

import datetime as dt
import fcntl
import logging
import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from keshou.accounts.openid.store import OpenIdAccounts
from keshou.accounts.store import Accounts
from keshou.app import clock
from keshou.app.holds import Holds
from keshou.app.in_place import PRIVATE
from keshou.app.jobs import Jobs
from keshou.app.keeper import Keeper
from keshou.app.retention import RetentionSchedule
from keshou.app.settings import Settings
from keshou.db import Database, Transaction
from keshou.links.store import Links
from keshou.once.store import Once
from keshou.visits.store import Visits

_log = logging.getLogger(__name__)
_TURN = 7_254_037
"""Number of the lock that one process at a time has on a PostgreSQL server."""
_LOCK = ".tidying.lock"
"""File in the site's folder that one process at a time holds where the database is a SQLite file."""
_FIRST = 0.1
"""Within which part of the time between two turns the first one comes: processes begin together, and spread."""


class House(Protocol):
    """What of a site is tidied."""

    home: Path
    settings: Settings
    database: Database
    now: Callable[[], dt.datetime]
    accounts: Accounts
    openid: OpenIdAccounts
    visits: Visits
    once: Once
    jobs: Jobs
    links: Links
    holds: Holds
    retention: RetentionSchedule
    keeper: Keeper

    def writing(self) -> AbstractContextManager[Transaction]:
        """Open a transaction for what is no act."""


class Tidying:
    """Tidies one site; `tell` tells what lapsed, `count` counts a piece of the log and says how much is left."""

    def __init__(self, house: House, tell: Callable[[], int], count: Callable[[], int]) -> None:
        self._house, self._tell, self._count = house, tell, count
        self._stop = threading.Event()
        self._began = 0.0
        self._ailing = ""
        self._thread: threading.Thread | None = None

    def tidy(self, go_on: Callable[[], bool] = lambda: True) -> None:
        """Tell what lapsed; drop and let go what is over; count the rest.

        Over are holds, terms, sessions, links, codes, counts of failures, events and requests past their days.
        Between two pieces `go_on` is asked: when it says no, the rest waits for the next time.
        """
        house = self._house
        self._tell()
        self._purge()  # first: whatever may go wrong with some user's information keeps nothing of this
        house.holds.release(go_on=go_on)
        house.retention.let_go(go_on=go_on)
        house.keeper.sweep(go_on)
        while go_on() and self._count():
            pass

    def _purge(self) -> None:
        house = self._house
        server = house.settings.server
        with house.writing() as tx:
            for each in (house.accounts, house.openid, house.visits):
                each.purge(tx, house.now())
            house.jobs.purge(tx, house.now(), server)
            house.links.purge(tx, house.now() - dt.timedelta(days=server.link_days))
            # An export is named after its request: while it is kept, the request is known.
            known = dt.timedelta(days=max(server.once_days, server.export_days))
            house.once.purge(tx, house.now() - known)

    def start(self) -> None:
        """Tidy from now on every `server.tidy_minutes`, in a thread of its own, until `close`; not at all when 0."""
        if self._house.settings.server.tidy_minutes > 0 and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="keshou-tidying", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End after the piece under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def turn(self) -> bool:
        """Tidy, unless another process does: then return False at once. Acts go first between pieces."""
        with self._alone() as mine:
            if mine:
                self._began = clock.stopwatch()
                self.tidy(self._go_on)
        return mine

    def _run(self) -> None:
        every = self._house.settings.server.tidy_minutes * 60
        wait = random.uniform(0, every * _FIRST)  # noqa: S311 - nobody gains by guessing it
        while not self._stop.wait(wait):
            try:
                self.turn()
                self._ailing = ""
            except Exception as error:
                self._complain(error)
            wait = every

    def _go_on(self) -> bool:
        """Rest for as long as the last piece took; say whether there is time for another."""
        self._stop.wait(clock.stopwatch() - self._began)
        self._began = clock.stopwatch()
        return not self._stop.is_set()

    def _complain(self, error: Exception) -> None:
        """Say once what goes wrong, by its name alone, and try again the next time."""
        name = type(error).__name__
        if name != self._ailing:
            self._ailing = name
            _log.error("what is over is not dropped: %s", type(error).__name__)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Say whether no other process tidies, and keep others from it within the block.

        A process that dies lets go. On SQLite all are on one machine, where a file in the site's folder stands for it:
        the folder itself is held by every process that has the site open.
        """
        house = self._house
        if house.database.postgresql:
            with house.database.alone(_TURN) as mine:
                yield mine
            return
        try:
            handle = os.open(house.home / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE)
        except OSError:
            yield False  # where nothing can be written nothing can be dropped either
            return
        try:
            yield _held(handle)
        finally:
            os.close(handle)


def _held(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
