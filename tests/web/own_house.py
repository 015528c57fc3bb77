# SPDX-License-Identifier: Apache-2.0
"""The small operator's site behind its users' pages: one browser after another, codes as they are sent."""

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from callers import TestClient
from house import Clock, newcomer, ready
from litestar import Litestar
from receivers import Receiver

from keshou.app.site import Site
from keshou.db import Database
from keshou.visits.settings import HookSettings, VisitSettings
from keshou.web.caller import PLAIN_COOKIE
from keshou.web.find_caller import Finder
from keshou.web.frame.catalog import Words, catalog
from keshou.web.server import application

BROWSER = {
    "Sec-Fetch-Site": "same-origin", "User-Agent": "Browser/1.0", "Accept-Language": "en",
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
}  # fmt: skip
WHSEC = b"whsec_" + b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
en = Words(catalog("keshou.web.frame", "keshou.web.portal"), "en")
"""The words of the users' pages."""
_FORM = re.compile(r"<form\b[^>]*?\baction=\"([^\"]*)\".*?</form>", re.S)
_FIELD = re.compile(r"<input\b[^>]*>")
_NAME, _VALUE = re.compile(r'\bname="([^"]*)"'), re.compile(r'\bvalue="([^"]*)"')


def hook_of(folder: Path, url: str) -> HookSettings:
    """Return how codes are sent to a gateway, with the secret that they are signed by in a file."""
    file = folder / "gateway.secret"
    file.write_bytes(WHSEC)
    file.chmod(0o600)
    return HookSettings(url=url, secret_file=file.name)


@contextmanager
def house(database: Database, folder: Path, clock: Clock, gateway: Receiver, **visits: Any) -> Iterator[Site]:
    """Give a site with the users u1 and u2, which sends its codes to `gateway`."""
    hook = hook_of(folder, gateway.url)
    many = dict.fromkeys(("codes_per_hour", "codes_per_day", "codes_per_source", "codes_per_source_day"), 50)
    given = VisitSettings(hook=hook, by="clerk1", purpose="service", **many, **visits)
    with ready(database, folder, clock, visits=given) as site:
        site.do_all([newcomer(site, "u1"), newcomer(site, "u2")])
        yield site


class Browser:
    """A browser without scripts: it opens pages and sends the forms that stand in them."""

    def __init__(self, client: TestClient[Litestar], gateway: Receiver) -> None:
        self.client = client
        self.gateway = gateway
        self.page: Any = None

    def open(self, path: str, **headers: str) -> Any:
        """Open a page and return it."""
        self.page = self.client.get(path, headers=headers)
        return self.page

    def send(self, action: str, *, nth: int = 0, at: Any = None, **fields: str) -> Any:
        """Fill in and send the `nth` form of the page (or of `at`) that leads to `action`; return where it led."""
        page = self.page if at is None else at
        self.page = self.client.post(action, data=form_of(page.text, action, nth) | fields)
        return self.page

    def code(self, count: int) -> str:
        """Return the code of the last message, once `count` of them came in all."""
        return last_code(self.gateway, count)

    def sign_in(self, user: str = "u1") -> Any:
        """Sign in by a code from the page that is open, if it asks for it; return where that led."""
        if self.page is None or "/me/sign-in/code" not in self.page.text:
            self.open("/me/sign-in")
        before = len(self.gateway.told)
        self.send("/me/sign-in/code", user=user, channel="sms")
        return self.send("/me/sign-in", code=self.code(before + 1))

    def enter(self, user: str, site: Site) -> None:
        """Be signed in as `user` without a code that is sent."""
        with site.writing() as tx:
            started = site.visits.start(tx, user, site.now())
            token = site.visits.redeem(tx, started.ticket, started.code or "", BROWSER["User-Agent"], site.now())
        assert token is not None
        self.client.cookies.set(PLAIN_COOKIE, token)


def last_code(gateway: Receiver, count: int) -> str:
    """Return the code of the last message, once `count` of them came in all."""
    gateway.wait(count)
    found = re.search(r"(?<!\d)\d{6}(?!\d)", json.loads(gateway.told[-1].body)["text"])
    assert found is not None
    return found[0]


@contextmanager
def browsing(site: Site, gateway: Receiver, **headers: str) -> Iterator[Browser]:
    """Give a browser of its own, with its own cookies."""
    with TestClient(application(site, Finder(site)), base_url="http://127.0.0.1") as client:
        client.headers.update(BROWSER | headers)
        yield Browser(client, gateway)


def form_of(page: str, action: str, nth: int = 0) -> dict[str, str]:
    """Return the fields, as they are filled in, of the `nth` form of a page that leads to `action`."""
    found = [each.group(0) for each in _FORM.finditer(page) if each.group(1).partition("#")[0] == action]
    assert len(found) > nth, (action, page[-3000:])
    fields = {}
    for field in _FIELD.findall(found[nth]):
        name, value = _NAME.search(field), _VALUE.search(field)
        if name and 'type="checkbox"' not in field and ('type="radio"' not in field or " checked" in field):
            fields[html.unescape(name[1])] = html.unescape(value[1]) if value else ""
    return fields
