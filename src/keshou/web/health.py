# SPDX-License-Identifier: Apache-2.0
"""Whether the server lives, whether it can do its work, and what it has counted: for those who look after it."""

import datetime as dt
import ipaddress
from typing import Any

import anyio
from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency

from keshou.app import clock
from keshou.app.site import Site
from keshou.errors import KeshouError
from keshou.web.errors import NotEntitledError
from keshou.web.metrics import MEDIA_TYPE
from keshou.wire.caller import Scope

Requested = Request[Any, Any, State]
_WITHIN = 5.0
"""Seconds after which a database that says nothing is one that does not answer."""
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-real-ip")


@get("/healthz", sync_to_thread=False, include_in_schema=False)
def healthz() -> dict[str, bool]:
    """Say that the process answers."""
    return {"alive": True}


@get("/readyz", include_in_schema=False)
async def readyz(state: State) -> Response[dict[str, Any]]:
    """Say whether the site's parts are there and acts can be done; 503 while it is not so."""
    lacking = await state.readiness.missing()
    return Response({"ready": not lacking, "missing": lacking}, status_code=503 if lacking else 200)


@get("/metrics", include_in_schema=False)
async def metrics(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Tell Prometheus what was counted, to this machine's own callers or, by setting, to keys with the scope `read`.

    Raises:
        NotSignedInError: the request is from elsewhere and proves nobody.
        NotEntitledError: who asks may not read it.

    """
    if not _is_own(request):
        await _refuse_others(request, site)
    gauges = {**await _gauges(site), **_certificate(request.app.state)}
    return Response(request.app.state.metrics.text(gauges), media_type=MEDIA_TYPE)


async def _refuse_others(request: Requested, site: Site) -> None:
    if site.settings.server.metrics == "key":
        caller = await request.app.state.callers.of(request)
        if Scope.READ in caller.scopes:
            return
    raise NotEntitledError("the counts are not for this caller", hint="see `metrics` in [server]")


def _is_own(request: Requested) -> bool:
    """Say whether a request is from this machine and nobody passed it on."""
    client = request.client
    if client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(client.host).is_loopback
    except ValueError:
        return False


async def _gauges(site: Site) -> dict[str, float]:
    """Look at the database once more, and return what it said and how long it took."""
    before = clock.stopwatch()
    try:
        with anyio.fail_after(_WITHIN):
            seen = await site.pulse.look()
    except (KeshouError, TimeoutError):
        return {"keshou_database_up": 0.0}
    return {
        "keshou_database_up": 1.0,
        "keshou_look_seconds": clock.stopwatch() - before,
        "keshou_log_size": float(seen.size),
        "keshou_access_changes": float(seen.access),
    }


def _certificate(state: State) -> dict[str, float]:
    """Return when the certificate that is served ends, in seconds since 1970-01-01 UTC; nothing without one."""
    end: dt.datetime | None = state.get("certificate_end")
    return {} if end is None else {"keshou_certificate_end_seconds": end.timestamp()}


FACE = Router("/", route_handlers=[healthz, readyz, metrics])
"""The router of all three."""
