# SPDX-License-Identifier: Apache-2.0
"""A log that went another way than the one that was signed is not put back as if nothing had been lost."""

from pathlib import Path

import pytest
from homes import admit, lose_database
from house import Clock

from keshou.app.backup import Made, back_up
from keshou.app.restore import Asked, restore
from keshou.app.site import Site
from keshou.backup.errors import OlderError
from keshou.gate.facts import Restored
from keshou.gate.store import Standings
from keshou.ledger.checkpoint import verify_checkpoint

ANSWERED = Asked(accept_older=True, by="officer", reason="disk-7")


@pytest.fixture
def forked(home: Path, tmp_path: Path, clock: Clock) -> tuple[Made, bytes]:
    """Return a backup of a log that forked, and a checkpoint of the way it did not go, which it is longer than."""
    with Site.open(home, clock) as site:
        admit(site, "u1")
        first = back_up(site, tmp_path / "first.age")
        admit(site, "u2")
        signed = site.checkpoint()
        assert signed is not None
    lose_database(home)
    restore(first.path, home, clock(), ANSWERED)
    with Site.open(home, clock) as site:
        admit(site, *(f"n{number}" for number in range(8)))
        made = back_up(site, tmp_path / "forked.age")
        assert made.manifest.size > verify_checkpoint(signed, site.ledger.key).size
    lose_database(home)
    return made, signed


@pytest.mark.parametrize("kept", ["elsewhere", "in the folder"])
def test_a_forked_log_is_refused_however_long_until_somebody_answers_for_what_it_lost(
    home: Path, clock: Clock, forked: tuple[Made, bytes], kept: str
) -> None:
    made, signed = forked
    asked = Asked(checkpoints=[signed] if kept == "elsewhere" else [])
    for path in home.glob("log.checkpoint.lost-*") if kept == "elsewhere" else ():
        path.unlink()
    with pytest.raises(OlderError, match="is not, or does not reach"):
        restore(made.path, home, clock(), asked)
    assert not (home / "keshou.db").exists()
    back = restore(made.path, home, clock(), ANSWERED._replace(checkpoints=asked.checkpoints))
    assert back.lost is not None
    with Site.open(home, clock) as site:
        told = verify_checkpoint(signed, site.ledger.key)
        assert (back.lost.size, back.lost.root) == (told.size, told.root)
        with site.reading() as tx:
            last = [fact for fact in Standings().site_facts(tx) if isinstance(fact, Restored)][-1]
        assert (last.lost_size, last.lost_root, last.reason) == (told.size, told.root.hex(), "disk-7")
        site.audit(by="clerk1")


def test_the_way_it_went_is_put_back_without_a_question(home: Path, clock: Clock, forked: tuple[Made, bytes]) -> None:
    """What tells the two apart is the checkpoint alone: of its own way the log lost nothing."""
    made, _ = forked
    for path in home.glob("log.checkpoint.lost-*"):
        path.unlink()
    assert restore(made.path, home, clock(), Asked()).lost is None
