# SPDX-License-Identifier: Apache-2.0
"""Which list of erasures a restore goes by: the longest that is the site's; without one somebody answers for it."""

import shutil
from pathlib import Path

import pytest
from homes import admit, lose_database
from house import Clock, act

from keshou.app.backup import Made, back_up
from keshou.app.restore import Asked, restore
from keshou.app.site import Site
from keshou.backup.errors import ListError, OlderError
from keshou.errors import InputError, UnreachableError
from keshou.law.terms import ActKind

ANSWERED = Asked(accept_older=True, by="officer", reason="incident-7")


def shown(home: Path, clock: Clock, user: str) -> set[str]:
    with Site.open(home, clock) as site:
        return set(site.perform(act(ActKind.USE, user, "mobile_number")).values)


@pytest.fixture
def made(home: Path, tmp_path: Path, clock: Clock) -> Made:
    """A backup that knows of one erasure, of a site where another followed."""
    with Site.open(home, clock) as site:
        admit(site, "u1", "u2", "u3")
        site.cancel("u1")
        made = back_up(site, tmp_path / "one.age")
        site.cancel("u2")
    lose_database(home)
    return made


def test_a_copy_kept_off_the_machine_serves_when_the_folder_lost_its_own(
    home: Path, tmp_path: Path, clock: Clock, made: Made
) -> None:
    kept = tmp_path / "kept.list"
    shutil.move(home / "erased.list", kept)
    back = restore(made.path, home, clock(), ANSWERED._replace(lists=[kept]))
    assert (back.erased, back.listed) == (1, 2)
    assert [bool(shown(home, clock, user)) for user in ("u1", "u2", "u3")] == [False, False, True]
    assert (home / "erased.list").read_bytes().startswith(kept.read_bytes())


def test_without_a_list_that_reaches_as_far_somebody_answers_for_it(home: Path, clock: Clock, made: Made) -> None:
    (home / "erased.list").unlink()
    (home / "log.checkpoint").unlink()
    made.list_path.unlink()
    with pytest.raises(OlderError, match="no list of erasures"):
        restore(made.path, home, clock(), Asked())
    restore(made.path, home, clock(), ANSWERED)
    assert [bool(shown(home, clock, user)) for user in ("u1", "u2", "u3")] == [False, True, True]
    assert (home / "erased.list").is_file()


def test_a_list_that_was_altered_or_tells_otherwise_is_refused(
    home: Path, tmp_path: Path, clock: Clock, made: Made
) -> None:
    own = (home / "erased.list").read_bytes()
    (home / "erased.list").write_bytes(own.replace(b" 2 service ", b" 3 service "))
    with pytest.raises(ListError):
        restore(made.path, home, clock(), ANSWERED)
    (home / "erased.list").write_bytes(own)
    restore(made.path, home, clock(), ANSWERED)
    assert not shown(home, clock, "u2")


def test_who_answers_is_named_by_an_id(home: Path, clock: Clock, made: Made) -> None:
    with pytest.raises(InputError, match="an id that is not one"):
        restore(made.path, home, clock(), ANSWERED._replace(by="孔丘"))
    assert not (home / "keshou.db").exists()


def test_an_erasure_that_cannot_be_listed_is_not_acknowledged_and_listed_as_soon_as_it_can_be(
    home: Path, clock: Clock
) -> None:
    with Site.open(home, clock) as site:
        admit(site, "u1", "u2")
        site.listed.path.mkdir()
        with pytest.raises(UnreachableError):
            site.cancel("u1")
        site.listed.path.rmdir()
        site.cancel("u2")
        lines = site.listed.path.read_text("ascii").splitlines()
    assert [line.split()[2] for line in lines[1:] if not line.startswith("=")] == ["1", "2"]
