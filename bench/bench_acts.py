# SPDX-License-Identifier: Apache-2.0
"""Acts done durably: decision, effect and entry in one commit, beside bare group commit in the same database."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from record import at, tell
from sites import Site10k, admission, jobs_for, reading, together, writing

from keshou.acts.request import Job
from keshou.cli.sample.people import subscribers
from keshou.gate.act import Act
from keshou.gate.facts import ConsentWithdrawn
from keshou.law.terms import ActKind
from postgresql import Cluster

USERS = 10_000
ROUNDS = 5
ACTS = {1: 300, 8: 1600, 32: 3200}
KINDS: dict[str, Callable[[str], Job]] = {"reads": reading, "writes": writing}
MOST_CALLERS = max(ACTS)
BATCH = 1000
TURNS = 6
"""Batches a round: the first and the last wait for nobody."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site10k]:
    """Give a site with ten thousand users on each database; fsync is on."""
    home, database = tmp_path_factory.mktemp("site"), ""
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        cluster.create("bench_acts")
        database = cluster.url("bench_acts")
    site = Site10k(home / "home", database, USERS)
    try:
        yield site
    finally:
        site.close()
        shutil.rmtree(home, ignore_errors=True)


def _database(filled: Site10k) -> str:
    return "PostgreSQL" if filled.site.database.postgresql else "SQLite"


@pytest.mark.parametrize("callers", ACTS)
@pytest.mark.parametrize("kind", KINDS)
def test_bare_commits(benchmark: Any, filled: Site10k, kind: str, callers: int) -> None:
    jobs = [kind == "writes"] * ACTS[callers]
    waits: list[float] = []

    def run() -> None:
        waits.extend(together(callers, len(jobs), filled.floor.sequencer.do, jobs)[1])

    benchmark.pedantic(run, rounds=ROUNDS, warmup_rounds=1)
    what = f"{_database(filled)}, callers {callers}: the rows of {kind} alone"
    tell(
        benchmark,
        what,
        room="acts, waiting callers",
        count=len(jobs),
        unit="rate",
        p50_ms=_ms(waits, 0.5),
        name=f"floor-{_database(filled)}-{kind}-{callers}",
    )


@pytest.mark.parametrize("callers", ACTS)
@pytest.mark.parametrize("kind", KINDS)
def test_acts_of_waiting_callers(benchmark: Any, filled: Site10k, kind: str, callers: int) -> None:
    jobs = jobs_for(KINDS[kind], filled.users, ACTS[callers])
    waits: list[float] = []

    def run() -> None:
        waits.extend(together(callers, len(jobs), _permitted(filled), jobs)[1])

    benchmark.pedantic(run, rounds=ROUNDS, warmup_rounds=1)
    tell(
        benchmark,
        f"{_database(filled)}, callers {callers}: sealed {kind}",
        room="acts, waiting callers",
        count=len(jobs),
        unit="rate",
        beside={f"floor-{_database(filled)}-{kind}-{callers}": 1 / 3},
        at_most={"p50_ms": 5} if callers == MOST_CALLERS else {},
        p50_ms=_ms(waits, 0.5),
        p99_ms=_ms(waits, 0.99),
    )


def _ms(waits: list[float], share: float) -> float:
    return at(sorted(wait * 1e3 for wait in waits), share)


def _permitted(filled: Site10k) -> Callable[[Job], None]:
    def do(job: Job) -> None:
        done = filled.site.do(job)
        assert done.decision is not None
        assert done.decision.permitted

    return do


@pytest.mark.parametrize("kind", [*KINDS, "new users"])
def test_batches(benchmark: Any, filled: Site10k, kind: str) -> None:
    """Acts in batches of a thousand, beside the same rows inserted and nothing else."""
    made = _batches(filled, kind)
    chunks = iter([next(made) for _ in range(ROUNDS + 1)])
    benchmark.pedantic(lambda: filled.site.do_all(next(chunks)), rounds=ROUNDS, warmup_rounds=1)
    name = f"rows-{_database(filled)}-{kind}"
    what = f"{_database(filled)}, batches of {BATCH:,}: {kind}"
    tell(benchmark, what, room="acts, batches", count=BATCH * TURNS, unit="rate", beside={name: 0.5})


@pytest.mark.parametrize("kind", [*KINDS, "new users"])
def test_rows_of_batches(benchmark: Any, filled: Site10k, kind: str) -> None:
    insert = filled.floor.admissions if kind == "new users" else filled.floor.insert
    jobs = [kind == "writes"] * BATCH

    def run() -> None:
        for _ in range(TURNS):
            with filled.site.database.transaction() as tx:
                insert(tx, jobs)

    benchmark.pedantic(run, rounds=ROUNDS, warmup_rounds=1)
    what = f"{_database(filled)}, batches of {BATCH:,}: the rows of {kind} alone"
    tell(
        benchmark, what, room="acts, batches", count=BATCH * TURNS, unit="rate", name=f"rows-{_database(filled)}-{kind}"
    )


def test_cryptography_of_batches(benchmark: Any, filled: Site10k) -> None:
    """What would be reached by nothing but encoding, hashing and sealing, by the same library in the same language."""

    def run() -> None:
        for _ in range(TURNS):
            with filled.site.database.transaction() as tx:
                filled.floor.cryptography(tx, [False] * BATCH)

    benchmark.pedantic(run, rounds=ROUNDS, warmup_rounds=1)
    what = f"{_database(filled)}, batches of {BATCH:,}: the rows of reads and their cryptography alone"
    beside: dict[str, float | None] = {f"rows-{_database(filled)}-reads": None}
    tell(benchmark, what, room="acts, batches", count=BATCH * TURNS, unit="rate", beside=beside)


def _batches(filled: Site10k, kind: str) -> Iterator[list[Job]]:
    size = BATCH * TURNS
    if kind in KINDS:
        while True:
            yield jobs_for(KINDS[kind], filled.users, size)
    rules = filled.site.rules()
    assert rules is not None
    people = list(subscribers(USERS + size * (ROUNDS + 1), seed=1))[USERS:]
    for start in range(0, len(people), size):
        yield [admission(each, rules, filled.site.now()) for each in people[start : start + size]]


def test_a_withdrawal_recorded_and_asked(benchmark: Any, filled: Site10k) -> None:
    """From recording that a consent was withdrawn, durably, to the answer of the next question."""
    users = iter(filled.users)
    seen: list[bool] = []

    def prepare() -> tuple[tuple[str], dict[str, Any]]:
        user = next(users)
        assert filled.site.ask(_asked(user, filled)).permitted
        return (user,), {}

    def run(user: str) -> None:
        fact = ConsentWithdrawn(at=filled.site.now(), purpose="service")
        revision = filled.site.record(user, fact)
        seen.append(filled.site.ask(_asked(user, filled), at_least=revision).permitted)

    benchmark.pedantic(run, setup=prepare, rounds=200)
    assert seen
    assert not any(seen)
    what = f"{_database(filled)}: withdrawal recorded durably, next question answered"
    tell(benchmark, what, room="acts, waiting callers", unit="us")


def _asked(user: str, filled: Site10k) -> Act:
    return Act(
        kind=ActKind.USE, user=user, items=frozenset({"tariff_plan"}), purpose="service", by="clerk",
        when=filled.site.now(), where="east_branch",
    )  # fmt: skip
