# SPDX-License-Identifier: Apache-2.0
"""From threads into an event loop: what was found or done, many answers by one ring.

Waking an event loop costs more than an answer, so a ring is only sent when none is on its way; whatever is put
meanwhile goes with it.
"""

import asyncio
import contextlib
import threading
from collections import deque
from typing import Any
from weakref import WeakKeyDictionary

Answer = tuple["asyncio.Future[Any]", Any, BaseException | None]


class Bell:
    """Settles the futures of one event loop from other threads."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._answers: deque[Answer] = deque()
        self._rung = False

    def put(self, future: "asyncio.Future[Any]", result: object, error: BaseException | None) -> None:
        """Settle `future` with `result`, or with `error` when there is one, in its own loop; cheap, never blocks.

        A loop that is closed has nobody left who waits.
        """
        self._answers.append((future, result, error))
        if not self._rung:
            self._rung = True
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        # The mark goes before the answers are taken: whoever still saw it has put an answer that is taken below.
        self._rung = False
        while self._answers:
            future, result, error = self._answers.popleft()
            if future.done():
                continue
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)


class Bells:
    """One bell for each event loop that waits for something."""

    def __init__(self) -> None:
        self._bells: WeakKeyDictionary[asyncio.AbstractEventLoop, Bell] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def here(self) -> tuple["asyncio.Future[Any]", Bell]:
        """Return a new future of the running event loop, and the bell that settles it."""
        loop = asyncio.get_running_loop()
        bell = self._bells.get(loop)
        if bell is None:
            with self._lock:
                bell = self._bells.setdefault(loop, Bell(loop))
        return loop.create_future(), bell
