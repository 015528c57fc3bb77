# SPDX-License-Identifier: Apache-2.0
"""A browser at the console in the tests' own process: signed in, its forms read, what its pages are made of."""

import html
import re
import weakref
from html.parser import HTMLParser
from typing import Any

from console_house import PASSWORD
from litestar import Litestar
from litestar.testing import TestClient

from keshou.app.site import Site
from keshou.web.find_caller import Finder
from keshou.web.server import application

HEADERS = {"Accept": "text/html", "Accept-Language": "en", "Sec-Fetch-Site": "same-origin"}
LARGEST = 150_000
Browser = TestClient[Any]
_servers: "weakref.WeakKeyDictionary[Site, Litestar]" = weakref.WeakKeyDictionary()


def client_of(site: Site, account: str = "officer") -> Browser:
    """Return a browser in which somebody is signed in; nobody when `account` is empty."""
    client = TestClient(_server_of(site), raise_server_exceptions=False, base_url="http://127.0.0.1")
    client.headers.update(HEADERS)
    client.follow_redirects = False
    if account:
        assert sign_in(client, account).status_code == 303
    return client


def _server_of(site: Site) -> Litestar:
    """Return the server of a site: one, whoever comes, until it stops."""
    if site not in _servers:
        _servers[site] = app = application(site, Finder(site))
        app.on_shutdown.append(lambda: _servers.pop(site, None))
    return _servers[site]


def sign_in(browser: Browser, account: str = "officer", **more: str) -> Any:
    """Sign in by password."""
    return browser.post("/console/sign-in", data={"account": account, "password": PASSWORD, **more})


def fields(page: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the form that is sent to `action`."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page, re.S)
    assert form is not None, action
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form[0])
    return {html.unescape(name): html.unescape(value) for name, value in found}


def textarea(page: str) -> str:
    """Return what the page's field of text holds, as a browser has it."""
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.S)
    assert found is not None
    return html.unescape(found[1])


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [tag, *(name for name, _ in attrs)]


def tags(page: str) -> list[str]:
    """Return the names of every tag and attribute of a page."""
    reader = _Tags()
    reader.feed(page)
    return reader.found
