# SPDX-License-Identifier: Apache-2.0
"""Print docs/index.md, then docs/zh/index.md, with their lists of pages drawn from the folders; --write writes them."""

import os
import re
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
INDEXES = (DOCS / "index.md", DOCS / "zh" / "index.md")
_LIST = re.compile(r"(?<=<!-- pages: )(?P<kind>[\w-]+) -->\n(?:- .*\n)*(?=<!-- end -->)")


def _pages(kind: str, folder: Path) -> str:
    drawn = ""
    for english in sorted((DOCS / kind).rglob("*.md")):
        own = folder / english.relative_to(DOCS)
        page = own if own.is_file() else english
        drawn += f"- [{title(page)}]({Path(os.path.relpath(page, folder)).as_posix()})\n"
    return drawn


def title(page: Path) -> str:
    """Return a page's first heading."""
    return next(line.removeprefix("# ") for line in page.read_text("utf-8").splitlines() if line.startswith("# "))


def index(path: Path) -> str:
    """Return an index as it should be."""
    text = path.read_text("utf-8")
    return _LIST.sub(lambda found: f"{found['kind']} -->\n{_pages(found['kind'], path.parent)}", text)


if __name__ == "__main__":
    for each in INDEXES:
        if "--write" in sys.argv[1:]:
            each.write_text(index(each), "utf-8")
        else:
            print(index(each), end="")
