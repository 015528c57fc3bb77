# SPDX-License-Identifier: Apache-2.0
"""A page of the documentation: the examples in it that are marked as tested, its links and its headings.

A fenced block right after ``<!-- test -->`` is an example. ``python`` blocks of a page run one after another in one
namespace; in ``console`` blocks the lines starting with ``$ `` run and what is printed is compared with the lines
below, where ``...`` stands for anything. ``<!-- test exit 1 -->`` says how the last command of the block ends. Only
``keshou``, ``curl``, ``python`` and ``granian`` run; ``NAME=$(keshou ...)`` and ``export NAME=...`` keep what was
printed or said for later lines and blocks; ``keshou serve &`` and ``granian ... --port N ... &`` serve until the page
ends.
"""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
_MARK = re.compile(r"^<!-- test(?: exit (?P<status>\d))? -->$", re.M)
_BLOCK = re.compile(r"\n```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.M | re.S)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```$", re.M | re.S)
_CODE = re.compile(r"`([^`]+)`")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.M)


class Command(NamedTuple):
    """One command line of a console block; `expected` is empty when nothing is said of its output."""

    line: str
    expected: str
    status: int


class Example(NamedTuple):
    """One tested block; `line` is where its text starts."""

    kind: str
    text: str
    line: int
    status: int

    def commands(self) -> list[Command]:
        """Return the command lines of a console block in order."""
        joined = self.text.replace("\\\n> ", "").replace("\n> ", "\0")
        parts = re.split(r"^\$ ", joined, flags=re.M)[1:]
        last = len(parts) - 1
        split = [part.partition("\n") for part in parts]
        return [
            Command(line.replace("\0", "\n"), expected.rstrip(), self.status if n == last else 0)
            for n, (line, _, expected) in enumerate(split)
        ]


def pages() -> list[Path]:
    """Return every page that people read."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "examples" / "README.md"])


def english_of(path: Path) -> Path | None:
    """Return the English page that a Chinese one is written from; none of a page that is not Chinese."""
    chinese = ROOT / "docs" / "zh"
    return ROOT / "docs" / path.relative_to(chinese) if path.is_relative_to(chinese) else None


def to_run() -> list[Path]:
    """Return the pages whose examples run: a Chinese page only where it shows another output than its English one.

    `tests/docs/test_translations.py` holds the commands of both to each other.
    """

    def shown(path: Path) -> list[tuple[str, str]]:
        return [(each.kind, each.text) for each in examples(path.read_text("utf-8"))]

    return [path for path in pages() if (english := english_of(path)) is None or shown(path) != shown(english)]


def examples(text: str) -> list[Example]:
    """Return the tested blocks of a page.

    Raises:
        ValueError: a mark has no python or console block right below it.

    """
    found = []
    for mark in _MARK.finditer(text):
        line = text.count("\n", 0, mark.end()) + 3
        block = _BLOCK.match(text, mark.end())
        if block is None or block["kind"] not in {"python", "console"}:
            raise ValueError(f"line {line - 2}: no python or console block below the mark")
        found.append(Example(block["kind"], block["text"], line, int(mark["status"] or 0)))
    return found


def agrees(expected: str, printed: str) -> bool:
    """Say whether what was printed is what the page shows; trailing blanks do not count."""
    pattern = ".*".join(map(re.escape, _trimmed(expected).split("...")))
    return re.fullmatch(pattern, _trimmed(printed), re.S) is not None


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def links(text: str) -> list[str]:
    """Return the targets of a page's links, those in examples left out."""
    return [link["target"] for link in _LINK.finditer(_FENCED.sub("", text))]


def spans(text: str) -> set[str]:
    """Return what a page has as code within its lines, wherever those break."""
    return {" ".join(each.split()) for each in _CODE.findall(_FENCED.sub("", text))}


def anchors(text: str) -> list[str]:
    """Return the names by which a page's headings are reached, in their order."""
    headings = _HEADING.findall(_FENCED.sub("", text))
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
