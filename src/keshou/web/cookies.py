# SPDX-License-Identifier: Apache-2.0
"""The two cookies: the session's, and the device's that keeps strangers from locking its owner out.

Both are for this host and the server alone; by TLS they are named so that browsers see to it. Source: RFC 6265bis.
"""

from litestar.datastructures import Cookie

from keshou.app.settings import Settings
from keshou.web.caller import COOKIE, PLAIN_COOKIE, Requested, own_cookie

DEVICE, PLAIN_DEVICE = "__Host-keshou-device", "keshou-device"
_DAY = 86_400


def session_cookie(settings: Settings, token: str) -> Cookie:
    """Return the cookie that carries a session; empty, it takes the one before away."""
    tls = _by_tls(settings)
    name = COOKIE if tls else PLAIN_COOKIE
    age = None if token else 0
    return Cookie(key=name, value=token, httponly=True, secure=tls, samesite="lax", path="/", max_age=age)


def device_cookie(settings: Settings, device: str) -> Cookie:
    """Return the cookie by which a browser keeps a count of failures of its own."""
    tls = _by_tls(settings)
    name, age = (DEVICE if tls else PLAIN_DEVICE), settings.accounts.device_days * _DAY
    return Cookie(key=name, value=device, httponly=True, secure=tls, samesite="strict", path="/", max_age=age)


def device_of(request: Requested) -> str:
    """Return what a browser shows of itself; empty when nothing."""
    return own_cookie(request, DEVICE, PLAIN_DEVICE)


def step_cookie(settings: Settings, step: str, binding: str, minutes: int) -> Cookie:
    """Return the cookie that binds one way of signing in to the browser that began it; empty, it takes it away.

    It is lax and not strict, for the operator's provider sends the browser back from another site.
    """
    tls = _by_tls(settings)
    name, age = _step_names(step)[0 if tls else 1], (minutes * 60 if binding else 0)
    return Cookie(key=name, value=binding, httponly=True, secure=tls, samesite="lax", path="/", max_age=age)


def step_of(request: Requested, step: str) -> str:
    """Return what a browser that began that way of signing in shows; empty when nothing."""
    return own_cookie(request, *_step_names(step))


def _step_names(step: str) -> tuple[str, str]:
    return f"__Host-keshou-{step}", f"keshou-{step}"


def binding_of(request: Requested) -> str:
    """Return what a session is bound to."""
    return request.headers.get("user-agent", "")


def _by_tls(settings: Settings) -> bool:
    return settings.url.startswith("https://")
