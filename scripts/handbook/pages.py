# SPDX-License-Identifier: Apache-2.0
"""Which pages the handbook has, of which kind, and in which languages each is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from keshou.language import Language

KINDS = ("start", "tutorial", "how-to", "reference", "explanation", "adr", "change")
"""The sections, in order."""
BESIDE = {
    "start": ("docs/index.md",),
    "reference": ("docs/glossary.md", "docs/benchmarks.md"),
    "explanation": ("docs/security.md",),
    "change": ("CONTRIBUTING.md",),
}
"""Pages that lie in no folder of their kind; they come after those that do."""
CHINESE = "zh"
"""The folder under `docs` with the Chinese sources, laid out as `docs` is."""


@dataclass(frozen=True)
class Page:
    """One page, in however many languages it is written."""

    path: str
    """Where it lies in its tree: `how-to/embed.html`."""
    kind: str
    sources: Mapping[Language, Path] = field(hash=False)
    """Its sources; one is always English."""


def pages_of(root: Path) -> list[Page]:
    """Return the pages in the order in which they are read."""
    docs = root / "docs"
    found = []
    for kind in KINDS:
        folder = sorted((docs / kind).glob("*.md"), key=lambda path: (path.stem != "README", path.name))
        beside = [root / each for each in BESIDE.get(kind, ()) if (root / each).is_file()]
        found += [_page(root, source, kind) for source in (*folder, *beside)]
    return found


def written_in(page: Page, language: Language) -> Language:
    """Return the language in which a page is shown to readers of `language`."""
    return language if language in page.sources else "en"


def _page(root: Path, source: Path, kind: str) -> Page:
    docs = root / "docs"
    name = source.relative_to(docs) if source.is_relative_to(docs) else Path(source.name.lower())
    path = name.with_stem("index") if name.stem == "README" else name
    sources: dict[Language, Path] = {"en": source}
    if (chinese := docs / CHINESE / name).is_file():
        sources["zh"] = chinese
    return Page(path.with_suffix(".html").as_posix(), kind, sources)
