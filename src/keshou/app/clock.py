# SPDX-License-Identifier: Apache-2.0
"""The only place that asks what time it is."""

import datetime as dt
import time

from keshou.law.model import CHINA


def now() -> dt.datetime:
    """Return the present moment, UTC."""
    return dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """Return the present day where the law is in force (China, UTC+8 all year)."""
    return dt.datetime.now(CHINA).date()


def stopwatch() -> float:
    """Return seconds since some fixed moment, for durations; never set back."""
    return time.perf_counter()
