# SPDX-License-Identifier: Apache-2.0
"""What tests of the web share: a site with two users, a gateway of codes, a browser, and the ways to come to a page."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser import Reader, chromium, reading
from house import Clock, newcomer, ready
from places import SERVER, serving
from playwright.sync_api import Browser
from receivers import Receiver, receiving
from ways import WAYS, Way

from keshou.app.site import Site
from keshou.db import Database
from keshou.language import Language
from postgresql import Cluster


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    """The small operator's site with the users u1 and u2."""
    with ready(database, tmp_path, clock) as site:
        site.do_all([newcomer(site, "u1"), newcomer(site, "u2")])
        yield site


@pytest.fixture
def gateway() -> Iterator[Receiver]:
    """The gateway that a site sends its codes to."""
    with receiving() as gateway:
        yield gateway


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser. It cannot be kept for longer: while it is there, nothing else may run an event loop."""
    with chromium() as browser:
        yield browser


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest) -> Language:
    """The language that a reader's browser asks for."""
    return "zh" if request.param == "zh" else "en"


@pytest.fixture(params=sorted(WAYS))
def way(request: pytest.FixtureRequest) -> Way:
    """The way by which a reader comes."""
    return WAYS[request.param]


@pytest.fixture(scope="module")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory, make_home: Callable[[Path, str], Path]) -> Iterator[str]:
    """Serve on SQLite what a module's own fixture `make_home` makes: the site that its readers look at."""
    with serving(make_home(tmp_path_factory.mktemp("served") / "site", ""), application=SERVER) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
def postgresql_served(
    tmp_path_factory: pytest.TempPathFactory, make_home: Callable[[Path, str], Path], postgresql_cluster: Cluster
) -> Iterator[str]:
    """Serve on PostgreSQL what `make_home` makes."""
    with postgresql_cluster.database("keshou_served") as name:
        home = make_home(tmp_path_factory.mktemp("served") / "site", postgresql_cluster.url(name, tcp=True))
        with serving(home, application=SERVER) as server:
            yield f"http://127.0.0.1:{server.port}"


@pytest.fixture
def address(request: pytest.FixtureRequest, way: Way) -> str:
    """The address of the server that a reader comes to."""
    url: str = request.getfixturevalue(way.server)
    return url


@pytest.fixture(scope="module")
def forgiven() -> re.Pattern[str]:
    """What a browser may call an error though all is well: nothing, unless a module says otherwise."""
    return re.compile(r"(?!)")


@pytest.fixture
def reader(browser: Browser, address: str, way: Way, language: Language, forgiven: re.Pattern[str]) -> Iterator[Reader]:
    """Somebody at a browser, who in the end met no error and was sent to no other host."""
    with reading(browser, address, language, script=way.script, size=way.size) as reader:
        yield reader
        assert [each for each in reader.faults if not forgiven.search(each)] == []
        assert [each for each in reader.asked if not each.startswith(f"{address}/")] == []
