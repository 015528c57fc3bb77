# SPDX-License-Identifier: Apache-2.0
"""Users with ten items created and read back over HTTP, taken in by batches, and found among a million.

What a request costs is the server's own processor time, user and system, over all of its processes: from `/proc`.
``KESHOU_BENCH_PEOPLE`` says among how many users, a million when it is not given.
"""

import contextlib
import os
import random
import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest
from bench_server import CONNECTIONS, free_port
from load import SERIAL
from people import TEN, House, People, creation, look, take_in
from record import at, tell
from served import in_memory, keshou, load, request

from keshou.app.site import Site
from keshou.cli.sample.people import Subscriber
from keshou.gate.act import Act
from keshou.law.terms import ActKind
from postgresql import Cluster

PEOPLE = int(os.environ.get("KESHOU_BENCH_PEOPLE", "1000000"))
FEW, MANY = min(1_000, PEOPLE), min(100_000, PEOPLE)
"""Users who all stay in the server's memory, and more than do."""
SECONDS = float(os.environ.get("KESHOU_BENCH_SECONDS", "5"))
SEARCHES = int(os.environ.get("KESHOU_BENCH_SEARCHES", "3000"))
CREATED, READ, BATCHED, FOUND = 1.8, 0.6, 15_000, 5.0
"""At most so many milliseconds of processor time a request; values a second; milliseconds within which 99% are."""
TRIES = 60_000
"""Users that may come over HTTP in one measurement."""


class Costs:
    """What was measured on one database."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.cpu: dict[tuple[str, int], float] = {}
        """Milliseconds of processor time a request, by what was asked and among how many users."""
        self.values = 0.0
        """Values a second, in batches."""
        self.searches: list[float] = []
        self.looks: list[float] = []
        """Searches, each with the look at whom it found."""
        self.bare: list[float] = []


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def costs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Costs]:
    """Fill a site, and measure on the way."""
    folder, database = tmp_path_factory.mktemp("finding"), ""
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if request.param == "PostgreSQL":
            cluster: Cluster = request.getfixturevalue("cluster")
            cluster.create("bench_finding")
            stack.callback(cluster.drop, "bench_finding")
            database = cluster.url("bench_finding")
        found, house = Costs(request.param), House(folder / "home", database)
        people = People(PEOPLE + 4 * TRIES)
        held = people.next(FEW)
        with house.open() as site:
            take_in(site, held)
            _analyse(site)
        _over_http(found, house, people, held, FEW)
        if FEW < MANY < PEOPLE:
            held += people.next(MANY - FEW)
            with house.open() as site:
                take_in(site, held[FEW:])
                _analyse(site)
            _over_http(found, house, people, held, MANY)
        rest = people.next(PEOPLE - len(held) if len(held) < PEOPLE else FEW)
        with house.open() as site:
            began = time.perf_counter()
            take_in(site, rest)
            found.values = len(rest) * len(TEN) / (time.perf_counter() - began)
            _analyse(site)
            _search(found, site, held + rest)
        _over_http(found, house, people, held + rest, PEOPLE)
        yield found


def _analyse(site: Site) -> None:
    if site.database.postgresql:
        with site.writing() as tx:
            tx.connection.exec_driver_sql("ANALYZE")


def _over_http(found: Costs, house: House, people: People, held: list[Subscriber], users: int) -> None:
    """Create users over HTTP, and read others back; note what each request cost the server."""
    serial = {"Idempotency_Key": SERIAL.decode()}
    new = [request("/api/v1/users", creation(each), house.key, **serial) for each in people.next(TRIES)]
    chance = random.Random(3)
    looks = [request("/api/v1/acts", look(chance.choice(held).user_id), house.key, **serial) for _ in range(TRIES)]
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(keshou(house.home, free_port()))
        for each in house.home.glob("*.db"):
            stack.enter_context(in_memory(each))
        for what, requests in (("read", looks), ("created", new)):
            load(server, CONNECTIONS, 1.0, looks)
            before = server.cpu()
            told = load(server, CONNECTIONS, SECONDS, requests)
            assert set(told.statuses) == {"200"}, told.statuses
            found.cpu[what, users] = (server.cpu() - before) / told.all * 1000


def _search(found: Costs, site: Site, held: list[Subscriber]) -> None:
    """Look for users one after another: the search on record, one with a look at whom it found, the index alone."""
    chance, vault = random.Random(5), site._known.vault
    act = Act(
        kind=ActKind.QUERY, user="", items=frozenset({"mobile_number"}), purpose="service", by="crm", when=site.now()
    )  # fmt: skip
    for _ in range(SEARCHES):
        one, other = chance.sample(held, 2)
        with _timed(found.searches):
            told = site.searches.ids(act, one.mobile_number)
        assert one.user_id in told
        with _timed(found.looks):
            shown = site.searches.find(act, other.mobile_number)
        assert other.user_id in shown.users
        with _timed(found.bare), site.reading() as tx:
            assert vault.find(tx, "mobile_number", chance.choice(held).mobile_number)


@contextlib.contextmanager
def _timed(waits: list[float]) -> Iterator[None]:
    start = time.perf_counter()
    yield
    waits.append((time.perf_counter() - start) * 1000)


@pytest.mark.parametrize("users", sorted({FEW, MANY, PEOPLE}))
@pytest.mark.parametrize(("what", "most"), [("created", CREATED), ("read", READ)])
def test_a_user_with_ten_items_over_http(benchmark: Any, costs: Costs, what: str, most: float, users: int) -> None:
    cost = costs.cpu[what, users]
    benchmark.pedantic(lambda: None, rounds=1)
    benchmark.extra_info["median"] = cost / 1000
    named = {"created": "a user with 10 items created", "read": "10 items of a user read back"}[what]
    told = f"{costs.database}: {named} over HTTP among {users:,}, processor time"
    flat = round(cost / costs.cpu[what, FEW], 2)
    tell(benchmark, told, room="finding", unit="us", target=most * 1000, times_among_few=flat)


def test_values_in_batches(benchmark: Any, costs: Costs) -> None:
    benchmark.pedantic(lambda: None, rounds=1)
    benchmark.extra_info["median"] = 1 / costs.values
    told = f"{costs.database}: values of new users taken in by batches, gated, sealed, indexed, on record"
    tell(benchmark, told, room="finding", unit="rate", target=BATCHED)


def test_a_search_among_all(benchmark: Any, costs: Costs) -> None:
    benchmark.pedantic(lambda: None, rounds=1)
    searches, looks, bare = (sorted(each) for each in (costs.searches, costs.looks, costs.bare))
    benchmark.extra_info["median"] = at(searches, 0.5) / 1000
    tell(
        benchmark,
        f"{costs.database}: a user found by number among {PEOPLE:,}, the search on record",
        room="finding",
        unit="us",
        p99_ms=at(searches, 0.99),
        with_look_p99_ms=at(looks, 0.99),
        index_alone_p99_ms=at(bare, 0.99),
        at_most={"p99_ms": FOUND},
    )
