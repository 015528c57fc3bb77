# SPDX-License-Identifier: Apache-2.0
"""A line of JSON a request on standard error: who, what, how long; never anybody's information.

A line has the route's template and neither path, query, headers nor bodies. Of an error it has the class and our own
frames, since messages may quote. Other libraries' messages are told by logger and place alone, for the same reason;
the server's and our own are repeated, which are constant but for names of classes and counts (a test holds ours to it).
"""

import asyncio
import logging
import re
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
from litestar.types import Scope

from keshou.app import clock
from keshou.web.watch import Watched
from keshou.wire.caller import Caller, CallerKind

_PACKAGE = Path(__file__).parents[1]
_SERVER = "_granian"
_OURS, _CLIENT = "keshou.", "keshou.client"
"""How names of our own loggers begin, and those of the part that runs in the operator's programs."""
_TRACE = "Traceback (most recent call last)"
_RAISED = re.compile(r"^([\w.]+)(?::|$)")
_MOST_FRAMES = 8
_TOGETHER = 0.02
"""Seconds for which a line may wait for others."""
_FAILED = 500
"""Statuses from here on are the server's fault."""


class _Line(msgspec.Struct, omit_defaults=True):
    """One line; what it has nothing to say of is left out."""

    time: str
    request_id: str
    method: str
    route: str
    status: int
    ms: float
    level: str
    event: str
    kind: str = ""
    caller: str = ""
    credential: str = ""
    error: dict[str, Any] | None = None


class RequestLog:
    """Writes a line for each request that was answered.

    Lines of requests that end within a few milliseconds are written together.
    """

    def __init__(self) -> None:
        self._encode = msgspec.json.Encoder().encode
        self._lines: list[bytes] = []

    def __call__(self, scope: Scope, watched: Watched) -> None:
        """Write the line of one request."""
        line = _Line(
            clock.now().isoformat(),
            watched.request_id,
            watched.method,
            watched.route,
            watched.status,
            round(watched.seconds * 1000, 3),
            "error" if watched.status >= _FAILED else "info",
            "request",
        )
        for name, value in caller_fields(scope["state"].get("caller")).items():
            setattr(line, name, value)
        if watched.error is not None:
            line.error = error_fields(watched.error)
        self._lines.append(self._encode(line))
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_later(_TOGETHER, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        lines, self._lines = self._lines, []
        if lines:
            sys.stderr.buffer.write(b"\n".join([*lines, b""]))
            sys.stderr.buffer.flush()


def caller_fields(caller: Caller | None) -> dict[str, str]:
    """Return what a line says of who called: of a user the kind and nothing else."""
    if caller is None:
        return {}
    if caller.kind is CallerKind.USER:
        return {"kind": caller.kind.value}
    return {"kind": caller.kind.value, "caller": caller.id, "credential": caller.credential}


def error_fields(error: BaseException) -> dict[str, Any]:
    """Return class and own frames of `error` and of what it came from; never its message, which may quote a value."""
    return {"class": _class_of(error), "frames": _frames(error.__traceback__), "from": _origin(error)}


def _class_of(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _origin(error: BaseException) -> str:
    origin = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "" if origin is None else _class_of(origin)


def _frames(traceback: TracebackType | None) -> list[str]:
    frames = []
    while traceback is not None:
        path = Path(traceback.tb_frame.f_code.co_filename)
        if path.is_relative_to(_PACKAGE):
            place = path.relative_to(_PACKAGE).as_posix()
            frames.append(f"{place}:{traceback.tb_lineno} {traceback.tb_frame.f_code.co_name}")
        traceback = traceback.tb_next
    return frames[-_MOST_FRAMES:]


class JsonLines(logging.Formatter):
    """Formats what libraries log as lines like the others."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line. Only the server's and our own messages are repeated: others may quote a request."""
        event, raised = _said(record)
        line: dict[str, Any] = {
            "time": clock.now().isoformat(),
            "event": event,
            "level": record.levelname.lower(),
            "logger": record.name,
            "place": f"{record.module}:{record.lineno}",
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = error_fields(record.exc_info[1])
        elif raised:
            line["error"] = {"class": raised}
        return msgspec.json.encode(line).decode()


def _said(record: logging.LogRecord) -> tuple[str, str]:
    """Return what a record may be repeated to say, and the class of the error whose trace the server wrote into it."""
    if record.name.startswith(_OURS) and not record.name.startswith(_CLIENT):
        return record.getMessage(), ""
    if record.name != _SERVER or record.exc_info:
        return "library", ""
    said, trace, rest = record.getMessage().partition(_TRACE)
    if not trace:
        return said, ""
    raised = [found[1] for line in rest.splitlines() if (found := _RAISED.match(line))]
    return said.strip() or "the application failed", raised[-1] if raised else ""


LIBRARIES: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": "keshou.web.logs.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stderr"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {_SERVER: {"level": "WARNING", "handlers": ["stderr"], "propagate": False}},
}
"""How Python's own logging is set up in the server's processes (`logging.config.dictConfig`)."""
