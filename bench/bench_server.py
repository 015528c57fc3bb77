# SPDX-License-Identifier: Apache-2.0
"""The server under load, beside what the same machine gives in the same run: empty answers, a peer, bare commits."""

import contextlib
import http.client
import json
import os
import random
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from apps import WORLD
from filled import Filled, fill, question
from load import SERIAL
from peers.facts import facts_of
from race import Race, Run, SingleRows, asking, own_group_commit
from record import tell
from served import keshou, other, request
from world import USERS, World

from keshou.app import clock
from keshou.db import Database
from keshou.gate.act import Act
from keshou.law.terms import BULK_KINDS, ActKind
from keshou.wire.authzen_arrow import MEDIA_TYPE
from postgresql import Cluster

ROOM = "server"
ROUNDS = int(os.environ.get("KESHOU_BENCH_ROUNDS", "7"))
SECONDS = float(os.environ.get("KESHOU_BENCH_SECONDS", "2"))
CONNECTIONS = 32
BATCH = 1000
STREAM = 100_000
"""Rows in one stream: every user ten times over."""
STREAMS = 4
"""Different streams."""
BATCHES = 2
"""Callers with batches: enough that the server never waits for one."""
ROWS = 20_000
MINIMAL = {"Prefer": "return=minimal"}
_OK = {"200"}


class Raced:
    """The race on one database."""

    def __init__(self, database: str, race: Race) -> None:
        self.database, self.race = database, race

    def name(self, what: str) -> str:
        """Return what others call this measurement."""
        return f"{what} ({self.database})"

    def tell(self, benchmark: Any, run: str, what: str, *, count: int = 1, waits: bool = True, **more: Any) -> None:
        """Say what a run measured."""
        benchmark.pedantic(lambda: None, rounds=1)
        benchmark.extra_info["median"] = self.race.seconds(run)
        if waits:
            p50, p99 = self.race.wait(run, 0.5), self.race.wait(run, 0.99)
            more |= {"p50_ms": p50, "p99_ms": p99, "p99_over_p50": round(p99 / p50, 2)}
        tell(benchmark, f"{self.database}: {what}", room=ROOM, count=count, unit="rate", **more)


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def raced(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, world: World) -> Iterator[Raced]:
    """Run the race once on each database."""
    folder = tmp_path_factory.mktemp("server")
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        database, rows, own = "", f"sqlite:///{folder / 'rows.db'}", None
        if request.param == "PostgreSQL":
            cluster: Cluster = request.getfixturevalue("cluster")
            for each in ("bench_server", "bench_rows"):
                stack.callback(cluster.drop, each)
                cluster.create(each)
            database, rows = cluster.url("bench_server"), cluster.url("bench_rows")
            own = own_group_commit(cluster.programs / "pgbench", rows, folder, CONNECTIONS, SECONDS)
        filled = fill(folder / "home", world, database)
        single = stack.enter_context(contextlib.closing(SingleRows(Database(rows))))
        runs = {"rows": single.run(CONNECTIONS, ROWS), **({"own": own} if own else {})}
        yield Raced(request.param, Race(runs | _served(stack, filled, folder), ROUNDS))


def _served(stack: contextlib.ExitStack, filled: Filled, folder: Path) -> dict[str, Run]:
    """Start the servers and return what each is asked, once their answers are found to be the same."""
    data = folder / "world.json"
    data.write_text(json.dumps(facts_of(filled.world)))
    environ = {WORLD: str(data)}
    ours = stack.enter_context(keshou(filled.home, free_port()))
    empty = stack.enter_context(other(filled.home, free_port(), "apps:empty", environ))
    same = stack.enter_context(other(filled.home, free_port(), "apps:same", environ))
    peer = stack.enter_context(other(filled.home, free_port(), "apps:peer", environ))
    bare = stack.enter_context(other(filled.home, free_port(), "apps:peer_bare", environ))
    acts = filled.world.acts
    bodies = [msgspec.json.encode(question(act)) for act in acts]
    one, path, columns = "/access/v1/evaluation", "/access/v1/evaluations", "/api/v1/evaluations"
    _compare(filled, {ours: filled.key, same: filled.key, peer: "", bare: ""}, one, bodies)
    batches = [_batch(acts[start : start + BATCH]) for start in range(0, len(acts) - BATCH, BATCH)]
    asked = [_stream(filled.world, number) for number in range(STREAMS)]
    text = [_stream(filled.world, number, coded=False) for number in range(STREAMS)]
    once = [_campaign(filled.world)]
    arrow = {"Content_Type": MEDIA_TYPE}
    reads = [_reading(user) for user in filled.world.facts]

    def run(port: int, requests: Sequence[bytes], connections: int = CONNECTIONS) -> Run:
        return asking(port, connections, SECONDS, requests)

    found = {
        "empty": run(empty, [request("/", body) for body in bodies]),
        "same": run(same, [request("/empty", body, filled.key) for body in bodies]),
        "alive": run(ours, [request("/healthz", None)]),
        "evaluation": run(ours, [request(one, body, filled.key) for body in bodies]),
        "minimal": run(ours, [request(one, body, filled.key, **MINIMAL) for body in bodies]),
        "peer": run(peer, [request(one, body) for body in bodies]),
        "peer_bare": run(bare, [request(one, body) for body in bodies]),
        "batch": run(ours, [request(path, body, filled.key) for body in batches], BATCHES),
        "batch_minimal": run(ours, [request(path, body, filled.key, **MINIMAL) for body in batches], BATCHES),
        "stream": run(ours, [request(columns, body, filled.key, **arrow) for body in asked], BATCHES),
        "stream_text": run(ours, [request(columns, body, filled.key, **arrow) for body in text], BATCHES),
        "campaign": run(ours, [request(columns, body, filled.key, **arrow) for body in once], BATCHES),
        "acts": run(ours, [request("/api/v1/acts", body, filled.key, Idempotency_Key=SERIAL.decode())
                           for body in reads]),
    }  # fmt: skip
    _compare_stream(filled, ours, columns, asked[0])
    for each in ("evaluation", "batch", "stream", "stream_text", "campaign", "acts"):
        asking(ours, CONNECTIONS, 1.0, [request("/healthz", None)])
        found[each]()
    return found


def _compare(filled: Filled, servers: Mapping[int, str], path: str, bodies: Sequence[bytes]) -> None:
    """Ask every server every question, and hold its answer against the gate's."""
    gate = filled.world.gate()
    wanted = [gate.decide(msgspec.structs.replace(act, when=clock.now())).permitted for act in filled.world.acts]
    for port, key in servers.items():
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", int(port))) as connection:
            for body, permitted in zip(bodies, wanted, strict=True):
                connection.request("POST", path, body, headers)
                assert json.loads(connection.getresponse().read())["decision"] is permitted, body
    assert 0.3 < sum(wanted) / len(wanted) < 0.7


def _batch(acts: Sequence[Act]) -> bytes:
    return msgspec.json.encode({"evaluations": [question(act) for act in acts]})


def _compare_stream(filled: Filled, port: int, path: str, body: bytes) -> None:
    """Ask a stream, and hold its first answers against the gate's."""
    gate, now = filled.world.gate(), clock.now()
    headers = {"Content-Type": MEDIA_TYPE, "Authorization": f"Bearer {filled.key}"}
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", int(port))) as connection:
        connection.request("POST", path, body, headers)
        found = pa.ipc.open_stream(connection.getresponse().read()).read_all().slice(0, 5000).to_pylist()
    acts = filled.world.acts
    rows = pa.ipc.open_stream(body).read_all().slice(0, 5000)
    for place, (row, user) in enumerate(zip(found, rows.column("user").to_pylist(), strict=True)):
        act = msgspec.structs.replace(acts[place % len(acts)], user=user, when=now)
        # What of a kind that adds up is asked in one stream is one list, and judged as a whole.
        assert act.kind in BULK_KINDS or row["decision"] is gate.decide(act).permitted
    assert 0.3 < sum(row["decision"] for row in found) / len(found) < 0.7


def _stream(world: World, seed: int, *, coded: bool = True) -> bytes:
    """Ask the world's questions in turn, each of a user of its own; with dictionaries where coded."""
    users = list(world.facts) * (STREAM // len(world.facts))
    random.Random(seed).shuffle(users)
    return _written(users, [world.acts[place % len(world.acts)] for place in range(len(users))], coded=coded)


def _campaign(world: World) -> bytes:
    """Ask one question of every user once."""
    act = next(act for act in world.acts if act.kind is ActKind.USE)
    return _written(list(world.facts), [act] * len(world.facts))


def _written(users: list[str], acts: Sequence[Act], *, coded: bool = True) -> bytes:
    texts = {name: pa.array([getattr(act, name) for act in acts]) for name in ("kind", "by", "purpose", "where")}
    texts["user"] = pa.array(users)
    if coded:
        texts = {name: column.dictionary_encode() for name, column in texts.items()}
    table = pa.table({**texts, "items": [sorted(act.items) for act in acts]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=ROWS)
    return bytes(sink.getvalue().to_pybytes())


def _reading(user: str) -> bytes:
    return msgspec.json.encode({"kind": "query", "user": user, "items": ["mobile_number"], "purpose": "service"})


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_empty_answer(benchmark: Any, raced: Raced) -> None:
    raced.tell(benchmark, "empty", "an empty answer, nothing around it", name=raced.name("empty answer"))


def test_an_empty_answer_of_our_own_server(benchmark: Any, raced: Raced) -> None:
    assert raced.race.statuses("same") == _OK
    what = "an empty answer of Keshou's own server to a caller it knows"
    raced.tell(benchmark, "same", what, name=raced.name("same server"))


def test_an_answer_of_our_own_server(benchmark: Any, raced: Raced) -> None:
    raced.tell(benchmark, "alive", "`/healthz` of Keshou's server", name=raced.name("healthz"))


@pytest.mark.parametrize(("run", "what"), [("peer", "in the same framework"), ("peer_bare", "with no framework")])
def test_a_peer(benchmark: Any, raced: Raced, run: str, what: str) -> None:
    assert raced.race.statuses(run) == _OK
    raced.tell(benchmark, run, f"`regorus` asked over HTTP, {what}", name=raced.name(run))


@pytest.mark.parametrize(("run", "what"), [("evaluation", "with reasons"), ("minimal", "yes or no")])
def test_evaluation(benchmark: Any, raced: Raced, run: str, what: str) -> None:
    assert raced.race.statuses(run) == _OK
    beside = {
        raced.name("same server"): 0.6, raced.name("empty answer"): None, raced.name("healthz"): None,
        raced.name("peer"): 1, raced.name("peer_bare"): None,
    }  # fmt: skip
    raced.tell(benchmark, run, f"evaluation, {what}", beside=beside)


@pytest.mark.parametrize(("run", "what"), [("batch", "with reasons"), ("batch_minimal", "yes or no")])
def test_evaluations(benchmark: Any, raced: Raced, run: str, what: str) -> None:
    assert raced.race.statuses(run) == _OK
    raced.tell(benchmark, run, f"decisions, {BATCH:,} a call, {what}", count=BATCH, waits=False, target=150_000)


@pytest.mark.parametrize(
    ("run", "rows", "what"),
    [
        ("stream", STREAM, f"{STREAM:,} questions of all kinds in one Arrow stream"),
        ("stream_text", STREAM, f"{STREAM:,} questions of all kinds in one Arrow stream, no column dictionary-encoded"),
        ("campaign", USERS, f"one question of {USERS:,} users in one Arrow stream"),
    ],
)
def test_streams(benchmark: Any, raced: Raced, run: str, rows: int, what: str) -> None:
    assert raced.race.statuses(run) == _OK
    target = 3_000_000 if run == "stream" else None
    raced.tell(benchmark, run, f"decisions, {what}", count=rows, waits=False, target=target)


def test_bare_commits(benchmark: Any, raced: Raced) -> None:
    what = f"one row a commit, group commit of {CONNECTIONS} threads"
    raced.tell(benchmark, "rows", what, name=f"floor-server-{raced.database}")


def test_own_group_commit(benchmark: Any, raced: Raced) -> None:
    if "own" not in raced.race:
        pytest.skip("SQLite has no group commit of its own")
    what = f"one row a commit, {CONNECTIONS} sessions of `pgbench`"
    raced.tell(benchmark, "own", what, name=raced.name("pgbench"), waits=False)


def test_acts(benchmark: Any, raced: Raced) -> None:
    assert raced.race.statuses("acts") == _OK
    beside: dict[str, float | None] = {f"floor-server-{raced.database}": 0.4}
    beside |= {raced.name("pgbench"): None} if "own" in raced.race else {}
    what = f"acts: sealed reads over HTTP, {CONNECTIONS} connections"
    raced.tell(benchmark, "acts", what, beside=beside, at_most={"p99_over_p50": 10})
