# SPDX-License-Identifier: Apache-2.0
"""Databases for every test, SQLite and PostgreSQL alike; on a build machine a skipped test fails the run."""

import contextlib
import importlib
import itertools
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

import keshou
import keshou.db
import memory
import softhsm
from keshou.db import Database
from postgresql import Cluster

HERE = Path(__file__).parent
sys.path += sorted(str(folder) for folder in HERE.iterdir() if folder.is_dir() and str(folder) not in sys.path)
"""What the tests of a room share lies beside them and is imported by its bare name, by conftests of rooms as well."""

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")  # how long an example takes says more about a busy machine than about the code

_TEMPLATE = "keshou_template"
_count = itertools.count()


def _create_tables(database: Database) -> None:
    """Make every room's tables the way a site gets them: by migration, or from the stores while there is none."""
    rooms = Path(keshou.__file__).parent
    if any((rooms / "migrations" / "versions").glob("*.py")):
        importlib.import_module("keshou.migrations.run").upgrade(database)
        return
    for store in sorted(rooms.glob("*/store.py")):
        importlib.import_module(f"keshou.{store.parent.name}.store")
    with database.transaction() as tx:
        keshou.db.metadata.create_all(tx.connection)


@pytest.fixture(scope="session")
def postgresql_cluster() -> Iterator[Cluster]:
    """One server for this process's tests, started when the first of them asks."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgresql_template(postgresql_cluster: Cluster) -> str:
    """Name of a database with all tables, to copy from."""
    postgresql_cluster.create(_TEMPLATE)
    with contextlib.closing(Database(postgresql_cluster.url(_TEMPLATE))) as database:
        _create_tables(database)
    return _TEMPLATE


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database file with all tables, to copy from."""
    path = tmp_path_factory.mktemp("template") / "keshou.db"
    with contextlib.closing(Database(f"sqlite:///{path}")) as database:
        _create_tables(database)
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give a fresh database with all tables; the test runs once on SQLite and once on PostgreSQL."""
    with contextlib.ExitStack() as stack:
        if request.param == "sqlite":
            path = tmp_path / "keshou.db"
            shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
            url = f"sqlite:///{path}"
        else:
            template: str = request.getfixturevalue("postgresql_template")
            cluster: Cluster = request.getfixturevalue("postgresql_cluster")
            url = cluster.url(stack.enter_context(cluster.database(f"keshou_{next(_count)}", template)))
        yield stack.enter_context(contextlib.closing(Database(url)))


@pytest.fixture
def clock() -> Any:
    """A clock that tests set, at the moment when the small operator begins."""
    return importlib.import_module("house").Clock()


@pytest.fixture
def postgresql_url(postgresql_cluster: Cluster) -> Iterator[str]:
    """Address (loopback TCP) of a fresh, empty PostgreSQL database, for tests that start processes of their own."""
    with postgresql_cluster.database(f"keshou_{next(_count)}") as name:
        yield postgresql_cluster.url(name, tcp=True)


@pytest.fixture(scope="session", autouse=True)
def applications() -> Iterator[None]:
    """Let servers that tests make take their turns in a few applications: making one takes longer than most tests.

    An application is free again once its server stopped, unless a test gave it more faces; each server dresses it anew.
    """
    server = importlib.import_module("keshou.web.server")
    free: dict[int, list[Any]] = {}
    made: dict[int, tuple[int, int]] = {}
    undressed, dress = server.undressed, server.dress

    def taken(body_bytes: int) -> Any:
        waiting = free.setdefault(body_bytes, [])
        app = waiting.pop() if waiting else undressed(body_bytes)
        made[id(app)] = body_bytes, len(app.routes)
        return app

    def dressed(app: Any, *given: Any, **named: Any) -> Any:
        found = dress(app, *given, **named)
        body_bytes, routes = made[id(app)]

        def give_back() -> None:
            if len(app.routes) == routes:
                free[body_bytes].append(app)

        found.on_shutdown.insert(0, give_back)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "undressed", taken)
        patch.setattr(server, "dress", dressed)
        yield


@pytest.fixture(scope="session")
def soft_token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[softhsm.SoftToken]:
    """A token in software, the same for a whole run: a process that loads its library knows one folder of tokens."""
    before = os.environ.get(softhsm.CONFIG)
    yield softhsm.make_token(tmp_path_factory.mktemp("softhsm"))
    if before is None:
        del os.environ[softhsm.CONFIG]
    else:
        os.environ[softhsm.CONFIG] = before


def pytest_configure(config: pytest.Config) -> None:
    """Know test files by folder and name, so that every room can have its own ``test_store.py``.

    Folders of tests are made in memory where there is room; what failed leaves its folder behind until the next run.
    """
    config.option.importmode = "importlib"
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each of hundreds of processes would compile all of it anew
    if place := memory.folder(programs=True):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(place))


def _skipped(config: pytest.Config) -> list[str]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return sorted({report.nodeid for report in reporter.stats.get("skipped", [])}) if reporter else []


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run on a build machine when a test was skipped: what is not run protects nothing."""
    if os.environ.get("CI") and _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the skipped tests that made a run on a build machine fail."""
    if os.environ.get("CI"):
        for nodeid in _skipped(config):
            terminalreporter.write_line(f"skipped, which fails the run here: {nodeid}", red=True)
