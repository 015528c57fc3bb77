# SPDX-License-Identifier: Apache-2.0
"""The keys on the command line: looked at, given new ones, and a site restored from backups and shares."""

import contextlib
import datetime as dt
import re
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

import softhsm
from cli_caller import Caller
from keshou.cli.sample.people import Subscriber


def values(keshou: Caller, user: str) -> dict[str, str]:
    """Return what may be seen of a user in full."""
    shown = keshou("user", "show", user, "--by", "officer", "--purpose", "service", "--json").ok().json["values"]
    assert shown
    return dict(shown)


def test_keys_are_named_and_none_is_shown(keshou: Caller) -> None:
    shown = keshou("keys", "show", "--json").ok()
    assert [(each["number"], each["source"]) for each in shown.json["masters"]] == [(0, "file")]
    assert [each["epoch"] for each in shown.json["epochs"]] == [1]
    for path in (keshou.folder / "keys").iterdir():
        value = path.read_text("utf-8").partition('value = "')[2].partition('"')[0]
        assert value not in shown.out + keshou("keys", "show").ok().out


def test_a_new_master_is_put_in_place_on_record_and_everything_still_opens(
    keshou: Caller, people: list[Subscriber]
) -> None:
    before = values(keshou, people[0].user_id)
    made = keshou("keys", "rotate", "master", "--by", "keeper", "--json").ok().json
    assert (made["number"], made["source"]) == (1, "file")
    assert values(keshou, people[0].user_id) == before
    keshou("ledger", "verify", "--by", "officer").ok()


@pytest.mark.parametrize(
    "words",
    [("--to", "cloud"), ("--to", "shares"), ("--to", "shares", "--threshold", "3", "--holders", "2", "-o", "x")],
)
def test_a_place_that_cannot_be_is_wrong_input_and_changes_nothing(keshou: Caller, words: tuple[str, ...]) -> None:
    assert keshou("keys", "rotate", "master", "--by", "keeper", *words).status == 2
    assert keshou("keys", "show", "--json").ok().json["masters"][0]["number"] == 0


def test_a_machine_is_lost_and_its_site_comes_back_from_backups_and_two_of_three_shares(
    keshou: Caller, people: list[Subscriber], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = values(keshou, people[0].user_id)
    words = ("--to", "shares", "--threshold", "2", "--holders", "3", "-o", tmp_path / "shares")
    told = keshou("keys", "rotate", "master", "--by", "keeper", *words).ok()
    assert str(tmp_path / "shares") in told.out
    holders = [path.read_text("utf-8") for path in sorted((tmp_path / "shares").iterdir())]
    assert not any(word in told.out for word in (holders[0], holders[1], holders[2]))
    backup, keys = tmp_path / "backup", tmp_path / "backup-of-keys"
    shutil.copytree(keshou.folder, backup, ignore=shutil.ignore_patterns("keys"))
    shutil.copytree(keshou.folder / "keys", keys)
    shutil.rmtree(keshou.folder)
    shutil.rmtree(tmp_path / "shares")

    restored = Caller(tmp_path / "another-machine")
    shutil.copytree(backup, restored.folder)
    shutil.copytree(keys, restored.folder / "keys")
    lost = restored("user", "show", people[0].user_id, "--by", "officer", "--purpose", "service")
    assert (lost.status, "2 of 3 shares" in lost.err) == (4, True)
    monkeypatch.setenv("KESHOU_MASTER_SHARES", holders[0])
    assert restored("keys", "show").status == 4
    monkeypatch.setenv("KESHOU_MASTER_SHARES", f"{holders[2]};{holders[0]}")
    assert values(restored, people[0].user_id) == before
    restored("ledger", "verify", "--by", "officer").ok()


def test_an_archive_is_put_back_in_a_new_folder_with_a_master_that_holders_have(
    keshou: Caller, people: list[Subscriber], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--to", "shares", "--threshold", "2", "--holders", "3", "-o", tmp_path / "shares")
    keshou("keys", "rotate", "master", "--by", "keeper", *words).ok()
    monkeypatch.setenv("KESHOU_MASTER_SHARE_FILES", str(tmp_path / "shares"))
    before = values(keshou, people[0].user_id)
    archive = keshou("backup", tmp_path / "archive", "--json").ok().json["file"]
    keys = tmp_path / "keys"
    shutil.copytree(keshou.folder / "keys", keys)
    again, put_back = Caller(tmp_path / "again"), ("restore", archive, "--keys", keys)
    monkeypatch.delenv("KESHOU_MASTER_SHARE_FILES")
    lost = again(*put_back)
    assert (lost.status, "2 of 3 shares" in lost.err) == (4, True)
    monkeypatch.setenv("KESHOU_MASTER_SHARE_FILES", str(tmp_path / "shares"))
    again(*put_back).ok()
    assert values(again, people[0].user_id) == before


def test_shares_are_read_from_the_holders_files(
    keshou: Caller, people: list[Subscriber], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--to", "shares", "--threshold", "2", "--holders", "2", "-o", tmp_path / "shares")
    keshou("keys", "rotate", "master", "--by", "keeper", *words).ok()
    one, other = sorted((tmp_path / "shares").iterdir())
    monkeypatch.setenv("KESHOU_MASTER_SHARE_FILES", f"{one}:{other}")
    assert values(keshou, people[0].user_id)
    monkeypatch.setenv("KESHOU_MASTER_SHARE_FILES", str(tmp_path / "shares"))
    assert values(keshou, people[0].user_id)


def test_a_site_runs_on_a_master_in_a_token(
    keshou: Caller, people: list[Subscriber], soft_token: softhsm.SoftToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = values(keshou, people[0].user_id)
    assert keshou("keys", "rotate", "master", "--by", "keeper", "--to", "pkcs11").status == 2
    with (keshou.folder / "keshou.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[master]\nmodule = "{soft_token.library}"\ntoken = "{softhsm.LABEL}"\n')
    assert "PIN" in keshou("keys", "rotate", "master", "--by", "keeper", "--to", "pkcs11").err
    monkeypatch.setenv("KESHOU_MASTER_PIN", softhsm.PIN)
    made = keshou("keys", "rotate", "master", "--by", "keeper", "--to", "pkcs11", "--json").ok().json
    assert (made["number"], made["source"]) == (1, "pkcs11")
    assert values(keshou, people[0].user_id) == before
    monkeypatch.setenv("KESHOU_MASTER_PIN", "0000")
    refused = keshou("keys", "show")
    assert (refused.status, "refuses the PIN" in refused.err, "0000" in refused.err) == (2, True, False)


def in_token(
    keshou: Caller, token: softhsm.SoftToken, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> tuple[str, Path]:
    """Move the master key into a token; return an archive made with it, and a copy of the folder of keys."""
    with (keshou.folder / "keshou.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[master]\nmodule = "{token.library}"\ntoken = "{softhsm.LABEL}"\n')
    monkeypatch.setenv("KESHOU_MASTER_PIN", softhsm.PIN)
    keshou("keys", "rotate", "master", "--by", "keeper", "--to", "pkcs11").ok()
    archive: str = keshou("backup", tmp_path / "archive", "--json").ok().json["file"]
    keys = tmp_path / "kept" / "keys"
    shutil.copytree(keshou.folder / "keys", keys)
    return archive, keys


def test_an_archive_is_put_back_in_a_new_folder_with_a_master_that_a_token_keeps(
    keshou: Caller, people: list[Subscriber], soft_token: softhsm.SoftToken, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    before = values(keshou, people[0].user_id)
    archive, keys = in_token(keshou, soft_token, monkeypatch, tmp_path)
    again, put_back = Caller(tmp_path / "again"), ("restore", archive, "--keys", keys)
    lost = again(*put_back)
    assert (lost.status, "token" in lost.err) == (2, True), "nothing says which token, before there are settings"
    assert not again.folder.exists()
    monkeypatch.setenv("KESHOU_MASTER_MODULE", str(soft_token.library))
    monkeypatch.setenv("KESHOU_MASTER_TOKEN", softhsm.LABEL)
    monkeypatch.setenv("KESHOU_MASTER_PIN", "0000")
    refused = again(*put_back)
    assert (refused.status, "refuses the PIN" in refused.err, "0000" in refused.err) == (2, True, False)
    assert not again.folder.exists()
    monkeypatch.setenv("KESHOU_MASTER_PIN", softhsm.PIN)
    again(*put_back).ok()
    for name in ("MODULE", "TOKEN"):
        monkeypatch.delenv(f"KESHOU_MASTER_{name}")
    assert values(again, people[0].user_id) == before, "from here on the settings of the archive name the token"
    again("ledger", "verify", "--by", "officer").ok()


def test_an_archive_is_put_back_where_settings_that_name_the_token_were_laid_first(
    keshou: Caller, people: list[Subscriber], soft_token: softhsm.SoftToken, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    before = values(keshou, people[0].user_id)
    archive, keys = in_token(keshou, soft_token, monkeypatch, tmp_path)
    again = Caller(tmp_path / "again")
    shutil.copytree(keys, again.folder / "keys")
    shutil.copy(keshou.folder / "keshou.toml", again.folder)
    again("restore", archive).ok()
    assert values(again, people[0].user_id) == before


def test_a_key_that_another_token_keeps_puts_nothing_back(
    keshou: Caller, soft_token: softhsm.SoftToken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, keys = in_token(keshou, soft_token, monkeypatch, tmp_path)
    monkeypatch.setenv("KESHOU_MASTER_MODULE", str(soft_token.library))
    monkeypatch.setenv("KESHOU_MASTER_TOKEN", "another-token")
    again = Caller(tmp_path / "again")
    lost = again("restore", archive, "--keys", keys)
    assert (lost.status, "another-token" in lost.err) == (4, True)
    assert not again.folder.exists()


@pytest.mark.parametrize("name", ["pin", "shares"])
def test_a_secret_in_the_settings_file_is_refused_and_not_repeated(keshou: Caller, name: str) -> None:
    with (keshou.folder / "keshou.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[master]\n{name} = "duckling enlarge"\n')
    refused = keshou("keys", "show")
    assert (refused.status, "duckling" in refused.err) == (2, False)
    assert f"KESHOU_MASTER_{name.upper()}" in refused.err


def test_each_level_is_given_new_keys_and_the_old_epochs_die(keshou: Caller, people: list[Subscriber]) -> None:
    before = values(keshou, people[0].user_id)
    count = keshou("keys", "show", "--json").ok().json["epochs"][0]["keys"]
    first = keshou("keys", "rotate", "epoch", "--by", "keeper", "--json").ok().json
    assert first == {"epoch": 2, "keys": count, "left": 0, "broken": []}
    assert values(keshou, people[0].user_id) == before
    second = keshou("keys", "rotate", "data", "--by", "keeper", "--json").ok().json
    assert (second["epoch"], second["left"]) == (3, 0)
    assert values(keshou, people[0].user_id) == before
    assert keshou("keys", "retire", "--by", "keeper", "--json").ok().json == {
        "epochs": [1, 2],
        "indexes": [],
        "given_up": [],
    }
    assert values(keshou, people[0].user_id) == before
    shown = keshou("keys", "show", "--json").ok().json
    assert shown["epochs"] == [{"epoch": 3, "keys": count}]
    assert all(each["ended"] for each in shown["rotations"])
    assert keshou("keys", "retire", "--by", "keeper", "--json").ok().json == {
        "epochs": [],
        "indexes": [],
        "given_up": [],
    }
    keshou("ledger", "verify", "--by", "officer").ok()


def test_a_site_moves_to_chinese_commercial_cryptography_and_back(
    keshou: Caller, people: list[Subscriber], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = values(keshou, people[0].user_id)
    for suite, algorithm in (("chinese", 2), ("international", 1)):
        monkeypatch.setenv("KESHOU_SUITE", suite)
        keshou("keys", "rotate", "master", "--by", "keeper").ok()
        keshou("keys", "rotate", "data", "--by", "keeper").ok()
        keshou("keys", "retire", "--by", "keeper").ok()
        assert values(keshou, people[0].user_id) == before
        assert keshou("keys", "show", "--json").ok().json["suite"] == suite
        keshou("ledger", "verify", "--by", "officer").ok()
        assert algorithms(keshou.folder / "keshou.db") == {algorithm}


def algorithms(path: Path) -> set[int]:
    """Return the ids of algorithms that stand in everything sealed."""
    places = {"vault_value": "sealed", "vault_key": "wrapped", "log_payload": "sealed"}
    with contextlib.closing(sqlite3.connect(path)) as base:
        return {row[0][1] for table, column in places.items() for row in base.execute(f"SELECT {column} FROM {table}")}  # noqa: S608


def test_a_new_site_may_begin_with_chinese_commercial_cryptography(nowhere: Caller, tmp_path: Path) -> None:
    nowhere("init", "mine", "--sample", "--suite", "chinese").ok()
    site = Caller(tmp_path / "mine")
    assert site("keys", "show", "--json").ok().json["suite"] == "chinese"
    assert "suite" in (tmp_path / "mine" / "keys" / "master.key").read_text("utf-8")
    assert nowhere("init", "other", "--suite", "roman").status == 2


def test_a_user_is_found_by_number_from_standard_input(keshou: Caller, people: list[Subscriber]) -> None:
    words = ("user", "find", "mobile_number", "--by", "officer", "--purpose", "service", "--json")
    found = keshou(*words, stdin=people[0].mobile_number + "\n").ok().json
    assert (found["count"], [each["user"] for each in found["users"]]) == (1, [people[0].user_id])
    nobody = keshou(*words, "--value", "15400000000")
    assert (nobody.status, nobody.json["count"]) == (1, 0)
    refused = keshou("user", "find", "home_address", "--by", "officer", "--purpose", "service", "--value", "x")
    assert (refused.status, "home_address" in refused.err) == (2, True)
    assert keshou("user", "find", "mobile_number", "--by", "analyst", "--purpose", "care", "--value", "1").status == 1


def test_rules_choose_another_way_to_find_users_and_the_index_is_made_anew(
    keshou: Caller, people: list[Subscriber]
) -> None:
    words = ("user", "find", "mobile_number", "--by", "officer", "--purpose", "service", "--json")
    begins = ("--prefix", "--value", people[0].mobile_number[:7])
    assert keshou(*words, *begins).status == 2
    file, soon = keshou.folder / "operator.toml", dt.datetime.now(dt.UTC) + dt.timedelta(seconds=3)
    text = re.sub("^effective = .*$", f"effective = {soon.isoformat()}", file.read_text("utf-8"), flags=re.MULTILINE)
    file.write_text(text + '\n[[finding]]\nitem = "mobile_number"\nlast_four = true\nprefix = 7\n', "utf-8")
    assert "keshou keys rotate index" in keshou("publish", "--by", "board").ok().out
    time.sleep(max(0.0, (soon - dt.datetime.now(dt.UTC)).total_seconds()))
    early = keshou(*words, *begins)
    assert (early.status, "keshou keys rotate index" in early.err) == (2, True)
    done = keshou("keys", "rotate", "index", "--by", "keeper", "--json").ok().json
    assert (done["number"], done["users"], done["left"]) == (1, len(people), 0)
    alike = sum(each.mobile_number[:7] == people[0].mobile_number[:7] for each in people)
    assert keshou(*words, *begins).json["count"] == alike
    ends = sum(each.mobile_number[-4:] == people[0].mobile_number[-4:] for each in people)
    assert keshou(*words, "--last-four", "--value", people[0].mobile_number[-4:]).json["count"] == ends
    both = keshou(*words, *begins, "--last-four")
    assert (both.status, "not by both" in both.err) == (2, True)
    keshou("keys", "rotate", "index", "--by", "keeper").ok()
    assert keshou("keys", "retire", "--by", "keeper", "--json").ok().json == {
        "epochs": [],
        "indexes": [1],
        "given_up": [],
    }
    shown = keshou("keys", "show", "--json").ok().json["indexes"]
    assert [(each["index"], bool(each["rows"])) for each in shown] == [(0, False), (2, True)]
    file.write_text(re.sub("^last_four = true$", "", file.read_text("utf-8"), flags=re.MULTILINE), "utf-8")
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)
    text = re.sub("^effective = .*$", f"effective = {soon.isoformat()}", file.read_text("utf-8"), flags=re.MULTILINE)
    file.write_text(text, "utf-8")
    keshou("publish", "--by", "board").ok()
    time.sleep(max(0.0, (soon - dt.datetime.now(dt.UTC)).total_seconds()))
    over = [{"item": "mobile_number", "way": "last_four", "rows": len(people)}]
    assert keshou("keys", "show", "--json").ok().json["taken_back"] == over
    assert "mobile_number last_four" in keshou("keys", "show").ok().out
    keshou("tick").ok()
    assert keshou("keys", "show", "--json").ok().json["taken_back"] == []
    keshou("keys", "rotate", "master", "--by", "keeper").ok()
    assert values(keshou, people[0].user_id)
    keshou("ledger", "verify", "--by", "officer").ok()


def test_an_erasure_is_certified_and_the_certificate_checked_without_a_site(
    keshou: Caller, people: list[Subscriber], tmp_path: Path
) -> None:
    gone = keshou("user", "cancel", people[0].user_id, "--by", "officer", "--json").ok().json["entry"]
    file = tmp_path / "certificate"
    made = keshou("ledger", "certify", gone, "-o", file, "--json").ok().json
    assert made["keys"]
    outside = Caller(None)
    told = outside("verify", file, "--vkey", made["vkey"], "--json").ok().json
    assert (told["keys"], told["under"], told["compared"]) == (made["keys"], ["miit24:9.4"], True)
    proof = f"{file}.proof"
    outside("verify", proof, "--entry", f"{file}.entry", "--vkey", made["vkey"]).ok()
    file.write_bytes(file.read_bytes().replace(b"users 1", b"users 2"))
    assert outside("verify", file, "--vkey", made["vkey"]).status == 3
    assert keshou("ledger", "certify", 0, "-o", tmp_path / "none").status != 0


def test_what_may_be_erased_soon_is_foreseen_by_day_and_names_nobody(keshou: Caller, people: list[Subscriber]) -> None:
    keshou("user", "cancel", people[0].user_id, "--by", "officer").ok()
    assert keshou("retention", "--json").ok().json["users"] == 0
    found = keshou("retention", "--until", "2100-01-01", "--json").ok()
    assert (found.json["users"], found.json["under"]) == (1, "miit25:11")
    assert people[0].user_id not in found.out
    (over,) = found.json["over"]
    assert (over["class"], over["users"], over["by_itself"]) == ("registration", 1, False)
    shown = keshou("retention", "--until", "2100-01-01").ok().out
    assert "registration papers" in shown
    assert "waits" in shown
    assert keshou("retention", "--until", "2000-01-01").status == 2
    assert keshou("retention", "--since", "soon").status == 2


def test_a_key_that_does_not_open_is_named_and_given_up_by_an_option_alone(keshou: Caller) -> None:
    with contextlib.closing(sqlite3.connect(keshou.folder / "keshou.db")) as database, database:
        database.execute("UPDATE vault_key SET wrapped = zeroblob(74) WHERE \"user\" = 1 AND class = 'service'")
    rotated = keshou("keys", "rotate", "epoch", "--by", "keeper", "--json")
    broken = [{"user": 1, "class": "service"}]
    assert (rotated.status, rotated.json["broken"]) == (1, broken)
    assert keshou("keys", "show", "--json").ok().json["broken"] == broken
    shown = keshou("keys", "show", "--lang", "en").ok().out
    assert re.search(r"do not open.*\n(.*\n)?\s*1\s+service", shown), shown
    refused = keshou("keys", "retire", "--by", "keeper", "--lang", "en")
    assert (refused.status, "1 service" in refused.err, "--give-up" in refused.err) == (2, True, True)
    gone = keshou("keys", "retire", "--by", "keeper", "--give-up", "--json").ok().json
    assert (gone["epochs"], gone["given_up"]) == ([1], broken)
    keshou("keys", "rotate", "epoch", "--by", "keeper").ok()
