# SPDX-License-Identifier: Apache-2.0
"""People prove who they are: by invitation, password, authenticator, recovery code; and strangers do not."""

import datetime as dt
from collections.abc import Iterable

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from people import BROWSER, HOUR, MINUTE, PASSWORD, START, accounts, code, enrolled, joined, second, sign_in

from keshou.accounts import password as passwords
from keshou.accounts.account import AccountKind, Factor, SecondStep, SignedIn, What
from keshou.accounts.errors import (
    AccountError,
    AccountTamperedError,
    CodeRefusedError,
    UnknownAccountError,
    WeakPasswordError,
)
from keshou.accounts.password import Checked, Hashes
from keshou.db import Database, access_change, metadata

SECOND = dt.timedelta(seconds=1)


def test_an_invitation_makes_an_account_once_and_in_time(database: Database) -> None:
    room = accounts()
    with database.transaction() as tx:
        text = room.invite(tx, "clerk", AccountKind.STAFF, by="officer", now=START)
        late = START + dt.timedelta(hours=room.settings.invitation_hours)
        assert room.invited(tx, text, late) is None
        assert room.invited(tx, text + "x", START) is None
        assert room.invited(tx, text, START) == room.account(tx, "clerk")
        stored = room.hashes.make(PASSWORD)
        assert room.accept(tx, text, stored, BROWSER, START).session.limited
        with pytest.raises(UnknownAccountError):
            room.accept(tx, text, stored, BROWSER, START)


def test_an_invitation_anew_leaves_the_account_as_it_is_until_it_is_accepted(database: Database) -> None:
    room = accounts()
    secret, _ = enrolled(room, database)
    with database.transaction() as tx:
        first = room.invite(tx, "clerk", AccountKind.STAFF, by="officer", now=START)
        second_text = room.invite(tx, "clerk", AccountKind.STAFF, by="officer", now=START)
        assert room.invited(tx, first, START) is None
    step = sign_in(room, database, START + HOUR)
    assert second(room, database, step, code(secret, START + HOUR), START + HOUR) is not None
    with database.transaction() as tx:
        room.accept(tx, second_text, room.hashes.make("another, all my own"), BROWSER, START + HOUR)
        account = room.account(tx, "clerk")
        assert account is not None
        assert not account.has_totp
        assert room.recovery.left(tx, "clerk") == 0
    assert sign_in(room, database, START + HOUR) is None


def test_an_account_stays_of_its_kind_and_agent(database: Database) -> None:
    room = accounts()
    with database.transaction() as tx:
        room.invite(tx, "shop", AccountKind.AGENT_STAFF, agent="a1", by="officer", now=START)
        for kind, agent in ((AccountKind.STAFF, ""), (AccountKind.AGENT_STAFF, "a2")):
            with pytest.raises(AccountError):
                room.invite(tx, "shop", kind, agent=agent, by="officer", now=START)
        for kind, agent in ((AccountKind.STAFF, "a1"), (AccountKind.AGENT_STAFF, "")):
            with pytest.raises(AccountError):
                room.invite(tx, "new", kind, agent=agent, by="officer", now=START)


def test_without_a_second_factor_a_session_only_enrols_one(database: Database) -> None:
    room = accounts()
    joined(room, database)
    signed = sign_in(room, database, START)
    assert isinstance(signed, SignedIn)
    assert signed.session.limited
    lenient = accounts(second_factor=False)
    signed = sign_in(lenient, database, START)
    assert isinstance(signed, SignedIn)
    assert not signed.session.limited


def test_the_second_step_takes_the_authenticator_s_code_and_no_code_twice(database: Database) -> None:
    room = accounts()
    secret, _ = enrolled(room, database)
    assert second(room, database, sign_in(room, database, START), code(secret, START), START) is None
    later = START + 2 * MINUTE
    signed = second(room, database, sign_in(room, database, later), code(secret, later), later)
    assert signed is not None
    assert (signed.session.limited, signed.session.factors) == (False, (Factor.PASSWORD, Factor.TOTP))
    again = sign_in(room, database, later + SECOND)
    assert second(room, database, again, code(secret, later), later + SECOND) is None


@pytest.mark.parametrize(("ahead", "taken"), [(-60, False), (-29, True), (0, True), (29, True), (60, False)])
def test_a_code_counts_for_clocks_that_differ_by_one_step(database: Database, ahead: int, *, taken: bool) -> None:
    room = accounts()
    secret, _ = enrolled(room, database)
    now = START + HOUR
    shown = code(secret, now + ahead * SECOND)
    assert (second(room, database, sign_in(room, database, now), shown, now) is not None) is taken


def test_the_second_step_is_taken_once_and_soon(database: Database) -> None:
    room = accounts()
    secret, codes = enrolled(room, database)
    now = START + HOUR
    step = sign_in(room, database, now)
    late = now + room.settings.step_minutes * MINUTE
    assert second(room, database, step, code(secret, late), late) is None
    step = sign_in(room, database, now)
    assert second(room, database, step, codes[0], now) is not None
    assert second(room, database, step, codes[1], now) is None


def test_a_recovery_code_is_long_enough_to_be_stored_under_a_plain_hash(database: Database) -> None:
    _, codes = enrolled(accounts(), database)
    fewest_bits = 112  # OWASP ASVS 5.0 6.5.2
    assert all(len(each.replace("-", "")) * 5 >= fewest_bits for each in codes)


def test_a_recovery_code_serves_once_however_it_is_written(database: Database) -> None:
    room = accounts()
    _, codes = enrolled(room, database)
    assert len(set(codes)) == room.settings.recovery_codes
    now = START + HOUR
    assert second(room, database, sign_in(room, database, now), codes[3].lower().replace("-", " "), now) is not None
    assert second(room, database, sign_in(room, database, now), codes[3], now) is None
    with database.transaction() as tx:
        assert room.recovery.left(tx, "clerk") == len(codes) - 1
        fresh = room.recovery.renew(tx, "clerk")
    assert second(room, database, sign_in(room, database, now), codes[4], now) is None
    assert second(room, database, sign_in(room, database, now), fresh[4], now) is not None


def test_one_account_s_code_is_nobody_else_s(database: Database) -> None:
    room = accounts()
    _, codes = enrolled(room, database)
    enrolled(room, database, "care")
    step = sign_in(room, database, START + HOUR, who="care")
    assert second(room, database, step, codes[0], START + HOUR) is None


def test_an_authenticator_counts_once_it_has_shown_its_code(database: Database) -> None:
    room = accounts()
    session = joined(room, database).session
    with database.transaction() as tx:
        with pytest.raises(CodeRefusedError):
            room.confirm_totp(tx, session, "000000", START)
        secret, _ = room.offer_totp(tx, "clerk", "Keshou")
        with pytest.raises(CodeRefusedError):
            room.confirm_totp(tx, session, code(secret, START + HOUR), START)
    assert isinstance(sign_in(room, database, START), SignedIn)


def test_who_fails_too_often_waits_longer_each_time(database: Database) -> None:
    room = accounts()
    joined(room, database)
    for _ in range(room.settings.tries):
        assert sign_in(room, database, START, "wrong") is None
    wait = room.settings.wait_seconds * SECOND
    assert sign_in(room, database, START + wait - SECOND) is None
    assert sign_in(room, database, START + wait, "wrong") is None
    assert sign_in(room, database, START + 2 * wait) is None
    assert sign_in(room, database, START + 3 * wait) is not None
    assert sign_in(room, database, START + 3 * wait, "wrong") is None


def test_no_wait_is_longer_than_the_settings_say(database: Database) -> None:
    room = accounts(longest_wait_minutes=2)
    joined(room, database)
    now = START
    for _ in range(60):
        assert sign_in(room, database, now, "wrong") is None
        now += 2 * MINUTE
    assert sign_in(room, database, now) is not None


def test_a_stranger_s_failures_do_not_lock_out_a_browser_that_signed_in_before(database: Database) -> None:
    room = accounts()
    device = joined(room, database).device
    for _ in range(20):
        assert sign_in(room, database, START, "wrong") is None
    assert sign_in(room, database, START) is None
    assert sign_in(room, database, START, device=device) is not None


def test_a_device_is_one_account_s_for_some_days_and_cannot_be_made_up(database: Database) -> None:
    room = accounts()
    device = joined(room, database).device
    other = joined(room, database, "care").device
    for _ in range(20):
        assert sign_in(room, database, START, "wrong") is None
    name, day, mac = device.split(".")
    forged = [other, f"{name}.{int(day) + 1}.{mac}", f"{'0' * 32}.{day}.{mac}", f"{name}.{day}", "", "..", "a.٣.b"]
    assert [sign_in(room, database, START, device=each) for each in forged] == [None] * len(forged)
    late = START + dt.timedelta(days=room.settings.device_days + 1)
    for _ in range(20):
        assert sign_in(room, database, late, "wrong") is None
    assert sign_in(room, database, late, device=device) is None


def test_a_known_device_does_not_guess_without_end_either(database: Database) -> None:
    room = accounts()
    device = joined(room, database).device
    for _ in range(room.settings.tries):
        assert sign_in(room, database, START, "wrong", device=device) is None
    assert sign_in(room, database, START, device=device) is None
    assert sign_in(room, database, START) is not None


def test_tries_made_at_once_are_no_more_than_tries_made_in_turn(database: Database) -> None:
    room = accounts()
    joined(room, database)
    with database.transaction() as tx:
        tries = [room.start(tx, "clerk", "", START) for _ in range(3 * room.settings.tries)]
    assert sum(each.may for each in tries) == room.settings.tries
    assert [room.check(each, PASSWORD).right for each in tries] == [each.may for each in tries]


def test_the_second_factor_is_not_guessed_without_end(database: Database) -> None:
    room = accounts()
    _, codes = enrolled(room, database)
    now, taken = START + HOUR, 0
    for _ in range(20):
        step = sign_in(room, database, now)
        if step is None:
            break
        taken += 1
        second(room, database, step, "000000", now)
    assert taken < room.settings.tries
    assert sign_in(room, database, now) is None
    later = now + room.settings.longest_wait_minutes * MINUTE
    assert second(room, database, sign_in(room, database, later), codes[0], later) is not None


def test_whoever_does_not_exist_is_answered_after_the_same_work(database: Database) -> None:
    room = accounts()
    joined(room, database)
    checked: list[str] = []

    class Counting(Hashes):
        def fits(self, password: str, stored: str, others: Iterable[str] = ()) -> Checked:
            checked.append(stored)
            return super().fits(password, stored, others)

    room.hashes = Counting(8, 1)
    for who in ("clerk", "nobody", "' OR 1=1", "Clerk"):
        assert sign_in(room, database, START, "wrong", who=who) is None
    with database.transaction() as tx:
        room.close(tx, "clerk", "officer", START)
    assert sign_in(room, database, START) is None
    assert len(checked) == 5
    assert {each.rpartition("$")[0].rpartition("$")[0] for each in checked} == {"$argon2id$v=19$m=8,t=1,p=1"}
    assert sign_in(room, database, START, "", who="nobody") is None


def test_passwords_are_hashed_by_argon2id_at_the_cost_the_settings_say() -> None:
    hashes = Hashes(64, 2)
    stored = hashes.make(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=64,t=2,p=1$")
    assert hashes.fits(PASSWORD, stored) == Checked(right=True)


@pytest.mark.parametrize(
    "weak",
    [
        *("short", "aaaaaaaaaaaaaaaa", "123456789012345", "passwordpassword", "password12345!", "qwertyuiop123"),
        *("keshou keshou", "clerk12345678", "abcdefghijklmnop", "x" * 300, "    ", "iloveyou!!!!!!"),
    ],
)
def test_a_password_that_is_guessed_early_is_refused_and_not_repeated(database: Database, weak: str) -> None:
    room = accounts()
    with database.transaction() as tx:
        text = room.invite(tx, "clerk", AccountKind.STAFF, mail="clerk@operator.example", by="o", now=START)
        account = room.invited(tx, text, START)
    assert account is not None
    with pytest.raises(WeakPasswordError) as refused:
        room.hash(account, weak)
    assert weak.strip() == "" or weak not in str(refused.value)


@pytest.mark.parametrize(
    "good", [PASSWORD, "p" * 3 + " l" * 30 + "ong and dull", "柳树下的茶壶和三只小猫咪呀", "ÅSÉ#9 çedilla 7q"]
)
def test_any_other_password_is_taken_as_it_is(good: str) -> None:
    passwords.refuse_weak(good, 12, ("clerk",))
    hashes = Hashes(8, 1)
    assert hashes.fits(good, hashes.make(good)).right
    assert not hashes.fits(good.swapcase() + "x", hashes.make(good)).right


@given(st.text(min_size=12, max_size=64))
def test_a_password_is_judged_without_breaking(text: str) -> None:
    try:
        passwords.refuse_weak(text, 12, (text[:4],))
    except WeakPasswordError as error:
        assert error.hint  # noqa: PT017 - the text may be either


def test_what_is_stored_opens_no_account(database: Database) -> None:
    room = accounts()
    signed = joined(room, database)
    secret, codes = enrolled(room, database, "care")
    with database.transaction() as tx:
        invitation = room.invite(tx, "new", AccountKind.STAFF, by="officer", now=START)
    step = sign_in(room, database, START + HOUR, who="care")
    assert isinstance(step, SecondStep)
    told = [signed.token, signed.device, secret, *codes, invitation, step.ticket, PASSWORD, BROWSER]
    with database.reading() as tx:
        tables = [table for name, table in metadata.tables.items() if name.startswith("account")]
        stored = repr([tuple(row) for table in tables for row in tx.execute(sa.select(table))])
    assert "care" in stored
    assert [each for each in told if each in stored and each is not BROWSER] == []


def test_an_authenticator_s_secret_that_was_altered_or_is_another_s_is_noticed(database: Database) -> None:
    room = accounts()
    _, codes = enrolled(room, database)
    enrolled(room, database, "care")
    account = metadata.tables["account"]
    with database.transaction() as tx:
        other = tx.execute(sa.select(account.c.totp).where(account.c.id == "care")).scalar_one()
        tx.execute(sa.update(account).where(account.c.id == "clerk").values(totp=other))
    step = sign_in(room, database, START + HOUR)
    with pytest.raises(AccountTamperedError):
        second(room, database, step, codes[0], START + HOUR)


def test_what_happened_is_written_down_with_the_factors(database: Database) -> None:
    room = accounts()
    secret, _ = enrolled(room, database)
    now = START + HOUR
    sign_in(room, database, now, "wrong")
    second(room, database, sign_in(room, database, now), code(secret, now), now)
    for _ in range(20):
        sign_in(room, database, now, "wrong")
    with database.transaction() as tx:
        room.close(tx, "clerk", "officer", now)
        events = list(reversed(room.events.of(tx, "clerk")))
    assert [each.what for each in events[:6]] == [
        What.INVITED, What.ACCEPTED, What.SIGNED_IN, What.ENROLLED, What.FAILED, What.SIGNED_IN,
    ]  # fmt: skip
    assert events[5].factors == (Factor.PASSWORD, Factor.TOTP)
    assert {What.LOCKED} < {each.what for each in events[6:]}
    assert (events[-1].what, events[-1].by) == (What.CLOSED, "officer")


def test_every_change_of_who_may_come_in_is_counted(database: Database) -> None:
    room = accounts()
    with database.transaction() as tx:
        before = access_change(tx)
    session = joined(room, database).session
    with database.transaction() as tx:
        after = access_change(tx)
        room.sessions.end(tx, "clerk", session.id)
        ended = access_change(tx)
        room.close(tx, "clerk", "officer", START)
        closed = access_change(tx)
    assert before < after < ended < closed


def test_a_new_password_ends_every_other_session(database: Database) -> None:
    room = accounts()
    first = joined(room, database)
    other = sign_in(room, database, START)
    assert isinstance(other, SignedIn)
    with database.transaction() as tx:
        room.change_password(tx, other.session, room.hashes.make("another, all my own"), START)
        assert room.find(tx, first.token, BROWSER, START) is None
        assert room.find(tx, other.token, BROWSER, START) is not None
    assert sign_in(room, database, START) is None
    assert sign_in(room, database, START, "another, all my own") is not None


def test_what_is_over_is_dropped(database: Database) -> None:
    room = accounts()
    enrolled(room, database)
    sign_in(room, database, START + HOUR)
    far = START + dt.timedelta(days=max(room.settings.event_days, room.settings.device_days) + 1)
    with database.transaction() as tx:
        room.purge(tx, far)
        assert room.events.of(tx) == []
        for name in ("account_session", "account_step", "account_event", "account_lock"):
            assert tx.execute(sa.select(sa.func.count()).select_from(metadata.tables[name])).scalar_one() == 0


def test_failures_are_counted_for_as_long_as_a_device_is_known(database: Database) -> None:
    room = accounts(tries=3)
    joined(room, database)
    for _ in range(3):
        assert sign_in(room, database, START, "not this one") is None
    known, counted = START + dt.timedelta(days=room.settings.device_days), sa.select(metadata.tables["account_lock"])
    with database.transaction() as tx:
        for moment, left in ((known, [3]), (known + dt.timedelta(days=1), [])):
            room.purge(tx, moment)
            assert [row.failures for row in tx.execute(counted)] == left
