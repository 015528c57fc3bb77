# SPDX-License-Identifier: Apache-2.0
"""The documentation as a site of files: two trees around the same pages, Chinese and English; strict about faults."""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pages import KINDS, Page, pages_of, written_in
from reading import Read, Reader, contents

from keshou.language import Language
from keshou.web.frame.catalog import LANGUAGES, Words, read
from keshou.web.frame.form import TAGS

HERE = Path(__file__).parent
STYLE = Path("src/keshou/web/frame/static")
TAKEN = ("keshou.css", "seal.svg")
"""What the product's own pages are dressed with, and these too."""
OWN = ("handbook.css", "handbook.js")
_COPIED = {".png", ".svg", ".json"}
_LISTED = {".py": "python", ".toml": "toml", ".md": "text", "": "text"}


class FaultyError(Exception):
    """The documentation is not whole; `faults` says where and what."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(f"{len(faults)} faults in the documentation")
        self.faults = faults


def build(root: Path, out: Path) -> int:
    """Build the site of the documentation under `root` in the folder `out`; return how many pages it has.

    1. the pages are found and their headings read, so that links can be judged;
    2. each is made in both languages' trees, the Chinese one from its Chinese source where there is one;
    3. what pages show and list is put beside them, and the places that can be found.

    Side effects: whatever was in `out` is gone, unless the documentation is faulty.

    Raises:
        FaultyError: a link leads nowhere, a page is not found from the list, or one is not well made.

    """
    site = _Site(root, out)
    made = [file for language in LANGUAGES for file in site.tree(language)]
    made += site.listings()
    if site.faults:
        raise FaultyError(sorted(set(site.faults)))
    shutil.rmtree(out, ignore_errors=True)
    for path, text in made:
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_text(text, "utf-8")
    site.copy()
    return sum(path.suffix == ".html" for path, _ in made)


@dataclass(frozen=True)
class _At:
    """Where something is being led from: the page, its tree, the file that it is written in."""

    page: Page
    language: Language
    source: Path

    @property
    def place(self) -> Path:
        return Path(self.language) / self.page.path


class _Site:
    """One build."""

    def __init__(self, root: Path, out: Path) -> None:
        self.root = root.resolve()
        self.out = out
        self.faults: list[str] = []
        self._reader = Reader()
        self._pages = pages_of(self.root)
        self._known = {each: page for page in self._pages for each in page.sources.values()}
        self._anchors = {each: self._anchors_of(each) for each in self._known}
        self._copied: set[Path] = set()
        self._listed: set[Path] = set()
        self._words = read((HERE / "words.toml").read_text("utf-8"))
        self._frame = Environment(
            loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        ).get_template("page.html.j2")

    def tree(self, language: Language) -> list[tuple[Path, str]]:
        """Return every page of one language's tree, and the places that can be found in it."""
        made, places = [], []
        titles = {page: self._read(page, language).title for page in self._pages}
        for page in self._pages:
            found = self._read(page, language)
            made.append((Path(language) / page.path, self._framed(page, found, language, titles)))
            places += [
                [
                    f"{page.path}#{part.heading.id}",
                    found.title,
                    part.heading.words,
                    " ".join(" ".join(part.words).split()),
                ]
                for part in found.parts
            ]
        text = f"handbookPlaces({json.dumps(places, ensure_ascii=False, separators=(',', ':'))});\n"
        return [*made, (Path(language) / "find.js", text)]

    def listings(self) -> list[tuple[Path, str]]:
        """Return the pages that show source files; they are the same for both languages."""
        made = []
        for source in sorted(self._listed):
            name = source.relative_to(self.root)
            body = self._reader.listing(source.read_text("utf-8"), _LISTED[source.suffix])
            place = Path("source") / f"{name.as_posix()}.html"
            made.append((place, self._rendered(place, "en", name.as_posix(), f"<h1>{name.as_posix()}</h1>\n{body}")))
        return made

    def copy(self) -> None:
        """Put beside the pages what they show, and what dresses them."""
        static = self.out / "static"
        static.mkdir(parents=True)
        for name in TAKEN:
            shutil.copyfile(self.root / STYLE / name, static / name)
        for name in OWN:
            shutil.copyfile(HERE / name, static / name)
        shutil.copyfile(HERE / "front.html", self.out / "index.html")
        for source in self._copied:
            aim = self.out / "files" / source.relative_to(self.root)
            aim.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, aim)

    def _anchors_of(self, source: Path) -> list[str]:
        return [each.id for each in self._reader.headings(source.read_text("utf-8"))]

    def _read(self, page: Page, language: Language) -> Read:
        source = page.sources[written_in(page, language)]
        at = _At(page, language, source)
        found = self._reader.read(source.read_text("utf-8"), lambda target: self._led(target, at))
        self.faults += [f"{self._name(source)}: {each}" for each in found.faults]
        return found

    def _led(self, target: str, at: _At) -> str:
        """Return where a target of a page leads from its place on the site."""
        parts = urlsplit(target)
        if parts.scheme in {"http", "https", "mailto"}:
            return target
        aim = (at.source.parent / unquote(parts.path)).resolve() if parts.path else at.source
        anchor = unquote(parts.fragment)
        if aim in self._known:
            return self._to_page(self._known[aim], aim, anchor, at)
        if aim.is_file() and aim.is_relative_to(self.root) and not anchor:
            if aim.suffix in _COPIED:
                self._copied.add(aim)
                return _relative(Path("files") / aim.relative_to(self.root), at.place)
            if aim.suffix in _LISTED:
                self._listed.add(aim)
                return _relative(Path("source") / f"{aim.relative_to(self.root).as_posix()}.html", at.place)
        self.faults.append(f"{self._name(at.source)}: `{target}` leads nowhere")
        return target

    def _to_page(self, page: Page, aim: Path, anchor: str, at: _At) -> str:
        if anchor and anchor not in self._anchors[aim]:
            self.faults.append(f"{self._name(at.source)}: `{self._name(aim)}` has no heading `{anchor}`")
        tree = at.language
        if len(page.sources) > 1 and _language(page, aim) != _language(at.page, at.source):
            tree = _language(page, aim)  # what names the other language means it
        reached = self._same(anchor, aim, page.sources[written_in(page, tree)])
        here = page is at.page and tree == at.language
        link = "" if here else _relative(Path(tree) / page.path, at.place)
        return f"{link}#{reached}" if reached else link or "#"

    def _same(self, anchor: str, named: Path, shown: Path) -> str:
        """Return the name in `shown` of a heading of `named`: the same page, or the same in the other language."""
        names, others = self._anchors[named], self._anchors[shown]
        if anchor not in names or len(names) != len(others):
            return ""
        return others[names.index(anchor)]

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _framed(self, page: Page, found: Read, language: Language, titles: dict[Page, str]) -> str:
        place = Path(language) / page.path
        t = Words(self._words, language)

        def shown(other: Page) -> dict[str, Any]:
            link = _relative(Path(language) / other.path, place)
            return {"link": link, "title": titles[other], "here": other is page, "written": written_in(other, language)}

        at = self._pages.index(page)
        around = [self._pages[each] if 0 <= each < len(self._pages) else None for each in (at - 1, at + 1)]
        names = _names(t)
        sections = [
            {"name": names[kind], "pages": [shown(each) for each in self._pages if each.kind == kind]} for kind in KINDS
        ]
        before, after = (shown(each) if each else None for each in around)
        return self._rendered(
            place, language, found.title, found.html,
            kind=names[page.kind] if page.kind != "start" else "", written=written_in(page, language),
            contents=contents(found.headings), before=before, after=after, sections=sections, path=page.path,
        )  # fmt: skip

    def _rendered(self, place: Path, language: Language, title: str, body: str, **more: Any) -> str:
        other: Language = "en" if language == "zh" else "zh"
        t = Words(self._words, language)
        shown = {"kind": "", "written": language, "contents": [], "before": None, "after": None, "sections": [],
                 "path": "index.html"}  # fmt: skip
        return self._frame.render(
            {
                **shown,
                "t": t,
                "tag": TAGS[language],
                "language": language,
                "other": other,
                "other_tag": TAGS[other],
                "up": "../" * (len(place.parts) - 1),
                "title": title,
                "body": Markup(body),  # noqa: S704 - made by the reader, which lets no markup of a page through
                "one": t("find.found", n=1).replace("1", "{n}", 1),
                "many": t("find.found", n=2).replace("2", "{n}", 1),
                **more,
            }
        )


def _language(page: Page, source: Path) -> Language:
    """Return in which language a source of a page is written."""
    return next(language for language, each in page.sources.items() if each == source)


def _names(t: Words) -> dict[str, str]:
    """Return what the kinds of pages are called."""
    words = (t("kind.start"), t("kind.tutorial"), t("kind.how_to"), t("kind.reference"), t("kind.explanation"),
             t("kind.adr"), t("kind.change"))  # fmt: skip
    return dict(zip(KINDS, words, strict=True))


def _relative(aim: Path, place: Path) -> str:
    """Return how `aim` is reached from the page at `place`, both as paths of the site."""
    return Path(os.path.relpath(aim, place.parent)).as_posix()
