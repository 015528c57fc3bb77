# SPDX-License-Identifier: Apache-2.0
"""What Keshou's server is held against, served by the same Granian with the same settings.

`empty` says nothing, by the same framework and nothing around it; `same` is Keshou's own server, and says nothing to a
caller it knows. `peer` and `peer_bare` answer the protocol's
question by the regorus engine: in the same framework, and by a bare ASGI function, which is as little as can be.
"""

import datetime as dt
import os
from pathlib import Path
from typing import Any

import msgspec
import opa_eval
from litestar import Litestar, Request, Response, get, post
from litestar.di import NamedDependency

from keshou.web import server
from keshou.web.short_way import MOST, Asked
from keshou.web.short_ways import short_ways
from keshou.wire.authzen import Evaluation
from keshou.wire.caller import Caller

REGO = Path(__file__).parent / "peers" / "keshou.rego"
WORLD = "KESHOU_BENCH_WORLD"
"""Names the file with the peer's data."""
_ANSWERS = {True: b'{"decision":true}', False: b'{"decision":false}'}
_read = msgspec.json.Decoder(Evaluation)
_START: dict[str, Any] = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json")],
}


@post("/", status_code=200)
async def nothing() -> dict[str, Any]:
    """Say nothing."""
    return {}


@get("/healthz")
async def alive() -> dict[str, Any]:
    """Say that it is there, as whoever starts it asks."""
    return {}


def empty() -> Litestar:
    """Return a server that answers with an empty object."""
    return Litestar([nothing, alive], openapi_config=None, logging_config=None)


class _Nothing:
    """A place of Keshou's own server where nothing is asked: a caller who is known gets an empty object."""

    most = MOST

    def plan(self, _asked: Asked) -> bool:
        """Take any request."""
        return True

    async def do(self, _asked: Asked, _plan: bool) -> tuple[int, bytes]:
        """Say nothing."""
        return 200, b"{}"


@post("/empty", status_code=200, include_in_schema=False)
async def nothing_known(caller: NamedDependency[Caller]) -> dict[str, Any]:
    """Say nothing to a caller who comes the whole way, as one does who is not known yet."""
    return {}


def same() -> Litestar:
    """Return Keshou's own server with one more place, `/empty`, that has the short way and says nothing."""
    server.FACES = [*server.FACES, nothing_known]  # type: ignore[list-item]
    server.short_ways = lambda state: {**short_ways(state), "/empty": _Nothing()}  # type: ignore[assignment]
    return server.make()


class _Engine:
    """The regorus engine over the same world, asked by the protocol's words."""

    def __init__(self) -> None:
        data = Path(os.environ[WORLD]).read_text("utf-8")
        self._engine = opa_eval.OpaEval(str(REGO), data, "data.keshou.deny")

    def answer(self, body: bytes) -> bytes:
        """Return the answer to one question, as of now."""
        asked = _read.decode(body)
        now = dt.datetime.now(dt.UTC)
        question = {
            "user": asked.resource.id,
            "purpose": asked.context["purpose"],
            "kind": asked.action.name,
            "items": asked.resource.properties["items"],
            "post": asked.subject.id.rpartition("_")[0],
            "where": asked.subject.properties.get("where", ""),
            "minute": (now.hour + 8) % 24 * 60 + now.minute,
        }
        return _ANSWERS[not self._engine.evaluate_parsed(msgspec.json.encode(question).decode())]


def peer() -> Litestar:
    """Return a server that asks regorus, in the framework that Keshou is served by."""
    engine = _Engine()

    @post("/access/v1/evaluation", status_code=200)
    async def evaluation(request: Request[Any, Any, Any]) -> Response[bytes]:
        return Response(engine.answer(await request.body()), media_type="application/json")

    return Litestar([evaluation, alive], openapi_config=None, logging_config=None)


def peer_bare() -> Any:
    """Return a function that asks regorus, with no framework at all."""
    engine = _Engine()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for kind in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{kind}.complete"})
            return
        if scope["path"] == "/healthz":
            body = b"{}"
        else:
            message = await receive()
            asked = message["body"]
            while message.get("more_body"):
                message = await receive()
                asked += message["body"]
            body = engine.answer(asked)
        await send({**_START, "headers": [*_START["headers"], (b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    return application
