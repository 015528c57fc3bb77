# SPDX-License-Identifier: Apache-2.0
"""Who calls is proven by each request, remembered only until access changes, and never by another site's page."""

import dataclasses
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from callers import CLERK, bearer
from house import Clock, ready
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.testing import TestClient

from keshou.app.settings import ServerSettings
from keshou.app.site import Site
from keshou.db import Database, Transaction, touch_access
from keshou.web import server
from keshou.web.caller import PLAIN_COOKIE
from keshou.wire.caller import Caller


@dataclasses.dataclass
class Room:
    """Knows tokens, and counts how often it was asked."""

    known: dict[str, Caller]
    asked: list[tuple[str, str]] = dataclasses.field(default_factory=list)

    def find(self, _tx: Transaction, token: str, binding: str, _now: dt.datetime) -> Caller | None:
        self.asked.append((token, binding))
        return self.known.get(token)


@get("/who")
async def who(caller: NamedDependency[Caller]) -> Caller:
    return caller


@post("/do")
async def do(caller: NamedDependency[Caller], request: Request[object, object, State]) -> Response[str]:
    return Response(f"{caller.id} {request.method}")


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    site = ready(database, tmp_path, clock)
    yield site
    site.close()


@pytest.fixture
def room() -> Room:
    return Room({"t": CLERK})


@pytest.fixture(scope="module")
def undressed() -> Litestar:
    """An application with two places more, which serves one site after another."""
    app = server.undressed(ServerSettings().body_bytes)
    app.register(who)
    app.register(do)
    return app


@pytest.fixture
def client(site: Site, room: Room, undressed: Litestar) -> Iterator[TestClient[Litestar]]:
    with TestClient(server.dress(undressed, site, room.find), base_url="http://127.0.0.1") as client:
        yield client


def test_a_token_in_the_header_proves_its_caller(client: TestClient[Litestar]) -> None:
    answer = client.get("/who", headers=bearer("t"))
    assert msgspec.json.decode(answer.content)["id"] == "clerk1"


@pytest.mark.parametrize("given", ["", "Basic dDp0", "Bearer", "Bearer  ", "Bearer " + "x" * 9000, "Bearer nobody"])
def test_what_proves_nobody_is_refused_and_told_how(client: TestClient[Litestar], given: str) -> None:
    answer = client.get("/who", headers={"Authorization": given} if given else {})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="keshou"')
    assert answer.headers["content-type"] == "application/problem+json"
    assert "nobody" not in answer.text.replace("nobody is signed in", "")


def test_a_caller_is_looked_up_once_until_access_changes(client: TestClient[Litestar], site: Site, room: Room) -> None:
    for _ in range(3):
        assert client.get("/who", headers=bearer("t")).status_code == 200
    assert len(room.asked) == 1
    with site.writing() as tx:
        touch_access(tx)
    del room.known["t"]
    assert client.get("/who", headers=bearer("t")).status_code == 401


def test_a_key_ended_by_another_process_is_dead_at_the_next_request(
    client: TestClient[Litestar], site: Site, room: Room
) -> None:
    assert client.get("/who", headers=bearer("t")).status_code == 200
    del room.known["t"]
    other = Database(site.database.url.render_as_string(hide_password=False))
    with other.transaction() as tx:
        touch_access(tx)
    other.close()
    assert client.get("/who", headers=bearer("t")).status_code == 401


def test_a_caller_in_use_is_looked_up_again_after_a_while(
    client: TestClient[Litestar], clock: Clock, room: Room
) -> None:
    client.get("/who", headers=bearer("t"))
    clock.moment += dt.timedelta(minutes=1)
    client.get("/who", headers=bearer("t"))
    assert len(room.asked) == 2


def test_a_proof_that_is_over_is_refused_though_remembered(
    client: TestClient[Litestar], clock: Clock, room: Room
) -> None:
    room.known["t"] = msgspec.structs.replace(CLERK, until=clock.moment + dt.timedelta(seconds=10))
    assert client.get("/who", headers=bearer("t")).status_code == 200
    clock.moment += dt.timedelta(seconds=20)
    assert client.get("/who", headers=bearer("t")).status_code == 401
    assert len(room.asked) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "none"}, 201),
        ({"Origin": "http://127.0.0.1"}, 201),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1"}, 403),
        ({"Origin": "http://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_a_session_s_cookie_does_nothing_for_another_site_s_page(
    client: TestClient[Litestar], headers: dict[str, str], status: int
) -> None:
    answer = client.post("/do", headers=headers | {"Cookie": f"{PLAIN_COOKIE}=t"})
    assert answer.status_code == status


def test_a_cookie_may_read_wherever_the_link_was(client: TestClient[Litestar]) -> None:
    assert (
        client.get("/who", headers={"Cookie": f"{PLAIN_COOKIE}=t", "Sec-Fetch-Site": "cross-site"}).status_code == 200
    )


def test_a_cookie_is_bound_to_the_browser_and_a_key_is_not(client: TestClient[Litestar], room: Room) -> None:
    client.get("/who", headers={"Cookie": f"{PLAIN_COOKIE}=t", "User-Agent": "one"})
    client.get("/who", headers={"Cookie": f"{PLAIN_COOKIE}=t", "User-Agent": "two"})
    client.get("/who", headers=bearer("t") | {"User-Agent": "two"})
    assert room.asked == [("t", "one"), ("t", "two"), ("t", "")]


def test_nobody_is_answered_while_the_database_is_silent(client: TestClient[Litestar], site: Site, room: Room) -> None:
    assert client.get("/who", headers=bearer("t")).status_code == 200
    site.pulse.close()
    assert client.get("/who", headers=bearer("t")).status_code == 503
