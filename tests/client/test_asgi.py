# SPDX-License-Identifier: Apache-2.0
"""An app guarded from outside is closed but for what its guards let through."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path as File
from typing import Any

import httpx2
import msgspec
import pytest
from app_process import running
from house import newcomer, ready
from little_server import KEY, serving

from keshou.app.site import Site
from keshou.client.asgi import GuardMiddleware, Path
from keshou.client.asynchronous import AsyncKeshou
from keshou.client.guard import Guard, admitted, decided, guard_with
from keshou.client.sync import Keshou
from keshou.db import Database
from keshou.errors import InputError
from keshou.law.terms import ActKind
from keshou.migrations.run import upgrade
from keshou.wire.problem import Problem

PHONE = Guard(ActKind.USE, {"mobile_number"}, "service", user="user")
PATHS = [
    Path("/customers/{user}/phone", PHONE._replace(by=lambda _: "clerk1")),
    Path("/customers/{user}/offer", PHONE._replace(purpose="marketing")),
    Path("/customers/{user}/edit", PHONE._replace(by=lambda _: "clerk1"), methods=frozenset({"POST"})),
    Path("/anonymous/{user}", PHONE._replace(by=lambda _: "")),
    Path("/whose/{of}", PHONE._replace(user=lambda _: "", by=lambda _: "clerk1")),
    Path("/elsewhere/{user}", PHONE._replace(by=lambda _: "clerk1", holding="no_such_system")),
    Path("/odd/{user}", PHONE._replace(user=lambda _: "\udc80", by=lambda _: "clerk1")),
]


async def shows_all(scope: Any, _receive: Any, send: Any) -> None:
    """Stand for any app: it shows what it is asked, to whoever gets this far."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    body = msgspec.json.encode({"path": scope["path"], "entry": admitted().entry if scope["path"] != "/health" else -1})
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("asgi")
    database = Database(f"sqlite:///{folder / 'keshou.db'}")
    upgrade(database)
    with ready(database, folder) as site:
        site.do(newcomer(site, "A-1"))
        yield site


@pytest.fixture(scope="module")
def url(site: Site) -> Iterator[str]:
    with serving(site) as url:
        yield url


def asked(url: str, path: str, method: str = "GET", key: str = KEY) -> httpx2.Response:
    async def ask() -> httpx2.Response:
        async with AsyncKeshou(url, key) as keshou:
            app = GuardMiddleware(shows_all, keshou, PATHS, open_paths=["/health"])
            transport = httpx2.ASGITransport(app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://app.example") as client:
                return await client.request(method, path)

    return asyncio.run(ask())


def test_a_guarded_path_is_let_through_when_permitted(url: str) -> None:
    answer = asked(url, "/customers/A-1/phone")
    assert answer.status_code == 200
    assert answer.json()["entry"] > 0


def test_a_guarded_path_is_answered_with_the_reasons_when_denied(url: str) -> None:
    answer = asked(url, "/customers/A-1/offer")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/denied")
    assert answer.json()["reasons"]
    assert asked(url, "/customers/nobody/phone").status_code == 403


def test_an_open_path_needs_no_guard(url: str) -> None:
    assert asked(url, "/health").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/customers/A-1",
        "/customers/A-1/phone/",
        "//customers/A-1/phone",
        "/customers/A-1//phone",
        "/customers/A-1/Phone",
        "/customers/x/../A-1/phone/..",
        "/customers/A-1%2Fphone/x",
        "/customers/A-1/phone%0A",
        "/customers/A-1/phone%00",
        "/health/",
        "/health%0A",
        "/x/health",
        "/customers/A-1/forgotten",
    ],
)
def test_a_path_that_no_guard_is_declared_for_is_closed(url: str, path: str) -> None:
    answer = asked(url, path)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-entitled")


def test_a_guard_of_some_methods_closes_the_others(url: str) -> None:
    assert asked(url, "/customers/A-1/edit", "POST").status_code == 200
    assert asked(url, "/customers/A-1/edit", "GET").status_code == 403


def test_nobody_signed_in_gets_nothing(url: str) -> None:
    assert asked(url, "/anonymous/A-1").status_code == 401


def test_a_server_that_is_away_closes_what_is_guarded_and_nothing_else() -> None:
    answer = asked("http://127.0.0.1:9", "/customers/A-1/phone")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unreachable")
    assert asked("http://127.0.0.1:9", "/health").status_code == 200


def test_a_web_socket_is_closed_unless_it_is_permitted(url: str) -> None:
    async def ask(path: str) -> list[str]:
        sent: list[str] = []

        async def send(message: Any) -> None:
            sent.append(message["type"])

        async with AsyncKeshou(url, KEY) as keshou:
            app = GuardMiddleware(shows_all, keshou, PATHS)
            await app({"type": "websocket", "path": path}, send, send)
        return sent

    assert asyncio.run(ask("/customers/A-1/phone")) == ["websocket.accept"]
    assert asyncio.run(ask("/customers/A-1/offer")) == ["websocket.close"]
    assert asyncio.run(ask("/elsewhere")) == ["websocket.close"]


def test_the_synchronous_client_will_do_around_an_app(url: str) -> None:
    async def ask(keshou: Keshou) -> int:
        transport = httpx2.ASGITransport(GuardMiddleware(shows_all, keshou, PATHS))
        async with httpx2.AsyncClient(transport=transport, base_url="http://app.example") as client:
            return (await client.get("/customers/A-1/phone")).status_code

    with Keshou(url, KEY) as keshou:
        assert asyncio.run(ask(keshou)) == 200


def test_a_synchronous_view_cannot_wait_for_an_asynchronous_client() -> None:
    def view(user: str) -> str:
        return user

    with pytest.raises(InputError):
        guard_with(lambda problem: problem, AsyncKeshou("http://127.0.0.1:9", "k"), PHONE)(view)


def test_a_view_that_is_not_guarded_was_not_admitted() -> None:
    with pytest.raises(InputError):
        admitted()


@pytest.mark.parametrize("name", ["user", "by", "post", "where"])
def test_a_guard_that_names_no_parameter_of_the_view_is_refused_before_anybody_is_asked_about(
    url: str, name: str
) -> None:
    def view(user: str, staff: str) -> str:
        return user + staff

    misspelled = PHONE._replace(by="staff")._replace(**{name: "usr"})
    with Keshou(url, KEY) as keshou:
        assert guard_with(lambda problem: problem, keshou, PHONE._replace(by="staff"))(view)("A-1", "clerk1")
        with pytest.raises(InputError, match="usr"):
            guard_with(lambda problem: problem, keshou, misspelled)(view)
        with pytest.raises(InputError, match="usr"):
            GuardMiddleware(shows_all, keshou, [Path("/{user}/by/{staff}", misspelled)])


@pytest.mark.parametrize("name", ["user", "by", "post", "where"])
def test_a_view_that_takes_any_names_stays_closed_without_the_one_that_the_guard_names(
    url: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    def view(**named: str) -> int:
        return len(named) and 200

    def answer(guard: Guard) -> Any:
        with Keshou(url, KEY) as keshou:
            return guard_with(lambda problem: problem.status, keshou, guard)(view)(user="A-1", staff="clerk1")

    by_staff = PHONE._replace(by="staff")
    assert answer(by_staff) == 200
    assert answer(by_staff._replace(**{name: "misspelled"})) == 503
    assert "misspelled" in caplog.text


def test_a_view_that_fails_leaves_nobody_admitted(url: str) -> None:
    def view(user: str) -> str:
        assert admitted().entry
        raise RuntimeError(user)

    with Keshou(url, KEY) as keshou:
        guarded = guard_with(lambda problem: problem, keshou, PHONE)(view)
        with contextlib.suppress(RuntimeError):
            guarded("A-1")
    with pytest.raises(InputError):
        admitted()


def test_the_example_around_a_whole_app_closes_what_was_forgotten(site: Site, url: str, tmp_path: File) -> None:
    told = {"KESHOU_URL": url, "KESHOU_KEY": KEY, "KESHOU_ORIGIN": site.settings.log_origin}
    with running("asgi_app", told | {"KESHOU_CALLER": "crm_app", "CRM": str(tmp_path / "none.db")}) as app:
        assert app.get("/health").json() == {"ok": True}
        assert app.get("/customers/A-1/forgotten", headers={"x-staff": "clerk1"}).status_code == 403
        assert app.get("/customers/A-1/phone").status_code == 401
        assert app.get("/customers/A-1/phone", headers={"x-staff": "judge"}).status_code == 403


ODD = ["/customers/A%00/phone", f"/customers/{'x' * 3000}/phone", "/whose/A-1", "/odd/A-1"]


@pytest.mark.parametrize("path", ODD)
def test_what_makes_no_question_is_answered_as_malformed(url: str, path: str) -> None:
    answer = asked(url, path)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")


def test_what_the_app_has_to_mend_closes_the_view_and_is_logged(url: str, caplog: pytest.LogCaptureFixture) -> None:
    for path, key in (("/customers/A-1/phone", "a-key-that-was-revoked"), ("/elsewhere/A-1", KEY)):
        caplog.clear()
        answer = asked(url, path, key=key)
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unreachable")
        assert "a guarded view is closed" in caplog.text
        assert "A-1" not in caplog.text


def test_a_synchronous_view_is_closed_alike(url: str) -> None:
    by_clerk = PHONE._replace(by=lambda _: "clerk1")
    with Keshou(url, KEY) as keshou, Keshou(url, "a-key-that-was-revoked") as revoked:
        asked_of: list[Any] = [
            (keshou, ["A-1"]),
            (keshou, ["A\0"]),
            (keshou, ["x" * 3000]),
            (keshou, []),
            (revoked, ["A-1"]),
        ]
        found = [
            guard_with(lambda problem: problem.status, client, by_clerk)(lambda user="": 200)(*user)
            for client, user in asked_of
        ]
    assert found == [200, 400, 400, 400, 503]


def _rows(user: str) -> Iterator[str]:
    yield user


async def _streamed(user: str) -> AsyncIterator[str]:
    yield user


@pytest.mark.parametrize("view", [_rows, _streamed])
def test_a_generator_is_refused_as_a_view_when_it_is_decorated(url: str, view: Any) -> None:
    with Keshou(url, KEY) as keshou, pytest.raises(InputError, match="generator"):
        guard_with(lambda problem: problem, keshou, PHONE)(view)


async def awaited(arguments: Any) -> str:
    await asyncio.sleep(0)
    return str(arguments["staff"])


class Awaiting:
    async def __call__(self, arguments: Any) -> str:
        return await awaited(arguments)


@pytest.mark.parametrize("by", [awaited, Awaiting()])
@pytest.mark.parametrize("kind", [Keshou, AsyncKeshou])
def test_a_guard_of_an_asynchronous_view_waits_for_its_functions(
    url: str, by: Any, kind: type[Keshou] | type[AsyncKeshou]
) -> None:
    async def view(user: str, staff: str) -> int:
        assert user
        assert staff
        return 200

    async def answers() -> list[Any]:
        keshou = kind(url, KEY)
        try:
            guarded = guard_with(lambda problem: problem.status, keshou, PHONE._replace(by=by))(view)
            return [await guarded("A-1", staff) for staff in ("clerk1", "judge", "")]
        finally:
            if (closing := keshou.close()) is not None:
                await closing

    assert asyncio.run(answers()) == [200, 403, 401]


def test_a_function_that_nobody_can_wait_for_is_refused(url: str, caplog: pytest.LogCaptureFixture) -> None:
    def view(user: str, staff: str) -> int:
        return len(user + staff)

    with Keshou(url, KEY) as keshou:
        with pytest.raises(InputError, match="asynchronous function"):
            guard_with(lambda problem: problem, keshou, PHONE._replace(by=awaited))(view)
        hidden = PHONE._replace(by=lambda arguments: awaited(dict(arguments)))
        found: Any = guard_with(lambda problem: problem.status, keshou, hidden)(view)("A-1", "clerk1")
    assert found == 503
    assert "does not say so" in caplog.text


@pytest.mark.parametrize(
    "changes",
    [
        {"items": "mobile_number"},
        {"items": frozenset()},
        {"items": {"mobile number"}},
        {"purpose": ""},
        {"purpose": "our service"},
        {"holding": "our system"},
        {"kind": "peek"},
        {"kind": ActKind.COLLECT},
        {"kind": ActKind.CORRECT},
    ],
)
def test_a_guard_that_makes_no_question_whoever_comes_is_refused_at_once(url: str, changes: dict[str, Any]) -> None:
    wrong = PHONE._replace(**changes)
    with Keshou(url, KEY) as keshou:
        with pytest.raises(InputError):
            guard_with(lambda problem: problem, keshou, wrong)(lambda user: user)
        with pytest.raises(InputError):
            GuardMiddleware(shows_all, keshou, [Path("/{user}", wrong)])


@pytest.mark.parametrize("form", ["/c/{user:str}", "/c/{user", "/c/user}", "/{user}/{user}", "{user}", "", "/{{user}}"])
def test_a_form_that_would_match_nothing_is_refused(form: str) -> None:
    with pytest.raises(InputError, match="form of a path"):
        GuardMiddleware(shows_all, AsyncKeshou("http://127.0.0.1:9", "k"), [Path(form, PHONE)])


def test_what_is_wrong_with_the_guard_alone_is_told_to_the_app_and_not_to_who_came(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    writes = PHONE._replace(by=lambda _: "clerk1", kind=ActKind.COLLECT)
    with Keshou(url, KEY) as keshou:
        found = decided(keshou, writes, {"user": "A-1"})
    assert isinstance(found, Problem)
    assert found.status == 503
    assert "a guarded view is closed" in caplog.text
