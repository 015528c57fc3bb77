# SPDX-License-Identifier: Apache-2.0
"""The server's log says who asked what and how it ended, and nothing of anybody's."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from places import begin, client_of, serving
from plain import PROGRAM, USER

from keshou.acts.request import ActError
from keshou.web.logs import JsonLines, error_fields
from planting import Planted

VALUE = "15499990001-孔丘仲尼"
PLANTED = Planted([VALUE, "u-20130901-zhang"])


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_tells_route_status_time_and_request_and_neither_path_nor_query(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with begin(tmp_path / "site") as site, client_of(site) as client:
        capsys.readouterr()
        client.get(f"/users/{VALUE}?also={VALUE}", headers={"X-Request-ID": "r-1", "X-Note": "15499990001"})
    told = capsys.readouterr().err
    assert PLANTED.find_in(told) == []
    (line,) = _lines(told)
    assert line["route"] == "/users/{user}"
    assert (line["method"], line["status"], line["request_id"], line["level"]) == ("GET", 200, "r-1", "info")
    assert line["ms"] > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", line["time"])


def test_a_program_is_named_with_its_key_and_a_user_only_as_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with begin(tmp_path / "site") as site, client_of(site) as client:
        capsys.readouterr()
        for token in (PROGRAM, USER):
            assert client.get("/whoami", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    told = capsys.readouterr().err
    assert PLANTED.find_in(told) == []
    assert PROGRAM not in told
    program, user = _lines(told)
    assert (program["kind"], program["caller"], program["credential"]) == ("program", "biller", "key-7")
    assert user["kind"] == "user"
    assert not {"caller", "credential"} & user.keys()


def test_a_failure_is_told_by_class_and_own_frames_and_answered_with_its_request_id(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with begin(tmp_path / "site") as site, client_of(site) as client:
        capsys.readouterr()
        answer = client.get(f"/users/{VALUE}/fail")
    told = capsys.readouterr().err
    assert PLANTED.find_in(told) == []
    assert PLANTED.find_in(answer.content) == []
    assert answer.status_code == 500
    (line,) = _lines(told)
    assert line["level"] == "error"
    assert line["error"]["class"] == "builtins.RuntimeError"
    assert line["error"]["from"] == "builtins.KeyError"
    assert line["request_id"] == answer.json()["request_id"] == answer.headers["x-request-id"]


def test_a_body_that_is_wrong_leaves_nothing_of_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with begin(tmp_path / "site") as site, client_of(site) as client:
        answer = client.post("/echo", content=f'{{"{VALUE}": '.encode(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert PLANTED.find_in(answer.content) == []
    assert PLANTED.find_in(capsys.readouterr().err) == []


def test_frames_are_our_own_and_say_where(tmp_path: Path) -> None:
    with begin(tmp_path / "site") as site, pytest.raises(ActError) as caught:
        site.record("", by="clerk1")
    frames = error_fields(caught.value)["frames"]
    assert re.fullmatch(r"acts/\w+\.py:\d+ \w+", frames[-1])
    assert not any("test_logs" in frame for frame in frames)


@pytest.mark.parametrize("name", ["sqlalchemy.pool", "asyncio", "httpx2"])
def test_what_libraries_log_is_told_by_its_place_alone(name: str) -> None:
    try:
        int(VALUE)
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord(name, logging.ERROR, "pool.py", 7, "could not store %s", (VALUE,), info)
    told = JsonLines().format(record)
    assert PLANTED.find_in(told) == []
    line = json.loads(told)
    assert (line["logger"], line["place"], line["level"]) == (name, "pool:7", "error")
    assert line["error"]["class"] == "builtins.ValueError"


def test_every_line_of_a_server_is_json_and_holds_nothing_that_requests_said(tmp_path: Path) -> None:
    begin(tmp_path / "site", users=1).close()
    with serving(tmp_path / "site") as server:
        server.get("/users/15499990001/fail?who=15499990001", X_Request_ID="15499990001 x")
        server.raw(b"GET /15499990001/../ HTTP/1.1\r\nHost: 15499990001\r\nConnection: close\r\n\r\n")
        server.raw(b"BREW 15499990001\r\n\r\n")
        server.stop()
        lines = server.log()
    assert [line["status"] for line in lines if line["event"] == "request"] == [200, 500, 400]
    assert Planted(["15499990001"]).search_files(server.errors) == []


@pytest.mark.parametrize("given", ["a", "trace-0123456789", "~" * 128])
def test_a_request_id_that_is_given_comes_back(tmp_path: Path, given: str) -> None:
    with begin(tmp_path / "site") as site, client_of(site) as client:
        assert client.get("/empty", headers={"X-Request-ID": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", " ", "a b", "a" * 129, "a\tb", "caf\u00e9"])
def test_a_request_id_that_could_harm_is_replaced(tmp_path: Path, given: str) -> None:
    with begin(tmp_path / "site") as site, client_of(site) as client:
        answer = client.get("/empty", headers={"X-Request-ID": given.encode()})  # type: ignore[dict-item]
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


def test_refusals_of_every_kind_carry_a_request_id_and_say_it_in_the_problem(tmp_path: Path) -> None:
    with begin(tmp_path / "site") as site, client_of(site) as client:
        answers = [
            client.get("/nowhere"),
            client.delete("/empty"),
            client.get("/users/u1/fail"),
            client.get("/whoami"),
            client.get("/users/a%2Fb"),
        ]
    assert [answer.status_code for answer in answers] == [404, 405, 500, 401, 400]
    for answer in answers:
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
        assert answer.headers["content-type"] == "application/problem+json"
