# SPDX-License-Identifier: Apache-2.0
"""Stand-ins: the same for whom they stand for, another for every party, and nobody's when they were made up."""

import datetime as dt
import itertools
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from keshou.db import Database
from keshou.law.terms import RetentionClass
from keshou.suite import CHINESE, INTERNATIONAL, SUITES, Suite
from keshou.vault.keys import FileKeys
from keshou.vault.stand_in import Behind, StandIns
from keshou.vault.store import Vault

NOW = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)
PARTIES, ITEMS, USERS = ("courier", "courier_2", "text_house"), ("mobile_number", "user_name"), (0, 1, 2, 2**63 - 1)


@pytest.fixture(params=SUITES.values(), ids=list(SUITES))
def both(request: pytest.FixtureRequest, tmp_path: Path) -> FileKeys:
    suite: Suite = request.param
    return FileKeys.create(tmp_path / "both", "main", NOW, suite=suite)


def test_whom_a_stand_in_stands_for_is_read_back(both: FileKeys) -> None:
    made = StandIns(both)
    for party, item, user in itertools.product(PARTIES, ITEMS, USERS):
        assert made.read(item, made.make(party, item, user)) == Behind(party, user)


def test_no_two_parties_items_or_users_share_a_code(both: FileKeys) -> None:
    made = StandIns(both)
    codes = [made.make(*each).partition("~")[2] for each in itertools.product(PARTIES, ITEMS, USERS)]
    assert len(set(codes)) == len(codes)


def test_a_stand_in_is_the_same_for_another_process_and_after_every_rotation(both: FileKeys) -> None:
    before = StandIns(both).make("courier", "mobile_number", 7)
    both.new_index(NOW)
    both.new_epoch(NOW)
    both.rotate_master("file", NOW)
    opened = StandIns(FileKeys.open(both.folder, "main"))
    assert opened.make("courier", "mobile_number", 7) == before
    assert opened.read("mobile_number", before) == Behind("courier", 7)


def test_a_stand_in_outlives_the_change_to_another_suite(tmp_path: Path) -> None:
    before = StandIns(FileKeys.create(tmp_path / "keys", "main", NOW)).make("courier", "mobile_number", 7)
    changed = FileKeys.open(tmp_path / "keys", "main", suite=CHINESE)
    changed.new_index(NOW)
    assert StandIns(changed).make("courier", "mobile_number", 7) == before


def test_another_site_reads_none_of_it(keys: FileKeys, tmp_path: Path) -> None:
    other = StandIns(FileKeys.create(tmp_path / "other", "main", NOW))
    assert other.read("mobile_number", StandIns(keys).make("courier", "mobile_number", 7)) is None


def test_the_code_is_one_block_of_the_standards_cipher(keys: FileKeys) -> None:
    """AES-256 of the number and eight zero bytes, worked out apart from the code that makes it."""
    secret = keys.secret("stand-in courier mobile_number")
    work = Cipher(algorithms.AES256(secret), modes.CBC(bytes(16))).encryptor()
    block = work.update((7).to_bytes(8) + bytes(8))
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    number = int.from_bytes(block) << 2
    code = "".join(alphabet[number >> 5 * place & 31] for place in reversed(range(26)))
    assert StandIns(keys).make("courier", "mobile_number", 7) == f"courier~{code}"


def test_blocks_are_those_of_the_standards() -> None:
    """FIPS 197 appendix C.3; of SM4 the key is derived, so its block is held to the cipher under the derived key."""
    key, plain = bytes(range(32)), bytes.fromhex("00112233445566778899aabbccddeeff")
    assert _block(INTERNATIONAL.block(key), plain).hex() == "8ea2b7ca516745bfeafc49904b496089"
    derived = CHINESE.mac(key, b"keshou:sm4-block\x01")[:16]
    assert _block(CHINESE.block(key), plain) == _block(algorithms.SM4(derived), plain)


def _block(cipher: BlockCipherAlgorithm, plain: bytes) -> bytes:
    """Return `plain`, one block, enciphered: the first block of any chain that begins with zeros."""
    return Cipher(cipher, modes.CBC(bytes(16))).encryptor().update(plain)


@pytest.mark.parametrize("given", ["capitals", "blanks"])
def test_a_stand_in_typed_by_hand_is_read(keys: FileKeys, given: str) -> None:
    made = StandIns(keys)
    text = made.make("courier", "mobile_number", 7)
    typed = text.upper() if given == "capitals" else f"  {text}\n"
    assert made.read("mobile_number", typed) == Behind("courier", 7)


@given(place=st.integers(0, 25), letter=st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"), user=st.integers(0, 2**40))
def test_a_code_with_another_letter_is_nobodys(shared: StandIns, place: int, letter: str, user: int) -> None:
    party, _, code = shared.make("courier", "mobile_number", user).partition("~")
    other = code[:place] + letter + code[place + 1 :]
    expected = Behind("courier", user) if other == code else None
    assert shared.read("mobile_number", f"{party}~{other}") == expected


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> StandIns:
    return StandIns(FileKeys.create(tmp_path_factory.mktemp("shared") / "keys", "main", NOW))


@pytest.mark.parametrize(
    "text",
    ["", "~", "courier~", "15499990001", "courier~0189", "courier" + "~" + "a" * 25, "courier~" + "a" * 27, "a~" * 9,
     "Courier ~" + "a" * 26, "courier~" + "ａ" * 26, "x" * 65 + "~" + "a" * 26, "courier~" + "a" * 26],
)  # fmt: skip
def test_what_is_no_stand_in_is_none(keys: FileKeys, text: str) -> None:
    assert StandIns(keys).read("mobile_number", text) is None


def test_a_stand_in_of_another_item_or_party_is_none(keys: FileKeys) -> None:
    made = StandIns(keys)
    text = made.make("courier", "mobile_number", 7)
    assert made.read("user_name", text) is None
    assert made.read("mobile_number", text.replace("courier", "text_house")) is None


def test_nobody_is_held_whose_value_is_gone(database: Database, vault: Vault) -> None:
    with database.transaction() as tx:
        (user,) = vault.admit(tx, ["u1"])
        vault.seal(tx, [(user, RetentionClass.SERVICE, {"mobile_number": "15499990001"})])
    with database.reading() as tx:
        assert vault.stand_ins.held(tx, "mobile_number", user) == [user]
        assert vault.stand_ins.held(tx, "user_name", user) == []
        assert vault.stand_ins.held(tx, "mobile_number", user + 1) == []
    with database.transaction() as tx:
        vault.remove(tx, user, ["mobile_number"])
    with database.reading() as tx:
        assert vault.stand_ins.held(tx, "mobile_number", user) == []
