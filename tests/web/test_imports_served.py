# SPDX-License-Identifier: Apache-2.0
"""A served table is never held in memory whole, and one that breaks off on its way leaves nothing."""

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schema_app
from places import Server, serving

HEAD = b"user_id,user_name,mobile_number,services,consents\n"
LENGTH = 96 * 2**20
FEW = 48 * 2**20
"""Bytes that the server may grow by: much less than the table has."""
HEADERS = {"Authorization": f"Bearer {schema_app.OFFICER}", "Content-Type": "text/csv"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    schema_app.begin(tmp_path / "site")
    with serving(tmp_path / "site", application="schema_app:make") as server:
        yield server


def asked(server: Server, path: str) -> Any:
    status, body = server.get(path, Authorization=HEADERS["Authorization"])
    assert status == 200, body
    return json.loads(body)


def rows() -> Iterator[bytes]:
    """Yield a table of many bytes, the last row of which keeps all out."""
    yield HEAD
    value, sent, number = b"x" * 4000, 0, 0
    while sent < LENGTH:
        part = b"".join(b"N-%d,%s,15499900000,mobile,service:express\n" % (number + n, value) for n in range(16))
        number, sent = number + 16, sent + len(part)
        yield part
    yield b"N-last,x,1,television,\n"


def most_memory(server: Server) -> int:
    """Return the most bytes that the server's processes ever had, together."""
    most = 0
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            if server.process.pid in (parent, int(place.name)):
                told = (place / "status").read_text()
                most += int(told.partition("VmHWM:")[2].split()[0]) * 1024
    return most


def test_a_large_table_is_not_held_in_memory(server: Server) -> None:
    before = most_memory(server)
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        headers = HEADERS | {"Idempotency-Key": "large"}
        connection.request("POST", "/api/v1/imports", body=rows(), headers=headers, encode_chunked=True)
        answer = connection.getresponse()
        told = json.loads(answer.read())
    assert answer.status == 202, told
    for _ in range(1200):
        told = asked(server, f"/api/v1/imports/{told['id']}")
        if told["state"] in ("done", "failed"):
            break
        time.sleep(0.1)
    assert (told["state"], told["outcome"]["taken"], told["outcome"]["refused"]["unknown_service"]) == ("done", 0, 1)
    assert told["rows"] * 4000 > LENGTH * 0.9
    assert most_memory(server) - before < FEW


def test_a_table_that_breaks_off_on_its_way_leaves_nothing_and_may_be_sent_again(
    server: Server, tmp_path: Path
) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in (HEADERS | {"Idempotency-Key": "k1"}).items())
    before = {each.name for each in (tmp_path / "site").iterdir()}
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            first = f"POST /api/v1/imports HTTP/1.1\r\nHost: localhost\r\n{head}Content-Length: 5000000\r\n\r\n"
            connection.sendall(first.encode())
            connection.sendall(HEAD + b"N-1,x,15499900000,mobile,service:express\n" * 1000)
    time.sleep(0.5)
    assert asked(server, "/api/v1/imports")["items"] == []
    assert {each.name for each in (tmp_path / "site").iterdir()} == before
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        table = HEAD + b"N-1,x,15499900000,television,\n"
        connection.request("POST", "/api/v1/imports", body=table, headers=HEADERS | {"Idempotency-Key": "k1"})
        assert connection.getresponse().status == 202
    assert len(asked(server, "/api/v1/imports")["items"]) == 1
