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

HEADERS = {"Authorization": "Bearer lister", "Content-Type": "application/json"}


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


def hang_up(server: Server, key: str, body: str, *, once_seen: bool) -> None:
    """Ask for an export and leave without reading an answer: at once, or when the server has taken it up."""
    head = "".join(f"{name}: {value}\r\n" for name, value in (HEADERS | {"Idempotency-Key": key}).items())
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        first = f"POST /api/v1/exports HTTP/1.1\r\nHost: localhost\r\n{head}Content-Length: {len(body)}\r\n\r\n"
        connection.sendall((first + body).encode())
        until = time.monotonic() + 30
        while once_seen and not every(server) and time.monotonic() < until:
            time.sleep(0.01)


def again(server: Server, key: str, body: str) -> dict[str, Any]:
    """Send the same request and wait for what comes of it."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        for _ in range(300):
            connection.request("POST", "/api/v1/exports", body=body, headers=HEADERS | {"Idempotency-Key": key})
            answer = connection.getresponse()
            told: dict[str, Any] = json.loads(answer.read())
            if told["state"] != "making":
                break
            time.sleep(0.1)
    assert answer.status == 200, told
    return told


def test_an_export_is_done_once_whenever_its_caller_hangs_up_and_found_by_the_same_request(
    server: Server, tmp_path: Path
) -> None:
    for key, user in (("k1", "b0"), ("k2", "b1")):
        body = json.dumps(asked(user))
        hang_up(server, key, body, once_seen=key == "k1")
        told = again(server, key, body)
        assert told["state"] == "made"
        assert told["id"] in {each["id"] for each in every(server)}
    assert len(every(server)) == 2
    place = f"/api/v1/exports/{told['id']}/file"
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"GET {place} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer lister\r\n\r\n".encode())
        connection.recv(16)
    status, file = server.get(place, Authorization="Bearer lister")
    assert status == 200
    assert len(read(pyrage.decrypt(file, [SECRET]))) == 2
    server.stop()
    with Site.open(tmp_path / "site") as site, site.reading() as tx:
        events = [decode(body).event for _, body in site.ledger.entries(tx, 0, site.ledger.head(tx).size)]
    assert (events.count("export"), events.count("fact:handed_over")) == (2, 2)
