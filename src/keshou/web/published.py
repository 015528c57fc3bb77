# SPDX-License-Identifier: Apache-2.0
"""A page of rules as it was published, taken out of its stored bytes: the part that holds the rules, and its lines."""

import base64
import hashlib
from html.parser import HTMLParser
from typing import NamedTuple

from markupsafe import Markup

from keshou.errors import IntegrityError

_BEGINS, _ENDS = "<main>\n", "</main>"
_HEADINGS = frozenset({"h1", "h2", "h3"})
_BLOCKS = _HEADINGS | {"p", "li", "dt", "dd", "caption", "tr", "div", "dl", "article", "section", "nav", "table"}


class Line(NamedTuple):
    """One line of the rules."""

    words: str
    heading: bool


def body_of(page: str) -> Markup:
    """Return what stands within ``main`` of a stored page of rules, unchanged; its values were escaped when made.

    Raises:
        IntegrityError: the page has no such part.

    """
    start, end = page.find(_BEGINS), page.rfind(_ENDS)
    if not 0 <= start < end:
        raise IntegrityError("a stored page of rules does not have the form in which rules are published")
    return Markup(page[start + len(_BEGINS) : end])  # noqa: S704 - the published page, escaped when it was made


def lines_of(page: str) -> list[Line]:
    """Return what a stored page of rules says, line by line, for comparing it with another.

    Raises:
        IntegrityError: the page has no rules in it.

    """
    reader = _Lines()
    reader.feed(body_of(page))
    reader.close()
    reader.end()
    return reader.lines


def policy_of(page: str) -> str:
    """Return the security policy under which a stored page shows as it was published: its style and nothing else."""
    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


class _Lines(HTMLParser):
    """Gathers the text of a page: a line for each block, cells of one row parted by a dash."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[Line] = []
        self._words: list[str] = []
        self._heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line at a block."""
        if tag in _BLOCKS:
            self.end()
            self._heading = tag in _HEADINGS
        elif tag in ("td", "th"):
            self._words.append("\u2003")

    def handle_endtag(self, tag: str) -> None:
        """End the line of a block."""
        if tag in _BLOCKS:
            self.end()

    def handle_data(self, data: str) -> None:
        """Gather words."""
        self._words.append(data)

    def end(self) -> None:
        """End the line that is being gathered, if it says anything."""
        cells = (" ".join(cell.split()) for cell in "".join(self._words).split("\u2003"))
        if words := " — ".join(cell for cell in cells if cell):
            self.lines.append(Line(words, self._heading))
        self._words, self._heading = [], False
