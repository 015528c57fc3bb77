# SPDX-License-Identifier: Apache-2.0
"""Take pictures of the console, `.work/pictures/PAGE-LANGUAGE-SIZE.png`, in both languages, beside the other pages.

The site is the sample operator's after a month at work, as the console's tests make it. With --docs, the pictures that
the documentation shows are put into docs/pictures.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from console_steps import STEPS, walk
from pictures import CHROMIUM, DOCS, FOLDER, LANGUAGES, QUIET, ROOT, SIZES, served
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(ROOT / "tests" / "web"))
import console_house

PAGES = {
    "console": "/console",
    "console-missing": "/console?show=missing",
    "console-acts": "/console/acts",
    "console-denied": "/console/acts/list?decision=deny",
    "console-act": "/console/acts/2",
    "console-information": "/console/information",
    "console-people": "/console/people",
    "console-posts": "/console/people/posts",
    "console-agents": "/console/people/agents",
    "console-access": "/console/people/access",
    "console-accounts": "/console/people/accounts",
    "console-ways-in": "/console/people/ways-in",
    "console-retention": "/console/retention",
    "console-reviews": "/console/reviews",
    "console-holds": "/console/holds",
    "console-emergencies": "/console/emergencies",
    "console-exports": "/console/exports",
    "console-links": "/console/exports/links",
    "console-media": "/console/media",
    "console-user": "/console/user",
    "console-consents": "/console/consents",
    "console-rules": "/console/rules",
    "console-log": "/console/log",
    "console-me": "/console/me",
}
DOOR = {"door": "/console/sign-in", "invitation": "/console/invitation"}
EMPTY = {"empty-console": "/console", "empty-console-rules": "/console/rules"}
DARK = ("console", "console-acts", "console-information", "console-rules")
SHOWN = {
    "console-acts-en": ("console-acts", "en"),
    "console-acts-zh": ("console-acts", "zh"),
    "console-en": ("console", "en"),
    "console-zh": ("console", "zh"),
}
"""What the documentation shows: name of the picture -> page and language."""


def take(browser: Browser, url: str, pages: dict[str, str], scheme: str = "light", account: str = "") -> Iterator[Path]:
    """Take pictures of pages in both languages and sizes, as `account` sees them; empty: as anybody does."""
    for language, locale in LANGUAGES.items():
        for size, viewport in SIZES.items():
            context = browser.new_context(viewport=viewport, locale=locale, color_scheme=scheme)  # type: ignore[arg-type]
            page = context.new_page()
            if account:
                enter(page, url, account)
            for name, path in pages.items():
                page.goto(url + path)
                told = "" if scheme == "light" else f"-{scheme}"
                taken = FOLDER / f"{name}-{language}-{size}{told}.png"
                page.screenshot(path=taken, full_page=True)
                yield taken
            context.close()


def after(browser: Browser, url: str) -> Iterator[Path]:
    """Take pictures of what follows when a form is sent."""
    for name, (account, steps) in STEPS.items():
        for language, locale in LANGUAGES.items():
            for size, viewport in SIZES.items():
                context = browser.new_context(viewport=viewport, locale=locale)  # type: ignore[arg-type]
                page = context.new_page()
                enter(page, url, account)
                walk(page, url, steps, f"{language}-{size}")
                taken = FOLDER / f"{name}-{language}-{size}.png"
                page.screenshot(path=taken, full_page=True)
                yield taken
                context.close()


def show(browser: Browser, url: str) -> Iterator[Path]:
    """Take the pictures that the documentation shows: what is seen first, on a screen."""
    for name, (page_name, language) in SHOWN.items():
        context = browser.new_context(viewport={"width": 1100, "height": 760}, locale=LANGUAGES[language])
        page = context.new_page()
        enter(page, url, "officer")
        page.goto(url + PAGES[page_name])
        page.screenshot(path=DOCS / f"{name}.png")
        yield DOCS / f"{name}.png"
        context.close()


def enter(page: Page, url: str, account: str) -> None:
    """Sign in."""
    page.goto(f"{url}/console/sign-in")
    page.fill("[name=account]", account)
    page.fill("[name=password]", console_house.PASSWORD)
    page.click("button.main")


def main() -> None:
    """Take them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        with served(console_house.build(Path(folder) / "console", users=60)) as url:
            taken = [*take(browser, url, DOOR), *take(browser, url, PAGES, account="officer")]
            taken += take(browser, url, {each: PAGES[each] for each in DARK}, "dark", "officer")
            taken += after(browser, url)
            if "--docs" in sys.argv[1:]:
                taken += show(browser, url)
        with served(console_house.empty(Path(folder) / "bare")) as url:
            taken += take(browser, url, EMPTY, account="officer")
        browser.close()
    for each in taken:
        print(each.relative_to(ROOT))


if __name__ == "__main__":
    main()
