# SPDX-License-Identifier: Apache-2.0
"""The log read again entry by entry, one proof out of a million, and what all of it stands on: the floors."""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from record import tell

from keshou.db import Database
from keshou.ledger.store import Ledger
from keshou.migrations.run import upgrade
from postgresql import Cluster

SMALL, LARGE = 200_000, 1_000_000
PART = 20_000
ENTRY = 328
ORIGIN = "bench.example/log"
FLAT_MB = 40
"""Megabytes by which five times as many entries may raise the peak."""
HERE = Path(__file__).parent


class Signer:
    """An Ed25519 key from a fixed seed: nothing it signs is anybody's."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"bench").digest())
        self.public_key = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Sign `message`."""
        return self._key.sign(message)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def logs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, str]]:
    """Give the addresses of a log of 200,000 entries and of one of a million."""
    folder, urls = tmp_path_factory.mktemp("logs"), {}
    for size in (SMALL, LARGE):
        urls[size] = f"sqlite:///{folder}/{size}.db"
        if request.param == "postgresql":
            cluster: Cluster = request.getfixturevalue("cluster")
            cluster.create(f"log_{size}")
            urls[size] = cluster.url(f"log_{size}")
        with contextlib.closing(Database(urls[size])) as database:
            _fill(database, size)
    yield urls
    if request.param == "postgresql":
        for size in urls:
            request.getfixturevalue("cluster").drop(f"log_{size}")


def _fill(database: Database, size: int) -> None:
    upgrade(database)
    ledger = Ledger(ORIGIN, Signer())
    with database.transaction() as tx:
        ledger.create(tx)
    for start in range(0, size, PART):
        with database.transaction() as tx:
            entries = [place.to_bytes(8) + bytes(ENTRY - 8) for place in range(start, start + PART)]
            ledger.append(tx, ledger.lock(tx), entries, 1)
        with database.transaction() as tx:
            ledger.checkpoint(tx, 1)


def _name(logs: dict[int, str]) -> str:
    return "SQLite" if logs[LARGE].startswith("sqlite") else "PostgreSQL"


def test_verify(benchmark: Any, logs: dict[int, str]) -> None:
    """In a process of its own, so that its peak of memory is its own."""
    runs = {size: measured("audit", logs[size], ORIGIN, Signer().public_key.hex()) for size in (SMALL, LARGE)}
    seen = [measured("audit", logs[LARGE], ORIGIN, Signer().public_key.hex()) for _ in range(2)]
    times = iter([each["seconds"] for each in (runs[LARGE], *seen)])
    benchmark.pedantic(lambda: next(times), rounds=1)
    benchmark.extra_info["median"] = sorted(each["seconds"] for each in (runs[LARGE], *seen))[1]
    grown = runs[LARGE]["peak_mb"] - runs[SMALL]["peak_mb"]
    tell(
        benchmark,
        f"{_name(logs)}: `ledger verify` of a million entries",
        room="ledger",
        count=LARGE,
        unit="rate",
        target=250_000,
        peak_mb_200k=round(runs[SMALL]["peak_mb"]),
        peak_mb_1M=round(runs[LARGE]["peak_mb"]),
    )
    assert grown < FLAT_MB


def test_proof(benchmark: Any, logs: dict[int, str]) -> None:
    ledger = Ledger(ORIGIN, Signer())
    with contextlib.closing(Database(logs[LARGE])) as database, database.reading() as tx:
        places = iter(range(7, LARGE, 1999))
        proof = benchmark.pedantic(lambda: ledger.prove_inclusion(tx, next(places)), rounds=400)
    assert len(proof) >= 19
    tell(benchmark, f"{_name(logs)}: one proof out of a million", room="ledger", unit="us", target=1000)


def measured(*words: str) -> dict[str, float]:
    """Run one measurement in a process of its own; return what it says."""
    command = [sys.executable, HERE / "measured.py", *words]
    outcome = subprocess.run(command, check=False, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stderr
    answer: dict[str, float] = json.loads(outcome.stdout.splitlines()[-1])
    return answer


# Floors --------------------------------------------------------------------------------------------------------------


def test_fsync(benchmark: Any, tmp_path: Path) -> None:
    with (tmp_path / "file").open("ab", buffering=0) as file:

        def run() -> None:
            file.write(bytes(512))
            os.fsync(file.fileno())

        benchmark.pedantic(run, rounds=2000)
    tell(benchmark, "fsync after a 512-byte append", room="floors", unit="rate")


@pytest.mark.parametrize("rows", [1, 32, 1000])
@pytest.mark.parametrize("backend", ["SQLite", "PostgreSQL"])
def test_commit(benchmark: Any, request: pytest.FixtureRequest, tmp_path: Path, backend: str, rows: int) -> None:
    url, name = f"sqlite:///{tmp_path}/a.db", f"commits_{rows}"
    if backend == "PostgreSQL":
        cluster: Cluster = request.getfixturevalue("cluster")
        cluster.create(name)
        url = cluster.url(name)
    table = sa.Table("t", sa.MetaData(), sa.Column("idx", sa.BigInteger), sa.Column("body", sa.LargeBinary))
    with contextlib.closing(Database(url)) as database:
        with database.transaction() as tx:
            table.create(tx.connection)

        def run() -> None:
            with database.transaction() as tx:
                tx.insert(table, ("idx", "body"), [(place, bytes(300)) for place in range(rows)])

        benchmark.pedantic(run, rounds=200, warmup_rounds=10)
    tell(benchmark, f"{backend}: bare commits of {rows} rows, rows", room="floors", count=rows, unit="rate")


def test_sha256(benchmark: Any) -> None:
    data, hash_ = bytes(300), hashlib.sha256
    benchmark.pedantic(lambda: [hash_(data).digest() for _ in range(10_000)], rounds=20)
    tell(benchmark, "SHA-256 of 300 bytes", room="floors", count=10_000, unit="rate")


def test_aes_gcm(benchmark: Any) -> None:
    cipher, nonce, data = AESGCM(bytes(32)), bytes(12), bytes(300)
    benchmark.pedantic(lambda: [cipher.encrypt(nonce, data, b"") for _ in range(10_000)], rounds=20)
    tell(benchmark, "AES-256-GCM of 300 bytes", room="floors", count=10_000, unit="rate")
