# SPDX-License-Identifier: Apache-2.0
"""A server with a handful of plain faces over a real site, to try what stands around every face.

What the faces do is done by the site itself; who calls is found by two tokens that the tests know.
"""

import datetime as dt
from typing import Any

import anyio.to_thread
from house import act
from litestar import Litestar, Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from keshou.acts.request import Perform
from keshou.app.readiness import Readiness
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.law.terms import ActKind
from keshou.web import problem
from keshou.web.caller import Callers
from keshou.web.errors import NotSignedInError
from keshou.web.health import FACE
from keshou.web.limits import Limits
from keshou.web.metrics import Metrics
from keshou.web.surround import surround
from keshou.wire.caller import Caller, CallerKind, Scope

PROGRAM, USER = "token-of-a-program", "token-of-a-user"
CALLERS = {
    PROGRAM: Caller(id="biller", kind=CallerKind.PROGRAM, credential="key-7", scopes=frozenset({Scope.READ})),
    USER: Caller(id="user", kind=CallerKind.USER, user="u-20130901-zhang", credential="visit-9"),
}
Requested = Request[Any, Any, State]


def make() -> Litestar:
    """Return the server of the site that the environment names."""
    return application(Site.open(), closes=True)


def application(site: Site, *, closes: bool = False) -> Litestar:
    """Return the server of `site`."""
    metrics = Metrics()
    server = site.settings.server
    state = State({
        "site": site,
        "metrics": metrics,
        "readiness": Readiness(site),
        "callers": Callers(site, _find),
        "limits": Limits(server.rate, server.rate_unknown),
    })  # fmt: skip
    app = Litestar(
        [FACE, empty, echo, correct, user, fail, whoami],
        state=state,
        dependencies={"site": _site},
        exception_handlers={Exception: problem.answer},
        request_max_body_size=server.body_bytes,
        on_shutdown=[site.close] if closes else [],
        openapi_config=None,
        logging_config=None,
    )
    surround(app, site.settings, metrics)
    return app


def _find(_tx: Transaction, token: str, _binding: str, _now: dt.datetime) -> Caller | None:
    return CALLERS.get(token)


async def _site(state: State) -> Site:
    return state.site  # type: ignore[no-any-return]


@get("/empty")
async def empty() -> dict[str, Any]:
    """Say nothing."""
    return {}


@post("/echo", status_code=200)
async def echo(data: JSONBody[Any]) -> Any:
    """Give the body back."""
    return data


@post("/users/{user:str}/plan")
async def correct(site: NamedDependency[Site], user: FromPath[str], plan: FromQuery[str]) -> dict[str, Any]:
    """Correct a user's plan; tell the entry's place."""
    job = Perform(
        act=act(ActKind.CORRECT, user, "tariff_plan"), values={"tariff_plan": plan}, request_id=f"{user}-{plan}"
    )
    done = await anyio.to_thread.run_sync(site.do, job)
    return {"entry": done.entry, "permitted": done.decision is not None and done.decision.permitted}


@get("/users/{user:str}")
async def user(user: FromPath[str]) -> dict[str, str]:
    """Name the user again."""
    return {"user": user}


@get("/users/{user:str}/fail")
async def fail(user: FromPath[str]) -> None:
    """Fail with the user in the message, as a careless library would."""
    try:
        {}[user]
    except KeyError as error:
        raise RuntimeError(f"no such user: {user}") from error


@get("/whoami")
async def whoami(request: Requested) -> dict[str, str]:
    """Find who calls, as the server's own faces do."""
    limits: Limits = request.app.state.limits
    try:
        caller = await request.app.state.callers.of(request)
    except NotSignedInError:
        limits.spend_source(request.scope)
        raise
    request.scope["state"]["caller"] = caller
    limits.spend_caller(request.scope, caller)
    return {"id": caller.id}
