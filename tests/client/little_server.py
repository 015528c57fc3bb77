# SPDX-License-Identifier: Apache-2.0
"""A site behind a few addresses, so that clients ask a real gate over a real network."""

import asyncio
import contextlib
import datetime as dt
import socket
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import httpx2
import msgspec
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar, MediaType, Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.params import JSONBody

from keshou.acts.request import BulkPerform, Done, Perform
from keshou.app.row_filter import filter_rows
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.gate.act import Act
from keshou.gate.decision import Decision, Permit
from keshou.permits.filter import Table
from keshou.web.server import application
from keshou.wire.caller import Caller, CallerKind, Scope
from keshou.wire.decision import decision_shape
from keshou.wire.problem import Problem

KEY = "little-key"
PROGRAM = Caller(id="crm_app", kind=CallerKind.PROGRAM, scopes=frozenset(Scope), credential="k1")
"""Whom the key proves."""
ONCE = "ledger_room"
"""The one holding whose permits are for one use."""
_LIFE = dt.timedelta(minutes=5)
Asked = Request[Any, Any, State]


class _Filter(msgspec.Struct):
    act: dict[str, Any]
    table: Table
    users: list[str]


@post("/api/v1/acts", sync_to_thread=True, status_code=200)
def acts(request: Asked, data: JSONBody[dict[str, Any]]) -> Response[bytes]:
    site: Site = request.app.state.site
    holding, users = data.pop("holding", ""), data.pop("users", [])
    act, name = _act(site, data), request.headers["idempotency-key"]
    job = BulkPerform(act=act, users=tuple(users), request_id=name) if users else Perform(act=act, request_id=name)
    done = site.do(job)
    if not _was_permitted(done):
        reasons = decision_shape(done.decision, site.law, "en").reasons if done.decision else ()
        return _problem(
            Problem(type="/problems/denied", title="-", status=403, entry=done.entry, reasons=tuple(reasons))
        )
    permit = _permit(site, act, done, holding, users or [act.user])
    decision = _shaped(site, done.decision) if done.decision else {"permitted": True}
    body = {"decision": decision, "entry": done.entry, "values": done.values, "permit": permit}
    return Response(msgspec.json.encode(body), media_type=MediaType.JSON)


def _was_permitted(done: Done) -> bool:
    return done.decision.permitted if done.decision else done.verdict == "permit"


def _permit(site: Site, act: Act, done: Done, holding: str, users: Sequence[str]) -> str:
    if not holding or not isinstance(done.decision, Permit):
        return ""
    return site.permits.issue(
        act,
        done.decision,
        users=[user for user in users if user not in done.refused],
        audience=holding,
        caller=PROGRAM.id,
        entry=done.entry,
        now=site.now(),
        once=holding == ONCE,
    )


@post("/api/v1/filters", sync_to_thread=True, status_code=200)
def filters(request: Asked, data: JSONBody[_Filter]) -> Response[bytes]:
    site: Site = request.app.state.site
    found = filter_rows(site, _act(site, data.act), data.table, data.users, _LIFE)
    return Response(msgspec.json.encode(found), media_type=MediaType.JSON)


@get("/api/v1/permit-keys", sync_to_thread=True)
def permit_keys(request: Asked) -> dict[str, Any]:
    found: dict[str, Any] = request.app.state.site.permits.keys.jwk_set(request.app.state.site.now())
    return found


def _act(site: Site, fields: dict[str, Any]) -> Act:
    whole = {"user": "", "by": "biller"} | {name: value for name, value in fields.items() if value != ""}
    return msgspec.convert(whole | {"when": site.now()}, Act)


def _shaped(site: Site, decision: Decision) -> dict[str, Any]:
    shaped: dict[str, Any] = msgspec.to_builtins(decision_shape(decision, site.law, "en"))
    return shaped


def _signed_in(request: Asked) -> Response[bytes] | None:
    if request.headers.get("authorization") == f"Bearer {KEY}":
        return None
    return _problem(Problem(type="/problems/not-signed-in", title="not signed in", status=401))


def _problem(problem: Problem) -> Response[bytes]:
    body = msgspec.json.encode(problem)
    return Response(body, status_code=problem.status, media_type="application/problem+json")


@contextlib.contextmanager
def serving(site: Site) -> Iterator[str]:
    """Serve `site` and give the address."""
    asking = Router("/", route_handlers=[acts, filters], before_request=_signed_in)
    little = Litestar([asking, permit_keys], state=State({"site": site}), logging_config=None)
    whole = application(site, _find)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        ours = scope["type"] == "http" and scope["path"].startswith("/api/")
        await (little if ours else whole)(scope, receive, send)

    with _running(app) as url:
        yield url


def _find(_tx: Transaction, token: str, _binding: str, _now: dt.datetime) -> Caller | None:
    return PROGRAM if token == KEY else None


@contextlib.contextmanager
def _running(app: Any) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(app, port=port, interface=Interfaces.ASGI, log_enabled=False, websockets=False)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(server.serve(),))
    thread.start()
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url)
        yield url
    finally:
        loop.call_soon_threadsafe(server.stop)
        thread.join()
        loop.close()


def _wait(url: str) -> None:
    transport = httpx2.HTTPTransport(retries=8)
    with httpx2.Client(transport=transport, trust_env=False) as client:
        client.get(url)
