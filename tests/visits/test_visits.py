# SPDX-License-Identifier: Apache-2.0
"""A one-time code begins one visit, in one browser, for its own user, and nobody learns from asking who is a user."""

import datetime as dt
import threading
from typing import Any

import msgspec
import pytest
from signing_app import NOW, URL
from visit_house import BROWSER, OTHER, House, minutes

from keshou.db import Database, access_change
from keshou.errors import InputError, IntegrityError
from keshou.visits.errors import UnknownVisitError
from keshou.visits.message import message
from keshou.visits.settings import VisitSettings
from keshou.visits.store import Visits


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def wrong(code: str | None) -> str:
    assert code is not None
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


def test_a_code_begins_a_visit_of_its_user(house: House) -> None:
    token = house.visit("A-1")
    visitor = house.find(token)
    assert visitor is not None
    assert (visitor.user, visitor.services, visitor.until) == ("A-1", None, NOW + dt.timedelta(hours=12))
    assert token.startswith("vs_")


@pytest.mark.parametrize("digits", [6, 9])
def test_a_code_is_digits_and_another_each_time(database: Database, digits: int) -> None:
    house = House(database, code_digits=digits, codes_per_hour=40, codes_per_day=40)
    codes = [house.start().code or "" for _ in range(30)]
    assert all(len(code) == digits and code.isascii() and code.isdigit() for code in codes)
    assert len(set(codes)) > 20


def test_a_code_is_redeemed_once(house: House) -> None:
    started = house.start()
    assert started.code is not None
    assert house.redeem(started.ticket, started.code) is not None
    assert house.redeem(started.ticket, started.code) is None


def test_a_code_is_over_after_its_minutes(house: House) -> None:
    first, second = house.start(), house.start()
    assert first.code is not None
    assert second.code is not None
    assert house.redeem(first.ticket, first.code, NOW + minutes(5)) is None
    assert house.redeem(second.ticket, second.code, NOW + minutes(5) - dt.timedelta(microseconds=1)) is not None


def test_a_code_is_guessed_at_only_so_often(house: House) -> None:
    started = house.start()
    assert started.code is not None
    for _ in range(3):
        assert house.redeem(started.ticket, wrong(started.code)) is None
    assert house.redeem(started.ticket, started.code) is None


def test_the_last_try_still_counts(house: House) -> None:
    started = house.start()
    assert started.code is not None
    for _ in range(2):
        assert house.redeem(started.ticket, wrong(started.code)) is None
    assert house.redeem(started.ticket, started.code) is not None


def test_many_who_guess_at_once_have_no_more_tries_than_one(house: House) -> None:
    started = house.start()
    code = started.code
    assert code is not None
    guesses = [wrong(code)] * 7 + [code]
    begun: list[str | None] = []
    barrier = threading.Barrier(len(guesses))

    def guess(given: str) -> None:
        barrier.wait()
        begun.append(house.redeem(started.ticket, given))

    threads = [threading.Thread(target=guess, args=(given,)) for given in guesses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == len(guesses)
    with house.database.reading() as tx:
        assert tx.connection.exec_driver_sql("SELECT tries FROM visit_code").scalar_one() <= 3


def test_of_many_who_redeem_one_code_at_once_one_does(house: House) -> None:
    started = house.start()
    assert started.code is not None
    code = started.code
    begun: list[str | None] = []
    barrier = threading.Barrier(6)

    def redeem() -> None:
        barrier.wait()
        begun.append(house.redeem(started.ticket, code))

    threads = [threading.Thread(target=redeem) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([each for each in begun if each is not None]) == 1
    assert len(begun) == 6


def test_a_code_belongs_to_its_ticket(house: House) -> None:
    mine, theirs = house.start("A-1"), house.start("A-2")
    assert mine.code is not None
    assert theirs.code is not None
    if mine.code != theirs.code:
        assert house.redeem(mine.ticket, theirs.code) is None
    assert house.redeem("another", mine.code) is None


@pytest.mark.parametrize("text", ["", " ", "\0", "\ud800", "１２３４５６", "1" * 5000, "%", "'"])
def test_what_is_no_code_or_ticket_is_a_wrong_one(house: House, text: str) -> None:
    started = house.start()
    assert started.code is not None
    assert house.redeem(started.ticket, text) is None
    assert house.redeem(text, started.code) is None
    assert house.find(text) is None
    assert house.find(f"vs_{text}") is None


def test_a_redeemed_code_ends_the_user_s_others_and_nobody_else_s(house: House) -> None:
    first, second, theirs = house.start("A-1"), house.start("A-1"), house.start("A-2")
    assert first.code is not None
    assert second.code is not None
    assert theirs.code is not None
    assert house.redeem(second.ticket, second.code) is not None
    assert house.redeem(first.ticket, first.code) is None
    assert house.redeem(theirs.ticket, theirs.code) is not None


def test_asking_for_somebody_unknown_looks_the_same_and_comes_to_nothing(house: House) -> None:
    known, unknown = house.start("A-1"), house.start(None)
    assert unknown.code is None
    assert len(unknown.ticket) == len(known.ticket)
    for code in range(1000):
        assert house.redeem(unknown.ticket, f"{code:06d}") is None
    with house.database.reading() as tx:
        rows = tx.connection.exec_driver_sql('SELECT "user", ticket, digest, created, until FROM visit_code').fetchall()
    assert len(rows) == 2
    assert len({tuple(map(len, row[:3])) for row in rows}) == 1
    assert len({row[3:] for row in rows}) == 1


def test_a_visit_holds_in_the_browser_in_which_it_began(house: House) -> None:
    token = house.visit()
    assert house.find(token, binding=OTHER) is None
    assert house.find(token, binding="") is None
    assert house.find(token) is not None


def test_a_visit_is_over_when_unused_and_in_the_end(house: House) -> None:
    idle, busy = house.visit(), house.visit()
    assert house.find(idle, NOW + minutes(20)) is None
    now = NOW
    while now + minutes(15) < NOW + dt.timedelta(hours=12):
        now += minutes(15)
        assert house.find(busy, now) is not None
    assert house.find(busy, NOW + dt.timedelta(hours=12)) is None


def test_a_token_with_one_character_changed_finds_nothing(house: House) -> None:
    token = house.visit()
    for place in (0, 3, 20, len(token) - 2):
        other = "A" if token[place] != "A" else "B"
        assert house.find(token[:place] + other + token[place + 1 :]) is None


def test_a_user_lists_and_ends_visits_of_their_own_only(house: House) -> None:
    mine, later, theirs = house.visit("A-1"), house.visit("A-1", NOW + minutes(1)), house.visit("A-2")
    now = NOW + minutes(2)
    with house.database.transaction() as tx:
        listed = house.visits.list(tx, "A-1", now)
        others = house.visits.list(tx, "A-2", now)
        assert [each.created for each in listed] == [NOW + minutes(1), NOW]
        for name in (others[0].id, "nothing", "\0"):
            with pytest.raises(UnknownVisitError):
                house.visits.end(tx, "A-1", name)
        before = access_change(tx)
        house.visits.end(tx, "A-1", listed[1].id)
        assert access_change(tx) > before
        with pytest.raises(InputError):
            house.visits.end(tx, "A-1", listed[1].id)
    assert house.find(mine, now) is None
    assert house.find(later, now) is not None
    assert house.find(theirs, now) is not None


def test_ending_all_ends_every_visit_and_every_code_on_its_way(house: House) -> None:
    tokens = [house.visit("A-1"), house.visit("A-1")]
    theirs, waiting = house.visit("A-2"), house.start("A-1")
    assert waiting.code is not None
    with house.database.transaction() as tx:
        before = access_change(tx)
        assert house.visits.end_all(tx, "A-1", NOW) == 2
        assert access_change(tx) > before
    assert [house.find(each) for each in tokens] == [None, None]
    assert house.redeem(waiting.ticket, waiting.code) is None
    assert house.find(theirs) is not None


def test_a_user_has_only_so_many_visits_and_the_oldest_ends(database: Database) -> None:
    house = House(database, visits=2)
    tokens = [house.visit(now=NOW + minutes(each)) for each in range(3)]
    assert [house.find(each, NOW + minutes(3)) is not None for each in tokens] == [False, True, True]


def test_the_tables_name_nobody_and_hold_no_code_ticket_or_token(house: House) -> None:
    started = house.start("SUBSCRIBER-1903")
    assert started.code is not None
    token = house.redeem(started.ticket, started.code)
    assert token is not None
    stored = house.stored()
    for secret in ("SUBSCRIBER", started.ticket, f"'{started.code}'", token, token[3:], BROWSER):
        assert secret not in stored
    assert started.code not in repr(started)
    assert started.ticket not in repr(started)


def test_another_site_s_secret_finds_nobody(house: House) -> None:
    token = house.visit()
    other = Visits(bytes(32), URL, VisitSettings())
    with house.database.transaction() as tx:
        assert other.find(tx, token, BROWSER, NOW) is None
        assert other.list(tx, "A-1", NOW) == []


def test_a_visit_moved_to_another_user_is_noticed(house: House) -> None:
    mine, _ = house.visit("A-1"), house.visit("A-2")
    theirs = house.visits._seal.pseudonym("A-2")
    mark = "%s" if house.database.postgresql else "?"
    with house.database.transaction() as tx:
        digest = house.visits._seal.digest("visit", mine)
        moved = f'UPDATE visit SET "user" = {mark} WHERE digest = {mark}'  # noqa: S608
        tx.connection.exec_driver_sql(moved, (theirs, digest))
    with pytest.raises(IntegrityError):
        house.find(mine)


def test_what_is_over_is_purged_and_nothing_else(house: House) -> None:
    over, holds = house.visit("A-1"), house.visit("A-2", NOW + minutes(10))
    with house.database.transaction() as tx:
        assert house.visits.purge(tx, NOW + minutes(20)) == 1
    assert house.find(over, NOW + minutes(1)) is None
    assert house.find(holds, NOW + minutes(20)) is not None
    with house.database.transaction() as tx:
        house.visits.purge(tx, NOW + dt.timedelta(days=2))
    assert house.stored() == "[[], [], [], []]"


def test_nothing_is_left_of_a_user_who_was_erased(house: House) -> None:
    house.visit("A-1")
    house.start("A-1")
    with house.database.transaction() as tx:
        house.visits.forget(tx, "A-1", NOW)
    assert house.stored() == "[[], [], [], []]"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_message_tells_the_code_and_how_long_it_holds(language: Any) -> None:
    text = message(language, "014207", 5)
    assert "014207" in text
    assert "5" in text.replace("014207", "")
    assert "{" not in text


@pytest.mark.parametrize(
    "given",
    [
        {"code_digits": 5}, {"code_digits": 13}, {"code_tries": 0}, {"code_minutes": 0}, {"token_minutes": 0},
        {"idle_minutes": 0}, {"visit_hours": -1}, {"leeway_seconds": -1}, {"nothing": 1},
        {"mail": {"host": "m.example", "sender": "a@b.example", "security": "ssl"}},
        {"hook": {"url": "https://sms.example", "timeout_seconds": 0}},
    ],
    ids=str,
)  # fmt: skip
def test_settings_that_would_protect_nobody_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(given, VisitSettings)
