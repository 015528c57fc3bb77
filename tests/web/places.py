# SPDX-License-Identifier: Apache-2.0
"""Sites in folders, clients of their servers, and servers in processes of their own."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from house import OPERATOR, START, declared, newcomer
from litestar.testing import TestClient
from plain import application

from keshou.app.create import create
from keshou.app.site import Site
from keshou.gate.facts import StaffAppointed

TESTS = Path(__file__).parents[1]
SERVER = "keshou.web.server:make"
"""The application with every face."""
WORKER = Path(__file__).with_name("serve_worker.py")


def begin(home: Path, database: str = "", users: int = 0, **server: object) -> Site:
    """Make a site with rules in force, a clerk and `users` users (`u0`, ...); return it open."""
    create(home, START, declaration=OPERATOR.read_text("utf-8"), database=database, language="en")
    with (home / "keshou.toml").open("a") as settings:
        settings.write("\n[server]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in server.items()))
    site = Site.open(home)
    site.publish(declared(), by="officer")
    site.record_site(StaffAppointed(at=site.now(), staff="clerk1", post="clerk"), by="officer")
    site.do_all([newcomer(site, f"u{number}") for number in range(users)])
    return site


@contextlib.contextmanager
def client_of(site: Site) -> Iterator["TestClient[Any]"]:
    """Give a client of a server of `site` in this process."""
    with TestClient(application(site), raise_server_exceptions=False, base_url="http://127.0.0.1") as client:
        yield client


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Server:
    """A server in processes of its own, on loopback."""

    def __init__(self, process: "subprocess.Popen[str]", port: int, errors: Path) -> None:
        self.process = process
        self.port = port
        self.errors = errors

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Ask on a connection of its own; return status and body."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def raw(self, *parts: bytes) -> bytes:
        """Send bytes as they are; return all that comes back until the other side closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            got = b""
            with contextlib.suppress(ConnectionError):
                connection.sendall(b"".join(parts))
                while part := connection.recv(65536):
                    got += part
            return got

    def log(self) -> list[dict[str, Any]]:
        """Return the lines that it wrote on standard error."""
        return [json.loads(line) for line in self.errors.read_text("utf-8").splitlines()]

    def stop(self) -> int:
        """Tell it to stop; return its exit status."""
        self.process.terminate()
        return self.process.wait(60)


@contextlib.contextmanager
def serving(
    home: Path, *options: str, application: str = "plain:make", scheme: str = "http", **environ: str
) -> Iterator[Server]:
    """Serve `home` in processes of their own; stop them at the end."""
    port = free_port()
    errors = home / f"errors-{port}.txt"
    given = filter(None, [os.environ.get("PYTHONPATH")])
    path = os.pathsep.join([*given, *(str(TESTS / room) for room in ("web", "acts"))])
    env = {**os.environ, "PYTHONPATH": path, **environ}
    command = [sys.executable, str(WORKER), str(home), str(port), application, *options]
    with errors.open("w") as sink:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=sink, text=True, env=env)
    with process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first == f"{scheme}://127.0.0.1:{port}\n", errors.read_text("utf-8")
        server = Server(process, port, errors)
        try:
            yield server
        finally:
            server.stop()
