# SPDX-License-Identifier: Apache-2.0
"""Sessions are bound to a browser, end by themselves, and are ended by whoever they are of."""

import datetime as dt

import pytest
from people import BROWSER, HOUR, MINUTE, START, accounts, joined, sign_in

from keshou.accounts.account import Factor, SignedIn
from keshou.accounts.errors import UnknownAccountError
from keshou.db import Database


def test_a_session_proves_its_account_in_its_own_browser_only(database: Database) -> None:
    room = accounts()
    signed = joined(room, database)
    with database.transaction() as tx:
        found = room.find(tx, signed.token, BROWSER, START)
        assert found is not None
        assert (found[0].id, found[1].id) == ("clerk", signed.session.id)
        for token, browser in ((signed.token, "another"), (signed.token + "x", BROWSER), ("", BROWSER)):
            assert room.find(tx, token, browser, START) is None


def test_an_unused_session_ends_and_one_in_use_goes_on_to_its_end(database: Database) -> None:
    room = accounts(session_hours=3, idle_minutes=30)
    used, unused = joined(room, database), joined(room, database, "care")
    for minutes in range(0, 180, 20):
        with database.transaction() as tx:
            assert room.find(tx, used.token, BROWSER, START + minutes * MINUTE) is not None
    with database.transaction() as tx:
        assert room.find(tx, unused.token, BROWSER, START + 30 * MINUTE) is None
        assert room.find(tx, unused.token, BROWSER, START) is None
        assert room.find(tx, used.token, BROWSER, START + 3 * HOUR) is None


def test_sessions_are_listed_and_ended_by_their_owner_and_by_nobody_else(database: Database) -> None:
    room = accounts()
    first = joined(room, database)
    later = sign_in(room, database, START + MINUTE)
    joined(room, database, "care")
    assert isinstance(later, SignedIn)
    with database.transaction() as tx:
        listed = room.sessions.of(tx, "clerk", START + MINUTE)
        assert [each.id for each in listed] == [later.session.id, first.session.id]
        assert {each.browser for each in listed} == {BROWSER}
        with pytest.raises(UnknownAccountError):
            room.sessions.end(tx, "care", first.session.id)
        room.sessions.end(tx, "clerk", first.session.id)
        assert room.find(tx, first.token, BROWSER, START + MINUTE) is None
        assert room.sessions.end_all(tx, "clerk") == 1
        assert room.find(tx, later.token, BROWSER, START + MINUTE) is None
        assert len(room.sessions.of(tx, "care", START)) == 1


def test_the_oldest_session_ends_when_there_are_too_many(database: Database) -> None:
    room = accounts(sessions=3)
    first = joined(room, database)
    tokens = [sign_in(room, database, START + n * MINUTE) for n in range(1, 4)]
    with database.transaction() as tx:
        assert room.find(tx, first.token, BROWSER, START + 4 * MINUTE) is None
        alive = [
            room.find(tx, each.token, BROWSER, START + 4 * MINUTE) for each in tokens if isinstance(each, SignedIn)
        ]
    assert [found is not None for found in alive] == [True] * 3


def test_a_closed_account_has_no_session_left(database: Database) -> None:
    room = accounts()
    signed = joined(room, database)
    with database.transaction() as tx:
        room.close(tx, "clerk", "officer", START)
        assert room.find(tx, signed.token, BROWSER, START) is None
        with pytest.raises(UnknownAccountError):
            room.begin(tx, "clerk", (Factor.PASSKEY,), BROWSER, START)
        with pytest.raises(UnknownAccountError):
            room.close(tx, "nobody", "officer", START)


def test_a_fresh_proof_is_noted_and_its_token_replaces_the_one_before(database: Database) -> None:
    room = accounts()
    signed = joined(room, database)
    later = START + 20 * MINUTE
    with database.transaction() as tx:
        session, token = room.prove(tx, signed.session, (Factor.PASSWORD, Factor.TOTP), later)
        assert (session.proven_at, session.id, session.limited) == (later, signed.session.id, False)
        assert session.until == signed.session.until
        assert room.find(tx, signed.token, BROWSER, later) is None
        assert room.find(tx, token, BROWSER, later) is not None
        room.sessions.end(tx, "clerk", session.id)
        with pytest.raises(UnknownAccountError):
            room.prove(tx, session, (Factor.PASSWORD,), later)


def test_a_password_alone_does_not_lift_what_wants_a_second_factor(database: Database) -> None:
    room = accounts()
    signed = joined(room, database)
    with database.transaction() as tx:
        session, _ = room.prove(tx, signed.session, (Factor.PASSWORD,), START)
        assert session.limited
        session, _ = room.prove(tx, session, (Factor.TOTP,), START)
        assert not session.limited


def test_what_a_browser_says_of_itself_is_cut_short(database: Database) -> None:
    room = accounts()
    joined(room, database)
    with database.transaction() as tx:
        made = room.begin(tx, "clerk", (Factor.PASSKEY,), "x" * 5000, START)
        assert len(made.session.browser) < 200
        assert room.find(tx, made.token, "x" * 5000, START + dt.timedelta(seconds=1)) is not None
        assert room.find(tx, made.token, "x" * 4999, START) is None
