# SPDX-License-Identifier: Apache-2.0
"""Take pictures of every page, as it is served: `.work/pictures/PAGE-LANGUAGE-SIZE.png`, in both languages.

The site is made anew: the sample's declaration in three versions, one of them still to come. With --docs, the pictures
that the documentation shows are put into docs/pictures.
"""

import contextlib
import datetime as dt
import functools
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from keshou.app import clock
from keshou.app.create import create
from keshou.app.site import Site
from keshou.cli.setup import sample_declaration
from keshou.declaration.load import read

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".work" / "pictures"
DOCS = ROOT / "docs" / "pictures"
CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}
PAGES = {
    "home": "/",
    "rules": "/rules",
    "versions": "/rules/versions",
    "changed": "/rules/versions/2",
    "coming": "/rules/versions/3",
    "replaced": "/rules/versions/1/rules",
    "contact": "/contact",
    "law": "/law",
    "order24": "/law/miit24",
    "order24-narrowed": "/law/miit24?q=consent&status=enforced",
    "draft": "/law/miit24_draft",
    "absent": "/no-such-page",
}
EMPTY = {"empty-home": "/", "empty-rules": "/rules", "empty-versions": "/rules/versions", "empty-contact": "/contact"}
DARK = ("home", "rules", "changed", "order24")
SHOWN = {"rules-en": ("rules", "en"), "changed-zh": ("changed", "zh")}
"""What the documentation shows: name of the picture -> page and language."""
_NEED = """
[[purposes.needs]]
item = "cell_location"
why = { zh = "推荐您常去地点附近的优惠。", en = "To recommend offers near where you often are." }
"""


def versions() -> list[str]:
    """Return the declaration in its versions, as text."""
    first = sample_declaration()
    start = first.index('id = "marketing"\nname')
    end = first.index("\n# ---", start)
    second = first[:end] + "\n" + _NEED.strip() + "\n" + first[end:]
    second = second.replace("complaint_answer_days = 15", "complaint_answer_days = 10", 1)
    return [first, second, first.replace("complaint_answer_days = 15", "complaint_answer_days = 7", 1)]


def make(home: Path, *, empty: bool = False) -> None:
    """Make the site: rules that were replaced, rules in force, rules still to come."""
    now = clock.now().replace(hour=16, minute=0, second=0, microsecond=0)
    days = [now - dt.timedelta(days=300), now - dt.timedelta(days=90), now + dt.timedelta(days=30)]
    create(home, days[0], declaration=sample_declaration())
    if empty:
        return
    for text, effective in zip(versions(), days, strict=True):
        declaration = read(re.sub(r"(?m)^effective = .*$", f"effective = {effective.isoformat()}", text, count=1))
        if declaration.declaration is None:
            sys.exit("the sample's declaration cannot be read")
        at = min(effective, clock.now())
        with Site.open(home, now=functools.partial(dt.datetime.astimezone, at, dt.UTC)) as site:
            site.publish(declaration.declaration, by="officer")


@contextlib.contextmanager
def served(home: Path) -> Iterator[str]:
    """Serve the site; give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "keshou", "--home", str(home), "serve"]
    environment = os.environ | {"KESHOU_ADDRESS": address}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        if process.stdout is None or not process.stdout.readline():  # it says its address when it answers
            sys.exit("the site cannot be served")
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(60)


def take(browser: Browser, url: str, pages: dict[str, str], scheme: str = "light") -> Iterator[Path]:
    """Take pictures of pages in both languages and sizes."""
    for language, locale in LANGUAGES.items():
        for size, viewport in SIZES.items():
            context = browser.new_context(viewport=viewport, locale=locale, color_scheme=scheme)  # type: ignore[arg-type]
            page = context.new_page()
            for name, path in pages.items():
                page.goto(url + path)
                told = "" if scheme == "light" else f"-{scheme}"
                yield _picture(page, FOLDER / f"{name}-{language}-{size}{told}.png", whole=True)
            context.close()


def show(browser: Browser, url: str) -> Iterator[Path]:
    """Take the pictures that the documentation shows: what is seen first, on a screen."""
    for name, (page_name, language) in SHOWN.items():
        context = browser.new_context(viewport={"width": 1100, "height": 760}, locale=LANGUAGES[language])
        page = context.new_page()
        page.goto(url + PAGES[page_name])
        yield _picture(page, DOCS / f"{name}.png", whole=False)
        context.close()


def _picture(page: Page, path: Path, *, whole: bool) -> Path:
    page.screenshot(path=path, full_page=whole)
    return path


def main() -> None:
    """Take them all."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        make(Path(folder) / "site")
        make(Path(folder) / "empty", empty=True)
        with served(Path(folder) / "site") as url:
            taken = list(take(browser, url, PAGES))
            taken += take(browser, url, {each: PAGES[each] for each in DARK}, "dark")
            if "--docs" in sys.argv[1:]:
                taken += show(browser, url)
        with served(Path(folder) / "empty") as url:
            taken += take(browser, url, EMPTY)
        browser.close()
    for each in taken:
        print(each.relative_to(ROOT))


if __name__ == "__main__":
    main()
