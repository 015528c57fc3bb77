# SPDX-License-Identifier: Apache-2.0
"""The tour, told in both languages on a real site, twice over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_caller import Caller, Outcome
from keshou.cli.sample.people import subscribers
from keshou.cli.tour import people, usage
from planting import Planted

SUBSCRIBERS, USES = 800, 20_000


@pytest.fixture(scope="module", autouse=True)
def _small() -> Iterator[None]:
    """Let a tenth of the users come: all scenes are the same. `test_first_steps` has it told as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "SUBSCRIBERS", SUBSCRIBERS)
        patch.setattr(people, "USES", USES)
        patch.setattr(usage, "USES", USES)
        yield


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome, Outcome]:
    """A tour in English, then on the same site in Chinese as JSON."""
    home = tmp_path_factory.mktemp("tour") / "site"
    call = Caller(None)
    first = call("tour", "--folder", home, "--fast", "--lang", "en").ok()
    return home, first, call("tour", "--home", home, "--fast", "--lang", "zh", "--json").ok()


def test_it_shows_every_scene_and_what_came_out(told: tuple[Path, Outcome, Outcome]) -> None:
    _, first, _ = told
    for word in ("complaint_days_long", "version 1 is published", "users taken in", "miit24:14.2", "cell_location",
                 "usable", "gone for good", "as it was signed", "the log was altered at entry"):  # fmt: skip
        assert word in first.out, word
    assert first.err == ""


def test_it_can_be_told_again_on_the_same_site(told: tuple[Path, Outcome, Outcome]) -> None:
    home, _, second = told
    facts = second.json
    assert facts["version"] == 3
    assert facts["rows"] == SUBSCRIBERS > facts["taken"] > SUBSCRIBERS // 2
    assert facts["denied"] >= 8
    assert facts["needs_consent"] == [["marketing", "cell_location"]]
    assert facts["gated"] > facts["usable"] > 0
    assert (facts["gone"], facts["shredded"]) == (True, 1)
    assert facts["tampered"] == facts["entries"] // 2
    assert Caller(home)("ledger", "verify", "--json").ok().json["size"] >= facts["entries"]


def test_what_it_took_in_lies_nowhere_open_but_in_the_tables_it_wrote(told: tuple[Path, Outcome, Outcome]) -> None:
    home, _, _ = told
    some = list(subscribers(SUBSCRIBERS, 1))[:40]
    planted = Planted([value for each in some for value in (each.mobile_number, each.resident_id_number)])
    found = planted.search_files(*(path for path in home.iterdir() if path.name != "tour"))
    assert found == []


def test_it_is_told_in_chinese(tmp_path: Path) -> None:
    out = Caller(None)("tour", "--folder", tmp_path / "site", "--fast", "--lang", "zh").ok().out
    for word in ("问闸门", "不允许", "已不可恢复", "与签名相符", "核对发现"):
        assert word in out, word


def test_a_site_of_another_operator_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "site"
    call = Caller(home)
    Caller(None)("init", home, "--sample").ok()
    path = home / "operator.toml"
    path.write_text(path.read_text("utf-8").replace('id = "sample_telecom"', 'id = "another"'), "utf-8")
    call("publish", "--by", "officer").ok()
    before = call("ledger", "verify", "--json").ok().json["size"]
    assert call("tour", "--fast").status == 2
    assert call("ledger", "verify", "--json").ok().json["size"] == before
