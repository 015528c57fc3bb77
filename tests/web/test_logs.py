# SPDX-License-Identifier: Apache-2.0
"""The server's log says who asked what and how it ended, and nothing of anybody's."""

import ast
import json
import logging
import re
import traceback
from pathlib import Path
from typing import Any

import pytest
from places import begin, client_of, serving
from plain import PROGRAM, USER

import keshou
from keshou.acts.request import ActError
from keshou.app.sequencer import OutcomeUnknownError
from keshou.db import DiskFullError
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


def test_what_keshou_itself_says_is_repeated() -> None:
    record = logging.LogRecord("keshou.webhooks.deliver", logging.ERROR, "d.py", 7, "not delivered: %s", ("X",), None)
    assert json.loads(JsonLines().format(record))["event"] == "not delivered: X"
    client = logging.LogRecord("keshou.client.guard", logging.ERROR, "d.py", 7, "closed: %s", (VALUE,), None)
    assert PLANTED.find_in(JsonLines().format(client)) == []


def test_all_that_keshou_itself_says_is_constant_but_for_names_of_classes_and_counts() -> None:
    """Whoever adds a message that could carry a value finds out here: the server's log repeats it."""
    package, calls = Path(keshou.__file__).parent, 0
    for path in sorted(package.rglob("*.py")):
        if path.is_relative_to(package / "client"):
            continue
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Assign) and ast.unparse(call.value).startswith("logging.getLogger"):
                assert ast.unparse(call.targets[0]) == "_log", f"{path}:{call.lineno}"
            if isinstance(call, ast.Call) and _is_logging(call):
                calls += 1
                assert _carries_nothing(call), f"{path}:{call.lineno}"
    assert calls > 10


def _is_logging(call: ast.Call) -> bool:
    levels = {"debug", "info", "warning", "error", "exception", "critical", "log"}
    of = ast.unparse(call.func)
    return isinstance(call.func, ast.Attribute) and call.func.attr in levels and of.startswith(("_log.", "logging."))


def _carries_nothing(call: ast.Call) -> bool:
    """Say whether the message is a constant, with the name of a class for each %s and a number for each %d."""
    text, *rest = call.args
    if not (isinstance(text, ast.Constant) and isinstance(text.value, str)):
        return False
    marks = re.findall(r"%(.)", text.value)
    named = [re.fullmatch(r"type\(\w+\).__name__", ast.unparse(each)) is not None for each in rest]
    return len(marks) == len(rest) and all(mark == "d" or named[n] for n, mark in enumerate(marks))


def test_a_trace_that_the_server_writes_into_its_message_is_left_out() -> None:
    try:
        int(VALUE)
    except ValueError:
        trace = traceback.format_exc()
    for before, event in (("", "the application failed"), ("it broke\n", "it broke")):
        record = logging.LogRecord("_granian", logging.ERROR, "asgi.py", 94, before + trace, (), None)
        told = JsonLines().format(record)
        assert PLANTED.find_in(told) == []
        assert __file__ not in told
        line = json.loads(told)
        assert (line["event"], line["error"]) == (event, {"class": "ValueError"})


def test_what_a_commit_failed_of_stands_in_the_log() -> None:
    told = error_fields(OutcomeUnknownError(DiskFullError()))
    assert told["from"] == "keshou.db.DiskFullError"


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
