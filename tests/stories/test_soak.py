# SPDX-License-Identifier: Apache-2.0
"""Under mixed load, with the server killed again and again: nothing is done unrecorded, nothing recorded undone."""

import contextlib
import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import begin, free_port
from soak_callers import Book, Caller

from keshou.app import clock
from keshou.app.site import Site
from keshou.gate.act import Act
from keshou.gate.facts import ConsentGiven, StaffAppointed
from keshou.law.terms import ActKind, ConsentStrength
from keshou.ledger.entry import decode
from keshou.programs.grant import KeyGrant
from keshou.programs.scope import Scope

SECONDS = float(os.environ.get("KESHOU_SOAK_MINUTES", "0.2")) * 60
KILLS = max(4, round(SECONDS / 30))
CALLERS = 8
PROGRAM = "crm"


@pytest.mark.parametrize(("kind", "workers"), [("sqlite", 1), ("postgresql", 2)])
def test_killed_under_mixed_load_every_act_has_its_entry_every_entry_its_act_and_no_withdrawn_consent_is_used(
    tmp_path: Path, postgresql_url: str, kind: str, workers: int
) -> None:
    database = postgresql_url if kind == "postgresql" else ""
    with begin(tmp_path / "site", database) as site:
        key, start = _program(site), _size(site)
    book, port = Book(), free_port()
    callers = [Caller(book, port, key, number) for number in range(CALLERS)]
    with contextlib.ExitStack() as stack:
        stack.callback(book.over.set)
        server = stack.enter_context(_serving(tmp_path, port, workers))
        for caller in callers:
            caller.start()
        for _ in range(KILLS):
            book.over.wait(SECONDS / KILLS)
            _kill(server)
            server = stack.enter_context(_serving(tmp_path, port, workers))
        book.over.set()
        for caller in callers:
            caller.join()
    assert book.wrong == []
    assert book.broken_off, "nobody was ever in the middle of anything when the server died"
    with Site.open(tmp_path / "site") as site:
        _compare_log(site, book, start)
        _compare_values(site, book)
        site.audit()
    _tell(kind, book)


def _program(site: Site) -> str:
    now = clock.now()
    site.record_site(StaffAppointed(at=now, staff=PROGRAM, post="clerk"), by="officer")
    grant = KeyGrant(scopes=frozenset({Scope.ACT, Scope.EVALUATE}), until=now + dt.timedelta(days=1))
    with site.writing() as tx:
        site.programs.add(tx, PROGRAM, now)
        return site.programs.new_key(tx, PROGRAM, grant, now)[1]


def _size(site: Site) -> int:
    with site.reading() as tx:
        return site.ledger.head(tx).size


@contextlib.contextmanager
def _serving(folder: Path, port: int, workers: int) -> Iterator["subprocess.Popen[str]"]:
    """Run ``keshou serve`` until it is stopped or was killed."""
    command = [sys.executable, "-m", "keshou", "--home", str(folder / "site"), "serve"]
    with (folder / "errors.txt").open("a") as errors:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--workers", str(workers)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
            env={**os.environ, "TMPDIR": str(folder)},
        )
    with process:
        assert process.stdout is not None
        assert f":{port}" in process.stdout.readline(), (folder / "errors.txt").read_text("utf-8")[-4000:]
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                assert process.wait(60) == 0


def _kill(server: "subprocess.Popen[str]") -> None:
    """End the server and its workers at once, as when the machine runs out of memory."""
    os.killpg(server.pid, signal.SIGKILL)
    server.wait(60)


def _compare_log(site: Site, book: Book, start: int) -> None:
    """Hold the log against what was answered: the same places, kinds and verdicts, none more and none less."""
    assert set(range(start, _size(site))) == set(book.entries)
    with site.reading() as tx:
        for place, (kind, permitted) in book.entries.items():
            entry = decode(site.ledger.entry(tx, place))
            if kind:
                assert (entry.event, entry.decision) == (kind, "permit" if permitted else "deny")
            else:
                assert entry.event.startswith("fact:")


def _compare_values(site: Site, book: Book) -> None:
    """Hold what is stored against what was acknowledged last."""
    assert len(book.plans) >= CALLERS
    rules = site.rules()
    assert rules is not None
    for user, plan in book.plans.items():
        express = ConsentStrength.EXPRESS
        site.record(user, ConsentGiven(at=site.now(), purpose="service", version=rules.version, strength=express))
        act = Act(
            kind=ActKind.USE, user=user, items=frozenset({"tariff_plan", "user_name"}), purpose="service",
            by="clerk1", when=site.now(),
        )  # fmt: skip
        values = site.perform(act).values
        assert values["tariff_plan"] == plan
        assert values["user_name"]


def _tell(kind: str, book: Book) -> None:
    """Say how much there was of everything."""
    sys.stdout.write(
        f"{kind}: {book.asked} requests, {len(book.entries)} entries, {len(book.plans)} users, {KILLS} kills, "
        f"{book.broken_off} answers broken off\n"
    )
