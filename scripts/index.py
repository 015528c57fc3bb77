# SPDX-License-Identifier: Apache-2.0
"""Print docs/index.md with its lists of pages drawn from the folders; with --write, write it."""

import re
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
INDEX = DOCS / "index.md"
_LIST = re.compile(r"(?<=<!-- pages: )(?P<kind>[\w-]+) -->\n(?:- .*\n)*(?=<!-- end -->)")


def _pages(kind: str) -> str:
    pages = sorted((DOCS / kind).rglob("*.md"))
    return "".join(f"- [{title(page)}]({page.relative_to(DOCS).as_posix()})\n" for page in pages)


def title(page: Path) -> str:
    """Return a page's first heading."""
    return next(line.removeprefix("# ") for line in page.read_text("utf-8").splitlines() if line.startswith("# "))


def index() -> str:
    """Return the index as it should be."""
    return _LIST.sub(lambda found: f"{found['kind']} -->\n{_pages(found['kind'])}", INDEX.read_text("utf-8"))


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        INDEX.write_text(index(), "utf-8")
    else:
        print(index(), end="")
