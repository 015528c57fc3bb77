# SPDX-License-Identifier: Apache-2.0
"""Why a database that does answer refuses us: told apart by its code, and what to do about each.

PostgreSQL gives a code (SQLSTATE) with every refusal but those of a connection in the making: these come as a sentence
in the server's language, which is compared and never repeated, since it quotes.
"""

import re
from collections.abc import Callable, Mapping

import psycopg

from keshou.errors import KeshouError, UnreachableError


class RefusedError(UnreachableError):
    """The database answers, and does not do what is asked of it."""


class HeldError(RefusedError):
    """Somebody else holds what a statement needs, and does not let go of it."""

    def __init__(self) -> None:
        super().__init__(
            "another process holds the database and does not let go of it; nothing was done",
            hint="see which processes have it open, and end what hangs; then call again",
        )


def _read_only() -> RefusedError:
    return RefusedError(
        "the database may only be read",
        hint="see whether its file and folder may be written by this account, or the server stands by for another",
    )


_TOLD: Mapping[str, Callable[[], RefusedError]] = {
    "28": lambda: RefusedError(
        "the database does not let the role in that its address names",
        hint="see that the role is there and may sign in, with the right password: in the address, or in libpq's file",
    ),
    "3D000": lambda: RefusedError(
        "the database's server has no database of the name in the address",
        hint="make it there, or mend `database` in keshou.toml",
    ),
    "53300": lambda: RefusedError(
        "the database takes no more connections",
        hint="let it take more, or let fewer processes connect: each server process keeps several",
    ),
    "57P03": lambda: RefusedError(
        "the database is starting, stopping or being recovered", hint="call again in a while"
    ),
    "42501": lambda: RefusedError(
        "the role may not do that in the database", hint="let it own the database, or its schema and every table there"
    ),
    "SQLITE_CANTOPEN": lambda: RefusedError(
        "the database's file cannot be opened",
        hint="see that it and its folder are there, and may be read and written by this account",
    ),
    "25006": _read_only,
    "SQLITE_READONLY": _read_only,
    "SQLITE_BUSY": HeldError,
    "SQLITE_LOCKED": HeldError,
    "55P03": HeldError,
}
"""How a code begins -> what is told."""

_SAID: Mapping[str, str] = {
    "3D000": r'database ".*" does not exist|数据库 ?".*" ?不存在',
    "53300": r"too many (clients|connections)|connection slots are reserved|太多的?(客户|连接)|连接槽",
    "57P03": r"database system is (starting up|shutting down|in recovery|not yet accepting)|数据库系统(正在|启动|关闭)",
    "28": (
        r'role ".*" (does not exist|is not permitted to log in)|authentication failed|no password supplied'
        r'|no pg_hba\.conf entry|角色 ?".*" ?(不存在|不允许)|认证失败|pg_hba\.conf'
    ),
}
"""Code -> what a server says in English or Chinese when it lets nobody in."""


def code_of(said: str) -> str:
    """Return the code that goes with what was said of a connection in the making; empty when we know none."""
    return next((code for code, pattern in _SAID.items() if re.search(pattern, said)), "")


def refusal(code: str) -> RefusedError | None:
    """Return what to tell of a refusal; None when the code is none of these."""
    return next((made() for start, made in _TOLD.items() if code.startswith(start)), None)


def told_of(error: BaseException) -> tuple[str, KeshouError]:
    """Return the code of a driver's error, and what may be told of it: its kind and code, never what it quotes."""
    cause: BaseException = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    code = code or (code_of(str(cause)) if isinstance(cause, psycopg.OperationalError) else "")
    return code, KeshouError(f"{type(cause).__name__} {code}".strip())
