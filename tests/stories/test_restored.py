# SPDX-License-Identifier: Apache-2.0
"""A site is backed up while people work, a user is erased, the disk is lost; what comes back shows no erased user."""

import threading
from pathlib import Path

import pytest
from homes import admit, erase, lose_database, new_home, rows_of
from house import VALUES, Clock, act, newcomer

from keshou.app.backup import Made, back_up
from keshou.app.restore import Asked, restore
from keshou.app.site import Site
from keshou.backup.errors import OlderError
from keshou.gate.decision import Deny
from keshou.gate.facts import Restored
from keshou.gate.store import Standings
from keshou.law.terms import ActKind
from planting import SHORTEST, Planted

WORKERS, EACH = 3, 25


def backed_up_under_load(site: Site, dest: Path) -> tuple[Made, int]:
    """Back up while threads take users in and read them; return the backup, and how many acts were done meanwhile."""
    stop, done = threading.Event(), []

    def work(name: str) -> None:
        for number in range(EACH):
            user = f"{name}-{number}"
            site.do(newcomer(site, user))
            done.append(site.perform(act(ActKind.USE, user, "user_name")).entry)
            if stop.is_set():
                return

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    try:
        made = back_up(site, dest)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    return made, len(done)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_backed_up_under_load_erased_lost_and_put_back(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    clock = Clock()
    home = new_home(tmp_path, "" if kind == "sqlite" else request.getfixturevalue("postgresql_url"), clock)
    with Site.open(home, clock) as site:
        admit(site, "kept", "erased")
        made, meanwhile = backed_up_under_load(site, tmp_path / "night.age")
        assert meanwhile, "nothing was done while the backup was made"
        erase(site, clock, "erased")
        checkpoint = site.checkpoint()
    assert checkpoint is not None
    planted = Planted([each for each in VALUES.values() if len(each.encode()) >= SHORTEST])
    assert list(planted.find_in(made.path.read_bytes())) == []
    lose_database(home)

    with pytest.raises(OlderError):
        restore(made.path, home, clock(), Asked(checkpoints=[checkpoint]))
    asked = Asked(checkpoints=[checkpoint], accept_older=True, by="officer", reason="incident-7")
    back = restore(made.path, home, clock(), asked)

    stored = {bytes(row[4]) for row in rows_of(home)["vault_value"]}  # type: ignore[call-overload]
    assert stored
    with Site.open(home, clock) as site:
        assert isinstance(site.perform(act(ActKind.USE, "erased", "user_name")).decision, Deny)
        assert site.perform(act(ActKind.USE, "kept", "user_name")).values == {"user_name": VALUES["user_name"]}
        log, facts = site.audit(by="clerk1")
        with site.reading() as tx:
            told = [fact for fact in Standings().site_facts(tx) if isinstance(fact, Restored)]
            entries = [body for _, body in site.ledger.entries(tx)]
    assert log.size >= back.size + 2
    assert facts.forgotten
    assert [(fact.by, fact.reason, fact.lost_size) for fact in told] == [("officer", "incident-7", back.lost.size)]  # type: ignore[union-attr]
    assert sum(b'"event":"again:destroy"' in body for body in entries) == 1
    assert {user for user, *_ in rows_of(home)["vault_key"]}.isdisjoint({2}), "a key of the erased came back"
