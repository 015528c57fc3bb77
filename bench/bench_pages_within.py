# SPDX-License-Identifier: Apache-2.0
"""Pages of who is signed in, on a site with many users: the console's and the users' own."""

import contextlib
import dataclasses
import http.client
import os
import random
import socket
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from bench_ledger import measured
from bench_pages import FIRST_PAINT, MOST, ROOM, asked, browser, first_paint
from playwright.sync_api import Browser
from record import tell
from served import keshou
from sites import CLERK, OFFICER, open_site

from keshou.accounts.account import AccountKind, Factor
from keshou.acts.request import Job, Perform
from keshou.app.sharing import Asked, share
from keshou.app.site import Site
from keshou.cli.sample.people import Subscriber, subscribers
from keshou.cli.sample.tables import write_subscribers_csv
from keshou.cli.setup import sample_declaration
from keshou.gate.act import Act
from keshou.gate.facts import MediumRegistered, ReviewAsked, StaffAppointed
from keshou.gate.holds import HoldSet
from keshou.law.terms import ActKind
from keshou.links.link import Shared
from keshou.web.caller import PLAIN_COOKIE
from postgresql import Cluster

USERS = int(os.environ.get("KESHOU_BENCH_PEOPLE", "100000"))
ACTS = 20_000
CHUNK = 1000
CHANGES = 100
AGENT = "Mozilla/5.0 (X11; Linux x86_64) bench"
"""What the browser calls itself: sessions are bound to it."""
CONSOLE = [
    "/console", "/console/acts", "/console/acts/list", "/console/acts/{entry}", "/console/information",
    "/console/people", "/console/people/posts", "/console/people/agents", "/console/people/access",
    "/console/people/accounts", "/console/reviews", "/console/emergencies", "/console/log", "/console/user",
    "/console/consents", "/console/holds", "/console/exports", "/console/exports/links", "/console/media",
    "/console/rules", "/console/me",
]  # fmt: skip
PORTAL = [
    "/me",
    "/me/held",
    "/me/consents",
    "/me/correct/mobile_number",
    "/me/history",
    "/me/copy",
    "/me/end",
    "/me/visits",
]
ROWS = 200
"""Media, holds, links and requests for review that are on record."""

__all__ = ["browser"]


class Desk(NamedTuple):
    """A server, and who is signed in to it."""

    database: str
    port: int
    officer: str
    visitor: str
    entry: int
    people: list[Subscriber]
    """Some of its users."""


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Serve a site of many users with acts of theirs on record; an officer and a user are signed in."""
    database = ""
    with contextlib.ExitStack() as stack:
        if request.param == "PostgreSQL":
            cluster: Cluster = request.getfixturevalue("cluster")
            stack.callback(cluster.drop, "bench_within")
            cluster.create("bench_within")
            database = cluster.url("bench_within")
        folder = tmp_path_factory.mktemp("within")
        people = _fill(folder, database)
        users = [each.user_id for each in people]
        with Site.open(folder / "site") as site:
            entry = _act(site, users)
            officer, visitor = _officer(site), _visitor(site, users[0])
            _keep(site, users)
            site.tidy()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        yield Desk(
            request.param, stack.enter_context(keshou(folder / "site", port)), officer, visitor, entry, people[:CHANGES]
        )


def _fill(folder: Path, database: str) -> list[Subscriber]:
    open_site(folder / "site", database).close()
    with (folder / "site" / "keshou.toml").open("a") as settings:
        settings.write('\n[server]\nrate = "1000000/minute"\nrate_pages = "1000000/minute"\n')
    people = [
        dataclasses.replace(each, service_consent="express", limited_capacity=False)
        for each in subscribers(USERS, seed=1)
    ]
    write_subscribers_csv(folder / "users.csv", people)
    measured("import", str(folder / "site"), str(folder / "users.csv"))
    return people


def _act(site: Site, users: list[str]) -> int:
    """Have acts done, now and then an unlawful one; return the place of the last."""
    chance, last = random.Random(3), 0
    for _ in range(ACTS // CHUNK):
        jobs: list[Job] = [
            Perform(
                act=Act(
                    kind=chance.choice([ActKind.USE, ActKind.USE, ActKind.USE, ActKind.SELL]),
                    user=users[0] if chance.random() < 0.01 else chance.choice(users), by=CLERK, when=site.now(),
                    items=frozenset({"mobile_number"}), purpose="service",
                )
            )
            for _ in range(CHUNK)
        ]  # fmt: skip
        last = site.do_all(jobs)[-1].entry
    return last


def _keep(site: Site, users: list[str]) -> None:
    """Have media registered, holds set, links made and reviews asked for."""
    now, items = site.now(), frozenset({"mobile_number"})
    for number in range(ROWS):
        medium = MediumRegistered(
            at=now, medium=f"box-{number}", form="paper", place="cellar", holder=OFFICER, sealed=True, items=items
        )
        hold = HoldSet(
            at=now, hold=f"hold-{number}", ground="case", document=f"case-{number}", by=OFFICER,
            users=frozenset(users[number : number + 2]),
        )  # fmt: skip
        review = ReviewAsked(
            at=now, review=f"review-{number}", requester=CLERK, kind=ActKind.EXPORT, purpose="marketing", items=items,
            count=5_000,
        )  # fmt: skip
        site.record_site(medium, hold, by=OFFICER)
        site.record_site(review, by=CLERK)
        shared = Shared(purpose="portability", items=("mobile_number",), recipient="portability_centre", by=OFFICER)
        share(site, f"link-{number}", Asked(users[number], shared, minutes=60))


def _officer(site: Site) -> str:
    posts = ("auditor", "retail_manager", "network_manager", "care_agent")
    site.record_site(*(StaffAppointed(at=site.now(), staff=OFFICER, post=post) for post in posts), by="board")
    with site.writing() as tx:
        site.accounts.invite(tx, OFFICER, AccountKind.STAFF, by="board", now=site.now())
        return site.accounts.begin(tx, OFFICER, (Factor.PASSWORD, Factor.TOTP), AGENT, site.now()).token


def _visitor(site: Site, user: str) -> str:
    with site.writing() as tx:
        started = site.visits.start(tx, user, site.now())
        assert started.code is not None
        token = site.visits.redeem(tx, started.ticket, started.code, AGENT, site.now())
    assert token is not None
    return token


@pytest.mark.parametrize("path", [*CONSOLE, *PORTAL])
def test_a_page_within(benchmark: Any, desk: Desk, browser: Browser, path: str) -> None:
    """Ask for a page again and again over one connection; then look when a browser first shows it."""
    token = desk.visitor if path.startswith("/me") else desk.officer
    address = path.format(entry=desk.entry)
    headers = {"User-Agent": AGENT, "Cookie": f"{PLAIN_COOKIE}={token}"}
    taken, size = asked(desk.port, address, **headers)
    benchmark.pedantic(lambda: None, rounds=1)
    benchmark.extra_info["median"] = statistics.median(taken)
    tell(
        benchmark,
        f"{desk.database}, {USERS:,} users: {path}",
        room=ROOM,
        unit="us",
        target=MOST,
        at_most={"first_paint_ms": FIRST_PAINT, "kb": 150},
        p99_ms=round(sorted(taken)[int(len(taken) * 0.99)] * 1000, 1),
        first_paint_ms=first_paint(
            browser, f"http://127.0.0.1:{desk.port}{address}", agent=AGENT, **{PLAIN_COOKIE: token}
        ),
        kb=round(size / 1000, 1),
    )


@pytest.mark.parametrize("path", ["/console/rules/check", "/console/user", "/console/user/search"])
def test_a_page_that_is_sent_to(benchmark: Any, desk: Desk, path: str) -> None:
    """Send another text of the declaration each time, as the editor does while somebody writes; or look at users."""
    text, taken, size = sample_declaration(), list[float](), 0
    headers = {
        "User-Agent": AGENT, "Cookie": f"{PLAIN_COOKIE}={desk.officer}", "Accept": "text/html",
        "Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded",
    }  # fmt: skip
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", int(desk.port), timeout=60)) as connection:
        for number in range(CHANGES):
            person = desk.people[number % len(desk.people)]
            look = {"user": person.user_id, "purpose": "care", "post": "care_agent"}
            found = {
                "way": "mobile_number:whole",
                "value": person.mobile_number,
                "purpose": "care",
                "post": "care_agent",
            }
            change = {"key": "k", "version": 1, "text": f"{text}\n# {number}\n"}
            sent = {"/console/user": look, "/console/user/search": found}.get(path, change)
            before = time.perf_counter()
            connection.request("POST", path, urlencode(sent), headers)
            answer = connection.getresponse()
            size = max(size, len(answer.read()))
            taken.append(time.perf_counter() - before)
            assert answer.status == http.client.OK
    benchmark.pedantic(lambda: None, rounds=1)
    benchmark.extra_info["median"] = statistics.median(taken)
    tell(
        benchmark, f"{desk.database}, {USERS:,} users: POST {path}, each time another", room=ROOM, unit="us",
        target=MOST, at_most={"kb": 150}, p99_ms=round(sorted(taken)[int(len(taken) * 0.99)] * 1000, 1),
        kb=round(size / 1000, 1),
    )  # fmt: skip
