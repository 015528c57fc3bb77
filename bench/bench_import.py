# SPDX-License-Identifier: Apache-2.0
"""A hundred thousand users with eight items each taken in, as `keshou import` does it."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from bench_ledger import measured
from record import tell
from sites import open_site

from keshou.cli.sample.people import subscribers
from keshou.cli.sample.tables import write_subscribers_csv
from postgresql import Cluster

USERS = 100_000
PEAK_MB = 500


@pytest.mark.parametrize("backend", ["SQLite", "PostgreSQL"])
def test_import(benchmark: Any, request: pytest.FixtureRequest, tmp_path: Path, backend: str) -> None:
    database = ""
    if backend == "PostgreSQL":
        cluster: Cluster = request.getfixturevalue("cluster")
        cluster.create("bench_import")
        database = cluster.url("bench_import")
    open_site(tmp_path / "site", database).close()
    table = tmp_path / "users.csv"
    people = (
        dataclasses.replace(each, service_consent="express", limited_capacity=False)
        for each in subscribers(USERS, seed=1)
    )
    write_subscribers_csv(table, people)
    answer: dict[str, float] = {}
    benchmark.pedantic(lambda: answer.update(measured("import", str(tmp_path / "site"), str(table))), rounds=1)
    benchmark.extra_info["median"] = answer["seconds"]
    what = f"{backend}: {USERS:,} users with 8 items imported"
    peak = round(answer["peak_mb"])
    tell(benchmark, what, room="import", unit="s", target=45, at_most={"peak_mb": PEAK_MB}, peak_mb=peak)
