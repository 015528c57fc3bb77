# SPDX-License-Identifier: Apache-2.0
"""What two programs could read differently, what is too much and what is too slow is refused; over real sockets."""

import contextlib
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from places import Server, begin, client_of, serving

END = b"Connection: close\r\n\r\n"
HOST = b"Host: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all the requests that leave nothing behind."""
    home = tmp_path_factory.mktemp("strict") / "site"
    begin(home, users=1, body_bytes=100_000, body_seconds=0.5).close()
    with serving(home) as running:
        yield running


def _status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


@pytest.mark.parametrize(
    "path",
    [
        b"/users/a%2fb", b"/users/a%2Fb", b"/users/a%5cb", b"/users/..", b"/users/../empty", b"/./empty", b"//empty",
        b"/users//x", b"/users/%2e%2e", b"/users/%2E", b"/users/a%00", b"/users/a%0d%0aX:%20y", b"/users/%zz",
        b"/users/%", b"/users/a;b", b"/users/a\\b", b"/users/" + b"a" * 5000,
    ],
)  # fmt: skip
def test_a_path_with_two_readings_is_refused(server: Server, path: bytes) -> None:
    answer = server.raw(b"GET ", path, b" HTTP/1.1\r\n", HOST, END)
    assert _status(answer) == 400
    assert b'"status":400' in answer


@pytest.mark.parametrize("path", [b"/users/a\x00", b"/users/\xff", b"/users/a b", b"/empty\r\n", b"empty"])
def test_a_request_line_that_is_none_is_refused(server: Server, path: bytes) -> None:
    assert _status(server.raw(b"GET ", path, b" HTTP/1.1\r\n", HOST, END)) == 400


@pytest.mark.parametrize(
    ("path", "user"),
    [(b"/users/u-1.2_3~4", "u-1.2_3~4"), (b"/users/%E5%BC%A0", "张"), (b"/users/a@b.example", "a@b.example")],
)
def test_plain_names_pass(server: Server, path: bytes, user: str) -> None:
    answer = server.raw(b"GET ", path, b" HTTP/1.1\r\n", HOST, END)
    assert _status(answer) == 200
    assert json.loads(answer.rpartition(b"\r\n\r\n")[2]) == {"user": user}


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "Content-Type",
        "Authorization",
        "Origin",
        "Idempotency-Key",
        "If-Match",
        "X-Request-ID",
        "Sec-Fetch-Site",
    ],
)
def test_a_header_that_counts_is_given_once(server: Server, name: str) -> None:
    line = HOST if name == "Host" else f"{name}: x\r\n".encode()
    host = b"" if name == "Host" else HOST
    assert _status(server.raw(b"GET /empty HTTP/1.1\r\n", host, line, END)) == 200
    assert (
        _status(
            server.raw(
                b"GET /empty HTTP/1.1\r\n",
                host,
                line,
                line.replace(b"x", b"y").replace(b"localhost", b"127.0.0.1"),
                END,
            )
        )
        == 400
    )
    assert _status(server.raw(b"GET /empty HTTP/1.1\r\n", host, line, line.lower(), END)) == 400


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"Host:\r\n",
        HOST + b"Content-Length: 2\r\nContent-Length: 3\r\n",
        HOST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        HOST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        HOST + b"Transfer-Encoding: gzip, identity\r\n",
        HOST + b"Content-Length: -1\r\n",
        HOST + b"Content-Length: +2\r\n",
        HOST + b"Content-Length : 2\r\n",
        HOST + b"X-Folded: a\r\n b\r\n",
        HOST + b"X-Nothing\r\n",
        HOST + b"X-Nul: a\x00b\r\n",
    ],
)
def test_a_head_that_proxies_read_differently_is_refused(server: Server, head: bytes) -> None:
    answer = server.raw(b"POST /echo HTTP/1.1\r\n", JSON, head, END, b"{}")
    assert _status(answer) == 400
    assert answer.count(b"HTTP/1.1") == 1, "what followed was taken for another request"


def test_with_a_length_and_chunks_nothing_that_follows_is_taken_for_a_request(server: Server) -> None:
    both = b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"
    following = b"GET /empty HTTP/1.1\r\n" + HOST + END
    answer = server.raw(b"POST /echo HTTP/1.1\r\n", HOST, JSON, both, END, b"2\r\n{}\r\n0\r\n\r\n", following)
    assert answer.count(b"HTTP/1.1") == 1, "what followed was taken for another request"


@pytest.mark.parametrize(
    "head",
    [b"X-Big: " + b"a" * 40_000 + b"\r\n", b"".join(b"X-%d: a\r\n" % n for n in range(300)), b"X: " + b"a" * 10**6],
)
def test_a_head_that_is_too_large_is_refused(server: Server, head: bytes) -> None:
    assert _status(server.raw(b"GET /empty HTTP/1.1\r\n", HOST, head, END)) in (400, 431)


def test_a_body_that_is_too_large_is_refused_whether_or_not_it_says_so(server: Server) -> None:
    start = b"POST /echo HTTP/1.1\r\n" + HOST + JSON
    said = server.raw(start, b"Content-Length: 100001\r\n", END, b'"', b"a" * 99_999, b'"')
    assert _status(said) == 413
    assert b"/problems/too-large" in said
    chunk = b"4000\r\n" + b"a" * 0x4000 + b"\r\n"
    unsaid = server.raw(start, b"Transfer-Encoding: chunked\r\n", END, chunk * 8, b"0\r\n\r\n")
    assert _status(unsaid) == 413
    fits = server.raw(start, b"Content-Length: 100000\r\n", END, b'"', b"a" * 99_998, b'"')
    assert _status(fits) == 200


@pytest.mark.parametrize("open_", [b"[", b'{"a":'])
def test_a_body_that_is_nested_without_end_is_malformed_and_harms_nobody(server: Server, open_: bytes) -> None:
    body = open_ * 15_000
    length = f"Content-Length: {len(body)}\r\n".encode()
    answer = server.raw(b"POST /echo HTTP/1.1\r\n", HOST, JSON, length, END, body)
    assert _status(answer) == 400
    assert b"/problems/malformed" in answer
    assert server.get("/healthz")[0] == 200


def test_a_body_that_does_not_come_is_given_up(server: Server) -> None:
    slow = (b"POST /echo HTTP/1.1\r\n", HOST, JSON, b"Content-Length: 10\r\n", END, b"[1,")
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: server.raw(*slow), range(50)))
    assert {_status(answer) for answer in answers} == {408}, "a connection was answered late or stayed open"
    assert all(b"/problems/too-slow" in answer for answer in answers)


@pytest.mark.parametrize("said", [b"", b"GET /em", b"GET /empty HTTP/1.1\r\nHost: localhost\r\nX-Slow: "])
def test_who_does_not_finish_the_head_is_let_go(server: Server, said: bytes) -> None:
    assert _status(server.raw(said)) in (0, 408)


def test_a_connection_that_idles_is_let_go(server: Server) -> None:
    answer = server.raw(b"GET /empty HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert _status(answer) == 200
    assert answer.count(b"HTTP/1.1") == 1


def test_many_who_send_nothing_keep_nobody_from_being_answered(server: Server) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            silent = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
            silent.sendall(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n")
        assert server.get("/empty") == (200, b"{}")


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW", "get"])
def test_a_method_that_nobody_serves_is_refused(server: Server, method: str) -> None:
    assert _status(server.raw(method.encode(), b" /empty HTTP/1.1\r\n", HOST, END)) in (400, 405)


def test_a_header_can_not_be_made_to_end_early(server: Server) -> None:
    answer = server.raw(b"GET /empty HTTP/1.1\r\n", HOST, b"X-Request-ID: a\rSet-Cookie: b\r\n", END)
    assert b"set-cookie" not in answer.lower()


def test_a_server_with_a_name_answers_to_no_other(tmp_path: Path) -> None:
    with begin(tmp_path / "site", url="https://keshou.example") as site, client_of(site) as client:
        hosts = ["keshou.example", "KESHOU.example:443", "localhost:8400", "127.0.0.1", "[::1]:8400"]
        others = ["evil.example", "keshou.example.evil.example", "evil.example:443", "keshou.example@evil.example"]
        assert [client.get("/empty", headers={"Host": host}).status_code for host in hosts] == [200] * len(hosts)
        assert [client.get("/empty", headers={"Host": host}).status_code for host in others[:3]] == [421] * 3
        assert client.get("/empty", headers={"Host": others[3]}).status_code in (400, 421)


@pytest.mark.parametrize("address", ["127.0.0.1:8400", "[::1]:8400", "0.0.0.0:8400", "127.8.8.8:8400"])
def test_a_name_that_somebody_lets_lead_here_reaches_nothing(tmp_path: Path, address: str) -> None:
    with begin(tmp_path / "site") as site:
        site.settings = msgspec.structs.replace(site.settings, address=address)
        with client_of(site) as client:
            host = address.rpartition(":")[0]
            ours = ["127.0.0.1:8400", "LOCALHOST", "[::1]:1", *([] if host == "0.0.0.0" else [host, address])]  # noqa: S104
            others = ["evil.example", "evil.example:8400", "127.0.0.1.evil.example", "x", "192.0.2.1", "0.0.0.0"]  # noqa: S104
            for path in ("/empty", "/metrics", "/healthz"):
                told = [client.get(path, headers={"Host": each}).status_code for each in (*ours, *others[:4])]
                assert 421 not in told[: len(ours)]
                assert told[len(ours) :] == [421] * 4
            assert [client.get("/empty", headers={"Host": each}).status_code for each in others] == [421] * 6
            page = {"Host": "evil.example", "Origin": "http://evil.example"}
            assert client.post("/echo", json={}, headers=page).status_code == 421


@pytest.mark.parametrize("url", ["", "https://keshou.example", "https://[2001:db8::1]:8443"])
def test_probes_may_call_the_machine_by_its_number_and_nobody_else_may(tmp_path: Path, url: str) -> None:
    with begin(tmp_path / "site", url=url) as site, client_of(site) as client:
        for host in ("192.0.2.1", "192.0.2.1:8400", "[2001:db8::7]:8400"):
            told = {path: client.get(path, headers={"Host": host}).status_code for path in ("/healthz", "/readyz")}
            assert told == {"/healthz": 200, "/readyz": 200}
            assert client.get("/empty", headers={"Host": host}).status_code == 421
        ours = {"Host": "[2001:db8::1]:8443"}
        assert client.get("/empty", headers=ours).status_code == (200 if "2001" in url else 421)


def test_who_comes_around_the_proxy_is_refused(tmp_path: Path) -> None:
    with begin(tmp_path / "site", trusted_proxy="192.0.2.0/24") as site, client_of(site) as client:
        answer = client.get("/empty")
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/tls-needed"
