# SPDX-License-Identifier: Apache-2.0
"""Worker processes of the server: none outlives the one that started them, and none that fails takes the rest along."""

import ctypes
import logging
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from granian import _signals
from granian.asgi import LifespanProtocol
from granian.server.mp import MPServer

from keshou.errors import KeshouError

_PR_SET_PDEATHSIG = 1
_NOT_CLOSED = 70
"""Exit status of a worker that did not close its site as it should (sysexits: an internal fault)."""
_AS_TOLD = {0, -signal.SIGINT, -signal.SIGTERM}
"""Exit statuses of workers that were told to stop, some of them before they had begun."""
_log = logging.getLogger(__name__)


class Workers(MPServer):
    """Starts the workers, another for each that fails, and all anew when it is told to reload (SIGHUP).

    `check` is called before a reload, and says by a `KeshouError` that new workers could not serve: the old ones go on.
    """

    check: Callable[[], None] = staticmethod(lambda: None)
    not_closed = False
    """Whether a worker did not close its site as it should, once all are ended."""
    _ended_well = False
    """Whether all were told to stop, and every worker ended as it should."""

    def _reload(self, spawn_target: Any, target_loader: Any) -> None:
        try:
            self.check()
        except KeshouError as error:
            _log.error("not reloaded, and served as before: %s", type(error).__name__)
            self.reload_signal = False
            self.main_loop_interrupt.clear()
            return
        super()._reload(spawn_target, target_loader)  # type: ignore[no-untyped-call]
        # One that failed meanwhile is started once more; only if it fails then too is it one that always does.
        self.respawned_wrks.clear()

    def _stop_workers(self) -> None:
        stopped = list(self.wrks)
        super()._stop_workers()  # type: ignore[no-untyped-call]
        self.not_closed = any(each.inner.exitcode == _NOT_CLOSED for each in stopped)
        self._ended_well = self.interrupt_signal and {each.inner.exitcode for each in stopped} <= _AS_TOLD

    def shutdown(self, exit_code: int = 0) -> None:
        """Stop everything; raises `SystemExit` where something failed before.

        Ctrl-C reaches workers too: one that ended before we told it to has not failed, though nobody expected it.
        """
        try:
            super().shutdown(exit_code)  # type: ignore[no-untyped-call]
        except SystemExit:
            if exit_code or not self._ended_well:
                raise


class ToldOnce:
    """A loop whose handlers of signals hear of the first one alone.

    Ctrl-C reaches every process of a terminal's group, as a service manager may tell all of a service, and the parent
    tells its workers to stop on top of that. A second word that comes while the first is passed on would block a worker
    until it is killed.
    """

    def __init__(self, loop: Any) -> None:
        self._loop, self._told = loop, False

    def add_signal_handler(self, number: int, handler: Callable[..., object], *given: object) -> None:
        """Have `handler` called at the first signal of whatever number."""

        def once() -> None:
            if not self._told:
                self._told = True
                handler(*given)

        self._loop.add_signal_handler(number, once)


def work(*given: Any) -> NoReturn:
    """Be one worker process until told to stop; everything is closed when the server below returns.

    The process then ends at once: were the interpreter taken down first, the server's own threads could still ask for
    it and be aborted, with a core dump for every stop. It is told to stop when the process that started it is killed.
    """
    _end_with_parent()
    status, told, failed = 1, _signals.set_loop_signals, _noted_failures()
    _signals.set_loop_signals = lambda loop: told(ToldOnce(loop))  # type: ignore[no-untyped-call]
    try:
        MPServer._spawn_asgi_lifespan_worker(*given)  # noqa: SLF001 - what Granian itself starts a worker with
        status = _NOT_CLOSED if failed else 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    except KeyboardInterrupt:
        status = 0  # told to stop before it heard of it in its own way
    except BaseException:
        _log.exception("a worker failed")
    finally:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _end_with_parent() -> None:
    """Have Linux tell this process to stop when the one that started it is no more."""
    parent = multiprocessing.parent_process()
    if sys.platform != "linux" or parent is None:
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent.pid:
        os._exit(1)


def _noted_failures() -> list[object]:
    """Return a list to which it is added when the application fails to stop; else nobody is told."""
    failed: list[object] = []
    handlers = LifespanProtocol._event_handlers  # noqa: SLF001 - it calls nobody
    name = "lifespan.shutdown.failed"
    before = handlers[name]

    def note(protocol: LifespanProtocol, message: dict[str, Any]) -> None:
        failed.append(message)
        before(protocol, message)  # type: ignore[no-untyped-call]

    LifespanProtocol._event_handlers = {**handlers, name: note}  # noqa: SLF001 - as above
    return failed
