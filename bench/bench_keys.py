# SPDX-License-Identifier: Apache-2.0
"""A million data keys wrapped anew while acts go on; a value sealed and opened, beside the bare ciphers."""

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from record import at, tell
from sites import NOON, admit, open_site, reading

from keshou.app.site import Site
from keshou.cli.sample.people import subscribers
from keshou.db import metadata
from keshou.suite import CHINESE, INTERNATIONAL, Sm4Gcm, Suite
from keshou.vault.envelope import DataKey, Envelope, Nonces
from postgresql import Cluster

KEYS, USERS, PART = 1_000_000, 200, 20_000
FIRST = 1_000_000
QUIET, SECONDS, TIMES = 2_000, 60, 3
VALUE, SEALED = os.urandom(300), 20_000
ABOUT = ("vault_value", "mobile_number", "service")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, float]]:
    """Give a site with a million data keys, and when its clock began."""
    home, database = tmp_path_factory.mktemp("keys") / "home", ""
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        cluster.create("bench_keys")
        database = cluster.url("bench_keys")
    with open_site(home, database) as made:
        admit(made, list(subscribers(USERS, seed=1)))
        vault = made._known.vault
        columns = ("user", "class", "kid", "epoch", "wrapped")
        for start in range(FIRST, FIRST + KEYS, PART):
            rows = [
                row for row, _ in vault._sealer.make_keys([(user, "service") for user in range(start, start + PART)])
            ]
            with made.writing() as tx:
                tx.insert(metadata.tables["vault_key"], columns, rows)
    started = time.perf_counter() - 3600
    with Site.open(home, lambda: NOON + dt.timedelta(seconds=time.perf_counter() - started)) as site:
        yield site, started
    shutil.rmtree(home, ignore_errors=True)


def test_a_million_keys_are_wrapped_anew_while_acts_go_on(benchmark: Any, filled: tuple[Site, float]) -> None:
    site, started = filled
    users = [person.user_id for person in subscribers(USERS, seed=1)]
    quiet = [_taken(site, users[number % USERS]) for number in range(QUIET)]
    busy: list[float] = []

    def run() -> dict[str, float]:
        words = [sys.executable, str(Path(__file__).with_name("rotate.py")), str(site.home), str(started)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as worker:
            while worker.poll() is None:
                busy.append(_taken(site, users[len(busy) % USERS]))
            assert worker.stdout is not None
            told: dict[str, float] = json.loads(worker.stdout.read())
        return told

    told = benchmark.pedantic(run, rounds=1)
    assert (told["left"], told["keys"] >= KEYS) == (0, True)
    database = "PostgreSQL" if site.database.postgresql else "SQLite"
    before, during = at(sorted(quiet), 0.99), at(sorted(busy), 0.99)
    tell(
        benchmark,
        f"{database}: {KEYS:,} data keys wrapped anew, one act after another meanwhile",
        room="keys",
        target=SECONDS,
        quiet_p99_ms=before,
        p99_ms=during,
        times=round(during / before, 2),
        at_most={"times": TIMES},
    )


def _taken(site: Site, user: str) -> float:
    """Return milliseconds."""
    start = time.perf_counter()
    site.do(reading(user))
    return (time.perf_counter() - start) * 1000


@pytest.mark.parametrize("suite", [INTERNATIONAL, CHINESE], ids=lambda suite: suite.name)
@pytest.mark.parametrize("sealing", [True, False], ids=["seal", "open"])
def test_the_bare_cipher(benchmark: Any, suite: Suite, *, sealing: bool) -> None:
    """300 bytes under a new key object each, as a vault that knows its user's key only by then has it."""
    keys = [os.urandom(32 if suite is INTERNATIONAL else 16) for _ in range(SEALED)]
    make = AESGCM if suite is INTERNATIONAL else Sm4Gcm
    nonce = bytes(12)
    sealed = [make(key).encrypt(nonce, VALUE, b"about") for key in keys]

    def run() -> None:
        if sealing:
            for key in keys:
                make(key).encrypt(os.urandom(12), VALUE, b"about")
        else:
            for key, each in zip(keys, sealed, strict=True):
                make(key).decrypt(nonce, each, b"about")

    benchmark.pedantic(run, rounds=5, warmup_rounds=1)
    name = f"bare-{suite.name}-{sealing}"
    what = f"{suite.name}: the bare cipher, {'sealing' if sealing else 'opening'} 300 bytes"
    tell(benchmark, what, room="keys", count=SEALED, unit="us", name=name)


@pytest.mark.parametrize("suite", [INTERNATIONAL, CHINESE], ids=lambda suite: suite.name)
@pytest.mark.parametrize("sealing", [True, False], ids=["seal", "open"])
def test_a_value_under_its_users_key(benchmark: Any, suite: Suite, *, sealing: bool) -> None:
    envelope, keys = Envelope("bench"), [DataKey(os.urandom(32), suite) for _ in range(SEALED)]
    nonces = Nonces(SEALED)
    sealed = [envelope.seal(key, ABOUT, 7, 1, VALUE, nonces=nonces) for key in keys]

    def run() -> None:
        if sealing:
            fresh = Nonces(SEALED)
            for user, key in enumerate(keys):
                envelope.seal(key, ABOUT, user, 1, VALUE, nonces=fresh)
        else:
            for key, record in zip(keys, sealed, strict=True):
                envelope.open(key, ABOUT, 7, 1, record)

    benchmark.pedantic(run, rounds=5, warmup_rounds=1)
    beside = {f"bare-{suite.name}-{sealing}": 0.6}
    what = f"{suite.name}: a value of 300 bytes {'sealed' if sealing else 'opened'} under its user's key"
    tell(benchmark, what, room="keys", count=SEALED, unit="us", beside=beside)
