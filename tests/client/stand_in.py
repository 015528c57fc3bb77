# SPDX-License-Identifier: Apache-2.0
"""Something on the network that answers as told: for what a real server never does."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Told = Callable[[BaseHTTPRequestHandler], None]


@contextlib.contextmanager
def answering(told: Told) -> Iterator[str]:
    """Give the address of a server that lets `told` answer every request."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told(self)

        def do_GET(self) -> None:
            told(self)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def say(request: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    """Answer a request."""
    request.send_response(status)
    for name, value in {"content_length": str(len(body)), **headers}.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)
