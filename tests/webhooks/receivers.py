# SPDX-License-Identifier: Apache-2.0
"""Receivers of webhooks as operators have them: real servers that take, fail, hang, redirect and break off."""

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from standardwebhooks import Webhook


class Told(NamedTuple):
    """One request that came."""

    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[BaseHTTPRequestHandler], None]


def take(request: BaseHTTPRequestHandler) -> None:
    """Say that it was taken."""
    status(204)(request)


def status(code: int, **headers: str) -> Answer:
    """Answer with a status."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def break_off(request: BaseHTTPRequestHandler) -> None:
    """Close without a word."""
    request.close_connection = True
    request.connection.shutdown(2)


def drip(stop: threading.Event) -> Answer:
    """Answer one byte of a header at a time, for ever."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        with contextlib.suppress(OSError):
            request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not stop.wait(0.02):
                request.wfile.write(b"a")
                request.wfile.flush()

    return answer


class Receiver:
    """What came, and what is answered next; when nothing is planned any more it takes."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.plan: list[Answer] = []
        self.url = ""
        self.more = threading.Condition()

    def note(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in request.headers.items()}
        with self.more:
            self.told.append(Told(request.path, headers, body))
            answer = self.plan.pop(0) if self.plan else take
            self.more.notify_all()
        answer(request)

    def wait(self, count: int) -> None:
        """Wait until so many requests came."""
        with self.more:
            assert self.more.wait_for(lambda: len(self.told) >= count, 30), f"{len(self.told)} of {count} came"

    def verified(self, secret: str, number: int = -1) -> Any:
        """Return what a request told, once its signature was found good."""
        told = self.told[number]
        return Webhook(secret).verify(told.body, told.headers)


@contextlib.contextmanager
def receiving(
    certificate: tuple[Path, Path] | None = None, host: str = "127.0.0.1", name: str = "localhost"
) -> Iterator[Receiver]:
    """Give a receiver that listens on loopback, over TLS when it is given a certificate."""
    receiver = Receiver()

    class Taking(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            receiver.note(self)

        def log_message(self, *_: object) -> None:
            return

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            return

    with Quiet((host, 0), Taking) as server:
        scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            scheme = "https"
        receiver.url = f"{scheme}://{name}:{server.server_address[1]}/hook?of=crm"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
