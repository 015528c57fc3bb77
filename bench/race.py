# SPDX-License-Identifier: Apache-2.0
"""Servers side by side: each is asked for a while in turn, round after round, so that none has a better hour."""

import itertools
import statistics
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import sqlalchemy as sa
from load import Measured
from served import load
from sites import together

from keshou.app.sequencer import Sequencer
from keshou.db import Database, Transaction

Run = Callable[[], Measured]
ROW = 300
"""Bytes of the one row that a bare commit inserts."""


class Race:
    """What each of several runs measured, by its name."""

    def __init__(self, runs: dict[str, Run], rounds: int) -> None:
        self._found: dict[str, list[Measured]] = {name: [] for name in runs}
        for _ in range(rounds):
            for name, run in runs.items():
                self._found[name].append(run())

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def seconds(self, name: str) -> float:
        """Return the seconds of one request: the median of the rounds."""
        return statistics.median(1 / each.rate for each in self._found[name])

    def wait(self, name: str, share: float) -> float:
        """Return the milliseconds within which `share` were answered: the median of the rounds."""
        return round(statistics.median(each.wait(share) for each in self._found[name]), 3)

    def statuses(self, name: str) -> set[str]:
        """Return every status that was answered."""
        return {status for each in self._found[name] for status in each.statuses}


def asking(port: int, connections: int, seconds: float, requests: Sequence[bytes]) -> Run:
    """Return a run that asks a server."""
    return lambda: load(port, connections, seconds, requests)


class SingleRows:
    """Group commit with one row a commit: the least that anything durable costs in this database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = sa.Table(
            "bench_row",
            sa.MetaData(),
            sa.Column("id", sa.BigInteger, primary_key=True),
            sa.Column("body", sa.LargeBinary, nullable=False),
        )
        with database.transaction() as tx:
            self._table.metadata.create_all(tx.connection)
        self._number = itertools.count(1)
        self._body = bytes(ROW)
        self._sequencer: Sequencer[None, None] = Sequencer(database, self._insert, lambda: None)

    def _insert(self, tx: Transaction, jobs: Sequence[None]) -> tuple[Sequence[None], Callable[[], None]]:
        tx.insert(self._table, ("id", "body"), [(next(self._number), self._body) for _ in jobs])
        return jobs, lambda: None

    def run(self, callers: int, rows: int) -> Run:
        """Return a run in which as many threads commit `rows` rows in all."""

        def measure() -> Measured:
            taken, waits = together(callers, rows, self._sequencer.do, [None] * rows)
            return Measured(answered=rows, seconds=taken, statuses={}, waits=waits)

        return measure

    def close(self) -> None:
        """Stop."""
        self._sequencer.close()
        self._database.close()


def own_group_commit(pgbench: Path, url: str, folder: Path, sessions: int, seconds: float) -> Run:
    """Return a run of PostgreSQL's own load generator: sessions that each commit one row at a time."""
    script = folder / "row.sql"
    script.write_text("INSERT INTO bench_own (body) VALUES (decode(repeat('00', :row), 'hex'));\n")
    database = Database(url)
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("CREATE TABLE bench_own (id BIGSERIAL PRIMARY KEY, body BYTEA NOT NULL)")
    database.close()

    def measure() -> Measured:
        command = [
            pgbench,
            "-n",
            "-M",
            "prepared",
            "-D",
            f"row={ROW}",
            "-c",
            str(sessions),
            "-j",
            "1",
            "-T",
            str(max(1, round(seconds))),
        ]
        told = subprocess.run([*command, "-f", script, url], check=True, capture_output=True, text=True).stdout
        rate = float(next(line for line in told.splitlines() if line.startswith("tps = ")).split()[2])
        return Measured(answered=round(rate * seconds), seconds=seconds, statuses={}, waits=[sessions / rate])

    return measure
