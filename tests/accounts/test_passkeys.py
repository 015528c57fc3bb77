# SPDX-License-Identifier: Apache-2.0
"""A passkey signs in its own account's holder, here and now, and nobody else."""

import base64
import copy
import datetime as dt
import json
import threading
from typing import Any

import pytest
from authenticators import Device, text

from keshou.accounts.passkeys.answer import Place
from keshou.accounts.passkeys.errors import PasskeyError, PasskeyLimitError, UnknownPasskeyError
from keshou.accounts.passkeys.settings import PasskeySettings
from keshou.accounts.passkeys.store import Passkey, Passkeys, drop
from keshou.db import Database, access_change

NOW = dt.datetime(2013, 9, 2, 1, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
ORIGIN = "https://keshou.example"
PLACE = Place("keshou.example", ORIGIN)


@pytest.fixture
def passkeys() -> Passkeys:
    return Passkeys(bytes(range(32)), PLACE, "Keshou", PasskeySettings(passkeys=3))


def registered(
    database: Database, passkeys: Passkeys, account: str = "clerk", device: Device | None = None, origin: str = ORIGIN
) -> tuple[Device, Passkey | None]:
    device = device or Device()
    with database.transaction() as tx:
        options = passkeys.start_registration(tx, account, NOW)
    with database.transaction() as tx:
        return device, passkeys.finish_registration(tx, account, device.register(options, origin), "a key ring", NOW)


def asked(database: Database, passkeys: Passkeys, now: dt.datetime = NOW) -> dict[str, Any]:
    with database.transaction() as tx:
        return passkeys.start_sign_in(tx, now)


def answered(database: Database, passkeys: Passkeys, answer: Any, now: dt.datetime = NOW) -> str | None:
    with database.transaction() as tx:
        return passkeys.finish_sign_in(tx, answer, now)


def signed_in(database: Database, passkeys: Passkeys, device: Device, origin: str = ORIGIN) -> str | None:
    return answered(database, passkeys, device.sign_in(asked(database, passkeys), origin))


# Registration ------------------------------------------------------------------------------------------------------


def test_a_registered_passkey_signs_its_account_in(database: Database, passkeys: Passkeys) -> None:
    device, made = registered(database, passkeys)
    other, _ = registered(database, passkeys, "officer")
    assert made is not None
    assert made.label == "a key ring"
    assert signed_in(database, passkeys, device) == "clerk"
    assert signed_in(database, passkeys, other) == "officer"
    with database.reading() as tx:
        (shown,) = passkeys.passkeys(tx, "clerk")
    assert (shown.id, shown.created, shown.used) == (made.id, NOW, NOW)


def test_devices_are_asked_to_verify_their_owner_and_to_keep_the_key(database: Database, passkeys: Passkeys) -> None:
    _, made = registered(database, passkeys)
    assert made is not None
    with database.transaction() as tx:
        options = passkeys.start_registration(tx, "clerk", NOW)
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert [each["id"] for each in options["excludeCredentials"]] == [made.id]
    assert options["timeout"] == 300_000


def test_a_device_keeps_nothing_that_names_the_account(database: Database, passkeys: Passkeys) -> None:
    with database.transaction() as tx:
        first, other = (passkeys.start_registration(tx, who, NOW)["user"]["id"] for who in ("clerk", "officer"))
    handle = base64.urlsafe_b64decode(first + "=")
    assert first != other
    assert len(handle) == 32
    assert b"clerk" not in handle


def test_whoever_asks_to_sign_in_learns_of_no_account_and_no_key(database: Database, passkeys: Passkeys) -> None:
    before = asked(database, passkeys)
    registered(database, passkeys)
    after = asked(database, passkeys)
    assert before.keys() == after.keys()
    assert after.get("allowCredentials", []) == []
    assert after["userVerification"] == "required"


def test_the_stored_digest_of_a_challenge_does_not_give_it_away(database: Database, passkeys: Passkeys) -> None:
    challenge = base64.urlsafe_b64decode(asked(database, passkeys)["challenge"] + "=")
    with database.reading() as tx:
        stored = [bytes(row[0]) for row in tx.connection.exec_driver_sql("SELECT digest FROM account_challenge")]
    assert len(stored) == 1
    assert challenge not in stored


def test_a_challenge_for_one_account_registers_no_key_for_another(database: Database, passkeys: Passkeys) -> None:
    with database.transaction() as tx:
        options = passkeys.start_registration(tx, "clerk", NOW)
        answer = Device().register(options, ORIGIN)
        assert passkeys.finish_registration(tx, "officer", answer, "a key ring", NOW) is None
        assert passkeys.passkeys(tx, "officer") == []


def test_a_challenge_for_signing_in_registers_nothing(database: Database, passkeys: Passkeys) -> None:
    with database.transaction() as tx:
        options = passkeys.start_registration(tx, "clerk", NOW)
        options["challenge"] = passkeys.start_sign_in(tx, NOW)["challenge"]
        assert passkeys.finish_registration(tx, "clerk", Device().register(options, ORIGIN), "mine", NOW) is None


def test_a_registration_is_answered_once_and_in_time(database: Database, passkeys: Passkeys) -> None:
    with database.transaction() as tx:
        late, twice = (Device().register(passkeys.start_registration(tx, "clerk", NOW), ORIGIN) for _ in range(2))
        assert passkeys.finish_registration(tx, "clerk", late, "late", NOW + 5 * MINUTE) is None
        assert passkeys.finish_registration(tx, "clerk", twice, "first", NOW) is not None
        assert passkeys.finish_registration(tx, "clerk", twice, "again", NOW) is None
        assert [each.label for each in passkeys.passkeys(tx, "clerk")] == ["first"]


def test_a_device_that_does_not_verify_its_owner_registers_nothing(database: Database, passkeys: Passkeys) -> None:
    _, made = registered(database, passkeys, device=Device(verifies=False))
    assert made is None


@pytest.mark.parametrize("origin", ["https://keshou.example.evil.example", "http://keshou.example", "null", ""])
def test_a_key_made_on_another_page_is_not_registered(database: Database, passkeys: Passkeys, origin: str) -> None:
    _, made = registered(database, passkeys, origin=origin)
    assert made is None


def test_a_key_that_is_somebody_s_is_not_taken_over(database: Database, passkeys: Passkeys) -> None:
    device, made = registered(database, passkeys)
    assert made is not None
    with database.transaction() as tx:
        options = passkeys.start_registration(tx, "officer", NOW)
        answer = device.register(options, ORIGIN)
        renamed = json.loads(json.dumps(answer))
        raw = base64.urlsafe_b64decode(answer["response"]["attestationObject"] + "==")
        own, theirs = (base64.urlsafe_b64decode(name + "==") for name in (answer["id"], made.id))
        renamed["response"]["attestationObject"] = text(raw.replace(own, theirs))
        renamed["id"] = renamed["rawId"] = made.id
        assert passkeys.finish_registration(tx, "officer", renamed, "stolen", NOW) is None
        assert passkeys.passkeys(tx, "officer") == []


def test_an_account_has_so_many_passkeys_and_no_more(database: Database, passkeys: Passkeys) -> None:
    with database.transaction() as tx:
        waiting = Device().register(passkeys.start_registration(tx, "clerk", NOW), ORIGIN)
    for _ in range(3):
        registered(database, passkeys)
    with pytest.raises(PasskeyLimitError), database.transaction() as tx:
        passkeys.start_registration(tx, "clerk", NOW)
    with pytest.raises(PasskeyLimitError), database.transaction() as tx:
        passkeys.finish_registration(tx, "clerk", waiting, "one more", NOW)


@pytest.mark.parametrize("label", ["", "  ", "two\nlines", "x" * 61])
def test_a_passkey_s_name_is_one_line(database: Database, passkeys: Passkeys, label: str) -> None:
    _, made = registered(database, passkeys)
    assert made is not None
    with pytest.raises(PasskeyError), database.transaction() as tx:
        passkeys.rename(tx, "clerk", made.id, label)


# Signing in --------------------------------------------------------------------------------------------------------


def test_a_sign_in_is_answered_once_and_in_time(database: Database, passkeys: Passkeys) -> None:
    device, _ = registered(database, passkeys)
    late = device.sign_in(asked(database, passkeys), ORIGIN)
    assert answered(database, passkeys, late, NOW + 5 * MINUTE) is None
    answer = device.sign_in(asked(database, passkeys), ORIGIN)
    assert answered(database, passkeys, answer) == "clerk"
    assert answered(database, passkeys, answer) is None


def test_a_challenge_is_used_up_by_a_refused_answer_too(database: Database, passkeys: Passkeys) -> None:
    device, _ = registered(database, passkeys)
    options = asked(database, passkeys)
    assert answered(database, passkeys, device.sign_in(options, "https://evil.example")) is None
    assert answered(database, passkeys, device.sign_in(options, ORIGIN)) is None


def test_a_challenge_that_was_never_given_signs_nobody_in(database: Database, passkeys: Passkeys) -> None:
    device, _ = registered(database, passkeys)
    options = {**asked(database, passkeys), "challenge": text(bytes(32))}
    assert answered(database, passkeys, device.sign_in(options, ORIGIN)) is None


def test_a_challenge_for_registering_signs_nobody_in(database: Database, passkeys: Passkeys) -> None:
    device, _ = registered(database, passkeys)
    with database.transaction() as tx:
        challenge = passkeys.start_registration(tx, "clerk", NOW)["challenge"]
    options = {**asked(database, passkeys), "challenge": challenge}
    assert answered(database, passkeys, device.sign_in(options, ORIGIN)) is None


def test_a_device_that_does_not_verify_its_owner_signs_nobody_in(database: Database, passkeys: Passkeys) -> None:
    device, _ = registered(database, passkeys)
    device.verifies = False
    assert signed_in(database, passkeys, device) is None


@pytest.mark.parametrize("origin", ["https://evil.example", "http://keshou.example", "https://keshou.example:8443"])
def test_an_answer_given_on_another_page_signs_nobody_in(database: Database, passkeys: Passkeys, origin: str) -> None:
    device, _ = registered(database, passkeys)
    assert signed_in(database, passkeys, device, origin) is None


def test_a_count_that_goes_back_tells_of_a_copied_key(database: Database, passkeys: Passkeys) -> None:
    device, _ = registered(database, passkeys)
    copied = copy.copy(device)
    assert signed_in(database, passkeys, device) == "clerk"
    assert signed_in(database, passkeys, device) == "clerk"
    assert signed_in(database, passkeys, copied) is None
    assert signed_in(database, passkeys, device) == "clerk"


def test_a_device_that_does_not_count_is_taken(database: Database, passkeys: Passkeys) -> None:
    device, _ = registered(database, passkeys)
    for _ in range(2):
        device.sign_count = -1
        assert signed_in(database, passkeys, device) == "clerk"


def test_the_answer_names_whose_key_the_device_says_it_is(database: Database, passkeys: Passkeys) -> None:
    device, _ = registered(database, passkeys)
    other, _ = registered(database, passkeys, "officer")
    device.user_handle = other.user_handle
    assert signed_in(database, passkeys, device) is None
    device.user_handle = None
    assert signed_in(database, passkeys, device) is None


def test_another_s_signature_signs_nobody_in(database: Database, passkeys: Passkeys) -> None:
    device, _ = registered(database, passkeys)
    forged = Device()
    forged.cred_init(PLACE.rp_id, device.user_handle)
    forged.credential_id = device.credential_id
    assert signed_in(database, passkeys, forged) is None
    assert signed_in(database, passkeys, device) == "clerk"


def test_an_unknown_key_signs_nobody_in(database: Database, passkeys: Passkeys) -> None:
    stranger = Device()
    stranger.cred_init(PLACE.rp_id, bytes(32))
    assert signed_in(database, passkeys, stranger) is None


def test_of_two_same_answers_at_once_one_is_taken(database: Database, passkeys: Passkeys) -> None:
    device, _ = registered(database, passkeys)
    answer = device.sign_in(asked(database, passkeys), ORIGIN)
    together, came = threading.Barrier(2), []

    def post() -> None:
        together.wait()
        came.append(answered(database, passkeys, answer))

    threads = [threading.Thread(target=post) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, came)) == ["None", "clerk"]


_RESPONSE_PARTS = ("clientDataJSON", "authenticatorData", "signature", "userHandle")
_HOSTILE: list[Any] = [None, "", "\0", 7, True, [], {}, "AA", "!!", "=", "\ud800", "é", "A" * 20_000, {"a": 1}]


@pytest.mark.parametrize("part", [*_RESPONSE_PARTS, "id", "rawId", "type", "response"])
def test_a_malformed_answer_signs_nobody_in_and_fails_nowhere(
    database: Database, passkeys: Passkeys, part: str
) -> None:
    device, _ = registered(database, passkeys)
    for value in _HOSTILE:
        answer = device.sign_in(asked(database, passkeys), ORIGIN)
        held = answer["response"] if part in _RESPONSE_PARTS else answer
        held[part] = value
        assert answered(database, passkeys, answer) is None


@pytest.mark.parametrize("part", ["clientDataJSON", "attestationObject"])
def test_a_malformed_key_is_not_registered_and_fails_nowhere(database: Database, passkeys: Passkeys, part: str) -> None:
    with database.transaction() as tx:
        for value in _HOSTILE:
            answer = Device().register(passkeys.start_registration(tx, "clerk", NOW), ORIGIN)
            answer["response"][part] = value
            assert passkeys.finish_registration(tx, "clerk", answer, "a key ring", NOW) is None


def test_cut_off_anywhere_a_key_is_not_registered(database: Database, passkeys: Passkeys) -> None:
    with database.transaction() as tx:
        whole = len(Device().register(passkeys.start_registration(tx, "clerk", NOW), ORIGIN)["response"][
            "attestationObject"
        ])  # fmt: skip
        for length in range(0, whole - 2, 7):
            answer = Device().register(passkeys.start_registration(tx, "clerk", NOW), ORIGIN)
            answer["response"]["attestationObject"] = answer["response"]["attestationObject"][:length]
            assert passkeys.finish_registration(tx, "clerk", answer, "a key ring", NOW) is None


# What an account has -----------------------------------------------------------------------------------------------


def test_a_removed_passkey_signs_nobody_in_and_every_process_hears(database: Database, passkeys: Passkeys) -> None:
    device, made = registered(database, passkeys)
    assert made is not None
    with database.transaction() as tx:
        before = access_change(tx)
        passkeys.remove(tx, "clerk", made.id)
        assert access_change(tx) > before
    assert signed_in(database, passkeys, device) is None


def test_nobody_renames_or_removes_another_s_passkey(database: Database, passkeys: Passkeys) -> None:
    device, made = registered(database, passkeys)
    assert made is not None
    with pytest.raises(UnknownPasskeyError), database.transaction() as tx:
        passkeys.remove(tx, "officer", made.id)
    with pytest.raises(UnknownPasskeyError), database.transaction() as tx:
        passkeys.rename(tx, "officer", made.id, "mine")
    assert signed_in(database, passkeys, device) == "clerk"


def test_a_passkey_is_renamed(database: Database, passkeys: Passkeys) -> None:
    _, made = registered(database, passkeys)
    assert made is not None
    with database.transaction() as tx:
        passkeys.rename(tx, "clerk", made.id, " 钥匙扣 ")
        assert [each.label for each in passkeys.passkeys(tx, "clerk")] == ["钥匙扣"]


def test_a_closed_account_keeps_no_passkey_and_waits_for_none(database: Database, passkeys: Passkeys) -> None:
    device, _ = registered(database, passkeys)
    with database.transaction() as tx:
        waiting = Device().register(passkeys.start_registration(tx, "clerk", NOW), ORIGIN)
        drop(tx, "clerk")
        assert passkeys.finish_registration(tx, "clerk", waiting, "late", NOW) is None
    assert signed_in(database, passkeys, device) is None


def test_challenges_nobody_answered_are_dropped(database: Database, passkeys: Passkeys) -> None:
    for _ in range(3):
        asked(database, passkeys)
    asked(database, passkeys, NOW + 5 * MINUTE)
    with database.reading() as tx:
        assert tx.connection.exec_driver_sql("SELECT count(*) FROM account_challenge").scalar_one() == 1
