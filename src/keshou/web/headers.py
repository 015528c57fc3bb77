# SPDX-License-Identifier: Apache-2.0
"""What every answer tells browsers: load nothing, frame nothing, guess nothing, keep nothing.

A handler that sets one of these headers itself is left alone; so a page may say what it loads, and what names nobody
may be kept. Source: OWASP ASVS 3.4 and the HTTP headers cheat sheet; RFC 6797 for transport security.
"""

from litestar.types import ASGIApp, Message, Receive, Scope, Send

API_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""For pages: their own scripts, styles and pictures, nothing inline, no other host."""

_TRANSPORT = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
_ALWAYS = (
    (b"content-security-policy", API_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (b"cache-control", b"no-store"),
    (b"server", b"keshou"),
)


def always(*, tls: bool) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers of every answer; `tls` says that callers come by TLS, here or at the proxy in front."""
    return (*_ALWAYS, _TRANSPORT) if tls else _ALWAYS


class Headers:
    """ASGI middleware that adds them; `tls` says that callers come by TLS, here or at the proxy in front."""

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        self._app = app
        self._added = always(tls=tls)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = [*message["headers"]]
                names = {name.lower() for name, _ in given}
                message["headers"] = given + [each for each in self._added if each[0] not in names]
            await send(message)

        await self._app(scope, receive, answer)
