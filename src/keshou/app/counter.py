# SPDX-License-Identifier: Apache-2.0
"""Counts what is behind in the background, a piece at a time, and lets acts go first between pieces."""

import contextlib
import threading
from collections.abc import Callable

from keshou.app import clock
from keshou.errors import KeshouError


class Counter:
    """Calls `count`, which counts a piece and says how much is left, in a thread of its own until nothing is."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Have counted what is left; when that goes on already, nothing more is begun."""
        with self._lock:
            if self._stop.is_set() or (self._thread is not None and self._thread.is_alive()):
                return
            self._thread = threading.Thread(target=self._run, name="keshou-counter", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End after the piece that is being counted."""
        self._stop.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        # what cannot be counted now is counted when somebody asks again
        with contextlib.suppress(KeshouError):
            began = clock.stopwatch()
            while not self._stop.is_set() and self._count():
                self._stop.wait(clock.stopwatch() - began)
                began = clock.stopwatch()
