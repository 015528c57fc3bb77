# SPDX-License-Identifier: Apache-2.0
"""Chromium as this system has it, and one reader in it, whose page tells what it asked for and what went wrong."""

import os.path
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

CHROMIUM = next(filter(os.path.exists, ["/usr/bin/chromium-headless-shell"]), "/usr/bin/chromium")
"""The engine without windows where the system has it: a browser that draws its own takes three times as long."""
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
expect.set_options(timeout=20_000)  # as long as for anything else that is waited for: machines are busy
LOCALES = {"zh": "zh-CN", "en": "en-GB"}


class Reader(NamedTuple):
    """Somebody at a browser."""

    page: Page
    url: str
    """The server's address."""
    asked: list[str]
    """Every address that the browser asked for."""
    faults: list[str]
    """What the console called an error, and what broke in a page."""

    def go(self, path: str) -> Page:
        """Open a page of the server."""
        self.page.goto(self.url + path)
        return self.page

    def anew(self, path: str) -> Page:
        """Open a page of the server in a window of its own, where the focus was nowhere yet."""
        page = self.page.context.new_page()
        page.goto(self.url + path)
        return page

    def path(self) -> str:
        """Return the path and query where the reader is."""
        return self.page.url.removeprefix(self.url)


def unfold(page: Page) -> None:
    """Open the places that a narrow screen folds; on a wide one they lie open."""
    for each in page.locator("main .fold:not([open]) summary").all():
        if each.is_visible():
            each.click()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def reading(
    browser: Browser,
    url: str,
    language: str,
    *,
    script: bool = True,
    size: dict[str, int] = DESKTOP,
    scheme: Literal["light", "dark"] = "light",
    **more: Any,
) -> Iterator[Reader]:
    """Give a reader whose browser speaks `language`, with or without scripts."""
    context = browser.new_context(
        locale=LOCALES[language], java_script_enabled=script, viewport=size, color_scheme=scheme, **more
    )  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(20_000)
    reader = Reader(page, url, [], [])

    def asked(request: Request) -> None:
        reader.asked.append(request.url)

    def told(message: ConsoleMessage) -> None:
        if message.type == "error":
            reader.faults.append(message.text)

    page.on("request", asked)
    page.on("console", told)
    page.on("pageerror", lambda error: reader.faults.append(str(error)))
    try:
        yield reader
    finally:
        context.close()
