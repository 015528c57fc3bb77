# SPDX-License-Identifier: Apache-2.0
"""One page of the documentation as HTML: its headings, its links led on, its tables and examples; and what is wrong."""

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

Led = Callable[[str], str]
"""Where a target of the source leads on the site; it notes what leads nowhere."""
_COMMENT = re.compile(r"\s*(?:<!--.*?-->\s*)*", re.S)
_DEEPEST = 4
_HAN = re.compile("[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
"""A character of Chinese, or a mark that is as wide as one."""
_STOP = re.compile("[\u3001-\u3011\uff01-\uff0f\uff1a-\uff20]")
"""A mark of Chinese, which brings its own space."""
_COLUMNS = ((8, "slim"), (20, ""), (40, "some"))
"""The most letters that the cells of a table's column have, and what the column is then called; else it is wide."""


@dataclass(frozen=True)
class Heading:
    """One heading: its level, the name by which it is reached, its words."""

    level: int
    id: str
    words: str


@dataclass
class Part:
    """What stands below one heading, as words to be found."""

    heading: Heading
    words: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Read:
    """A page that was read."""

    title: str
    html: str
    headings: Sequence[Heading]
    parts: Sequence[Part]
    faults: Sequence[str]


class Reader:
    """Reads pages."""

    def __init__(self) -> None:
        self._markdown = MarkdownIt("commonmark", {"html": True, "highlight": self._coloured}).enable("table")
        self._markdown.add_render_rule("table_open", lambda *_: '<div class="scroll" tabindex="0"><table>\n')
        self._markdown.add_render_rule("table_close", lambda *_: "</table></div>\n")
        self._faults: list[str] = []

    def headings(self, text: str) -> list[Heading]:
        """Return the headings of a page, each named as the house's other tools name it."""
        return [each for each in self._headings(self._markdown.parse(text)) if each is not None]

    def read(self, text: str, led: Led) -> Read:
        """Return a page as HTML; `led` says where its links and pictures lead."""
        self._faults = []
        tokens = self._markdown.parse(text)
        headings = self._headings(tokens)
        parts: list[Part] = []
        found: list[Heading] = []
        for token, heading in zip(tokens, headings, strict=True):
            if heading is not None:
                token.attrSet("id", heading.id)
                found.append(heading)
                parts.append(Part(heading))
            self._dress(token, led)
            if parts and token.type in {"inline", "fence"} and heading is None:
                parts[-1].words.append(_words(token))
        _tables(tokens)
        self._judge(found)
        html = self._markdown.renderer.render(tokens, self._markdown.options, {})
        title = found[0].words if found else ""
        return Read(title, html, found, parts, tuple(self._faults))

    def listing(self, text: str, language: str) -> str:
        """Return a source file as HTML."""
        return f'<pre class="listing"><code>{self._coloured(text, language, "")}</code></pre>'

    def _headings(self, tokens: Sequence[Token]) -> list[Heading | None]:
        """Return for each token the heading that it opens."""
        taken: dict[str, int] = {}
        found: list[Heading | None] = []
        for at, token in enumerate(tokens):
            if token.type != "heading_open":
                found.append(None)
                continue
            words = _words(tokens[at + 1])
            name = re.sub(r"[^\w\- ]", "", tokens[at + 1].content.lower()).replace(" ", "-")
            count = taken[name] = taken.get(name, -1) + 1
            found.append(Heading(int(token.tag[1]), f"{name}-{count}" if count else name, words))
        return found

    def _dress(self, token: Token, led: Led) -> None:
        if token.type in {"html_block", "html_inline"}:
            if not _COMMENT.fullmatch(token.content):
                self._faults.append(f"markup in a page: {token.content.strip()[:60]}")
            token.content = ""
        _close_up(token.children or [])
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", led(str(child.attrGet("href"))))
            elif child.type == "image":
                child.attrSet("src", led(str(child.attrGet("src"))))
                if not child.content:
                    self._faults.append("a picture without words that stand for it")
            else:
                self._dress(child, led)

    def _judge(self, found: Sequence[Heading]) -> None:
        if [each.level for each in found].count(1) != 1 or not found or found[0].level != 1:
            self._faults.append("a page begins with its one title")
        for before, after in itertools.pairwise(found):
            if after.level - before.level > 1:
                self._faults.append(f"a level of headings is left out before `{after.words}`")

    def _coloured(self, code: str, language: str, _attributes: str) -> str:
        if not language or language == "text":
            return _escaped(code)
        try:
            lexer = get_lexer_by_name(language, stripnl=False)
        except ClassNotFound:
            self._faults.append(f"an example in an unknown language: {language}")
            return _escaped(code)
        coloured: str = highlight(code, lexer, HtmlFormatter(nowrap=True, classprefix="c-"))
        return coloured


def _tables(tokens: Sequence[Token]) -> None:
    """Say of a table's heads what they head, a head without words being none; and which columns hold sentences."""
    columns: dict[int, list[tuple[Token, int]]] = {}
    place = 0
    for at, token in enumerate(tokens):
        if token.type == "table_open":
            columns = {}
        elif token.type == "tr_open":
            place = 0
        elif token.type in {"th_open", "td_open"}:
            columns.setdefault(place, []).append((token, _width(tokens[at + 1].content)))
            place += 1
        elif token.type == "table_close":
            _measure(columns.values())
        if token.type == "th_open":
            if tokens[at + 1].content.strip():
                token.attrSet("scope", "col")
            else:
                token.tag = tokens[at + 2].tag = "td"


def _measure(columns: Iterable[Sequence[tuple[Token, int]]]) -> None:
    """Mark the cells of columns that need much room, some, or next to none."""
    for cells in columns:
        widest = max(width for _, width in cells)
        name = next((each for most, each in _COLUMNS if widest <= most), "wide")
        for token, _ in cells if name else ():
            token.attrSet("class", name)


def _width(text: str) -> int:
    """Return how many letters wide a text is; a Chinese character is as wide as two."""
    return len(text) + len(_HAN.findall(text))


def _close_up(children: Sequence[Token]) -> None:
    """Let lines that end and go on in Chinese go on without a space, and so where a Chinese mark stands."""
    for place, token in enumerate(children):
        if token.type == "softbreak":
            before = next((each.content[-1] for each in reversed(children[:place]) if each.content), "")
            after = next((each.content[0] for each in children[place + 1 :] if each.content), "")
            if (_HAN.match(before) and _HAN.match(after)) or _STOP.match(before) or _STOP.match(after):
                token.type, token.content = "text", ""


def _words(token: Token) -> str:
    if token.type != "inline":
        return token.content
    return "".join(" " if each.type == "softbreak" else each.content for each in token.children or ())


def _escaped(code: str) -> str:
    return code.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def contents(headings: Sequence[Heading]) -> list[Heading]:
    """Return the headings that a page's own list of contents has."""
    return [each for each in headings if 1 < each.level < _DEEPEST]
