# SPDX-License-Identifier: Apache-2.0
"""What the scenes stand on: the site, the folder for what they make, and how they speak."""

import datetime as dt
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Line

from keshou.app.site import Site
from keshou.cli.terminal import BAD, GOOD, QUIET, STRONG, Call
from keshou.gate.decision import Decision, Deny
from keshou.law.model import CHINA
from keshou.wire.decision_words import MISSING

_WIDEST = 100
_OPENS = dt.time(10, 0)
_BESIDE_CHINESE = re.compile("(?<=[\u3000-\uffef]) | (?=[\u3000-\uffef])")
"""A blank where lines of Chinese would be broken too early."""


@dataclass(slots=True)
class Stage:
    """One telling of the tour."""

    call: Call
    site: Site
    folder: Path
    out: Console
    fast: bool
    facts: dict[str, object] = field(default_factory=dict)
    """What came out, for programs."""
    scenes: int = 0

    def words(self, zh: str, en: str) -> str:
        """Return the text in the reader's language."""
        return self.call.words(zh, en)

    def scene(self, zh: str, en: str, about_zh: str, about_en: str) -> None:
        """Begin a scene, when the reader is ready for it."""
        self._wait()
        self.scenes += 1
        title = Line(f" {self.scenes} · {self.words(zh, en)} ", STRONG)
        body = Line(self.words(_BESIDE_CHINESE.sub("", about_zh), about_en))
        self.show(Panel(body, title=title, title_align="left", box=box.ROUNDED, border_style="cyan", width=self.width))

    def say(self, zh: str, en: str, style: str = "") -> None:
        """Say one thing."""
        self.show(Padding(Line(self.words(zh, en), style), (0, 0, 0, 2)))

    def show(self, *things: RenderableType) -> None:
        """Show something; programs are answered at the end."""
        if not self.call.json:
            for each in things:
                self.out.print(each, width=self.width)

    def indented(self, thing: RenderableType) -> None:
        """Show something a little to the right."""
        self.show(Padding(thing, (0, 0, 0, 2)))

    @property
    def width(self) -> int:
        """Columns to use: no line longer than the eye likes."""
        return min(self.out.width, _WIDEST)

    def office_hour(self) -> dt.datetime:
        """Return the next moment at which offices are open: what depends on the hour is asked for then."""
        here = self.site.now().astimezone(CHINA)
        today = dt.datetime.combine(here.date(), _OPENS, CHINA)
        return (today if here < today else today + dt.timedelta(days=1)).astimezone(dt.UTC)

    def articles(self, decision: Decision) -> RenderableType:
        """Return a decision: the articles that it met, and why under each."""
        if not isinstance(decision, Deny):
            return Line(self.words("允许", "permitted"), f"{STRONG} {GOOD}")
        why = {each.cite: self.call.of(MISSING[each.missing]) for each in reversed(decision.reasons)}
        table = self.grid("", QUIET)
        table.columns[0].no_wrap = True
        for cite in dict.fromkeys(each.cite for each in decision.reasons):
            table.add_row(str(cite), why[cite])
        return Group(Line(self.words("不允许", "denied"), f"{STRONG} {BAD}"), table)

    def grid(self, *styles: str) -> Table:
        """Return an empty table without lines, a column for each style."""
        made = Table.grid(padding=(0, 2))
        for style in styles:
            made.add_column(style=style, overflow="fold")
        return made

    def _wait(self) -> None:
        """Leave the reader time, where there is one at a terminal."""
        self.show("")
        if self.fast or self.call.json or self.scenes == 0 or not (sys.stdin.isatty() and self.out.is_terminal):
            return
        self.out.print(Line(self.words("  按回车继续", "  press Enter to go on"), QUIET), end="")
        sys.stdin.readline()
