# SPDX-License-Identifier: Apache-2.0
"""A host that answers as no provider should, on loopback."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Said(NamedTuple):
    """What is said at one path."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = {}


class Host:
    """Says `said` by path; waits first until `hurried` is set."""

    def __init__(self, port: int) -> None:
        self.said: dict[str, Said] = {}
        self.asked: list[str] = []
        self.hurried = threading.Event()
        self.hurried.set()
        self.issuer = f"http://127.0.0.1:{port}"
        self.says("/.well-known/openid-configuration", self.metadata())

    def metadata(self, **other: Any) -> dict[str, Any]:
        """Return what a provider publishes of itself, but for `other`."""
        own = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        return {**own, **other}

    def says(self, path: str, what: Any, status: int = 200, **headers: str) -> None:
        """Say `what` (bytes, or else as JSON) at `path`."""
        body = what if isinstance(what, bytes) else json.dumps(what).encode()
        self.said[path] = Said(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


@contextmanager
def hostile() -> Iterator[Host]:
    """Run such a host while the block does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host.asked.append(self.path)
            host.hurried.wait(20)
            said = host.said.get(self.path, Said(b"", 404))
            self.send_response(said.status)
            for name, value in {"content-length": str(len(said.body)), **said.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.body)

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def handle(self) -> None:
            """Mind nobody who goes away early."""
            try:
                super().handle()
            except ConnectionError:
                self.close_connection = True

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        host = Host(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield host
        finally:
            host.hurried.set()
            server.shutdown()
            thread.join()
