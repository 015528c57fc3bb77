# SPDX-License-Identifier: Apache-2.0
"""The protocol's rules as cases of data: what is sent, and what has to come back."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from callers import CLERK, CRM, bearer, served
from house import newcomer, ready
from litestar import Litestar
from litestar.testing import TestClient

from keshou.app.settings import ServerSettings
from keshou.db import Database

CASES = tomllib.loads(Path(__file__).with_name("authzen.toml").read_text("utf-8"))["case"]
CALLERS = {"crm": CRM, "clerk": CLERK}
URL = "https://pdp.operator.example"


def test_the_protocol_is_kept_rule_by_rule(database: Database, tmp_path: Path) -> None:
    site = ready(database, tmp_path, server=ServerSettings(url=URL))
    try:
        site.do_all([newcomer(site, "u1"), newcomer(site, "u2")])
        with TestClient(served(site, CALLERS), base_url=URL) as client:
            broken = {case["rule"]: list(wrong_with(client, case)) for case in CASES}
    finally:
        site.close()
    assert {rule: wrong for rule, wrong in broken.items() if wrong} == {}


def test_each_rule_stands_once() -> None:
    assert len({case["rule"] for case in CASES}) == len(CASES) > 50


@pytest.mark.parametrize("reads", ["method", "status", "answer", "length", "lacks", "headers", "named", "sent"])
def test_every_part_of_a_case_is_used(reads: str) -> None:
    assert any(reads in case for case in CASES)
    known = {"rule", "path", "body", "method", "status", "answer", "length", "lacks", "headers", "named", "sent"}
    assert set().union(*CASES) == known


def wrong_with(client: TestClient[Litestar], case: dict[str, Any]) -> Any:
    """Send what a case tells, and yield what is not as it asks."""
    headers = {"Content-Type": "application/json"} | bearer("crm") | case.get("sent", {})
    headers = {name.lower(): value for name, value in headers.items() if value}
    method = case.get("method", "POST")
    answers = [client.request(method, case["path"], content=case.get("body", ""), headers=headers) for _ in range(2)]
    answer = answers[0]
    if answer.status_code != case.get("status", 200):
        yield f"status {answer.status_code}: {answer.text}"
        return
    if answer.status_code == 200 and answers[1].content != answer.content:
        yield "the same request was answered by other bytes"
    for name, value in case.get("headers", {}).items():
        if answer.headers.get(name) != value:
            yield f"{name}: {answer.headers.get(name)}"
    if answer.status_code != 200:
        if not answer.text or answer.headers["content-type"] != "application/problem+json":
            yield "no problem is told"
        return
    yield from wrong_body(json.loads(answer.text), case)


def wrong_body(body: dict[str, Any], case: dict[str, Any]) -> Any:
    """Yield what in an answer is not as a case asks."""
    if not holds(body, case.get("answer", {})):
        yield f"answer {body}"
    if len(body.get("evaluations", ())) != case.get("length", 0):
        yield f"{len(body.get('evaluations', ()))} decisions"
    yield from (f"{name} is there" for name in case.get("lacks", ()) if name in body)
    if "named" in case and case["named"] not in {each.get("name", each.get("id")) for each in body["results"]}:
        yield f"results {body['results']}"


def holds(found: Any, wanted: Any) -> bool:
    """Say whether all of `wanted` is in `found`: of objects each member, of lists each element in its place."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(name in found and holds(found[name], wanted[name]) for name in wanted)
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) >= len(wanted) and bool(wanted) | (found == []) and all(
            map(holds, found, wanted)
        )  # fmt: skip
    return type(found) is type(wanted) and bool(found == wanted)
