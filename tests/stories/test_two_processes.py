# SPDX-License-Identifier: Apache-2.0
"""Two processes at one database: what one records binds the other before it answers."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import SITE, START, Clock, act, declared, newcomer, open_site, ready

from keshou.app import clock
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.decide import StaleStandingError
from keshou.gate.decision import Deny, Permit
from keshou.gate.facts import ConsentGiven, ConsentWithdrawn, StaffAppointed, StaffRemoved
from keshou.law.terms import ActKind, ConsentStrength
from keshou.ledger.audit import audit
from keshou.ledger.entry import decode
from keshou.vault.keys import FileKeys

WORKER = Path(__file__).with_name("using_worker.py")
USE = act(ActKind.USE, "u1", "tariff_plan")
WITHDRAWN = ConsentWithdrawn(at=START, purpose="service")
AGREED = ConsentGiven(at=START, purpose="service", version=1, strength=ConsentStrength.EXPRESS)


def another(database: Database, folder: Path, now: Clock) -> Site:
    url = database.url.render_as_string(hide_password=False)
    return Site(folder, Settings(site=SITE), Database(url), FileKeys.open(folder / "keys", SITE), now)


@pytest.fixture
def pair(database: Database, tmp_path: Path) -> Iterator[tuple[Site, Site]]:
    now = Clock()
    with ready(database, tmp_path, now) as one, another(database, tmp_path, now) as two:
        one.do(newcomer(one, "u1"))
        yield one, two


def test_an_answer_at_least_as_new_as_a_revision_never_rests_on_older_facts(pair: tuple[Site, Site]) -> None:
    one, two = pair
    known = two.ask(USE).revision
    revision = one.record("u1", WITHDRAWN)
    assert isinstance(two.ask(USE, at_least=known), Permit), "memory is new enough for what was asked"
    fresh = two.ask(USE, at_least=revision)
    assert isinstance(fresh, Deny)
    assert fresh.revision >= revision
    assert isinstance(two.ask(USE, at_least=known), Deny), "what is known once is not forgotten"
    with pytest.raises(StaleStandingError):
        two.ask(USE, at_least=revision + 1)


def test_a_consent_withdrawn_here_is_not_used_there(pair: tuple[Site, Site]) -> None:
    one, two = pair
    for withdrawing, using in itertools.islice(itertools.cycle([(one, two), (two, one)]), 6):
        assert using.perform(USE).values
        withdrawing.record("u1", WITHDRAWN)
        assert not using.perform(USE).values
        assert isinstance(using.ask(USE), Deny)
        using.record("u1", AGREED)


def test_a_leaver_at_one_desk_has_left_at_the_other(pair: tuple[Site, Site]) -> None:
    one, two = pair
    assert two.perform(USE).values
    one.record_site(StaffRemoved(at=START, staff="clerk1", post="clerk"), by="officer")
    assert not two.perform(USE).values
    assert isinstance(two.ask(USE), Deny)


def test_two_real_processes_use_nothing_after_it_was_withdrawn(database: Database, tmp_path: Path) -> None:
    with open_site(database, tmp_path, clock.now) as site:  # type: ignore[arg-type]
        site.publish(declared(), by="officer")
        site.record_site(StaffAppointed(at=START, staff="clerk1", post="clerk"), by="officer")
        site.do(newcomer(site, "u1"))
        url = database.url.render_as_string(hide_password=False)
        worker = subprocess.Popen(
            [sys.executable, str(WORKER), url, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with worker:
            assert worker.stdout is not None
            assert worker.stdin is not None
            lines = iter(worker.stdout)
            told = [next(lines) for _ in range(20)]
            revisions = []
            for fact in (WITHDRAWN, AGREED, WITHDRAWN):
                revisions.append(site.record("u1", fact))
                told += [next(lines) for _ in range(20)]
            worker.stdin.close()
            told += list(lines)
        assert worker.returncode == 0
        _check(site, revisions, [tuple(map(int, line.split())) for line in told])


def _check(site: Site, revisions: list[int], told: list[tuple[int, ...]]) -> None:
    """Hold what the process was told, and what the log says, against the moments at which consent came and went."""
    answers = set()
    for entry, permitted, shown in told:
        agreed = sum(entry >= revision for revision in revisions) % 2 == 0
        assert permitted == shown == agreed, entry
        answers.add(agreed)
    assert answers == {True, False}
    with site.reading() as tx:
        logged = {entry: decode(site.ledger.entry(tx, entry)).decision for entry, _, _ in told}
        assert logged == {entry: "permit" if permitted else "deny" for entry, permitted, _ in told}
        audit(tx, site.ledger.key)
