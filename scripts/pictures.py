# SPDX-License-Identifier: Apache-2.0
"""Take pictures of every page, as it is served: `.work/pictures/PAGE-LANGUAGE-SIZE.png`, in both languages.

The site is made anew: the sample's declaration in three versions, one of them still to come. With --docs, the pictures
that the documentation shows are put into docs/pictures. Users' own pages are those of a user of the sample.
"""

import base64
import contextlib
import datetime as dt
import functools
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import visitor
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from keshou.app import clock
from keshou.app.create import create
from keshou.app.site import Site
from keshou.cli.sample.staff import SETUP, appointments
from keshou.cli.setup import sample_declaration
from keshou.cli.terminal import Call
from keshou.cli.try_out import try_
from keshou.declaration.load import read
from keshou.web.caller import PLAIN_COOKIE
from keshou.web.public import story

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
OWN = {
    "own-home": "/me",
    "own-held": "/me/held",
    "own-correct": "/me/correct/tariff_plan",
    "own-consents": "/me/consents",
    "own-history": "/me/history",
    "own-copy": "/me/copy",
    "own-end": "/me/end",
    "own-visits": "/me/visits",
    "own-sign-in": "/me/sign-in",
}
"""Pages of a user who is signed in."""
PRESSED = {
    "own-shown": ("/me/held", "button.main"),
    "own-told": ("/me/consents", "#k-marketing button"),
    "own-wrong": ("/me/end", "button.grave"),
}
"""Pages that answer a form: name -> the page it stands in, and the button."""
SAMPLE = {
    "sample-home": "/",
    "start": "/start",
    "ask": "/start/ask",
    "ask-denied": story.SALE.link,
    "ask-permitted": story.STORY[0].link,
}
"""Pages of the sample site, as `make run` makes it."""
SAMPLE_EMPTY = {"start-empty": "/start"}
"""The same before anything is published."""
DARK = ("home", "rules", "changed", "order24")
SHOWN = {
    "rules-en": ("rules", "en"),
    "changed-zh": ("changed", "zh"),
    "consents-en": ("own-consents", "en"),
    "consents-zh": ("own-consents", "zh"),
}
"""What the documentation shows: name of the picture -> page and language."""
SHOWN_SAMPLE = {"ask-en": ("ask-denied", "en"), "ask-zh": ("ask-denied", "zh")}
"""The same of the sample site."""
AGENT = "Pictures/1.0"
"""What the browser of a signed-in user calls itself: a visit is bound to it."""
SENDING = """
[visits]
by = "billing"
purpose = "service"

[visits.hook]
url = "http://127.0.0.1:9/send"
secret_file = "keys/gateway.secret"

[visits.mail]
host = "127.0.0.1"
sender = "codes@sample-telecom.example"
security = "none"
"""
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


def settle(home: Path) -> str:
    """Take a user of the sample in, and let codes be sent; return the token of a visit of theirs."""
    secret = home / "keys" / "gateway.secret"
    secret.write_bytes(b"whsec_" + base64.b64encode(bytes(range(32))))
    secret.chmod(0o600)
    with (home / "keshou.toml").open("a") as settings:
        settings.write(SENDING)
    with Site.open(home) as site:
        return visitor.visit(site, visitor.take_in(site), AGENT)


def take(browser: Browser, url: str, pages: dict[str, str], scheme: str = "light", token: str = "") -> Iterator[Path]:
    """Take pictures of pages in both languages and sizes; with a token, as the user whose visit it is."""
    for language, locale in LANGUAGES.items():
        for size, viewport in SIZES.items():
            context = _context(browser, url, token, viewport=viewport, locale=locale, color_scheme=scheme)
            page = context.new_page()
            for name, path in pages.items():
                page.goto(url + path)
                if name in PRESSED:
                    page.locator(PRESSED[name][1]).first.click()
                told = "" if scheme == "light" else f"-{scheme}"
                yield _picture(page, FOLDER / f"{name}-{language}-{size}{told}.png", whole=True)
            context.close()


def _context(browser: Browser, url: str, token: str, **how: Any) -> BrowserContext:
    context = browser.new_context(user_agent=AGENT if token else None, **how)
    if token:
        context.add_cookies([{"name": PLAIN_COOKIE, "value": token, "url": url}])
    return context


def show(
    browser: Browser, url: str, shown: dict[str, tuple[str, str]], pages: dict[str, str], token: str = ""
) -> Iterator[Path]:
    """Take the pictures that the documentation shows: what is seen first, on a screen."""
    for name, (page_name, language) in shown.items():
        view = {"width": 1100, "height": 760}
        context = _context(browser, url, token, viewport=view, locale=LANGUAGES[language])
        page = context.new_page()
        page.goto(url + pages[page_name])
        yield _picture(page, DOCS / f"{name}.png", whole=False)
        context.close()


def _sample(browser: Browser, home: Path) -> Iterator[Path]:
    """Take pictures of the sample site before anything is published, and after."""
    create(home, clock.now(), declaration=sample_declaration(), sample=True)
    with Site.open(home) as site:
        site.record_site(*appointments(site.now()), by=SETUP)
    with served(home) as url:
        yield from take(browser, url, SAMPLE_EMPTY)
        with contextlib.redirect_stdout(io.StringIO()):
            try_(Call(home, json=False, language="en"))
        yield from take(browser, url, SAMPLE)
        yield from take(browser, url, SAMPLE, "dark")
        if "--docs" in sys.argv[1:]:
            yield from show(browser, url, SHOWN_SAMPLE, SAMPLE)


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
        token = settle(Path(folder) / "site")
        with served(Path(folder) / "site") as url:
            taken = list(take(browser, url, PAGES))
            taken += take(browser, url, {each: PAGES[each] for each in DARK}, "dark")
            pressed = {name: path for name, (path, _) in PRESSED.items()}
            taken += take(browser, url, OWN, token=token)
            taken += take(browser, url, OWN, "dark", token)
            if "--docs" in sys.argv[1:]:
                taken += show(browser, url, SHOWN, PAGES | OWN, token)
            taken += take(browser, url, pressed, token=token)
        with served(Path(folder) / "empty") as url:
            taken += take(browser, url, EMPTY)
        taken += _sample(browser, Path(folder) / "sample")
        browser.close()
    for each in taken:
        print(each.relative_to(ROOT))


if __name__ == "__main__":
    main()
