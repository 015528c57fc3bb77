# SPDX-License-Identifier: Apache-2.0
"""One call of the command line: for which site, in which language, as text or as JSON.

Nothing but the answer goes to standard output; progress and errors go to standard error.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text as Line

from keshou.app.reader import names_width
from keshou.errors import KeshouError
from keshou.language import Language, Text
from keshou.wire.error_words import in_words

if TYPE_CHECKING:
    from keshou.app.site import Site

Advance = Callable[[int], None]
"""Told how many more are done."""

_WIDE = 160
"""Columns where nobody looks on: for files and pipes."""
QUIET, GOOD, BAD, STRONG = "dim", "green", "red", "bold"


@dataclass(frozen=True, slots=True)
class Call:
    """What every verb is given first."""

    home: Path | None
    json: bool
    language: Language

    def words(self, zh: str, en: str) -> str:
        """Return the text in the reader's language."""
        return zh if self.language == "zh" else en

    def of(self, text: Text | None) -> str:
        """Return a text of the house in the reader's language."""
        return text.in_(self.language) if text else ""

    def open(self) -> "Site":
        """Open the site.

        Raises:
            KeshouError: there is none, or a part of it cannot be reached.

        """
        from keshou.app.site import Site  # noqa: PLC0415 - verbs without a site start quickly

        return Site.open(self.home)

    def answer(self, data: object, *shown: RenderableType) -> None:
        """Print the answer: `data` as JSON, or what is `shown` to people."""
        if self.json:
            sys.stdout.write(json.dumps(msgspec.to_builtins(data), ensure_ascii=False, indent=2) + "\n")
            return
        out = console()
        for each in shown:
            out.print(each, soft_wrap=isinstance(each, str | Line))

    @contextmanager
    def progress(self, title: str, total: int | None = None) -> Iterator[Advance]:
        """Show a bar on standard error while the block runs, when somebody is looking."""
        with _bar() as bar:
            task = bar.add_task(title, total=total)
            yield lambda done: bar.update(task, advance=done)

    @contextmanager
    def counting(self, title: str) -> Iterator[Callable[[int, int], None]]:
        """Show a bar as `progress` does, for what tells how many of how many are done."""
        with _bar() as bar:
            task = bar.add_task(title, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)


def _bar() -> Progress:
    err = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def console(*, stderr: bool = False) -> Console:
    """Return what prints: no markup and no guessing in what others wrote."""
    made = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not made.is_terminal and not names_width():
        made.width = _WIDE
    return made


def plain(text: object) -> str:
    """Return `text` without anything that would steer a terminal."""
    return "".join(each if each.isprintable() or each in "\n\t" else "\ufffd" for each in str(text))


def table(*titles: str, title: str = "") -> Table:
    """Return a calm table: one line under the head, none around."""
    made = Table(
        title=title or None, title_justify="left", title_style=STRONG, box=None, pad_edge=False, header_style=QUIET
    )
    for each in titles:
        made.add_column(each, overflow="fold")
    return made


def pairs(entries: Mapping[str, object]) -> Table:
    """Return names and values in two columns."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style=QUIET, no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in entries.items():
        made.add_row(name, value if isinstance(value, Line) else plain(value))
    return made


def complain(call: Call, error: KeshouError) -> None:
    """Say on standard error what is wrong and what to do about it: people in their language, programs in English."""
    if call.json:
        told: dict[str, Any] = {"error": str(error), "hint": error.hint, "status": int(error.status)}
        sys.stderr.write(json.dumps(told, ensure_ascii=False) + "\n")
        return
    what, hint = in_words(error, call.language)
    err = console(stderr=True)
    err.print(Line.assemble((call.words("错误：", "error: "), BAD), plain(what)), soft_wrap=True)
    if hint:
        err.print(Line.assemble((call.words("提示：", "hint: "), QUIET), plain(hint)), soft_wrap=True)
