# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a call, with what it names, or with what is stored, is told as what it is."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cli_caller import Caller
from keshou.cli.sample.people import Subscriber

HUGE = "9" * 26
DATABASES = ["keshou.db", "nonsense", "mysql://x", "", "postgresql://host:port/x", "sqlite://"]


@pytest.mark.parametrize("address", DATABASES)
def test_a_database_that_is_none_is_wrong_input_in_settings_and_environment_alike(
    keshou: Caller, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KESHOU_DATABASE", address)
    told = keshou("rules")
    assert (told.status, "sqlite:///FILE" in told.err) == (2, True)
    monkeypatch.delenv("KESHOU_DATABASE")
    settings = keshou.folder / "keshou.toml"
    text = re.sub("(?m)^database = .*$", f'database = "{address}"', settings.read_text("utf-8"))
    settings.write_text(text, "utf-8")
    assert keshou("rules").err == told.err


@pytest.mark.parametrize(
    "words",
    [
        ("ledger", "prove", HUGE, "-o", "p"), ("ledger", "certify", HUGE, "-o", "p"), ("webhook", "again", HUGE),
        ("rules", "--version", HUGE), ("rules", "--version", f"-{HUGE}"),
        ("ask", "--user", "u", "--item", "tariff_plan", "--purpose", "service", "--by", "care", "--count", HUGE),
        ("ask", "--user", "u", "--item", "tariff_plan", "--purpose", "service", "--by", "care", "--at-least", HUGE),
        ("access", "open-emergency", "--post", "network_manager", "--reason", "x", "--case", "c", "--by", "care",
         "--minutes", HUGE[:14]),
        ("link", "make", "--user", "u", "--item", "tariff_plan", "--purpose", "service", "--to", "bank", "--by",
         "care", "--minutes", HUGE[:14]),
        ("program", "rotate", "k", "--overlap-minutes", HUGE[:14], "--by", "officer"),
    ],
)  # fmt: skip
def test_a_number_beyond_all_bounds_is_wrong_input(keshou: Caller, words: tuple[str, ...]) -> None:
    outcome = keshou(*words)
    assert (outcome.status, "report" in outcome.err) == (2, False), outcome.err


@pytest.mark.parametrize(
    "words",
    [
        ("import", "none.csv", "--by", "intake"),
        ("gate", "none.csv", "-o", "o.csv", "--purpose", "marketing", "--by", "analyst"),
        ("gate", "none.parquet", "-o", "o.csv", "--purpose", "marketing", "--by", "analyst"),
        ("app-key", "add", "mobile", "none.json", "--by", "network"),
        ("program", "jwk", "crm", "none.json", "--scope", "act", "--by", "network"),
        ("ledger", "prove", "--since", "none", "-o", "p"), ("check-backup", "none", "--by", "officer"),
        ("restore", "none"), ("check", "none.toml"),
        ("review", "ask", "--kind", "export", "--purpose", "marketing", "--item", "data_volume", "--users", "none",
         "--by", "analyst"),
    ],
)  # fmt: skip
def test_a_file_that_is_named_and_not_there_is_wrong_input(keshou: Caller, words: tuple[str, ...]) -> None:
    outcome = keshou(*words, "--json")
    assert (outcome.status, outcome.out) == (2, "")
    assert "none" in json.loads(outcome.err)["error"]


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000])


def _garbage(path: Path) -> None:
    path.write_bytes(b"no database at all, " * 1000)


@pytest.mark.parametrize("spoil", [_empty, _cut, _garbage])
def test_a_database_that_is_damaged_is_told_from_one_that_is_away(
    keshou: Caller, spoil: Callable[[Path], None]
) -> None:
    for each in keshou.folder.glob("keshou.db-*"):
        each.unlink()
    spoil(keshou.folder / "keshou.db")
    for words in (("rules",), ("ledger", "verify")):
        outcome = keshou(*words, "--json")
        told = json.loads(outcome.err)
        assert (outcome.status, told["error"]) == (3, "the database is damaged, or is none")
        assert "keshou restore" in told["hint"]


def test_a_garbled_key_file_is_something_stored_that_is_not_what_was_written(keshou: Caller) -> None:
    path = next((keshou.folder / "keys").glob("epoch-*.key"))
    path.write_text(path.read_text("utf-8").replace('value = "', 'value = "A', 1), "utf-8")
    outcome = keshou("ledger", "verify")
    assert (outcome.status, "cut short or garbled" in outcome.err) == (3, True)


def test_whoever_is_written_down_as_shown_the_rules_was_shown_them(keshou: Caller, people: list[Subscriber]) -> None:
    alone = keshou("notice", "show", "--lang", "en").ok().out
    shown = keshou("notice", "show", people[0].user_id, "--lang", "en").ok().out
    assert shown.startswith(alone)
    assert shown.removeprefix(alone).startswith("recorded; holds from revision ")
    told = keshou("notice", "show", people[0].user_id, "--lang", "en", "--json").ok().json
    assert told["text"] in alone
    assert told["entry"] == keshou("ledger", "verify", "--json").ok().json["size"] - 1


def test_a_certificate_is_told_in_words_and_without_marks_of_programs(keshou: Caller, people: list[Subscriber]) -> None:
    keshou("user", "cancel", people[0].user_id).ok()
    entry = keshou("ledger", "verify", "--json").ok().json["size"] - 1
    vkey = keshou("ledger", "certify", entry, "-o", "c", "--json").ok().json["vkey"]
    for language, label, yes in (("en", "under", "yes"), ("zh", "依据", "是")):
        out = keshou("verify", "c", "--vkey", vkey, "--lang", language).ok().out
        assert not re.search(r"[()'\[\]]|True|False", out.replace(CERTIFIED_KEYS[language], ""))
        assert re.search(rf"{label} +miit24:9.4", out)
        assert re.search(rf"  {yes} *\n", out)


CERTIFIED_KEYS = {"en": "(kind and users)", "zh": "（种类与用户数）"}


def test_the_counts_of_bad_rows_are_told_apart_from_their_numbers(keshou: Caller) -> None:
    Path("table.csv").write_text("user_id,user_name\n,孔丘仲尼\n", "utf-8")
    out = keshou("import", "table.csv", "--by", "intake", "--lang", "en").out
    assert re.search(r"how many rows +reason *\n +1 +no user id \(user_id\)\n", out)


def test_nobody_is_appointed_to_a_branch_that_nobody_declared_nor_for_a_time_that_is_over(keshou: Caller) -> None:
    words = ("staff", "appoint", "mei", "--post", "reviewer", "--by", "officer", "--json")
    for more, told in (
        (("--post", "king"), "the rules declare no such post"),
        (("--branch", "atlantis"), "the rules declare no such branch or department"),
        (("--until", "2020-01-01T00:00:00+08:00"), "it would be over before it began"),
    ):
        refused = keshou(*words, *more)
        assert (refused.status, json.loads(refused.err)["error"]) == (2, told)
    keshou(*words, "--branch", "east_branch").ok()


def test_what_the_parser_says_is_told_without_its_own_marks(keshou: Caller) -> None:
    told = keshou("ask", "--kind", "steal", "--purpose", "service", "--by", "care", "--user", "u", "--item", "x").err
    assert "Value error" not in told
    assert "'steal' is not one of" in told


def test_a_user_without_a_service_is_told_so(keshou: Caller, people: list[Subscriber]) -> None:
    user = people[0].user_id
    wrong = keshou("user", "cancel", user, "--service", "nothing", "--json")
    assert json.loads(wrong.err)["error"] == "the rules declare no such service"
    keshou("user", "cancel", user).ok()
    again = keshou("user", "cancel", user, "--json")
    assert (again.status, json.loads(again.err)["error"]) == (2, "the user uses no service, so none can end")


def test_a_table_without_rows_is_no_refusal(keshou: Caller) -> None:
    Path("table.csv").write_text("user_id,data_volume\n", "utf-8")
    told = keshou("gate", "table.csv", "-o", "o.csv", "--purpose", "marketing", "--by", "analyst", "--json").ok().json
    assert (told["rows"], told["permitted"]) == (0, 0)


def test_an_instrument_is_not_compared_with_itself(nowhere: Caller) -> None:
    outcome = nowhere("law", "compare", "miit24", "miit24", "--json")
    assert (outcome.status, json.loads(outcome.err)["error"]) == (2, "one instrument was named twice")


def test_a_site_whose_database_is_away_is_told_where_it_should_be(keshou: Caller) -> None:
    shutil.move(keshou.folder / "keshou.db", keshou.folder / "away")
    outcome = keshou("rules")
    assert (outcome.status, "keshou.db" in outcome.err) == (4, True)
