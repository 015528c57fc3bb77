# SPDX-License-Identifier: Apache-2.0
"""class Locks: failures in a row, for each account and device; all devices that never signed in share one count.

A try is counted as a failure before anything is checked, so that nobody gets more tries by making them at once.
Source: OWASP ASVS 5.0 6.1.1, 6.3.1; the device cookies of OWASP's cheat sheet on authentication.
"""

import datetime as dt

import sqlalchemy as sa

from keshou.accounts.settings import AccountSettings
from keshou.db import Transaction, metadata, to_micros

lock_table = sa.Table(
    "account_lock",
    metadata,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
)
_L = lock_table.c
_MOST_DOUBLED = 30
_APART = dt.timedelta(minutes=1)
"""By how much the clocks of two servers may differ."""


class Locks:
    """Counts failures, and says how long the next try has to wait."""

    def __init__(self, settings: AccountSettings) -> None:
        self._settings = settings

    def count(self, tx: Transaction, account: str, device: str, now: dt.datetime) -> bool:
        """Count one more failure beforehand; say whether the try counts, or comes too soon."""
        here = (_L.account == account) & (_L.device == device)
        # Of two tries at once, in two processes, the second waits; and nobody drops the row before it is read.
        tx.change(
            "INSERT INTO account_lock (account, device, failures, until) VALUES (?, ?, 0, 0)"
            " ON CONFLICT (account, device) DO UPDATE SET failures = account_lock.failures",
            (account, device),
        )
        row = tx.execute(sa.select(lock_table).where(here).with_for_update()).one()
        if row.until > to_micros(now):
            return False
        failures = row.failures + 1
        values = {"failures": failures, "until": to_micros(now + self._wait(failures))}
        tx.execute(sa.update(lock_table).where(here).values(**values))
        return True

    def is_closed(self, tx: Transaction, account: str, device: str, now: dt.datetime) -> bool:
        """Say whether the next try has to wait."""
        here = (_L.account == account) & (_L.device == device)
        until = tx.execute(sa.select(_L.until).where(here)).scalar_one_or_none()
        return until is not None and until > to_micros(now)

    def let_go_on(self, tx: Transaction, account: str, device: str, now: dt.datetime) -> None:
        """Let the second step follow the first at once; what was counted stays counted."""
        here = (_L.account == account) & (_L.device == device)
        tx.execute(sa.update(lock_table).where(here).values(until=to_micros(now - _APART)))

    def clear(self, tx: Transaction, account: str, device: str | None = None) -> None:
        """Forget the failures of one device, or of all."""
        here = _L.account == account
        tx.execute(sa.delete(lock_table).where(here if device is None else here & (_L.device == device)))

    def purge(self, tx: Transaction, now: dt.datetime) -> int:
        """Drop counts whose last wait was over as long ago as a device is known; return how many went.

        No device that is known by then has one of its own; and whoever guesses so seldom gains nothing.
        """
        over = to_micros(now - dt.timedelta(days=self._settings.device_days))
        return int(tx.execute(sa.delete(lock_table).where(_L.until < over)).rowcount)

    def _wait(self, failures: int) -> dt.timedelta:
        beyond = failures - self._settings.tries
        if beyond < 0:
            return dt.timedelta(0)
        longest = dt.timedelta(minutes=self._settings.longest_wait_minutes)
        first = dt.timedelta(seconds=self._settings.wait_seconds)
        doubled: int = 1 << min(beyond, _MOST_DOUBLED)
        return min(longest, first * doubled)
