# SPDX-License-Identifier: Apache-2.0
"""The command line called within the test's own process: what it was told, what it printed, how it ended."""

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from keshou.cli.app import run


class Outcome(NamedTuple):
    """How a call ended."""

    status: int
    out: str
    err: str

    def ok(self) -> "Outcome":
        """Return this, which must have gone well."""
        assert self.status == 0, self.err + self.out
        return self

    @property
    def json(self) -> Any:
        """What was printed, as JSON."""
        return json.loads(self.out)


class Caller:
    """Calls verbs on one site, or on none."""

    def __init__(self, home: Path | None) -> None:
        self.home = home

    def __call__(self, *words: object, stdin: str | bytes = "") -> Outcome:
        args = [*(("--home", str(self.home)) if self.home else ()), *map(str, words)]
        raw = stdin.encode() if isinstance(stdin, str) else stdin
        before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8")
        try:
            # A server in the same process writes the bytes of its log there meanwhile.
            told = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
            with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(told):
                status = run(args)
        finally:
            sys.stdin = before
        return Outcome(status, out.getvalue(), told.buffer.getvalue().decode())  # type: ignore[attr-defined]

    @property
    def folder(self) -> Path:
        """The site's folder."""
        assert self.home is not None
        return self.home
