# SPDX-License-Identifier: Apache-2.0
"""A line of JSON a request on standard error: who, what, how long; never anybody's information.

A line has the route's template and neither path, query, headers nor bodies. Of an error it has the class and our own
frames, since messages may quote. Other libraries' messages are told by logger and place alone, for the same reason.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
import structlog
from litestar.types import Scope

from keshou.app import clock
from keshou.web.watch import Watched
from keshou.wire.caller import Caller, CallerKind

_PACKAGE = Path(__file__).parents[1]
_SERVER = "_granian"
_MOST_FRAMES = 8
_FAILED = 500
"""Statuses from here on are the server's fault."""


class RequestLog:
    """Writes a line for each request that was answered."""

    def __init__(self) -> None:
        self._log = structlog.wrap_logger(
            structlog.BytesLogger(sys.stderr.buffer),
            processors=[_timed, structlog.processors.JSONRenderer(serializer=_encode)],
            wrapper_class=structlog.BoundLogger,
            cache_logger_on_first_use=True,
        )

    def __call__(self, scope: Scope, watched: Watched) -> None:
        """Write the line of one request."""
        line: dict[str, Any] = {
            "request_id": watched.request_id,
            "method": watched.method,
            "route": watched.route,
            "status": watched.status,
            "ms": round(watched.seconds * 1000, 3),
            **caller_fields(scope["state"].get("caller")),
        }
        if watched.error is not None:
            line["error"] = error_fields(watched.error)
        if watched.status >= _FAILED:
            self._log.error("request", level="error", **line)
        else:
            self._log.info("request", level="info", **line)


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


def _timed(_logger: object, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {"time": clock.now().isoformat(), **line}


def _encode(line: dict[str, Any], **_options: object) -> bytes:
    return msgspec.json.encode(line)


class JsonLines(logging.Formatter):
    """Formats what libraries log as lines like the others."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line. Only the server's own messages are repeated: others may quote what a request says."""
        line: dict[str, Any] = {
            "time": clock.now().isoformat(),
            "event": record.getMessage() if record.name == _SERVER and not record.exc_info else "library",
            "level": record.levelname.lower(),
            "logger": record.name,
            "place": f"{record.module}:{record.lineno}",
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = error_fields(record.exc_info[1])
        return msgspec.json.encode(line).decode()


LIBRARIES: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": "keshou.web.logs.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stderr"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {_SERVER: {"level": "WARNING", "handlers": ["stderr"], "propagate": False}},
}
"""How Python's own logging is set up in the server's processes (`logging.config.dictConfig`)."""
