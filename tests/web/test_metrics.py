# SPDX-License-Identifier: Apache-2.0
"""Prometheus is told what was done, by route, outcome and article; whoever is not entitled is told nothing."""

import contextlib
import os
import re
import signal
import time
from pathlib import Path

import pytest
from places import begin, client_of, serving
from plain import PROGRAM, USER
from prometheus_client.parser import text_string_to_metric_families

from keshou.db import Database
from keshou.gate.decision import Deny, Permit, Reason
from keshou.law.model import Citation
from keshou.web.metrics import Metrics
from keshou.web.watch import Watched
from planting import Planted

VALUE = "15499990001"


def _samples(text: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(text.decode())
    return {
        (each.name, tuple(sorted(each.labels.items()))): each.value for family in families for each in family.samples
    }


def _count(text: bytes, name: str, **labels: str) -> float:
    return _samples(text).get((name, tuple(sorted(labels.items()))), 0.0)


def test_requests_are_counted_by_route_and_never_by_path_or_made_up_method(tmp_path: Path) -> None:
    begin(tmp_path / "site").close()
    with serving(tmp_path / "site") as server:
        for path in (f"/users/{VALUE}", f"/users/{VALUE}?x={VALUE}", f"/{VALUE}", f"/users/{VALUE}/fail"):
            server.get(path)
        server.raw(f"BREW{VALUE} /empty HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        status, told = server.get("/metrics")
    assert status == 200
    assert Planted([VALUE]).find_in(told) == []
    assert _count(told, "keshou_requests_total", route="/users/{user}", method="GET", status="200") == 2
    assert _count(told, "keshou_requests_total", route="(none)", method="GET", status="404") == 1
    assert _count(told, "keshou_requests_total", route="/users/{user}/fail", method="GET", status="500") == 1
    assert _count(told, "keshou_requests_total", route="(none)", method="OTHER", status="405") == 1
    assert _count(told, "keshou_request_seconds_count", route="/users/{user}") == 2


def test_decisions_are_counted_by_outcome_and_articles_met() -> None:
    metrics = Metrics()
    cite = Citation.parse("miit24:9.1")
    metrics.decided(Permit((), 1, 1))
    metrics.decided(Deny((Reason("a", cite, "consent"), Reason("b", cite, "notice")), 1, 1))
    metrics.decided_many(5, 2, {"miit24:9.1": 2, "npcsc2012:7": 1})
    metrics.committed(3)
    metrics.waiting(4)
    told = metrics.text({})
    assert _count(told, "keshou_decisions_total", outcome="permit") == 6
    assert _count(told, "keshou_decisions_total", outcome="deny") == 3
    assert _count(told, "keshou_denials_total", article="miit24:9.1") == 3
    assert _count(told, "keshou_denials_total", article="npcsc2012:7") == 1
    assert _count(told, "keshou_acts_total") == 3
    assert _count(told, "keshou_queue") == 4


def test_what_no_label_may_hold_does_not_become_one() -> None:
    metrics = Metrics()
    for number in range(1000):
        metrics({}, Watched("r", f"M{number}", "/x", 200, 0.1, None))  # type: ignore[arg-type, typeddict-item]
    assert len([name for name, _ in _samples(metrics.text({})) if name == "keshou_requests_total"]) == 1


def test_whichever_worker_is_asked_tells_what_all_of_them_counted(tmp_path: Path) -> None:
    begin(tmp_path / "site").close()
    with serving(tmp_path / "site", "3") as server:
        for _ in range(60):
            server.get("/empty")
        told = {_count(server.get("/metrics")[1], "keshou_requests_total", route="/empty", method="GET", status="200")
                for _ in range(10)}  # fmt: skip
    assert told == {60.0}


def test_the_log_and_the_database_are_looked_at_when_asked(tmp_path: Path) -> None:
    begin(tmp_path / "site", users=3).close()
    with serving(tmp_path / "site") as server:
        told = server.get("/metrics")[1]
    assert _count(told, "keshou_database_up") == 1
    assert _count(told, "keshou_log_size") == 5
    assert _count(told, "keshou_look_seconds") > 0


@pytest.mark.parametrize("setting", ["loopback", "key"])
def test_from_elsewhere_it_takes_a_key_that_may_read_and_a_setting_that_lets_it(tmp_path: Path, setting: str) -> None:
    with begin(tmp_path / "site", metrics=setting) as site, client_of(site) as client:
        told = [
            client.get("/metrics", headers={"Authorization": f"Bearer {token}"} if token else {}).status_code
            for token in ("", USER, PROGRAM)
        ]
    assert told == ([401, 403, 200] if setting == "key" else [403, 403, 403])


def test_counts_leave_no_folder_behind(tmp_path: Path) -> None:
    begin(tmp_path / "site").close()
    (tmp_path / "temporary").mkdir()
    with serving(tmp_path / "site", TMPDIR=str(tmp_path / "temporary")) as server:
        server.get("/metrics")
        assert [re.sub(r"-\w+$", "", path.name) for path in (tmp_path / "temporary").iterdir()] == ["keshou-metrics"]
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_database_that_says_nothing_keeps_neither_counts_nor_readiness_waiting(
    tmp_path: Path, postgresql_url: str
) -> None:
    begin(tmp_path / "site", postgresql_url).close()
    with serving(tmp_path / "site") as server, contextlib.closing(Database(postgresql_url)) as other:
        assert server.get("/readyz")[0] == 200
        assert _count(server.get("/metrics")[1], "keshou_database_up") == 1
        with other.transaction() as tx:
            asked = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            backends = [int(pid) for (pid,) in tx.ask(asked)]
        for pid in backends:
            os.kill(pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            assert server.get("/readyz")[0] == 503
            assert server.get("/metrics")[0] == 200
            assert time.monotonic() - began < 20, "it took a minute and a half, and said that all was well"
        finally:
            for pid in backends:
                os.kill(pid, signal.SIGCONT)
