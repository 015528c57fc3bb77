# SPDX-License-Identifier: Apache-2.0
"""Killed at any moment, or with a full disk, a backup leaves no file under its name and a restore no database."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from homes import admit, lose_database, new_home, rows_of
from house import VALUES, Clock, act

from keshou.app import archive_file
from keshou.app.backup import back_up
from keshou.app.media import media_of
from keshou.app.restore import Asked, restore
from keshou.app.settings import read_settings
from keshou.app.site import Site
from keshou.backup.errors import ArchiveError, NotEmptyError
from keshou.errors import InputError, KeshouError
from keshou.law.terms import ActKind

WORKER = Path(__file__).with_name("backup_worker.py")
STEPS = (1, 5, 9)
"""After how many steps a worker is killed."""


def kill(steps: int, *words: object) -> bool:
    """Run a worker and kill it after `steps`; say whether it was killed before it was done."""
    with subprocess.Popen([sys.executable, str(WORKER), *map(str, words)], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        for _ in range(steps):
            worker.stdout.readline()
        worker.send_signal(signal.SIGKILL)
    return worker.returncode == -signal.SIGKILL


def test_a_backup_that_is_killed_leaves_no_archive_and_the_next_one_is_whole(
    home: Path, tmp_path: Path, clock: Clock
) -> None:
    with Site.open(home, clock) as site:
        admit(site, "u1")
    dest = tmp_path / "one.age"
    assert [kill(steps, "backup", home, dest) for steps in STEPS] == [True] * len(STEPS)
    assert not dest.exists()
    with Site.open(home) as site:
        made = back_up(site, dest)
    assert sorted(path.name for path in dest.parent.iterdir() if "one.age" in path.name) == [
        "one.age", "one.age.erased",
    ]  # fmt: skip
    assert made.manifest.size


def test_a_restore_that_is_killed_leaves_no_database_and_is_done_by_the_next(
    home: Path, tmp_path: Path, clock: Clock
) -> None:
    with Site.open(home, clock) as site:
        admit(site, "u1")
        made = back_up(site, tmp_path / "one.age")
        site.cancel("u1")
    lose_database(home)
    assert [kill(steps, "restore", made.path, home) for steps in STEPS] == [True] * len(STEPS)
    with pytest.raises(KeshouError):
        Site.open(home, clock)
    restore(made.path, home, clock(), Asked(accept_older=True, by="officer", reason="test"))
    with Site.open(home, clock) as site:
        assert "mobile_number" not in site.perform(act(ActKind.USE, "u1", "mobile_number")).values
        site.audit(by="clerk1")
    assert not [each.name for each in home.iterdir() if "restoring" in each.name]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_restore_into_a_new_folder_that_is_killed_when_the_folder_gets_its_name_is_done_by_the_same_call(
    tmp_path: Path, clock: Clock, request: pytest.FixtureRequest, kind: str, moment: str
) -> None:
    home, new = new_home(tmp_path, "", clock), tmp_path / "new"
    with Site.open(home, clock) as site:
        admit(site, "u1")
        made = back_up(site, tmp_path / "one.age")
    url = "sqlite:///keshou.db" if kind == "sqlite" else request.getfixturevalue("postgresql_url")
    assert kill(1, "new", made.path, new, home / "keys", url, moment)
    assert new.exists() is (moment == "after")
    with pytest.raises(KeshouError):
        Site.open(new, clock)
    restore(made.path, new, clock(), Asked(), keys=home / "keys", database=url)
    with Site.open(new, clock) as site:
        assert site.perform(act(ActKind.USE, "u1", "user_name")).values == {"user_name": VALUES["user_name"]}
        site.audit(by="clerk1")
    assert not [each.name for each in (*new.iterdir(), *tmp_path.iterdir()) if "restoring" in each.name]
    with pytest.raises(NotEmptyError):
        restore(made.path, new, clock(), Asked(), keys=home / "keys", database=url)


def test_keys_or_a_database_that_are_not_the_sites_own_are_refused(tmp_path: Path, clock: Clock) -> None:
    home = new_home(tmp_path, "", clock)
    with Site.open(home, clock) as site:
        made = back_up(site, tmp_path / "one.age")
    other = new_home(tmp_path / "other", "", clock)
    lose_database(home)
    for given in ({"keys": other / "keys"}, {"database": "sqlite:///other.db"}):
        with pytest.raises(InputError, match="a site already"):
            restore(made.path, home, clock(), Asked(), **given)  # type: ignore[arg-type]
    restore(made.path, home, clock(), Asked(), keys=home / "keys", database="sqlite:///keshou.db")
    Site.open(home, clock).close()


@pytest.mark.parametrize(
    "line", ["", 'database="sqlite:///old.db"\n', '  "database" = "sqlite:///old.db"  # ours\n', "# database = 1\n"]
)
def test_the_database_named_is_filled_however_the_archives_settings_name_theirs(
    tmp_path: Path, clock: Clock, line: str
) -> None:
    home, new = new_home(tmp_path, "", clock), tmp_path / "new"
    _settings(home, line)
    with Site.open(home, clock) as site:
        made = back_up(site, tmp_path / "one.age")
    back = restore(made.path, new, clock(), Asked(), keys=home / "keys", database="sqlite:///other.db")
    assert sorted(each.name for each in new.glob("*.db")) == ["other.db"]
    assert back.database == str(new / "other.db")
    assert read_settings(new).database == "sqlite:///other.db"
    assert read_settings(new).server == read_settings(home).server
    Site.open(new, clock).close()


def _settings(home: Path, line: str) -> None:
    path = home / "keshou.toml"
    kept = [each for each in path.read_text("utf-8").splitlines(keepends=True) if not each.startswith("database")]
    tables = '[server]\nworkers = 2\nurl = """https://keshou.example\\\n"""\n'
    path.write_text(line + "".join(kept) + tables, "utf-8")
    if "old.db" in line:
        (home / "keshou.db").rename(home / "old.db")


def test_settings_in_which_no_database_can_be_named_put_nothing_back(tmp_path: Path, clock: Clock) -> None:
    home, new = new_home(tmp_path, "", clock), tmp_path / "new"
    _settings(home, 'database = """\\\n  sqlite:///old.db"""\n')
    with Site.open(home, clock) as site:
        made = back_up(site, tmp_path / "one.age")
    with pytest.raises(ArchiveError, match="another database"):
        restore(made.path, new, clock(), Asked(), keys=home / "keys", database="sqlite:///other.db")
    assert not new.exists()


def test_a_database_named_against_the_environments_is_refused(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, new = new_home(tmp_path, "", clock), tmp_path / "new"
    with Site.open(home, clock) as site:
        made = back_up(site, tmp_path / "one.age")
    monkeypatch.setenv("KESHOU_DATABASE", "sqlite:///environment.db")
    with pytest.raises(InputError, match="the environment"):
        restore(made.path, new, clock(), Asked(), keys=home / "keys", database="sqlite:///other.db")
    assert not new.exists()
    same = restore(made.path, new, clock(), Asked(), keys=home / "keys", database="sqlite:///environment.db")
    assert same.database == str(new / "environment.db")
    Site.open(new, clock).close()


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, clock: Clock) -> None:
    home = new_home(tmp_path, "", clock)
    with Site.open(home, clock) as site:
        admit(site, *(f"u{number}" for number in range(2_000)))
    dest = tmp_path / "backups" / "one.age"
    dest.parent.mkdir()
    room = 1_500_000  # enough for what SQLite writes beside its file, and not for the archive
    told = subprocess.run(
        [sys.executable, str(WORKER), "full", home, dest, str(room)], capture_output=True, text=True, check=True
    ).stdout
    assert told.startswith("4 the backup"), told
    assert list(dest.parent.iterdir()) == []
    with Site.open(home) as site:
        assert [each.state(clock()) for each in media_of(site).values()] == ["not_made"]
        assert back_up(site, dest).bytes > room


def test_a_name_that_somebody_took_while_a_backup_was_made_stays_theirs(
    home: Path, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    dest, lay = tmp_path / "backups" / "one.age", archive_file.lay_beside
    dest.parent.mkdir()

    def meanwhile(source: Path, path: Path) -> None:
        lay(source, path)
        dest.write_text("somebody else's")

    monkeypatch.setattr(archive_file, "lay_beside", meanwhile)
    with Site.open(home, clock) as site:
        with pytest.raises(NotEmptyError, match="is there already"):
            back_up(site, dest)
        assert [each.state(clock()) for each in media_of(site).values()] == ["not_made"]
    assert [each.read_text() for each in dest.parent.iterdir()] == ["somebody else's"]


def test_a_finished_backup_is_not_begun_anew_by_the_name_it_had_while_it_was_made(
    home: Path, tmp_path: Path, clock: Clock
) -> None:
    dest, kept = tmp_path / "one.age", tmp_path / "kept.age"
    with Site.open(home, clock) as site:
        made = back_up(site, dest)
        whole = dest.read_bytes()
        dest.with_name(".one.age.part").hardlink_to(dest)  # killed right after it got its name
        dest.rename(kept)
        made.list_path.unlink()
        back_up(site, dest)
    assert kept.read_bytes() == whole
    assert dest.read_bytes() != whole
    assert not dest.with_name(".one.age.part").exists()


def test_an_archive_goes_from_one_database_into_the_other(
    home: Path, tmp_path: Path, clock: Clock, request: pytest.FixtureRequest
) -> None:
    with Site.open(home, clock) as site:
        admit(site, "u1", "u2")
        made = back_up(site, tmp_path / "one.age")
        is_sqlite = not site.database.postgresql
    before = rows_of(home)
    url = request.getfixturevalue("postgresql_url") if is_sqlite else "sqlite:///keshou.db"
    restore(made.path, tmp_path / "new", clock(), Asked(), keys=home / "keys", database=url)
    after = rows_of(tmp_path / "new")
    after["vault_user"] = [each for each in after["vault_user"] if each[1] is not None]  # but for the row of nobody
    same = ("vault_user", "vault_value", "vault_key", "vault_index", "user_fact", "log_tile", "declaration")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    with Site.open(tmp_path / "new", clock) as site:
        assert site.database.postgresql == is_sqlite
        assert site.perform(act(ActKind.USE, "u1", "user_name")).values == {"user_name": VALUES["user_name"]}
        site.audit(by="clerk1")
        assert [each.state(clock()) for each in media_of(site).values()] == ["kept"]
