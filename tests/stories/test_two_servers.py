# SPDX-License-Identifier: Apache-2.0
"""Two servers at one database: no decision of either uses a consent withdrawn, anywhere, before it was asked."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking_worker import FACTS, question
from house import newcomer, ready

from keshou.app import clock
from keshou.app.site import Site
from keshou.db import Database

WORKER = Path(__file__).with_name("asking_worker.py")
ROUNDS = int(os.environ.get("KESHOU_SERVER_ROUNDS", "300"))
USERS = 50


class Server:
    """The engine of another server, in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin, process.stdout

    def tell(self, word: str, user: str) -> bool:
        """Have it ask, withdraw or agree; return what it says once that is done."""
        self._in.write(f"{word} {user}\n")
        self._in.flush()
        return self._out.readline() == "1\n"

    def close(self) -> None:
        """Let it end."""
        self._in.close()


@pytest.fixture
def pair(database: Database, tmp_path: Path) -> Iterator[tuple[Site, Server]]:
    with ready(database, tmp_path, clock.now) as site:  # type: ignore[arg-type]
        site.do_all([newcomer(site, f"u{number}") for number in range(USERS)])
        url = database.url.render_as_string(hide_password=False)
        with subprocess.Popen(
            [sys.executable, str(WORKER), url, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            server = Server(process)
            yield site, server
            server.close()
        assert process.returncode == 0


def asked(site: Site, user: str) -> bool:
    (decision,) = site.decide([question(site, user)], site.pulse.look_now().size)
    return decision.permitted


def test_what_one_server_wrote_binds_the_next_answer_of_the_other(pair: tuple[Site, Server]) -> None:
    """Consent comes and goes here and there, in every round twice; whoever is asked next, anywhere, knows."""
    here, there = pair
    for round_ in range(ROUNDS):
        user = f"u{round_ % USERS}"
        here.record(user, FACTS["withdraw"])
        assert not there.tell("ask", user), f"round {round_}: a consent withdrawn here was used there"
        assert not asked(here, user)
        assert there.tell("agree", user)
        assert asked(here, user), f"round {round_}: a consent given there was not known here"
        assert there.tell("withdraw", user)
        assert not asked(here, user), f"round {round_}: a consent withdrawn there was used here"
        assert not there.tell("ask", user)
        here.record(user, FACTS["agree"])
        assert there.tell("ask", user), f"round {round_}: a consent given here was not known there"
