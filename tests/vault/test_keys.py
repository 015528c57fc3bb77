# SPDX-License-Identifier: Apache-2.0
import datetime as dt
import os
import traceback
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from keshou.errors import ExitStatus, KeshouError
from keshou.vault import key_file
from keshou.vault.errors import KeyFileError, KeyMissingError, SealBrokenError, VaultError
from keshou.vault.keys import FileKeys
from keshou.vault.store import Vault

FILES = ("master.key", "epoch-000001.key", "index.key", "log.key")


def test_keys_are_readable_by_their_owner_alone(keys: FileKeys) -> None:
    assert keys.folder.stat().st_mode & 0o7777 == 0o700
    assert sorted(path.name for path in keys.folder.iterdir()) == sorted(FILES)
    assert {path.stat().st_mode & 0o7777 for path in keys.folder.iterdir()} == {0o600}


def test_modes_do_not_depend_on_the_umask(tmp_path: Path, now: dt.datetime) -> None:
    before = os.umask(0)
    try:
        keys = FileKeys.create(tmp_path / "keys", "main", now)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o7777 for path in keys.folder.iterdir()} == {0o600}


def test_reopened_keys_are_the_same(keys: FileKeys) -> None:
    again = FileKeys.open(keys.folder, "main")
    epoch, wrapped = keys.wrap(b"k" * 32, b"context")
    assert again.unwrap(epoch, wrapped, b"context") == b"k" * 32
    assert again.mac("mobile_number/1", b"x") == keys.mac("mobile_number/1", b"x")
    assert again.signer.public_key == keys.signer.public_key


def test_two_sites_have_no_key_in_common(tmp_path: Path, keys: FileKeys, now: dt.datetime) -> None:
    other = FileKeys.create(tmp_path / "other", "main", now)
    assert other.signer.public_key != keys.signer.public_key
    assert other.mac("a", b"x") != keys.mac("a", b"x")
    with pytest.raises(SealBrokenError):
        other.unwrap(*keys.wrap(b"k" * 32, b"c"), b"c")


def test_the_log_signature_verifies_with_the_raw_public_key(keys: FileKeys) -> None:
    assert len(keys.signer.public_key) == 32
    Ed25519PublicKey.from_public_bytes(keys.signer.public_key).verify(keys.signer.sign(b"head"), b"head")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644, 0o660, 0o700, 0o777])
def test_a_key_file_open_to_others_is_refused_and_the_mending_named(keys: FileKeys, name: str, mode: int) -> None:
    path = keys.folder / name
    path.chmod(mode)
    with pytest.raises(KeyFileError) as caught:
        FileKeys.open(keys.folder, "main")
    assert f"{mode:04o}" in str(caught.value)
    assert caught.value.hint == f"chmod 600 {path}"
    assert caught.value.status == ExitStatus.WRONG_INPUT
    path.chmod(0o600)
    FileKeys.open(keys.folder, "main")


def test_a_folder_open_to_others_is_refused(keys: FileKeys) -> None:
    keys.folder.chmod(0o750)
    with pytest.raises(KeyFileError, match="0750") as caught:
        FileKeys.open(keys.folder, "main")
    assert caught.value.hint == f"chmod 700 {keys.folder}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_file_of_another_owner_is_refused(keys: FileKeys) -> None:
    os.chown(keys.folder / "master.key", 12345, -1)
    with pytest.raises(KeyFileError, match="12345"):
        FileKeys.open(keys.folder, "main")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_key_file_is_unreachable(keys: FileKeys, name: str) -> None:
    (keys.folder / name).unlink()
    with pytest.raises(KeyMissingError) as caught:
        FileKeys.open(keys.folder, "main")
    assert caught.value.status == ExitStatus.UNREACHABLE
    assert caught.value.hint


def test_a_missing_folder_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(KeyMissingError):
        FileKeys.open(tmp_path / "nowhere", "main")


@pytest.mark.parametrize("name", FILES)
def test_a_link_in_place_of_a_key_is_refused(keys: FileKeys, name: str, tmp_path: Path) -> None:
    moved = (keys.folder / name).rename(tmp_path / name)
    (keys.folder / name).symlink_to(moved)
    with pytest.raises(KeyFileError, match="link"):
        FileKeys.open(keys.folder, "main")


def test_a_link_in_place_of_the_folder_is_refused(keys: FileKeys, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(keys.folder)
    with pytest.raises(KeyFileError, match="not a folder"):
        FileKeys.open(tmp_path / "link", "main")


def test_a_pipe_in_place_of_a_key_is_refused_and_does_not_wait(keys: FileKeys) -> None:
    (keys.folder / "log.key").unlink()
    os.mkfifo(keys.folder / "log.key", 0o600)
    with pytest.raises(KeyFileError, match="not a file"):
        FileKeys.open(keys.folder, "main")


def test_keys_of_another_site_are_refused_by_name(keys: FileKeys) -> None:
    with pytest.raises(KeyFileError, match="of site `main`, not of `branch`"):
        FileKeys.open(keys.folder, "branch")
    with pytest.raises(VaultError, match="main"):
        Vault(keys, "branch")


@pytest.mark.parametrize("name", FILES[1:])
def test_a_key_file_of_another_site_with_the_same_name_is_refused(
    keys: FileKeys, name: str, tmp_path: Path, now: dt.datetime
) -> None:
    other = FileKeys.create(tmp_path / "other", "main", now)
    (keys.folder / name).write_bytes((other.folder / name).read_bytes())
    with pytest.raises(KeyFileError, match="master key"):
        FileKeys.open(keys.folder, "main")


def test_key_files_that_changed_places_are_refused(keys: FileKeys) -> None:
    (keys.folder / "index.key").write_bytes((keys.folder / "log.key").read_bytes())
    with pytest.raises(KeyFileError, match="another key"):
        FileKeys.open(keys.folder, "main")


@pytest.mark.parametrize("name", FILES)
def test_a_key_file_cut_short_anywhere_is_refused(keys: FileKeys, name: str) -> None:
    whole = (keys.folder / name).read_bytes()
    for length in range(0, len(whole) - 1, 7):
        (keys.folder / name).write_bytes(whole[:length])
        with pytest.raises(KeyFileError):
            FileKeys.open(keys.folder, "main")


@pytest.mark.parametrize("name", FILES)
def test_a_key_file_with_any_byte_changed_is_refused(keys: FileKeys, name: str) -> None:
    whole = (keys.folder / name).read_bytes()
    for place in range(0, len(whole) - 1, 5):
        (keys.folder / name).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(KeyFileError):
            FileKeys.open(keys.folder, "main")


def test_keys_are_never_overwritten(keys: FileKeys, now: dt.datetime, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in keys.folder.iterdir()}
    with pytest.raises(KeyFileError, match="not empty"):
        FileKeys.create(keys.folder, "main", now)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileError):
        FileKeys.create(tmp_path / "link", "main", now)
    with pytest.raises(KeyFileError, match="exists"):
        key_file.write(keys.folder / "log.key", key_file.KeyFile("main", "log", 0, now, b"x"))
    assert before == {path.name: path.read_bytes() for path in keys.folder.iterdir()}


@pytest.mark.parametrize("site", ["", "a\nb", "x" * 256])
def test_a_site_without_a_proper_name_gets_no_keys(tmp_path: Path, now: dt.datetime, site: str) -> None:
    with pytest.raises(KeyFileError, match="name"):
        FileKeys.create(tmp_path / "keys", site, now)
    assert list(tmp_path.iterdir()) == []


def test_a_quoted_chinese_site_name_survives(tmp_path: Path, now: dt.datetime) -> None:
    FileKeys.create(tmp_path / "keys", '恪守 "站"', now)
    assert FileKeys.open(tmp_path / "keys", '恪守 "站"').site == '恪守 "站"'


def test_epochs_are_started_and_destroyed(keys: FileKeys, now: dt.datetime) -> None:
    old = keys.wrap(b"k" * 32, b"c")
    assert keys.new_epoch(now) == 2
    new = keys.wrap(b"k" * 32, b"c")
    assert (old[0], new[0], keys.current_epoch, keys.epochs) == (1, 2, 2, (1, 2))
    assert keys.unwrap(*old, b"c") == b"k" * 32
    with keys.destroying() as destroy:
        destroy([1], [])
    assert not (keys.folder / "epoch-000001.key").exists()
    for source in (keys, FileKeys.open(keys.folder, "main")):
        assert source.epochs == (2,)
        assert source.unwrap(*new, b"c") == b"k" * 32
        with pytest.raises(SealBrokenError):
            source.unwrap(*old, b"c")


def test_the_current_epoch_is_not_destroyed_and_an_unknown_one_is_named(keys: FileKeys) -> None:
    with pytest.raises(KeyFileError, match="current"), keys.destroying() as destroy:
        destroy([1], [])
    with pytest.raises(KeyMissingError), keys.destroying() as destroy:
        destroy([9], [])
    assert FileKeys.open(keys.folder, "main").epochs == (1,)


def test_an_epoch_started_by_another_process_is_taken_up(keys: FileKeys, now: dt.datetime) -> None:
    other = FileKeys.open(keys.folder, "main")
    keys.new_epoch(now)
    assert other.unwrap(*keys.wrap(b"k" * 32, b"c"), b"c") == b"k" * 32


def test_a_wrapped_key_opens_in_its_own_epoch_and_context_only(keys: FileKeys, now: dt.datetime) -> None:
    keys.new_epoch(now)
    epoch, wrapped = keys.wrap(b"k" * 32, b"c")
    for other in ((1, b"c"), (2, b"d"), (3, b"c"), (-1, b"c")):
        with pytest.raises(SealBrokenError):
            keys.unwrap(other[0], wrapped, other[1])
    assert keys.unwrap(epoch, wrapped, b"c") == b"k" * 32


def test_no_message_or_repr_shows_a_key(keys: FileKeys) -> None:
    read = key_file.read(keys.folder / "master.key", "main", "master", 0)
    text = (keys.folder / "master.key").read_text()
    secret = text.split('value = "')[1].split('"')[0]
    shown = repr(read) + repr(keys) + str(read)
    (keys.folder / "master.key").write_text(text.replace("master", "master "))
    with pytest.raises(KeshouError) as caught:
        FileKeys.open(keys.folder, "main")
    shown += "".join(traceback.format_exception(caught.value))
    assert secret not in shown
    assert repr(read.value) not in shown
    assert read.value.hex() not in shown
