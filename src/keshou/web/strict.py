# SPDX-License-Identifier: Apache-2.0
"""Requests that two programs could read differently are refused before any face sees them.

A path that a proxy and this server could take for two different ones, a header that is given twice where one counts,
another site's name: each is how a guard in front is led around. Source: RFC 9110 4.2, 5.3, 7.4; RFC 3986 6.2.2;
OWASP ASVS 4.2.
"""

import ipaddress
import re
from urllib.parse import urlsplit

import msgspec
from litestar.types import ASGIApp, Receive, Scope, Send

from keshou.web.frame.refusal import refuse
from keshou.wire.problem import Problem

_ODD_PATH = re.compile(
    rb"[^\x21-\x7e]|[\\;]|//|/\.\.?(?=/|$)|%(?![0-9a-f]{2})|%(?:2f|5c|2e|0[0-9a-f]|1[0-9a-f]|7f)", re.IGNORECASE
)
"""Slashes and dots that are encoded, doubled or go upward, path parameters, control characters, broken escapes."""
_PORT = re.compile(rb":[0-9]{1,5}\Z")
_LOOPBACK = frozenset({b"127.0.0.1", b"[::1]", b"localhost"})
_LOOKED_AFTER = frozenset({"/healthz", "/readyz", "/metrics"})
"""What load balancers and collectors ask for, who know a machine by its number."""
_MANY_HOSTS = 64
_ONCE = frozenset({
    b"host", b"content-length", b"content-type", b"transfer-encoding", b"authorization", b"origin", b"idempotency-key",
    b"if-match", b"if-none-match", b"x-request-id", b"sec-fetch-site", b"traceparent",
})  # fmt: skip
_LONGEST_PATH = 4096
_LARGEST_HEAD = 32_768
"""Bytes of all headers together."""
_ODD = Problem(
    type="/problems/malformed", title="malformed request", status=400,
    detail="the request can be read in more than one way", hint="send a plain path, and each header once",
)  # fmt: skip
_TOO_LARGE = Problem(
    type="/problems/head-too-large", title="headers too large", status=431,
    detail="the headers of the request are too large",
)  # fmt: skip
_ELSEWHERE = Problem(
    type="/problems/misdirected", title="not this server", status=421,
    detail="the request is for a host that this server is not", hint="`url` in [server] names it",
)  # fmt: skip
_BYPASSED = Problem(
    type="/problems/tls-needed", title="TLS is needed", status=403,
    detail="the request did not come through the proxy that speaks TLS", hint="ask at the server's own address",
)  # fmt: skip


class Strict:
    """ASGI middleware: refuses what is ambiguous, meant for another host, or came around the proxy.

    `url` is the server's own address; `proxy` is where plain requests may come from beside this machine, empty when
    there is no proxy. A host that is not ours is refused though its name leads here: whoever has a name can let it lead
    to this machine, and a browser would then take our answers for their page's own (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, *, url: str, proxy: str) -> None:
        self._app = app
        self._hosts = _LOOPBACK | {_host_of(url)}
        self._seen: set[bytes] = set()
        self._proxy = ipaddress.ip_network(proxy) if proxy else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        problem = self._wrong(scope)
        if problem is not None:
            told = msgspec.structs.replace(problem, request_id=scope["state"].get("request_id", ""))
            await refuse(scope, receive, send, told)
            return
        await self._app(scope, receive, send)

    def passes(self, scope: Scope, host: bytes) -> bool:
        """Say whether a request for `host` is for this server, and came through the proxy where there must be one."""
        if not self._is_ours(host):
            return False
        return self._proxy is None or self._came_through(scope)

    def _wrong(self, scope: Scope) -> Problem | None:
        # Some servers give the query along with the path.
        raw = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
        if not raw.startswith(b"/") or len(raw) > _LONGEST_PATH or _ODD_PATH.search(raw):
            return _ODD
        once: dict[bytes, bytes] = {}
        size = 0
        for name, value in scope["headers"]:
            size += len(name) + len(value)
            if name in _ONCE:
                if name in once:
                    return _ODD
                once[name] = value
        if size > _LARGEST_HEAD:
            return _TOO_LARGE
        host = once.get(b"host", b"")
        if not host or (b"transfer-encoding" in once and b"content-length" in once):
            return _ODD
        if self._proxy is not None and not self._came_through(scope):
            return _BYPASSED
        ours = self._is_ours(host) or (scope["path"] in _LOOKED_AFTER and _is_number(_PORT.sub(b"", host)))
        return None if ours else _ELSEWHERE

    def _is_ours(self, host: bytes) -> bool:
        """Say whether `host` is the server's own name, or this machine's for itself."""
        if host in self._seen:
            return True
        name = _PORT.sub(b"", host).lower()
        if not name or name not in self._hosts:
            return False
        if len(self._seen) < _MANY_HOSTS:
            self._seen.add(host)
        return True

    def _came_through(self, scope: Scope) -> bool:
        client = scope.get("client")
        if self._proxy is None or not client:
            return False
        try:
            peer = ipaddress.ip_address(client[0])
        except ValueError:
            return False
        return peer.is_loopback or peer in self._proxy


def _host_of(url: str) -> bytes:
    """Return the host of an address as it stands in a request; empty where it stands for every address of a machine."""
    name = urlsplit(url).hostname or ""
    if ":" in name:
        name = f"[{name}]"
    return b"" if name in ("0.0.0.0", "[::]") else name.encode()  # noqa: S104 - compared, not bound


def _is_number(name: bytes) -> bool:
    """Say whether a host is an address itself; no name of anybody's can lead here then."""
    try:
        ipaddress.ip_address(name.decode("latin-1").removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
