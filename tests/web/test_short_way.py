# SPDX-License-Identifier: Apache-2.0
"""The short way answers what the whole way would, takes what is plain, and leaves alone whatever is not."""

import asyncio
import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from callers import CLERK, CRM, bearer
from house import ready
from litestar import Litestar
from litestar.testing import TestClient

from keshou.app.settings import ServerSettings
from keshou.app.site import Site
from keshou.db import Database, touch_access
from keshou.web import server, short_way
from keshou.web.authzen.short import ShortEvaluation
from keshou.web.short_way import ShortWay
from keshou.wire.caller import Caller, CallerKind, Scope

USER = Caller(id="user", kind=CallerKind.USER, user="u1", credential="v1")
NARROW = Caller(id="biller", kind=CallerKind.PROGRAM, scopes=frozenset({Scope.EVALUATE}), credential="k2")
JSON = {"Content-Type": "application/json"}
CALLERS = {"crm": CRM, "clerk": CLERK, "user": USER, "narrow": NARROW}
ONE, MANY, ACTS = "/access/v1/evaluation", "/access/v1/evaluations", "/api/v1/acts"


def asked(by: str = "clerk1", kind: Any = "use", user: str = "u1", **context: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "staff", "id": by},
        "action": {"name": kind},
        "resource": {"type": "personal_information", "id": user, "properties": {"items": ["tariff_plan"]}},
        "context": {"purpose": "service", **context},
    }


def act(**more: Any) -> dict[str, Any]:
    return {"kind": "use", "user": "u1", "items": ["tariff_plan"], "purpose": "service"} | more


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the paths that the short way answered so far, in order."""
    found: list[str] = []
    answer = short_way._Exchange.answer

    async def noted(self: Any, *given: Any) -> None:
        found.append(self._scope["path"])
        await answer(self, *given)

    monkeypatch.setattr(short_way._Exchange, "answer", noted)
    return found


@contextlib.contextmanager
def serving(site: Site) -> Iterator[TestClient[Litestar]]:
    """Give a client of a server that has met every caller once."""
    app = server.application(site, lambda _tx, token, _binding, _now: CALLERS.get(token))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        for token in CALLERS:
            client.post(ONE, json=asked(), headers=bearer(token))
        yield client


@pytest.fixture
def client(site: Site) -> Iterator[TestClient[Litestar]]:
    with serving(site) as client:
        yield client


@pytest.fixture
def twin(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient[Litestar]]:
    """Give a client of a server of the same site in which every request goes the whole way."""
    with contextlib.ExitStack() as stack:
        with monkeypatch.context() as patch:
            patch.setattr(server, "short_ways", lambda _state: {})
            client = stack.enter_context(serving(site))
        assert not isinstance(client.app.asgi_handler, ShortWay)
        yield client


QUESTIONS: Mapping[str, tuple[str, Any, dict[str, str]]] = {
    "permitted": ("crm", asked(), {}),
    "denied": ("crm", asked(by="nobody", user="u2"), {}),
    "of a stranger": ("crm", asked(user="nobody's"), {}),
    "in English": ("crm", asked(by="nobody"), {"Accept-Language": "en;q=0.9, zh;q=0.1"}),
    "yes or no": ("crm", asked(), {"Prefer": "return=minimal"}),
    "about oneself": ("clerk", asked(by="self"), {}),
    "about another": ("clerk", asked(by="biller"), {}),
    "by a user": ("user", asked(by="u1") | {"subject": {"type": "user", "id": "u1"}}, {}),
    "beyond the key": ("narrow", asked(kind="export"), {}),
    "of no known kind": ("crm", asked(kind="sing"), {}),
    "of another resource": ("crm", asked() | {"resource": {"type": "lamp", "id": "1"}}, {}),
    "with a number for a purpose": ("crm", asked(purpose=1), {}),
    "of a wrong type": ("crm", asked(kind=["use"]), {}),
    "without a resource": ("crm", {"subject": {"type": "staff", "id": "a"}, "action": {"name": "use"}}, {}),
    "of nobody known": ("stranger", asked(), {}),
    "with its own request id": ("crm", asked(), {"X-Request-ID": "r-1"}),
    "with a cookie": ("crm", asked(), {"Cookie": "keshou-language=en"}),
    "of another type": ("crm", asked(), {"Content-Type": "text/plain"}),
    "with a charset": ("crm", asked(), {"Content-Type": "application/json; charset=utf-8"}),
    "with more members": ("crm", asked() | {"more": {"deep": [1]}}, {}),
}


def outcome(answer: Any) -> tuple[int, dict[str, str], Any]:
    """Return status, headers and body, without what differs each time it is asked."""
    changing = {"date", "ratelimit", "x-request-id"}
    body = answer.json()
    for name in ("request_id", "entry", "revision"):
        body.pop(name, None)
    return answer.status_code, {k: v for k, v in answer.headers.items() if k not in changing}, _settled(body)


def _settled(body: Any) -> Any:
    """Return a body without the revision it was decided on, and without the length that comes of it."""
    if isinstance(body, dict):
        return {name: _settled(each) for name, each in body.items() if name != "revision"}
    return [_settled(each) for each in body] if isinstance(body, list) else body


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_answered_as_on_the_whole_way(
    name: str, client: TestClient[Litestar], twin: TestClient[Litestar]
) -> None:
    token, body, headers = QUESTIONS[name]
    found, wanted = (
        each.post(ONE, content=json.dumps(body), headers={"Content-Type": "application/json"} | bearer(token) | headers)
        for each in (client, twin)
    )
    assert outcome(found) == outcome(wanted)
    if "X-Request-ID" in headers:
        assert found.headers["x-request-id"] == wanted.headers["x-request-id"] == "r-1"


SEVERAL = [asked(), asked(by="nobody", user="u2"), asked(user="nobody's"), asked(), asked(kind="export")]
BATCHES: Mapping[str, tuple[str, Any, dict[str, str]]] = {
    "of several": ("crm", {"evaluations": SEVERAL}, {}),
    "yes or no": ("crm", {"evaluations": SEVERAL}, {"Prefer": "return=minimal"}),
    "in English": ("crm", {"evaluations": SEVERAL}, {"Accept-Language": "en"}),
    "with a part at the top": ("crm", asked() | {"evaluations": [{}, {"action": {"name": "sell"}}]}, {}),
    "with what is no question": ("crm", {"evaluations": [asked(), {"subject": 1}, asked(kind="sing"), 7, {}]}, {}),
    "about oneself": ("clerk", {"evaluations": [asked(by="self"), asked(by="biller")]}, {}),
    "by a user": ("user", {"evaluations": [asked(by="u1") | {"subject": {"type": "user", "id": "u1"}}, asked()]}, {}),
    "beyond the key": ("narrow", {"evaluations": [asked(kind="export"), asked()]}, {}),
    "of none": ("crm", {"evaluations": []}, {}),
    "that is a single question": ("crm", asked(), {}),
    "of no form": ("crm", {"evaluations": 5}, {}),
    "that ends at a denial": (
        "crm", {"options": {"evaluations_semantic": "deny_on_first_deny"}, "evaluations": SEVERAL}, {},
    ),
    "of no known semantic": ("crm", {"options": {"evaluations_semantic": "some"}, "evaluations": SEVERAL}, {}),
    "of too many": ("crm", {"evaluations": [{}] * 10_001} | asked(), {}),
    "of very many": ("crm", {"evaluations": [{}] * 9_000} | asked(purpose="service", note="x" * short_way.MOST), {}),
}  # fmt: skip


@pytest.mark.parametrize("name", BATCHES)
def test_a_batch_is_answered_as_on_the_whole_way(
    name: str, client: TestClient[Litestar], twin: TestClient[Litestar]
) -> None:
    token, body, headers = BATCHES[name]
    found, wanted = (each.post(MANY, json=body, headers=bearer(token) | headers) for each in (client, twin))
    assert outcome(found)[::2] == outcome(wanted)[::2]
    assert {*found.headers} == {*wanted.headers}


ACTED: Mapping[str, tuple[str, Any]] = {
    "permitted": ("clerk", act()),
    "masked": ("crm", act(by="biller", items=["mobile_number"])),
    "masked on asking": ("clerk", act(items=["mobile_number"], masked=True)),
    "masked where nothing is shown": ("clerk", act(kind="correct", values={"tariff_plan": "P-20"}, masked=True)),
    "denied": ("clerk", act(kind="sell", items=["mobile_number"])),
    "of a stranger": ("clerk", act(user="nobody's")),
    "written": ("clerk", act(kind="correct", values={"tariff_plan": "P-20"})),
    "with values where there are none": ("clerk", act(values={"tariff_plan": "P-20"})),
    "without its values": ("clerk", act(kind="correct")),
    "in another's name": ("clerk", act(by="biller")),
    "of another user": ("user", act(kind="query", user="u2", items=["user_name"])),
    "of one's own": ("user", act(kind="query", items=["user_name"])),
    "of many": ("crm", act(by="lister", kind="export", user="", users=["u1", "u2"], count=2, purpose="marketing")),
    "not before a revision": ("clerk", act(at_least=1)),
    "before its revision": ("clerk", act(at_least=10**9)),
    "with a member unknown": ("clerk", act(more=1)),
    "of a wrong type": ("clerk", act(items="tariff_plan")),
}


@pytest.mark.parametrize("name", ACTED)
def test_an_act_is_answered_as_on_the_whole_way(
    name: str, client: TestClient[Litestar], twin: TestClient[Litestar]
) -> None:
    token, body = ACTED[name]
    found, wanted = (
        each.post(ACTS, json=body, headers=bearer(token) | {"Idempotency-Key": f"{name}-{number}"})
        for number, each in enumerate((client, twin))
    )
    assert outcome(found)[::2] == outcome(wanted)[::2]
    assert {*found.headers} == {*wanted.headers}
    again = client.post(ACTS, json=body, headers=bearer(token) | {"Idempotency-Key": f"{name}-0"})
    assert again.status_code == found.status_code


def test_what_is_plain_takes_it(client: TestClient[Litestar], taken: list[str]) -> None:
    client.post(ONE, json=asked(), headers=bearer("crm"))
    client.post(ONE, json=asked(by="nobody"), headers=bearer("crm"))
    client.post(ACTS, json=act(), headers=bearer("clerk") | {"Idempotency-Key": "k1"})
    client.post(ACTS, json=act(kind="sell"), headers=bearer("clerk") | {"Idempotency-Key": "k2"})
    client.post(MANY, json={"evaluations": SEVERAL}, headers=bearer("crm"))
    client.post(MANY, json={"evaluations": [asked(note="x" * short_way.MOST)]}, headers=bearer("crm"))
    assert taken == [ONE, ONE, ACTS, ACTS, MANY, MANY]


class Pieces:
    """A caller whose body comes in pieces, and what it was told."""

    def __init__(self, body: bytes, token: str, *, breaks_off: bool = False) -> None:
        head = [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {token}".encode())]
        head += [(b"content-type", b"application/json"), (b"content-length", b"%d" % (len(body) + breaks_off))]
        self.scope = {
            "type": "http", "method": "POST", "path": MANY, "raw_path": MANY.encode(), "query_string": b"",
            "headers": head, "http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 9), "state": {},
            "server": ("127.0.0.1", 80), "asgi": {"version": "3.0"}, "root_path": "",
        }  # fmt: skip
        self.left = [body[start : start + 20_000] for start in range(0, len(body), 20_000)]
        self.read, self.breaks_off = 0, breaks_off
        self.told: list[Any] = []

    async def receive(self) -> Any:
        if not self.left:
            return {"type": "http.disconnect"}
        self.read += 1
        part = self.left.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(self.left) or self.breaks_off}

    async def send(self, message: Any) -> None:
        self.told.append(message)

    def answer(self, client: TestClient[Litestar]) -> tuple[int, bytes]:
        async def ask() -> None:
            await client.app(self.scope, self.receive, self.send)  # type: ignore[arg-type]

        with client.portal() as portal:
            portal.call(ask)
        return self.told[0]["status"], b"".join(each.get("body", b"") for each in self.told[1:])


LARGE = json.dumps({"evaluations": [asked(note="x" * 30_000)] * 5}).encode()


def test_a_large_body_in_pieces_is_put_together_and_one_that_breaks_off_is_refused(
    client: TestClient[Litestar], taken: list[str]
) -> None:
    status, body = Pieces(LARGE, "crm").answer(client)
    assert (status, len(json.loads(body)["evaluations"]), taken) == (200, 5, [MANY])
    status, body = Pieces(LARGE, "crm", breaks_off=True).answer(client)
    assert (status, taken) == (400, [MANY])


def test_large_bodies_of_nobody_known_are_not_read_on_the_short_way(
    client: TestClient[Litestar], taken: list[str]
) -> None:
    stranger = Pieces(LARGE, "made-up")
    assert (stranger.answer(client)[0], stranger.read, taken) == (401, 0, [])


def test_large_bodies_of_who_asked_too_often_are_not_read(database: Database, tmp_path: Path) -> None:
    site = ready(database, tmp_path, server=ServerSettings(rate="5/minute"))
    with contextlib.closing(site), serving(site) as client:
        for _ in range(5):
            client.post(ONE, json=asked(), headers=bearer("crm"))
        late = Pieces(LARGE, "crm")
        assert (late.answer(client)[0], late.read) == (429, 0)


def test_no_body_is_larger_on_the_short_way_than_the_settings_let_it_be(database: Database, tmp_path: Path) -> None:
    site = ready(database, tmp_path, server=ServerSettings(body_bytes=40_000))
    with contextlib.closing(site), serving(site) as client:
        assert client.post(MANY, content=LARGE, headers=bearer("crm") | JSON).status_code == 413
        assert client.post(ONE, json=asked(note="x" * 50_000), headers=bearer("crm")).status_code == 413


@pytest.mark.parametrize("header", ["Cookie", "Origin", "Expect", "Content-Encoding"])
def test_headers_that_need_a_second_thought_go_the_whole_way(
    client: TestClient[Litestar], taken: list[str], header: str
) -> None:
    client.post(ONE, json=asked(), headers=bearer("crm") | {header: "x"})
    assert taken == []


def test_what_is_odd_goes_the_whole_way(client: TestClient[Litestar], taken: list[str]) -> None:
    twice = '{"kind":"use","user":"u2","user":"u1","items":["tariff_plan"],"purpose":"service"}'
    head = bearer("clerk") | {"Content-Type": "application/json", "Idempotency-Key": "k"}
    assert client.post(ACTS, content=twice, headers=head).status_code == 400
    assert client.post(f"{ONE}?a=b", json=asked(), headers=bearer("crm")).status_code == 200
    assert client.post(ONE, content=iter([json.dumps(asked()).encode()]), headers=bearer("crm")).status_code >= 200
    assert client.get(ONE, headers=bearer("crm")).status_code == 405
    client.post(ONE, json=asked(note="x" * short_way.MOST), headers=bearer("crm"))
    assert taken == []


def test_what_nobody_foresaw_goes_the_whole_way_and_is_quoted_nowhere(
    client: TestClient[Litestar], taken: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_self: object, asked: Any) -> None:
        raise RuntimeError(asked.body.decode())

    monkeypatch.setattr(ShortEvaluation, "plan", fail)
    answer = client.post(ONE, json=asked(user="15499990001"), headers=bearer("crm"))
    assert (answer.status_code, answer.json()["decision"], taken) == (200, False, [])
    told = capsys.readouterr()
    assert "15499990001" not in told.err + told.out


def test_a_key_that_ends_is_refused_by_the_next_request(site: Site, client: TestClient[Litestar]) -> None:
    assert client.post(ONE, json=asked(), headers=bearer("crm")).status_code == 200
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(CALLERS, "crm")
        with site.writing() as tx:
            touch_access(tx)
        assert client.post(ONE, json=asked(), headers=bearer("crm")).status_code == 401


def test_who_asks_too_often_is_told_when_to_come_back(database: Database, tmp_path: Path, taken: list[str]) -> None:
    site = ready(database, tmp_path, server=ServerSettings(rate="5/minute"))
    with contextlib.closing(site), serving(site) as client:
        answers = [client.post(ONE, json=asked(), headers=bearer("crm")) for _ in range(8)]
    assert [each.status_code for each in answers] == [200] * 4 + [429] * 4
    assert taken == [ONE] * 8
    assert int(answers[-1].headers["retry-after"]) > 0
    assert answers[-1].json()["type"] == "/problems/too-many-requests"
    assert answers[-1].json()["request_id"] == answers[-1].headers["x-request-id"]


def test_each_is_counted_and_told_to_the_log_once(
    client: TestClient[Litestar], taken: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    def counted() -> float:
        lines = client.app.state.metrics.text({}).decode().splitlines()
        name = f'keshou_requests_total{{method="POST",route="{ONE}",status="200"}}'
        return next((float(line.split()[-1]) for line in lines if line.startswith(name)), 0.0)

    before = counted()
    client.post(ONE, json=asked(), headers=bearer("crm") | {"X-Request-ID": "r-7"})
    assert counted() == before + 1
    asyncio.run(asyncio.sleep(0.1))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (line,) = [each for each in lines if each.get("request_id") == "r-7"]
    assert (line["route"], line["status"], line["kind"], line["caller"]) == (ONE, 200, "program", "crm")
    assert taken == [ONE]
