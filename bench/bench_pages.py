# SPDX-License-Identifier: Apache-2.0
"""The public pages: how long the server takes for each, and when a browser first shows something."""

import contextlib
import datetime as dt
import http.client
import os
import re
import socket
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from record import tell
from served import keshou

from keshou.app import clock
from keshou.app.create import create
from keshou.app.site import Site
from keshou.cli.setup import sample_declaration
from keshou.declaration.load import read
from postgresql import Cluster

ROOM = "pages"
ROUNDS = int(os.environ.get("KESHOU_BENCH_ROUNDS", "7")) * 10
VERSIONS = 30
"""Versions of the rules that the site has; a page of versions shows twenty."""
MOST = 50_000
"""Microseconds that a page may take the server."""
FIRST_PAINT = 1000
"""Milliseconds after which a browser has to show something."""
PATHS = [
    "/", "/rules", "/rules/versions", f"/rules/versions/{VERSIONS}", "/contact", "/law", "/law/miit24",
    "/law/miit24?q=consent", "/law/gbz28828",
]  # fmt: skip


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """Serve the sample with many versions of its rules; give the database's name and the port."""
    database = ""
    with contextlib.ExitStack() as stack:
        if request.param == "PostgreSQL":
            cluster: Cluster = request.getfixturevalue("cluster")
            stack.callback(cluster.drop, "bench_pages")
            cluster.create("bench_pages")
            database = cluster.url("bench_pages")
        home = tmp_path_factory.mktemp("pages") / "home"
        _fill(home, database)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        yield request.param, stack.enter_context(keshou(home, port))


def _fill(home: Path, database: str) -> None:
    start = clock.now().astimezone(dt.UTC) - dt.timedelta(days=VERSIONS + 1)
    create(home, start, declaration=sample_declaration(), database=database)
    with (home / "keshou.toml").open("a") as settings:
        settings.write('\n[server]\nrate_pages = "1000000/minute"\n')
    days = iter(start + dt.timedelta(days=number) for number in range(VERSIONS + 1))
    moment = [next(days)]
    with Site.open(home, now=lambda: moment[0]) as site:
        for number in range(VERSIONS):
            text = re.sub(
                r"(?m)^effective = .*$", f"effective = {moment[0].isoformat()}", sample_declaration(), count=1
            )
            text = text.replace("complaint_answer_days = 15", f"complaint_answer_days = {1 + number % 15}", 1)
            declaration = read(text).declaration
            assert declaration is not None
            site.publish(declaration, by="officer")
            moment[0] = next(days)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.mark.parametrize("path", PATHS)
def test_a_page(benchmark: Any, served: tuple[str, int], browser: Browser, path: str) -> None:
    """Ask for a page again and again over one connection; then look when a browser first shows it."""
    database, port = served
    taken, size = asked(port, path)
    benchmark.pedantic(lambda: None, rounds=1)
    benchmark.extra_info["median"] = statistics.median(taken)
    tell(
        benchmark,
        f"{database}: {path}",
        room=ROOM,
        unit="us",
        target=MOST,
        at_most={"first_paint_ms": FIRST_PAINT},
        p99_ms=round(sorted(taken)[int(len(taken) * 0.99)] * 1000, 1),
        first_paint_ms=first_paint(browser, f"http://127.0.0.1:{port}{path}"),
        gzip_kb=round(size / 1000, 1),
    )


def asked(port: int, path: str, **more: str) -> tuple[list[float], int]:
    """Return how long each answer took (seconds), and how large it was (bytes, compressed where it is)."""
    headers = {"Accept": "text/html", "Accept-Language": "zh", "Accept-Encoding": "gzip", **more}
    taken, body = [], b""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)) as connection:
        for _ in range(ROUNDS):
            before = time.perf_counter()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            taken.append(time.perf_counter() - before)
            assert answer.status == http.client.OK
    return taken, len(body)


def first_paint(browser: Browser, url: str, *, agent: str | None = None, **cookies: str) -> float:
    """Return the median of when something is first shown, in milliseconds, nothing being kept from before."""
    found = []
    for _ in range(5):
        with contextlib.closing(browser.new_context(locale="zh-CN", bypass_csp=True, user_agent=agent)) as context:
            context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
            page = context.new_page()
            page.goto(url)
            script = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
            page.wait_for_function(f"({script}) > 0")
            found.append(page.evaluate(script))
    return round(statistics.median(found), 0)
