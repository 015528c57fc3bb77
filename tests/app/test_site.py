# SPDX-License-Identifier: Apache-2.0
"""Making and opening a site: what is wrong is said clearly, and nothing is left half made."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

import keshou
from keshou.app.create import create
from keshou.app.settings import Settings, find_home, read_settings
from keshou.errors import ExitStatus, InputError, IntegrityError, KeshouError, UnreachableError

NOW = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
TEXT = "schema = 1\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    create(tmp_path / "site", NOW, declaration=TEXT)
    return tmp_path / "site"


def test_a_new_site_opens_and_stays_empty(home: Path) -> None:
    with keshou.open(home) as site:
        assert site.rules() is None
    assert (home / "operator.toml").read_text() == TEXT
    assert sorted(path.name for path in home.iterdir()) == ["keshou.db", "keshou.toml", "keys", "operator.toml"]


def test_a_site_lives_in_postgresql_as_well(tmp_path: Path, postgresql_url: str) -> None:
    create(tmp_path / "site", NOW, declaration=TEXT, database=postgresql_url)
    with keshou.open(tmp_path / "site") as site:
        assert site.checkpoint() is None
    with pytest.raises(InputError, match="holds a site already"):
        create(tmp_path / "other", NOW, declaration=TEXT, database=postgresql_url)
    assert not (tmp_path / "other").exists()


def test_nothing_is_made_where_something_is(home: Path) -> None:
    before = sorted(home.rglob("*"))
    with pytest.raises(InputError, match="not an empty folder"):
        create(home, NOW, declaration=TEXT)
    assert sorted(home.rglob("*")) == before


def test_a_site_whose_database_does_not_answer_is_not_half_made(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError) as caught:
        create(tmp_path / "site", NOW, declaration=TEXT, database="postgresql://nobody:secret@127.0.0.1:1/none")
    assert "secret" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_site_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KESHOU_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"no keshou\.toml"):
        find_home(None)


def test_the_environment_names_the_site_and_overrides_settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KESHOU_HOME", str(home))
    assert find_home(None) == home
    assert read_settings(home, {"KESHOU_BATCH": "7", "OTHER": "x"}).batch == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("site = ", "Invalid value"),
        ('site = "x"\ncolour = "red"\n', "unknown field `colour`"),
        ('site = "x"\nbatch = "many"\n', "batch"),
        ("", "missing required field `site`"),
        ('site = "x"\nlanguage = "fr"\n', "language"),
    ],
)
def test_settings_that_are_wrong_are_said_to_be(home: Path, text: str, message: str) -> None:
    (home / "keshou.toml").write_text(text)
    with pytest.raises(InputError, match=message):
        read_settings(home, {})


def lose_a_key(home: Path) -> None:
    next((home / "keys").glob("*")).unlink()


def open_a_key_to_the_world(home: Path) -> None:
    next((home / "keys").glob("*")).chmod(0o644)


def open_the_folder_to_the_group(home: Path) -> None:
    (home / "keys").chmod(0o750)


def take_another_sites_keys(home: Path) -> None:
    create(home.parent / "other", NOW, declaration=TEXT)
    shutil.rmtree(home / "keys")
    shutil.copytree(home.parent / "other" / "keys", home / "keys")


def take_another_sites_database(home: Path) -> None:
    create(home.parent / "other", NOW, declaration=TEXT)
    shutil.copy(home.parent / "other" / "keshou.db", home / "keshou.db")


def lose_the_tables(home: Path) -> None:
    (home / "keshou.db").unlink()


def empty_the_database(home: Path) -> None:
    lose_the_tables(home)
    (home / "keshou.db").touch()


@pytest.mark.parametrize(
    ("break_it", "message", "status"),
    [
        (lose_a_key, "key", ExitStatus.UNREACHABLE),
        (open_a_key_to_the_world, "0644", ExitStatus.WRONG_INPUT),
        (open_the_folder_to_the_group, "0750", ExitStatus.WRONG_INPUT),
        (take_another_sites_keys, "site", ExitStatus.WRONG_INPUT),
        (take_another_sites_database, "another site", ExitStatus.BROKEN),
        (lose_the_tables, "there is no database", ExitStatus.UNREACHABLE),
        (empty_the_database, "damaged, or is none", ExitStatus.BROKEN),
    ],
)
def test_a_site_that_is_not_whole_is_not_opened(home: Path, break_it: object, message: str, status: ExitStatus) -> None:
    break_it(home)  # type: ignore[operator]
    with pytest.raises(KeshouError, match=message) as caught:
        keshou.open(home)
    assert caught.value.status is status
    assert caught.value.hint


def test_the_log_is_named_for_its_site() -> None:
    assert Settings(site="ab").log_origin == "keshou/ab"
    assert Settings(site="ab", origin="log.example/x").log_origin == "log.example/x"


def test_settings_are_all_written_down() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
    named = page.read_text("utf-8")
    assert [name for name in Settings.__struct_fields__ if f"`{name}`" not in named] == []


def test_foreign_means_broken() -> None:
    assert IntegrityError("x").status is ExitStatus.BROKEN
