# SPDX-License-Identifier: Apache-2.0
"""The master key in a file, in a token, split between holders; and from each place to each other."""

import dataclasses
import datetime as dt
import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pkcs11 import Attribute, ObjectClass
from pkcs11.exceptions import AttributeSensitive
from shamir_mnemonic import MnemonicError, Share, combine_mnemonics

from keshou.suite import INTERNATIONAL
from keshou.vault.errors import KeyFileError, KeyMissingError, SealBrokenError
from keshou.vault.keys import FileKeys
from keshou.vault.masters.file import FileSource
from keshou.vault.masters.shares import SharesSource, Split, read_shares
from keshou.vault.masters.source import KeySource, Sources
from keshou.vault.masters.token import Token, TokenSource
from softhsm import LABEL, PIN, SoftToken

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "slip39.json").read_text("utf-8"))
PLACES = ("file", "pkcs11", "shares")
NAMES = ("index.key", "log.key", "epoch-000001.key")


NOW = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)


@pytest.fixture
def token(soft_token: SoftToken) -> Token:
    return Token(soft_token.library, LABEL, PIN)


@pytest.fixture
def sources(token: Token, tmp_path: Path) -> Sources:
    split = Split(2, 3, tmp_path / "shares")
    return {"file": FileSource(), "pkcs11": TokenSource(token), "shares": SharesSource((), split)}


@pytest.fixture
def handed_out(token: Token, tmp_path: Path) -> Callable[[int], Sources]:
    """Return what opens the site later, with the first so many shares at hand."""

    def at_hand(count: int) -> Sources:
        files = sorted((tmp_path / "shares").glob("*.share"))[:count]
        return {"file": FileSource(), "pkcs11": TokenSource(token), "shares": SharesSource(read_shares(files))}

    return at_hand


@pytest.mark.parametrize("place", PLACES)
def test_every_key_is_the_same_under_a_master_that_lives_elsewhere(
    keys: FileKeys, place: str, sources: Sources, handed_out: Callable[[int], Sources], now: dt.datetime
) -> None:
    epoch, wrapped = keys.wrap(b"k" * 32, b"context")
    tag, signed = keys.mac("item", b"value"), keys.signer.sign(b"note")
    moving = FileKeys.open(keys.folder, "main", sources)
    assert moving.rotate_master(place, now) == 1
    assert moving.masters.numbers() == (1,)
    assert not (keys.folder / "master.key").exists()
    later = FileKeys.open(keys.folder, "main", handed_out(2))
    assert later.unwrap(epoch, wrapped, b"context") == b"k" * 32
    assert (later.mac("item", b"value"), later.signer.sign(b"note")) == (tag, signed)
    assert later.new_epoch(now) == 2
    assert FileKeys.open(keys.folder, "main", handed_out(3)).epochs == (1, 2)


@pytest.mark.parametrize("move", list(itertools.product(PLACES, PLACES)), ids="-".join)
def test_the_master_moves_from_each_place_to_each_other(
    keys: FileKeys, move: tuple[str, str], token: Token, tmp_path: Path, now: dt.datetime
) -> None:
    first, then = move
    moving = FileKeys.open(keys.folder, "main", _here(token, tmp_path / "a"))
    moving.rotate_master(first, now)
    given_ = read_shares([tmp_path / "a"]) if first == "shares" else []
    other = FileKeys.open(keys.folder, "main", _here(token, tmp_path / "b", given_))
    assert other.rotate_master(then, now) == 2
    assert other.masters.described(2).source == then
    with pytest.raises(KeyMissingError):
        other.masters.described(1)


def _here(token: Token, folder: Path, shares: list[str] | None = None) -> Sources:
    return {
        "file": FileSource(),
        "pkcs11": TokenSource(token),
        "shares": SharesSource(shares or (), Split(2, 3, folder)),
    }


@pytest.mark.parametrize("broken_off", list(itertools.product(PLACES, range(1, 12))), ids=str)
def test_a_rotation_broken_off_anywhere_can_be_read_and_goes_on(
    keys: FileKeys, broken_off: tuple[str, int], token: Token, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place, stop), now = broken_off, NOW
    epoch, wrapped = keys.wrap(b"k" * 32, b"context")
    broken = FileKeys.open(keys.folder, "main", _here(token, tmp_path / "a"))
    with monkeypatch.context() as patch:
        _break_at(patch, stop)
        try:
            broken.rotate_master(place, now)
        except OSError:
            pass
        else:
            assert stop > 8, "there are fewer steps than it was broken off at"
    given_ = read_shares([tmp_path / "a"]) if (tmp_path / "a").exists() else []
    assert FileKeys.open(keys.folder, "main", _here(token, tmp_path / "a", given_)).epochs == (1,)
    again = FileKeys.open(keys.folder, "main", _here(token, tmp_path / "b", given_))
    again.rotate_master(place, now)
    assert len(again.masters.numbers()) == 1
    assert not list(keys.folder.glob(".*")), "something of an older key is left"
    given_ += read_shares([tmp_path / "b"]) if (tmp_path / "b").exists() else []
    later = FileKeys.open(keys.folder, "main", _here(token, tmp_path / "c", given_))
    assert later.unwrap(epoch, wrapped, b"context") == b"k" * 32


def _break_at(patch: pytest.MonkeyPatch, stop: int) -> None:
    """Let the disk fail at the `stop`-th time that something is written, put in place or taken away."""
    left = itertools.count(1)
    for name in ("rename", "unlink"):
        _fail_late(patch, Path, name, left, stop)
    from keshou.vault import key_file  # noqa: PLC0415 - what is broken here

    for name in ("write", "replace"):
        _fail_late(patch, key_file, name, left, stop)


def _fail_late(patch: pytest.MonkeyPatch, place: object, name: str, left: "itertools.count[int]", stop: int) -> None:
    whole: Callable[..., object] = getattr(place, name)

    def failing(*args: object, **kwargs: object) -> object:
        if next(left) == stop:
            raise OSError(28, "no space left on device")
        return whole(*args, **kwargs)

    patch.setattr(place, name, failing)


def test_somebody_reading_all_through_a_rotation_never_meets_half_of_it(
    keys: FileKeys, sources: Sources, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keshou.vault import key_file  # noqa: PLC0415 - what is looked into here

    whole, seen = key_file.replace, []

    def watched(path: Path, key: key_file.KeyFile) -> None:
        seen.append(FileKeys.open(keys.folder, "main").epochs)
        whole(path, key)
        seen.append(FileKeys.open(keys.folder, "main").epochs)

    monkeypatch.setattr(key_file, "replace", watched)
    FileKeys.open(keys.folder, "main", sources).rotate_master("file", now)
    assert seen == [(1,)] * 2 * len(NAMES)


def test_two_who_change_the_keys_at_once_do_not_meet(keys: FileKeys, now: dt.datetime) -> None:
    from keshou.vault import key_file  # noqa: PLC0415 - what is held here

    with key_file.locked(keys.folder), pytest.raises(KeyFileError, match="by another process"):
        FileKeys.open(keys.folder, "main").rotate_master("file", now)
    assert FileKeys.open(keys.folder, "main").rotate_master("file", now) == 1


# The token


def test_the_key_in_a_token_cannot_be_taken_out(token: Token) -> None:
    value = TokenSource(token).make("main", 1)
    with token.session() as session:
        (held,) = session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: value.decode()})
        assert held[Attribute.EXTRACTABLE] is False
        with pytest.raises(AttributeSensitive):
            held[Attribute.VALUE]


def test_what_a_token_wrapped_opens_for_its_context_and_key_alone(token: Token) -> None:
    source = TokenSource(token)
    one, other = (source.open(source.make("main", number), INTERNATIONAL) for number in (1, 2))
    wrapped = one.wrap(b"k" * 32, b"context")
    assert one.unwrap(wrapped, b"context") == b"k" * 32
    for master, altered, context in (
        (other, wrapped, b"context"),
        (one, wrapped, b"other"),
        (one, wrapped[:-1], b"context"),
        (one, wrapped[:20] + bytes([wrapped[20] ^ 1]) + wrapped[21:], b"context"),
        (one, b"\x01\x01" + wrapped[2:], b"context"),
        (one, b"", b"context"),
    ):
        with pytest.raises(SealBrokenError):
            master.unwrap(altered, context)
    assert one.wrap(b"k" * 32, b"context") != wrapped


def test_a_token_that_is_gone_or_refuses_is_named_and_nothing_is_lost(
    keys: FileKeys, token: Token, soft_token: SoftToken, sources: Sources, now: dt.datetime
) -> None:
    FileKeys.open(keys.folder, "main", sources).rotate_master("pkcs11", now)
    for wrong, error, told in (
        (token._replace(label="another"), KeyMissingError, "cannot be reached"),
        (token._replace(module=soft_token.tokens / "none.so"), KeyMissingError, "cannot be reached"),
        (token._replace(pin="0000"), KeyFileError, "refuses the PIN"),
        (token._replace(pin=""), KeyFileError, "no PIN is given"),
    ):
        with pytest.raises(error, match=told) as caught:
            FileKeys.open(keys.folder, "main", {"pkcs11": TokenSource(wrong)})
        assert PIN not in str(caught.value) + repr(wrong)
    with pytest.raises(KeyFileError, match="no token is named"):
        FileKeys.open(keys.folder, "main", {"pkcs11": TokenSource(None)})
    with pytest.raises(KeyFileError, match="no source"):
        FileKeys.open(keys.folder, "main")
    assert FileKeys.open(keys.folder, "main", sources).epochs == (1,)


def test_a_token_lost_while_the_site_is_open_stops_new_epochs_and_nothing_else(
    keys: FileKeys, sources: Sources, token: Token, now: dt.datetime
) -> None:
    opened = FileKeys.open(keys.folder, "main", sources)
    opened.rotate_master("pkcs11", now)
    epoch, wrapped = opened.wrap(b"k" * 32, b"context")
    TokenSource(token).destroy(opened.masters.described(1).value)
    with pytest.raises(KeyMissingError, match="does not hold"):
        opened.new_epoch(now)
    assert opened.unwrap(epoch, wrapped, b"context") == b"k" * 32


def test_the_pin_is_read_from_a_file_for_its_owner_alone(token: Token, tmp_path: Path) -> None:
    path = tmp_path / "pin"
    path.write_text(PIN + "\n", "utf-8")
    path.chmod(0o644)
    by_file = token._replace(pin="", pin_file=path)
    with pytest.raises(KeyFileError, match="mode"):
        TokenSource(by_file).make("main", 1)
    path.chmod(0o600)
    assert TokenSource(by_file).make("main", 1)


# The holders


@pytest.mark.parametrize(("shares", "secret"), VECTORS)
def test_shares_are_those_that_others_make_and_read(shares: list[str], secret: str) -> None:
    if secret:
        assert combine_mnemonics(shares, b"TREZOR").hex() == secret
    else:
        with pytest.raises(MnemonicError):
            combine_mnemonics(shares, b"TREZOR")


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_any_k_of_n_give_the_key_and_fewer_do_not(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    holders = data.draw(st.integers(2, 6))
    threshold = data.draw(st.integers(2, holders))
    folder = tmp_path_factory.mktemp("split") / "shares"
    source = SharesSource((), Split(threshold, holders, folder))
    value = source.make("main", 1)
    wrapped = source.open(value, INTERNATIONAL).wrap(b"k" * 32, b"context")
    words = data.draw(st.permutations(read_shares([folder])))
    master = SharesSource(words[:threshold]).open(value, INTERNATIONAL)
    assert master.unwrap(wrapped, b"context") == b"k" * 32
    with pytest.raises(KeyMissingError, match=f"{threshold} of {holders} shares"):
        SharesSource(words[: threshold - 1] * 3).open(value, INTERNATIONAL)
    assert not any(word in repr(value) for word in words[0].split()[3:])


def test_shares_of_another_key_are_left_aside_and_a_misread_word_is_noticed(tmp_path: Path) -> None:
    source = SharesSource((), Split(2, 3, tmp_path / "mine"))
    value = source.make("main", 1)
    SharesSource((), Split(2, 3, tmp_path / "other")).make("main", 1)
    mine, others = read_shares([tmp_path / "mine"]), read_shares([tmp_path / "other"])
    SharesSource([*others, mine[2], "  " + mine[0].upper() + " "]).open(value, INTERNATIONAL)
    with pytest.raises(KeyMissingError):
        SharesSource([*others, mine[0]]).open(value, INTERNATIONAL)
    misread = mine[0].rsplit(" ", 1)[0] + (" academic" if not mine[0].endswith("academic") else " acid")
    with pytest.raises(KeyFileError, match="misread") as caught:
        SharesSource([misread, mine[1]]).open(value, INTERNATIONAL)
    assert not set(mine[0].split()[4:]) & set(str(caught.value).split())


def _false(words: str) -> str:
    """Return a share whose words can be read, and whose value is another."""
    share = Share.from_mnemonic(words)
    return str(dataclasses.replace(share, value=bytes([share.value[0] ^ 1]) + share.value[1:]).mnemonic())


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_false_share_among_enough_good_ones_is_left_aside_and_named(
    tmp_path: Path, place: int, caplog: pytest.LogCaptureFixture
) -> None:
    value = SharesSource((), Split(3, 4, tmp_path / "mine")).make("main", 1)
    words = read_shares([tmp_path / "mine"])
    wrapped = SharesSource(words).open(value, INTERNATIONAL).wrap(b"k" * 32, b"context")
    assert not caplog.records
    handed_in = [_false(each) if each == words[place] else each for each in words]
    master = SharesSource(handed_in).open(value, INTERNATIONAL)
    assert master.unwrap(wrapped, b"context") == b"k" * 32
    assert [each.getMessage() for each in caplog.records] == [
        f"share {place + 1} of the master key is false; the others give the key"
    ]
    SharesSource([_false(words[0]), *words]).open(value, INTERNATIONAL)


def test_shares_that_contradict_each_other_are_told_so_and_those_of_other_keys_are_not_counted(tmp_path: Path) -> None:
    value = SharesSource((), Split(2, 3, tmp_path / "mine")).make("main", 1)
    SharesSource((), Split(2, 3, tmp_path / "other")).make("main", 1)
    mine, others = read_shares([tmp_path / "mine"]), read_shares([tmp_path / "other"])
    with pytest.raises(KeyFileError, match="contradict each other: of 1, 3 no 2"):
        SharesSource([mine[0], _false(mine[2])]).open(value, INTERNATIONAL)
    with pytest.raises(KeyMissingError, match="needs 2 of 3 shares; of no key there are more than 1 at hand"):
        SharesSource([*others, mine[0]]).open(value, INTERNATIONAL)


def test_shares_are_for_their_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    split = Split(2, 3, tmp_path / "shares")
    SharesSource((), split).make("main", 1)
    files = sorted(split.folder.iterdir())
    assert [path.stat().st_mode & 0o777 for path in [split.folder, *files]] == [0o700, 0o600, 0o600, 0o600]
    assert all(len(path.read_text("utf-8").split()) == 33 for path in files)
    with pytest.raises(KeyFileError, match="holds shares already"):
        SharesSource((), split).make("main", 2)
    files[0].chmod(0o640)
    with pytest.raises(KeyFileError, match="mode"):
        read_shares([split.folder])


@pytest.mark.parametrize(("threshold", "holders"), [(1, 3), (4, 3), (0, 0), (2, 17)])
def test_a_split_that_protects_nothing_or_cannot_be_made_is_refused(
    tmp_path: Path, threshold: int, holders: int
) -> None:
    source: KeySource = SharesSource((), Split(threshold, holders, tmp_path / "shares"))
    with pytest.raises(KeyFileError, match="among whom"):
        source.make("main", 1)
    assert not (tmp_path / "shares").exists()


def test_the_folder_of_keys_alone_gives_nobody_a_split_master(
    keys: FileKeys, sources: Sources, tmp_path: Path, now: dt.datetime
) -> None:
    FileKeys.open(keys.folder, "main", sources).rotate_master("shares", now)
    stolen = tmp_path / "stolen"
    shutil.copytree(keys.folder, stolen)
    with pytest.raises(KeyMissingError, match="2 of 3 shares"):
        FileKeys.open(stolen, "main", {"file": FileSource(), "shares": SharesSource()})
