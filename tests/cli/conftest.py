# SPDX-License-Identifier: Apache-2.0
"""Sites to try the command line on: made once by its own verbs, then copied for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_caller import Caller
from keshou.cli.sample.people import Subscriber, subscribers
from keshou.cli.sample.tables import write_subscribers_csv

PEOPLE = 60


@pytest.fixture(scope="session")
def people() -> list[Subscriber]:
    """The sample's first users whose consent lets them be taken in; none agreed to marketing."""
    some = [each for each in subscribers(4 * PEOPLE) if each.service_consent == "express" and not each.limited_capacity]
    return [each for each in some if each.marketing_consent is None][:PEOPLE]


@pytest.fixture(scope="session")
def bare_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample site without rules."""
    home = tmp_path_factory.mktemp("bare") / "site"
    Caller(None)("init", home, "--sample").ok()
    return home


@pytest.fixture(scope="session")
def full_template(bare_template: Path, people: list[Subscriber], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample site with rules and users."""
    home = tmp_path_factory.mktemp("full") / "site"
    shutil.copytree(bare_template, home)
    call = Caller(home)
    call("publish", "--by", "officer").ok()
    table = home.parent / "people.csv"
    write_subscribers_csv(table, people)
    call("import", table, "--by", "intake").ok()
    return home


@pytest.fixture
def bare(bare_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Caller]:
    """The command line on a fresh sample site without rules."""
    return _copy(bare_template, tmp_path, monkeypatch)


@pytest.fixture
def keshou(full_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Caller]:
    """The command line on a fresh sample site with rules and users."""
    return _copy(full_template, tmp_path, monkeypatch)


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """The command line where no site is."""
    _quiet(monkeypatch, tmp_path)
    return Caller(None)


def _copy(template: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Caller:
    home = folder / "site"
    shutil.copytree(template, home)
    _quiet(monkeypatch, folder)
    return Caller(home)


def _quiet(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in ("KESHOU_HOME", "KESHOU_LANGUAGE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.chdir(folder)
