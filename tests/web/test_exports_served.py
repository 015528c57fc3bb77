# SPDX-License-Identifier: Apache-2.0
"""Whoever hangs up in the middle of an export loses nothing, and nothing is half done."""

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest
from handing_house import SECRET, asked, begin
from places import Server, serving

from keshou.app.site import Site
from keshou.handover.table import read
from keshou.ledger.entry import decode

HEADERS = {"Authorization": "Bearer lister", "Content-Type": "application/json", "Idempotency-Key": "k1"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    begin(tmp_path / "site")
    with serving(tmp_path / "site", application="handing_house:make") as server:
        yield server


def every(server: Server) -> list[dict[str, Any]]:
    status, body = server.get("/api/v1/exports", Authorization="Bearer lister")
    assert status == 200, body
    found: list[dict[str, Any]] = json.loads(body)["items"]
    return found


def test_an_export_goes_on_without_its_caller_and_is_found_by_the_same_request(server: Server, tmp_path: Path) -> None:
    body = json.dumps(asked("b0", "b1"))
    head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(
            f"POST /api/v1/exports HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
    until = time.monotonic() + 30
    while not [each for each in every(server) if each["state"] == "made"] and time.monotonic() < until:
        time.sleep(0.05)
    (order,) = every(server)
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request("POST", "/api/v1/exports", body=body, headers=HEADERS)
        answer = connection.getresponse()
        told = json.loads(answer.read())
    assert (answer.status, told["id"], told["state"], told["repeated"]) == (200, order["id"], "made", True)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"GET /api/v1/exports/{order['id']}/file HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
        connection.recv(16)
    status, file = server.get(f"/api/v1/exports/{order['id']}/file", Authorization="Bearer lister")
    assert status == 200
    assert len(read(pyrage.decrypt(file, [SECRET]))) == 3
    server.stop()
    with Site.open(tmp_path / "site") as site, site.reading() as tx:
        events = [decode(body).event for _, body in site.ledger.entries(tx, 0, site.ledger.head(tx).size)]
    assert (events.count("export"), events.count("fact:handed_over")) == (1, 1)
