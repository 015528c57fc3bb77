# SPDX-License-Identifier: Apache-2.0
"""Views of each framework, guarded in one line: shown when permitted, 403 with the reasons when not, else closed."""

import contextlib
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from app_process import EXAMPLES, running
from house import newcomer, ready
from little_server import KEY, serving

from keshou.app import clock
from keshou.app.site import Site
from keshou.client.desk import PermitDesk
from keshou.db import Database
from keshou.gate.facts import ConsentWithdrawn
from keshou.migrations.run import upgrade

sys.path.append(str(EXAMPLES / "crm"))
from crm import Crm

APPS = ["fastapi_app", "litestar_app", "django_app"]
STAFF = {"x-staff": "clerk1"}
LISTER = {"x-staff": "lister"}


class World:
    """A site with its server, the customers' database, and an app that shows them."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack, app: str) -> None:
        database = Database(f"sqlite:///{folder / 'keshou.db'}")
        upgrade(database)
        self.site: Site = stack.enter_context(ready(database, folder, clock.now))  # type: ignore[arg-type]
        with contextlib.closing(sqlite3.connect(folder / "crm.db")) as connection:
            self.customers = Crm(connection, PermitDesk(_none), "crm_app").fill(3)
            self.phones = dict(connection.execute("SELECT customer_id, phone FROM customers").fetchall())
        self.site.do_all([newcomer(self.site, user) for user in self.customers])
        self.server = contextlib.ExitStack()
        stack.push(self.server)
        url = self.server.enter_context(serving(self.site))
        told = {
            "KESHOU_URL": url,
            "KESHOU_KEY": KEY,
            "KESHOU_ORIGIN": self.site.settings.log_origin,
            "KESHOU_CALLER": "crm_app",
            "CRM": str(folder / "crm.db"),
        }
        self.app: httpx2.Client = stack.enter_context(running(app, told))


def _none() -> None:
    raise AssertionError("nothing is served while the table is filled")


@pytest.fixture(scope="module", params=APPS)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with contextlib.ExitStack() as stack:
        yield World(tmp_path_factory.mktemp("app"), stack, request.param)


def test_what_is_permitted_is_shown(world: World) -> None:
    customer = world.customers[0]
    answer = world.app.get(f"/customers/{customer}/phone", headers=STAFF)
    assert (answer.status_code, answer.json()) == (200, {"phone": world.phones[customer]})


def test_what_is_denied_is_answered_with_its_reasons_and_articles(world: World) -> None:
    customer = world.customers[0]
    answer = world.app.get(f"/customers/{customer}/offer", headers=LISTER)
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["type"] == "/problems/denied"
    assert {"miit24:9.1", "npcsc2012:7"} <= {each["cite"] for each in problem["reasons"]}
    assert world.phones[customer] not in answer.text
    with world.site.reading() as tx:
        assert b'"who":"lister"' in world.site.ledger.entry(tx, problem["entry"])


def test_whoever_holds_no_post_sees_nothing(world: World) -> None:
    answer = world.app.get(f"/customers/{world.customers[0]}/phone", headers={"x-staff": "stranger"})
    assert answer.status_code == 403
    assert "miit24:13.1.3" in {each["cite"] for each in answer.json()["reasons"]}


def test_nobody_signed_in_sees_nothing(world: World) -> None:
    for path in ("phone", "offer"):
        answer = world.app.get(f"/customers/{world.customers[0]}/{path}")
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/not-signed-in")


def test_a_withdrawal_holds_for_the_next_request(world: World) -> None:
    customer = world.customers[1]
    path = f"/customers/{customer}/phone"
    assert world.app.get(path, headers=STAFF).status_code == 200
    world.site.record(customer, ConsentWithdrawn(at=world.site.now(), purpose="service"))
    assert world.app.get(path, headers=STAFF).status_code == 403
    assert world.app.get(f"/customers/{world.customers[2]}/phone", headers=STAFF).status_code == 200


@pytest.mark.parametrize("customer", ["A%00", "x" * 3000], ids=["no text", "too long"])
def test_an_id_that_nobody_can_have_is_malformed_and_no_failure(world: World, customer: str) -> None:
    for path, staff in (("phone", STAFF), ("offer", LISTER)):
        answer = world.app.get(f"/customers/{customer}/{path}", headers=staff)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")


def test_without_an_answer_from_keshou_every_view_is_closed(world: World) -> None:
    world.server.close()
    for path, staff in (("phone", STAFF), ("offer", LISTER)):
        answer = world.app.get(f"/customers/{world.customers[0]}/{path}", headers=staff)
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unreachable")
        assert world.phones[world.customers[0]] not in answer.text
