# SPDX-License-Identifier: Apache-2.0
"""Say which pages are missing in Chinese, and which were written from an English text that has changed since.

Each page under docs/zh ends with the digest of the English page that it was written from. Once the Chinese says again
what the English says, `python scripts/zh_pages.py --looked-at docs/zh/PAGE ...` renews the digest of the pages named,
and of no other: nobody has looked at those.
"""

import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("tutorial", "how-to", "reference", "explanation")
"""Folders whose pages are there in both languages, as the glossary is."""
DRAWN = {f"reference/{name}.md" for name in ("api", "asvs", "cli", "findings", "prohibitions")}
"""Drawn from the same data, or from the English page, by what also holds them to it."""
_MARK = re.compile(r"\n<!-- english: (?P<digest>[0-9a-f]{16}) -->\n\Z")


def wanted(root: Path) -> Iterator[Path]:
    """Yield each Chinese page that there should be, whether or not it is there."""
    docs = root / "docs"
    for english in (*(path for kind in KINDS for path in sorted((docs / kind).glob("*.md"))), docs / "glossary.md"):
        yield docs / "zh" / english.relative_to(docs)


def english_of(page: Path, root: Path) -> Path:
    """Return the English page that a Chinese page is written from."""
    return root / "docs" / page.relative_to(root / "docs" / "zh")


def digest(english: str) -> str:
    """Return what names an English text: 16 hex digits."""
    return hashlib.sha256(english.encode()).hexdigest()[:16]


def written_from(text: str) -> str | None:
    """Return the digest of the English text that a Chinese page says it was written from."""
    mark = _MARK.search(text)
    return mark["digest"] if mark else None


def faults(root: Path) -> Iterator[str]:
    """Yield what is wrong with the Chinese pages under `root`, each in a line that says what to do."""
    for page in wanted(root):
        name, english = page.relative_to(root).as_posix(), english_of(page, root)
        if not page.is_file():
            yield f"{name}: is not there; write it from {english.relative_to(root).as_posix()}"
        elif english.relative_to(root / "docs").as_posix() in DRAWN:
            continue
        elif written_from(page.read_text("utf-8")) != digest(english.read_text("utf-8")):
            yield (
                f"{name}: {english.relative_to(root).as_posix()} is not as it was when this was written from it; "
                f"bring the Chinese in step, then: python scripts/zh_pages.py --looked-at {name}"
            )


def looked_at(page: Path, root: Path) -> None:
    """Write into a Chinese page that it says what its English page says now."""
    text = _MARK.sub("\n", page.read_text("utf-8")).rstrip("\n")
    mark = digest(english_of(page, root).read_text("utf-8"))
    page.write_text(f"{text}\n\n<!-- english: {mark} -->\n", "utf-8")


def main() -> None:
    """Renew the pages that are named; without any, name the faults and end with 1 when there are some."""
    if sys.argv[1:2] == ["--looked-at"]:
        for name in sys.argv[2:]:
            looked_at(Path(name).resolve(), ROOT)
        return
    found = list(faults(ROOT))
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
