# SPDX-License-Identifier: Apache-2.0
"""Backing up, putting back and the register of media by hand: what is said, and how it ends."""

import io
import shutil
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path

import pyrage
import pytest

from cli_caller import Caller, Outcome
from keshou.cli.sample.people import Subscriber
from planting import SHORTEST, Planted


def backed_up(keshou: Caller, *words: object) -> dict[str, str]:
    made: dict[str, str] = (
        keshou("backup", keshou.folder.parent / "one.age", "--by", "officer", "--json", *words).ok().json
    )
    return made


def lose_database(keshou: Caller) -> None:
    for path in keshou.folder.glob("keshou.db*"):
        path.unlink()


def put_back(keshou: Caller, made: dict[str, str], *words: object) -> Outcome:
    return keshou("restore", made["file"], "--json", *words)


def test_a_site_is_put_back_in_place_and_in_a_new_folder(keshou: Caller) -> None:
    made = backed_up(keshou)
    keys = keshou.folder.parent / "kept-keys"
    shutil.copytree(keshou.folder / "keys", keys)
    lose_database(keshou)
    assert put_back(keshou, made).ok().json["medium"] == made["medium"]
    keshou("ledger", "verify").ok()
    new = Caller(keshou.folder.parent / "new")
    assert put_back(new, made).status == 2, "the keys are not in the archive"
    assert put_back(new, made, "--keys", keys).ok().json["lost_size"] == 0
    new("ledger", "verify").ok()
    assert put_back(new, made).status == 2, "there is a database"
    assert sorted(each.name for each in new.folder.iterdir()) == sorted(
        each.name for each in keshou.folder.iterdir() if not each.name.startswith("log.checkpoint.lost")
    )


def test_who_answers_for_a_loss_is_asked_by_name_and_reason(keshou: Caller) -> None:
    made = backed_up(keshou)
    keshou("staff", "appoint", "novice", "--post", "reviewer", "--by", "officer").ok()
    lose_database(keshou)
    refused = put_back(keshou, made)
    assert (refused.status, "--accept-older" in refused.err) == (3, True)
    assert put_back(keshou, made, "--accept-older", "--by", "officer").status == 2
    assert put_back(keshou, made, "--accept-older", "--by", "officer", "--reason", "a disk broke").status == 2
    answered = put_back(keshou, made, "--accept-older", "--by", "officer", "--reason", "disk-7").ok().json
    assert answered["lost_size"] == int(made["entries"]) + 1
    keshou("ledger", "verify").ok()


def test_a_checkpoint_kept_elsewhere_tells_that_an_archive_is_old(keshou: Caller) -> None:
    made = backed_up(keshou)
    keshou("staff", "appoint", "novice", "--post", "reviewer", "--by", "officer").ok()
    kept = keshou.folder.parent / "kept.checkpoint"
    kept.write_text(keshou("ledger", "checkpoint", "--json").ok().json["checkpoint"], "utf-8")
    new = Caller(keshou.folder.parent / "new")
    given = ("--keys", keshou.folder / "keys")
    assert put_back(new, made, *given, "--checkpoint", kept).status == 3
    assert not new.folder.exists()
    put_back(new, made, *given).ok()


def test_an_archive_whose_epoch_was_destroyed_is_not_put_back_by_chance(keshou: Caller) -> None:
    made = backed_up(keshou)
    keshou("keys", "rotate", "epoch", "--by", "officer").ok()
    newer = keshou("backup", keshou.folder.parent / "two.age", "--json").ok().json
    keshou("keys", "retire", "--by", "officer").ok()
    lose_database(keshou)
    (keshou.folder / "log.checkpoint").unlink()
    refused = put_back(keshou, made)
    assert (refused.status, "epochs that were destroyed" in refused.err) == (3, True)
    put_back(keshou, newer).ok()


def test_another_sites_archive_is_refused_and_so_is_what_is_none(keshou: Caller, tmp_path: Path) -> None:
    made = backed_up(keshou)
    other = Caller(tmp_path / "other")
    Caller(None)("init", other.folder, "--sample").ok()
    lose_database(other)
    refused = put_back(other, made)
    assert (refused.status, refused.out) == (3, "")
    assert put_back(other, {"file": str(keshou.folder / "keshou.toml")}).status == 3
    assert put_back(other, {"file": str(tmp_path / "nothing.age")}).status == 2
    assert not list(other.folder.glob("*keshou.db*"))


def test_who_is_named_as_recipient_opens_an_archive_with_other_tools(keshou: Caller, tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    made = backed_up(keshou, "--to", str(identity.to_public()))
    plain = pyrage.decrypt(Path(made["file"]).read_bytes(), [identity])
    (tmp_path / "one.tar").write_bytes(plain)
    listed = subprocess.run(
        [sys.executable, "-m", "tarfile", "-l", str(tmp_path / "one.tar")], capture_output=True, text=True, check=True
    ).stdout.split()
    assert (listed[0], listed[-1]) == ("opening", "manifest")
    assert "tables/vault_value/00000000" in listed
    assert [each for each in listed if "key" in each and not each.startswith("tables/")] == []
    assert keshou("backup", tmp_path / "two.age", "--to", "age1nobody").status == 2


def test_an_archive_is_read_back_and_what_was_found_stands_in_the_register(keshou: Caller) -> None:
    made = backed_up(keshou)
    path = Path(made["file"])
    looked = ("check-backup", path, "--by", "officer")
    assert keshou(*looked, "--json").ok().json == {"medium": made["medium"], "found": "in_order", "foreign": []}
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)
    assert keshou(*looked).status == 3, "a broken archive does not tell which one it is"
    assert keshou(*looked, "--medium", made["medium"]).status == 1
    history = keshou("media", "show", made["medium"], "--json").ok().json["history"]
    looks = [each["details"] for each in history if each["what"] == "checked"]
    assert [found in told for found, told in zip(("in_order", "seal_broken"), looks, strict=True)] == [True, True]
    assert keshou("check-backup", path.with_name("none.age"), "--by", "officer").status == 2


def test_not_even_an_opened_archive_tells_anything_of_a_user(keshou: Caller, people: list[Subscriber]) -> None:
    identity = pyrage.x25519.Identity.generate()
    made = backed_up(keshou, "--to", str(identity.to_public()))
    values = [value for each in people for value in (each.resident_id_number, each.mobile_number, each.email_address)]
    planted = Planted([value for value in values if len(value.encode()) >= SHORTEST])
    parts = 0
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(Path(made["file"]).read_bytes(), [identity]))) as archive:
        for each in archive:
            found = archive.extractfile(each)
            assert found is not None
            raw = found.read()
            plain = zlib.decompress(raw) if each.name.startswith("tables/") else raw
            assert list(planted.find_in(plain)) == [], each.name
            parts += 1
    assert parts > 10


def test_a_backup_that_is_destroyed_leaves_the_sites_folder_of_backups_and_no_other(keshou: Caller) -> None:
    folder = keshou.folder / "backups"
    folder.mkdir()
    gone = ("--manner", "deleted", "--by", "li4", "--json", "--witness")
    own = keshou("backup", folder, "--by", "officer", "--json").ok().json
    assert keshou("media", "destroy", own["medium"], *gone, "li4").status == 2
    assert Path(own["file"]).is_file(), "what could not be recorded is not removed"
    assert keshou("media", "destroy", own["medium"], *gone, "wang5").ok().json["removed"] == own["file"]
    assert list(folder.iterdir()) == []
    elsewhere = backed_up(keshou)
    told = keshou("media", "destroy", elsewhere["medium"], *(each for each in gone if each != "--json"), "wang5").ok()
    assert "what lies elsewhere stays there" in told.out
    assert Path(elsewhere["file"]).is_file()


def test_an_archive_that_cannot_be_removed_is_told_and_goes_with_the_next_try(keshou: Caller) -> None:
    folder = keshou.folder / "backups"
    folder.mkdir()
    made = keshou("backup", folder, "--by", "officer", "--json").ok().json
    gone = ("media", "destroy", made["medium"], "--manner", "deleted", "--by", "li4", "--witness", "wang5")
    path = Path(made["file"])
    path.unlink()
    path.mkdir()  # what even the superuser cannot unlink
    refused = keshou(*gone)
    assert (refused.status, "remove it by hand" in refused.err) == (4, True)
    path.rmdir()
    path.write_bytes(b"put back")
    assert keshou(*gone).status == 2, "it is on record already"
    assert not path.exists()


@pytest.mark.parametrize("form", ["paper", "optical", "magnetic", "flash", "other"])
def test_the_register_ends_with_one_while_a_medium_lies_open(bare: Caller, form: str) -> None:
    bare("publish", "--by", "officer").ok()
    placed = ("--place", "safe-2", "--holder", "zhang3", "--by", "officer")
    bare("media", "register", "--id", "m1", "--form", form, *placed).ok()
    assert bare("media", "list").status == 1
    bare("media", "move", "m1", "--sealed", *placed).ok()
    assert bare("media", "list", "--json").ok().json[0]["state"] == "kept"
    bare("media", "check", "m1", "--found", "missing", "--by", "officer").ok()
    assert bare("media", "list").status == 1
    assert bare("media", "destroy", "m1", "--manner", "burnt", "--by", "li4", "--witness", "li4").status == 2
    bare("media", "destroy", "m1", "--manner", "burnt", "--by", "li4", "--witness", "wang5").ok()
    assert bare("media", "list", "--json").ok().json == []
    assert [each["what"] for each in bare("media", "show", "m1", "--json").ok().json["history"]] == [
        "registered", "moved", "checked", "destroyed",
    ]  # fmt: skip


def test_a_medium_kept_past_its_day_is_overdue(bare: Caller) -> None:
    placed = ("--form", "paper", "--place", "a", "--holder", "b", "--by", "officer", "--sealed")
    bare("media", "register", "--id", "m1", *placed, "--until", "2026-01-01T00:00:00+08:00").ok()
    told = bare("media", "list", "--json")
    assert (told.status, told.json[0]["state"]) == (1, "overdue")
